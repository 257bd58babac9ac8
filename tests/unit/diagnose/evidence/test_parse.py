"""Saved evidence comes back as it was, and whatever else a file holds is one clear error."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.diagnose.evidence.model import (
    Concurrency,
    FailureCount,
    FunctionEvidence,
    InitLogging,
    LateImport,
    Minute,
    ModuleCall,
    ModuleUse,
    Settings,
    SourceFacts,
)
from monitor.diagnose.evidence.parse import FORMAT, VERSION, is_evidence, parse_evidence
from monitor.errors import UsageError
from monitor.kernel.jsonable import jsonable
from monitor.kernel.missing import Missing
from monitor.records.invocation import FailureKind
from monitor.records.metric import FunctionMetrics
from monitor.records.xray.trace import Absence, AbsenceKind, Http, Span, SpanKind, Trace
from tests.unit.diagnose.report import diagnosis_factory as factory


def full() -> FunctionEvidence:
    """Evidence with a value in every part."""
    use = ModuleUse("pandas", "app/main.py", 3, "import pandas", True, False, ("report",), ((7, 4),))
    span = Span(
        "a1",
        "analyzer",
        1.5,
        None,
        SpanKind.INIT,
        http=Http("GET", "https://example.com", 200),
        annotations={"cold": True, "n": 1.5, "who": "x"},
        metadata={"default": {"deep": [1, None]}},
        children=(Span("b2", "b", 1.0, 2.0),),
    )
    return replace(
        factory.evidence(),
        settings=Settings(log_level="DEBUG", pythonpath=("/opt/x",)),
        minutes=(Minute(60_000, 5, 2, 3),),
        failures=(FailureCount(FailureKind.TIMEOUT, 2, 1, ("r1",)),),
        logging=InitLogging(3, 1.5, 200.0, 0.5),
        late_imports=(LateImport("pandas", 40.0, 2, 3, 10.0),),
        code=SourceFacts(2, 1, (use,), (ModuleCall("boto3.client", "a.py", 1, "boto3.client('s3')"),), ("a.py:2",)),
        traces=(Trace("1-x", 1.5, (span,), (Absence(AbsenceKind.CUT, "x", "too deep"),)),),
        metrics=FunctionMetrics("f", "eu-west-1", (1, 2), 1.0, *[None] * 10),
        concurrency=Concurrency(None, {"live": 3}, 1000, ("reserved",)),
    )


def small() -> FunctionEvidence:
    """The same with one cold start and no files: quick to write and to read."""
    return replace(full(), cold_starts=full().cold_starts[:1], package=Missing("left out"))


def document(evidence: FunctionEvidence) -> dict[str, Any]:
    return {"format": FORMAT, "version": VERSION, "evidence": jsonable(evidence)}


@pytest.mark.parametrize(
    "evidence", [full(), factory.evidence(), factory.healthy().evidence, factory.unknown().evidence]
)
def test_what_was_saved_comes_back_as_it_was(evidence: FunctionEvidence) -> None:
    text = json.dumps(document(evidence))
    assert is_evidence(text[:400])
    assert parse_evidence(text, "x.json") == evidence


def test_a_field_that_an_older_version_did_not_know_has_its_default() -> None:
    old = document(full())
    del old["evidence"]["deployments"]
    del old["evidence"]["concurrency"]["unknown"]
    old["evidence"]["a_later_version's"] = 1
    found = parse_evidence(json.dumps(old), "x.json")
    assert found.deployments == ()
    assert isinstance(found.concurrency, Concurrency)
    assert found.concurrency.unknown == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no saved evidence"),
        ("[]", "no saved evidence"),
        ("{", "no saved evidence"),
        ('{"format": "monitor-import-profile", "version": 1}', "no saved evidence"),
        ("[" * 100_000, "no saved evidence"),
        (f'{{"format": "{FORMAT}", "version": 2, "evidence": {{}}}}', "version 2"),
        (f'{{"format": "{FORMAT}", "version": 1, "evidence": {{}}}}', "has no name"),
        (f'{{"format": "{FORMAT}", "version": 1, "evidence": []}}', "not an object"),
        (f'{{"format": "{FORMAT}", "version": 1}}', "not an object"),
    ],
)
def test_another_file_is_one_clear_error(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as told:
        parse_evidence(text, "x.json")
    assert "x.json" in told.value.message
    assert "--save" in told.value.hint


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("name", 1, "not a text"),
        ("gathered_at_ms", "now", "not a whole number"),
        ("gathered_at_ms", True, "not a whole number"),
        ("gathered_at_ms", 1 << 70, "not a whole number"),
        ("gathered_at_ms", 10**17, "no moment"),
        ("gathered_at_ms", -1, "no moment"),
        ("window", {"start_ms": 1}, "has no end_ms"),
        ("cold_starts", {}, "not a list"),
        ("starts", {"missing": 1}, "not a text"),
        ("failures", [{"kind": "gone", "count": 1, "then_cold": 0}], "none of timeout"),
        ("metrics", {"window": [1]}, "has no function"),
    ],
)
def test_a_damaged_part_is_named(part: str, value: object, said: str) -> None:
    damaged = document(full())
    damaged["evidence"][part] = value
    with pytest.raises(UsageError, match=said) as told:
        parse_evidence(json.dumps(damaged), "x.json")
    assert part in told.value.message


def test_a_tree_that_is_nested_without_end_is_refused() -> None:
    head, tail = '{"module": "m", "self_ms": 1, "cumulative_ms": 1, "root": "", "children": [', "]}"
    damaged = document(full())
    damaged["evidence"]["imports"]["tree"] = ["TREE"]
    text = json.dumps(damaged)
    for depth in (450, 100_000):
        with pytest.raises(UsageError):
            parse_evidence(text.replace('"TREE"', head * depth + tail * depth), "x.json")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(document(full())["evidence"])), _JSON)
def test_whatever_a_part_is_replaced_by_it_is_read_or_refused(part: str, value: object) -> None:
    damaged = document(small())
    damaged["evidence"][part] = value
    try:
        found = parse_evidence(json.dumps(damaged), "x.json")
    except UsageError:
        return
    assert isinstance(found, FunctionEvidence)
    assert isinstance(found.function, Missing) or found.function.name


def test_a_log_is_no_evidence() -> None:
    assert not is_evidence('{"message": "x", "timestamp": 1}')
    assert not is_evidence("START RequestId: 1")
