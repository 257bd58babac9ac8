"""Classes and patterns that are built at import, watched and from the files alone."""

from dataclasses import replace

import pytest

from monitor.diagnose.evidence.analyze_source import parse_source
from monitor.diagnose.evidence.model import FunctionEvidence, InitWork, StartRecord
from monitor.diagnose.rules.classes_at_import import find
from tests.fakes.code_evidence import code, healthy, node, profile, use

TREE = profile(node("lambda_function", 1.0, node("app.main", 8.0, node("app.models", 90.0))))


def evidence(*work: InitWork, built: tuple[InitWork, ...] = ()) -> FunctionEvidence:
    # The watched init took twice as long as the function's own, whose median is 330 ms.
    made = healthy(imports=TREE, code=code(use("app.models"), built=built))
    return replace(made, calls=StartRecord(None, work, 660.0)) if work else made


def test_a_watched_start_says_what_is_built_where_and_for_how_long() -> None:
    rows = (InitWork("pydantic model", "app/models.py", 12, 40, 80.0), InitWork("enum", "app/models.py", 3, 2, 1.0))
    (found,) = find(evidence(*rows, InitWork("pydantic model", "fastapi/models.py", 5, 30, 60.0)))
    assert found.title == "40 pydantic models are built at init, in 40.0 ms"
    assert (found.evidence[0].text, found.evidence[0].where) == ("app/models.py: 40 in 40.0 ms", "app/models.py:12")
    assert "defer_build=True" in found.changes[0].text
    assert found.confidence.value == "low"


def test_without_a_watched_start_the_self_time_of_the_files_is_shared_among_what_they_build() -> None:
    built = (InitWork("dataclass", "app/models.py", 1, 10, 0.0), InitWork("enum", "app/models.py", 1, 20, 0.0))
    found = {one.subject: one for one in find(evidence(built=built))}
    assert {name: round(one.saving.likely_ms, 6) for name, one in found.items() if one.saving} == {
        "dataclass": 18.0,
        "enum": 36.0,
    }
    assert "self time of these files" in found["enum"].evidence[-1].text


def test_a_few_of_them_are_no_cause() -> None:
    assert list(find(evidence(built=(InitWork("enum", "app/models.py", 1, 4, 0.0),)))) == []
    assert list(find(evidence(InitWork("enum", "app/models.py", 1, 4, 6.0)))) == []


@pytest.mark.parametrize(
    ("text", "kind", "count"),
    [
        ("from pydantic import BaseModel\nclass A(BaseModel): ...\nclass B(A): ...\n", "pydantic model", 2),
        ("import pydantic as p\nclass A(p.BaseModel): ...\n", "pydantic model", 1),
        ("from pydantic import TypeAdapter\nX = TypeAdapter(int)\n", "pydantic TypeAdapter", 1),
        ("from dataclasses import dataclass\n@dataclass(frozen=True)\nclass A: ...\n", "dataclass", 1),
        ("import dataclasses\n@dataclasses.dataclass\nclass A: ...\n", "dataclass", 1),
        ("import attr\n@attr.s\nclass A: ...\n", "attrs class", 1),
        ("from attrs import define\n@define\nclass A: ...\n", "attrs class", 1),
        ("from enum import Enum\nclass A(Enum):\n    X = 1\n", "enum", 1),
        ("import re\nX = re.compile('a')\nY = [re.compile(p) for p in 'ab']\n", "regular expression", 2),
        (
            "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase): ...\nclass A(Base): ...\n",
            "SQLAlchemy mapping",
            2,
        ),
        ("from typing import NamedTuple\nclass A(NamedTuple):\n    x: int\n", "named tuple", 1),
    ],
)
def test_what_a_file_builds_is_counted(text: str, kind: str, count: int) -> None:
    (found,) = parse_source({"app.py": text.encode()}).built
    assert (found.kind, found.count) == (kind, count)


def test_a_base_class_in_another_file_counts() -> None:
    files = {"base.py": b"from pydantic import BaseModel\nclass Base(BaseModel): ...\n",
             "app.py": b"from base import Base\nclass A(Base): ...\nclass C(C): ...\n"}  # fmt: skip
    assert [(one.kind, one.file, one.count) for one in parse_source(files).built] == [
        ("pydantic model", "app.py", 1),
        ("pydantic model", "base.py", 1),
    ]


def test_what_functions_build_is_not_counted() -> None:
    assert parse_source({"app.py": b"import re\ndef f():\n    return re.compile('a')\n"}).built == ()
