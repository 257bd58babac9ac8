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
from monitor.diagnose.evidence.parse import EVIDENCE, is_evidence
from monitor.errors import UsageError
from monitor.kernel.missing import Missing
from monitor.records.invocation import FailureKind
from monitor.records.metric import FunctionMetrics
from monitor.records.xray.trace import Absence, AbsenceKind, Http, Span, SpanKind, Trace
from tests.examples import examples
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
    read: dict[str, Any] = json.loads(EVIDENCE.encode(evidence))
    return read


def parsed(document: object) -> FunctionEvidence:
    return EVIDENCE.decode(json.dumps(document).encode(), "x.json")


@pytest.mark.parametrize(
    "evidence", [full(), factory.evidence(), factory.healthy().evidence, factory.unknown().evidence]
)
def test_what_was_saved_comes_back_as_it_was(evidence: FunctionEvidence) -> None:
    content = EVIDENCE.encode(evidence)
    assert is_evidence(content[:400].decode())
    assert EVIDENCE.decode(content, "x.json") == evidence


def test_a_field_that_an_older_version_did_not_know_has_its_default() -> None:
    old = document(full())
    del old["evidence"]["deployments"]
    del old["evidence"]["concurrency"]["unknown"]
    old["evidence"]["a_later_version's"] = 1
    found = parsed(old)
    assert found.deployments == ()
    assert isinstance(found.concurrency, Concurrency)
    assert found.concurrency.unknown == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not saved evidence"),
        ("[]", "not saved evidence"),
        ("{", "not saved evidence"),
        ('{"format": "monitor-import-profile", "version": 1}', "not saved evidence"),
        ("[" * 100_000, "not saved evidence"),
        ('{"format": "monitor-evidence", "version": 2, "evidence": {}}', "version 2"),
        (
            '{"format": "monitor-evidence", "version": 1, "evidence": {}}',
            "missing required field `name` - at `evidence`",
        ),
        ('{"format": "monitor-evidence", "version": 1, "evidence": []}', "Expected `object`, got `array`"),
        ('{"format": "monitor-evidence", "version": 1}', "Expected `object`, got `null`"),
    ],
)
def test_another_file_is_one_clear_error(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as told:
        EVIDENCE.decode(text.encode(), "x.json")
    assert "x.json" in told.value.message
    assert "--save" in told.value.hint


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("name", 1, "Expected `str`, got `int` - at `evidence.name`"),
        ("gathered_at_ms", "now", "Expected `int`, got `str`"),
        ("gathered_at_ms", True, "Expected `int`, got `bool`"),
        ("gathered_at_ms", 1 << 70, "out of range"),
        ("gathered_at_ms", 10**17, "out of range"),
        ("gathered_at_ms", -1, "out of range"),
        ("window", {"start_ms": 1}, "missing required field `end_ms` - at `evidence.window`"),
        ("cold_starts", {}, "Expected `array`, got `object`"),
        ("starts", {"missing": 1}, "Expected `str`, got `int`"),
        ("failures", [{"kind": "gone", "count": 1, "then_cold": 0}], r"'gone' - at `evidence.failures\[0\].kind`"),
        ("metrics", {"window": [1]}, "length 2 - at `evidence.metrics.window`"),
        ("by_memory", [{}], r"at `evidence.by_memory\[0\]`"),
    ],
)
def test_a_damaged_part_is_named(part: str, value: object, said: str) -> None:
    damaged = document(full())
    damaged["evidence"][part] = value
    with pytest.raises(UsageError, match=said) as told:
        parsed(damaged)
    assert part in told.value.message


def test_a_tree_that_is_nested_without_end_is_refused() -> None:
    head, tail = '{"module": "m", "self_ms": 1, "cumulative_ms": 1, "root": "", "children": [', "]}"
    damaged = document(full())
    damaged["evidence"]["imports"]["tree"] = ["TREE"]
    text = json.dumps(damaged)
    for depth in (450, 100_000):
        with pytest.raises(UsageError):
            EVIDENCE.decode(text.replace('"TREE"', head * depth + tail * depth).encode(), "x.json")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(document(full())["evidence"])), _JSON)
def test_whatever_a_part_is_replaced_by_it_is_read_or_refused(part: str, value: object) -> None:
    damaged = document(small())
    damaged["evidence"][part] = value
    try:
        found = parsed(damaged)
    except UsageError:
        return
    assert isinstance(found, FunctionEvidence)
    assert isinstance(found.function, Missing) or found.function.name


def test_a_log_is_no_evidence() -> None:
    assert not is_evidence('{"message": "x", "timestamp": 1}')
    assert not is_evidence("START RequestId: 1")
