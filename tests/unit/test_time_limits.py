"""Nothing runs without an end: other programs are started in few places, with the limits of one table."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from monitor.kernel import budgets

PACKAGE = Path(__file__).resolve().parents[2] / "monitor"
# `local` and `runtime` import nothing of the other folders: each has its own limits and tests.
APART = ("local/", "runtime/", "_data/")
# Where other programs are started, and what ends them.
STARTING = {
    "packages/building/process.py": "a limit that every caller gives",
    "console/screenshot.py": "its own limit",
    "optimize/workflow_run.py": "a start of a package, with the limit of its subject",
    "console/ending.py": "`ps`, while the process ends anyway",
    "console/pager.py": "the pager, as long as the user reads",
    "run/command_demo.py": "commands of monitor, as long as the user lets them run",
}
# Parameters that take a number of seconds.
LIMITS = {"limit_s", "timeout", "timeout_s", "read_timeout_s"}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(APART):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def test_other_programs_are_started_in_few_places() -> None:
    starting = {
        name
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and (node.value.id, node.attr)
        in {("subprocess", "run"), ("subprocess", "Popen"), ("subprocess", "check_output"), ("os", "system")}
    }
    assert starting == STARTING.keys()


def test_packages_and_calls_take_their_limits_from_the_table() -> None:
    for name, tree in sources():
        if not name.startswith(("packages/", "aws/")):
            continue
        own = [
            target.id
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name) and re.search(r"(TIMEOUT|LIMIT|ANSWER|BUILD)\w*_S$", target.id)
        ]
        assert own == [], name
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                given = [one.value for one in node.keywords if one.arg in LIMITS]
                assert not any(isinstance(value, ast.Constant) and value.value is not None for value in given), name


def test_every_limit_is_finite_and_used() -> None:
    limits = {name: value for name, value in vars(budgets).items() if name.isupper() and not name.startswith("_")}
    assert all(0 < value < 1 << 40 for value in limits.values())
    text = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py") if path.name != "budgets.py")
    assert [name for name in limits if name not in text] == []
