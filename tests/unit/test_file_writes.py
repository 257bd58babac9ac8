"""Who writes files: commands through monitor.console.files, so that no file of a user's is ever half written."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "monitor"
# `local`, `runtime` and `inside` import nothing of `console`: each has its own tests.
APART = ("local", "runtime", "inside")
# What is written elsewhere, and why it is not one of a user's files, or whole all the same.
ALLOWED = {
    "console/files.py": "the helper itself",
    "console/screenshot.py": "a temporary folder",
    "diagnose/trials/vary.py": "a temporary folder",
    "logs/command_input.py": "a temporary folder",
    "logs/tail/command.py": "--save appends",
    "optimize/workflow_output.py": "a temporary folder, of which the result is made",
    "serve/command.py": "a page in a temporary folder that leads the browser to the address",
    "optimize/workflow_package.py": "a temporary folder",
    "optimize/workflow_run.py": "a temporary folder",
    "optimize/workflow_probe.py": "a temporary folder",
    "packages/zips/download.py": "a file of its own name, renamed when it is complete and checked",
}
WRITES = {"write_text", "write_bytes"}


def writes(path: Path) -> bool:
    """Whether a file calls something that writes a file by name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in WRITES:
            return True
        modes = [*node.args[:2], *(keyword.value for keyword in node.keywords if keyword.arg == "mode")]
        if name == "open" and any(
            isinstance(mode, ast.Constant)
            and isinstance(mode.value, str)
            and set(mode.value) & set("wax+")
            and set(mode.value) <= set("rwaxbt+")
            for mode in modes
        ):
            return True
    return False


def test_commands_write_files_by_the_one_helper_that_replaces_them_whole() -> None:
    found = {
        name
        for path in PACKAGE.rglob("*.py")
        if not (name := path.relative_to(PACKAGE).as_posix()).startswith((*APART, "_data")) and writes(path)
    }
    assert found - set(ALLOWED) - {name for name in found if name.startswith("packages/building/")} == set()
