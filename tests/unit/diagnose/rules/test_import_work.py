"""Lines that work while their file is imported."""

from dataclasses import replace

import pytest

from monitor.diagnose.evidence.model import FunctionEvidence, InitWork, ModuleCall, StartRecord
from monitor.diagnose.model_finding import Grade
from monitor.diagnose.rules.import_work import find
from monitor.packages.model import PartKind
from tests.fakes.code_evidence import code, healthy, node, package, part, profile, use

LINE = InitWork("line", "app/tables.py", 7, 1, 120.0)


def evidence(*work: InitWork, calls: tuple[ModuleCall, ...] = ()) -> FunctionEvidence:
    made = healthy(code=code(use("app.tables"), calls=calls))
    return replace(made, calls=StartRecord(None, work, 660.0))


def test_a_line_is_named_with_its_time_and_what_it_does() -> None:
    (found,) = find(evidence(LINE, InitWork("file", "app/tables.py", 7, 3, 2.0, "words.txt")))
    assert found.title == "app/tables.py:7 works for 60.0 ms while the file is imported"
    assert found.evidence[1].text == "it opens a file (words.txt), 3 times"
    assert found.saving is not None
    assert (found.saving.low_ms, found.saving.likely_ms) == (30.0, 60.0)


def test_the_lines_of_a_file_save_at_most_what_its_recorded_import_takes() -> None:
    other = replace(LINE, line=9, ms=40.0)
    tree = profile(node("app.main", 5.0, node("app.tables", 32.0, node("pandas", 90.0))))
    found = list(find(replace(evidence(LINE, other), imports=tree)))
    assert [one.saving.likely_ms for one in found if one.saving] == [24.0, 8.0]
    assert found[0].title == "app/tables.py:7 works for 24.0 ms while the file is imported"
    unlisted = profile(node("app.main", 5.0))
    assert [one.saving.likely_ms for one in find(replace(evidence(LINE), imports=unlisted)) if one.saving] == [60.0]


@pytest.mark.parametrize(
    ("name", "is_named"),
    [
        *((name, True) for name in ("redis.Redis", "sqlalchemy.create_engine", "pymongo.MongoClient", "httpx.Client")),
        *((name, True) for name in ("requests.Session", "openai.OpenAI", "stripe.StripeClient", "json.load")),
        *((name, False) for name in ("boto3.client", "botocore.session.get_session", "psycopg2.connect")),
        *((name, False) for name in ("requests.get", "httpx.Client.get", "boto3.resource.Table.get_item")),
    ],
)
def test_a_client_is_named_unless_another_rule_names_it(name: str, is_named: bool) -> None:
    call = ModuleCall(name, LINE.file, LINE.line, f"client = {name}(…)")
    found = [one.subject for one in find(evidence(LINE, calls=(call,)))]
    assert found == (["app/tables.py:7"] if is_named else [])


def test_lines_of_libraries_of_other_rules_and_short_ones_are_no_finding() -> None:
    assert list(find(evidence(replace(LINE, file="pandas/core.py")))) == []
    assert list(find(evidence(LINE, InitWork("pydantic model", "app/tables.py", 7, 9, 100.0)))) == []
    assert list(find(evidence(LINE, calls=(ModuleCall("boto3.client", "app/tables.py", 7, "boto3.client(…)"),)))) == []
    assert list(find(evidence(replace(LINE, ms=9.0)))) == []
    assert list(find(healthy())) == []


def unwatched(self_ms: float, size_bytes: int = 500, *, compiled: bool = False, **facts: object) -> FunctionEvidence:
    """A function whose app/tables.py takes so long, of a start that nobody watched."""
    names = ["app/tables.py", *(["app/__pycache__/tables.cpython-311.pyc"] if compiled else [])]
    report = package(part("app", 0.1, kind=PartKind.APPLICATION), files=names)
    (held,) = report.containers
    files = tuple(replace(one, unzipped_bytes=size_bytes) for one in held.files)
    tree = profile(node("app.tables", self_ms, node("pandas", 90.0)))
    return healthy(
        package=replace(report, containers=(replace(held, files=files),)),
        imports=tree,
        code=code(use("app.tables"), **facts),
    )


def test_a_file_that_computes_for_long_is_named_without_a_watched_start() -> None:
    (found,) = find(unwatched(521.5))
    assert found.title == "app/tables.py works for 520 ms while it is imported"
    assert found.saving is not None
    assert (found.saving.low_ms, found.saving.likely_ms, found.saving.high_ms) == (0.0, 260.0, 520.0)
    assert found.evidence[1].where == "monitor diagnose f --try"
    assert found.confidence is Grade.LOW


@pytest.mark.parametrize(
    ("made", "is_named"),
    [
        (unwatched(49.0), False),
        # 200 kB may be compiled for 600 ms.
        (unwatched(521.5, 200_000), False),
        (unwatched(521.5, 200_000, compiled=True), True),
        (unwatched(521.5, built=(InitWork("pydantic model", "app/tables.py", 7, 9, 0.0),)), False),
        (unwatched(521.5, calls=(ModuleCall("boto3.client", "app/tables.py", 7, "boto3.client(…)"),)), False),
        (unwatched(521.5, calls=(ModuleCall("redis.Redis", "app/tables.py", 7, "redis.Redis(…)"),)), True),
    ],
)
def test_a_file_is_not_named_for_what_compiling_explains_or_other_rules_find(
    made: FunctionEvidence, *, is_named: bool
) -> None:
    assert bool(list(find(made))) is is_named
