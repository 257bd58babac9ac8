"""Init time that the process does not see, where something is configured that could take it."""

import pytest

from monitor.diagnose.evidence.model import Settings
from monitor.diagnose.model_finding import Grade
from monitor.diagnose.rules.vpc_or_extensions import find
from monitor.kernel.function import Layer
from monitor.records.init_record import InitRecord
from monitor.records.invocation import ColdStart
from tests.fakes.start_evidence import MISSING, evidence, function, nothing, start

DATADOG = Layer("arn:aws:lambda:us-east-1:464622532012:layer:Datadog-Extension:80", 30_000_000)
OTHER = Layer("arn:aws:lambda:us-east-1:123456789012:layer:our-helpers:3", 900_000)


def starts(gap_ms: float) -> tuple[ColdStart, ...]:
    return tuple(start(300.0 + gap_ms + step, 40.0, init_record=InitRecord(1, 300.0 + step)) for step in range(6))


def test_a_known_extension_is_named_with_the_gap() -> None:
    (found,) = find(evidence(starts(240.0), function=function(layers=(DATADOG,))))
    assert found.title == "240 ms of init pass outside the process, in layer Datadog-Extension:80"
    assert found.evidence[1].text == "layer Datadog-Extension:80 brings an extension"
    assert found.confidence is Grade.MEDIUM
    assert found.saving is not None
    assert (found.saving.low_ms, found.saving.likely_ms, found.saving.high_ms) == (0.0, 120.0, 240.0)


def test_any_other_layer_may_bring_one() -> None:
    (found,) = find(evidence(starts(240.0), function=function(layers=(OTHER,))))
    assert found.confidence is Grade.LOW
    assert "may bring" in found.evidence[1].text


def test_a_wrapper_script_counts_without_the_configuration() -> None:
    (found,) = find(evidence(starts(240.0), function=MISSING, settings=Settings(exec_wrapper=True)))
    assert "AWS_LAMBDA_EXEC_WRAPPER" in found.evidence[1].text


@pytest.mark.parametrize(
    "changes",
    [
        {"function": function(in_vpc=True)},
        {"function": function(), "settings": MISSING},
        {"function": MISSING, "settings": MISSING},
    ],
    ids=["a VPC takes no init time", "nothing configured", "nothing known"],
)
def test_a_gap_that_nothing_explains_is_lambdas_own(changes: dict[str, object]) -> None:
    assert not list(find(evidence(starts(240.0), **changes)))


def test_a_healthy_function_and_no_evidence_say_nothing() -> None:
    assert not list(find(evidence(starts(40.0), function=function(layers=(DATADOG,)))))
    assert not list(find(evidence(function=function(layers=(DATADOG,)))))
    assert not list(find(nothing()))
