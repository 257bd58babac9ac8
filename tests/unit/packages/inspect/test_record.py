"""The files of a distribution and its RECORD: what an installer wrote is as it is, what was cut or edited is told."""

import base64
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.packages.building.build import build
from monitor.packages.building.recipe import HERE, Recipe, architecture_here
from monitor.packages.inspect.inspect import OPT, TASK
from tests.fakes.wheels import wheel
from tests.unit.packages.building.conftest import empty_index  # noqa: F401 - a fixture
from tests.unit.packages.inspect.test_zip_findings import messages, read, zipped

ALPHA = {
    "alpha/__init__.py": "X = 1\n",
    "alpha/more.py": "Y = 2\n",
    "alpha/data.txt": "words\n",
    "alpha/tests/test_it.py": "",
    "alpha/stub.pyi": "",
    "alpha-1.0.data/scripts/tool": "#!python\n",
    "alpha-1.0.data/data/share/man.1": "manual\n",
}
Files = dict[str, bytes]


@pytest.fixture(scope="module", params=["pip", "uv"])
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Two distributions, as an installer writes them into a folder."""
    folder = tmp_path_factory.mktemp("wheels")
    wheel(folder, "alpha", "1.0", ALPHA, "beta")
    wheel(folder, "beta", "2.0", {"beta.py": "", "spaced/beta/__init__.py": "Z = 3\n"})
    command = [sys.executable, "-m", *(["uv", "pip"] if request.param == "uv" else ["pip"]), "install", "-q"]
    if request.param == "uv":
        pytest.importorskip("uv")
        command += ["--python", sys.executable]
    out = folder / "installed"
    command += ["--no-index", "--find-links", str(folder), "--target", str(out), "alpha"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    environment = {**kept, "PIP_CONFIG_FILE": os.devnull, "UV_CACHE_DIR": str(folder / "cache")}
    subprocess.run(command, env=environment, check=True, timeout=120)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def found(folder: Path, files: Files, root: str = TASK) -> list[str]:
    prefix = "python/" if root == OPT else ""
    return messages(
        read(zipped(folder / "x.zip", {prefix + name: data for name, data in files.items()}), root), "record"
    )


@pytest.mark.parametrize("root", [TASK, OPT])
def test_what_an_installer_wrote_is_what_record_lists(tmp_path: Path, installed: Files, root: str) -> None:
    assert found(tmp_path, installed, root) == []


def without(part: str) -> Callable[[Files], Files]:
    return lambda files: {name: data for name, data in files.items() if part not in name}


def edited(name: str, data: bytes) -> Callable[[Files], Files]:
    return lambda files: {**files, name: data}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (without("alpha/more"), ["1 file is missing that RECORD lists: alpha 1 of 7"]),
        (without("alpha/tests/"), ["1 file is missing that RECORD lists: alpha 1 of 7 (tests)"]),
        (without(".txt"), ["1 file is missing that RECORD lists: alpha 1 of 7"]),
        (edited("alpha/more.py", b"Y = 3\n"), ["1 file differs from what RECORD lists: alpha 1 of 7"]),
        (edited("alpha/data.txt", b"longer\r\n"), ["1 file differs from what RECORD lists: alpha 1 of 7"]),
        (without("spaced/"), ["1 file is missing that RECORD lists: beta 1 of 4"]),
        *((without(one), []) for one in ("__pycache__", "INSTALLER", "REQUESTED", "bin/", "share/", "RECORD")),
    ],
)
def test_what_was_cut_or_edited_is_told_with_its_distribution(
    tmp_path: Path, installed: Files, change: Callable[[Files], Files], told: list[str]
) -> None:
    assert found(tmp_path, change(installed)) == told


def test_a_wheel_that_was_only_unpacked_is_complete(tmp_path: Path) -> None:
    data = b"X = 1\n"
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    record = f"a-1.data/purelib/a.py,sha256={digest},{len(data)}\na-1.data/scripts/a,,\na-1.data/headers/a.h,,\n"
    files = {"a.py": data, "a-1.dist-info/RECORD": record.encode(), "a-1.dist-info/METADATA": b"Name: a\nVersion: 1\n"}
    assert found(tmp_path, files) == []
    assert found(tmp_path, {**files, "a.py": b"X = 2\n"}) == ["1 file differs from what RECORD lists: a 1 of 1"]


@pytest.mark.parametrize("strip", ["none", "safe", "tried"])
def test_the_report_of_a_build_has_no_such_finding(tmp_path: Path, empty_index: Path, strip: str) -> None:  # noqa: F811
    wheel(empty_index, "alpha", "1.0", ALPHA)
    project = tmp_path / "project"
    project.mkdir()
    (project / "requirements.txt").write_text("alpha\n", encoding="utf-8")
    built = build(project, tmp_path / "out.zip", Recipe(HERE, architecture_here(), "auto", strip=strip))
    assert messages(built.report, "record") == []
