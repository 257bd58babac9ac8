"""Starting a package that was built runs its code: said beforehand, without secrets, and not where it is refused."""

from pathlib import Path

import pytest

from tests.attacks.commands import SECRET, TOKEN, run

# Tells what its init sees, in a file that a function on the stack may write.
CODE = """
import json, os, pathlib
pathlib.Path({out!r}).write_text(json.dumps(dict(os.environ)))

def lambda_handler(event, context):
    pathlib.Path({out!r} + ".called").touch()
"""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """What the project's code writes: outside its folder, where Linux confines functions to /tmp."""
    return Path("/tmp") / f"monitor-attack-{tmp_path.parent.name}-{tmp_path.name}"


@pytest.mark.parametrize("options", [(), ("--no-build-code",), ("--no-try-start",)], ids=lambda one: " ".join(one))
def test_a_start_is_said_sees_no_secret_and_calls_no_handler(
    tmp_path: Path, out: Path, options: tuple[str, ...]
) -> None:
    (tmp_path / "lambda_function.py").write_text(CODE.format(out=str(out)), encoding="utf-8")
    try:
        done = run(
            *("package", "build", str(tmp_path), "-o", str(tmp_path / "out.zip"), *options),
            cwd=tmp_path,
            timeout_s=200,
            GITHUB_TOKEN="very-secret-token",
        )
        assert done.code == 0, done.err
        if options:
            assert not out.exists()
            assert "starting" not in done.err
            return
        assert "without your credentials" in done.err
        seen = out.read_text(encoding="utf-8")
        assert "AWS_LAMBDA_RUNTIME_API" in seen
        for secret in (SECRET, TOKEN, "very-secret-token", "AKIAATTACK"):
            assert secret not in seen
        assert not Path(f"{out}.called").exists()
    finally:
        for path in (out, Path(f"{out}.called")):
            path.unlink(missing_ok=True)
