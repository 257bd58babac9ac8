"""Each attack that the threat model lists has the test that it names."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")


@cache
def functions_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def place(name: str) -> Path:
    return ROOT / name if "/" in name else ROOT / "tests" / "attacks" / name


def test_every_attack_of_the_list_has_its_test() -> None:
    listed = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)
    assert len(listed) > 70
    assert [f"{file}::{test}" for file, test in listed if test not in functions_of(place(file))] == []


def test_every_file_that_the_surfaces_name_is_there() -> None:
    names = re.findall(r"`((?:tests/|monitor/)?[\w/]*/?test_\w+\.py|monitor/[\w/]+\.py)`", PAGE)
    folders = [ROOT, *(ROOT / at for at in ("tests/attacks", "tests/functional", "tests/unit"))]
    assert [one for one in names if not any((folder / one).is_file() for folder in folders)] == []
