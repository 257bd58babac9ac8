"""Facts that several rules rest on."""

from dataclasses import replace

import pytest

from monitor.diagnose.evidence.model import FunctionEvidence, Settings
from monitor.diagnose.facts.common import own_tops
from monitor.kernel.missing import Missing
from tests.unit.diagnose.trials.test_change import FUNCTION

NOTHING = FunctionEvidence("f", "eu-west-1", None, 0, (), Missing("refused"), Missing("refused"), Missing("refused"))


@pytest.mark.parametrize(
    ("configured", "settings", "expected"),
    [
        ("shop/api.handle", Missing("refused"), {"shop"}),
        ("shop.api.handle", Settings(handler="shop.api.handle"), {"shop"}),
        ("monitor.runtime.entry.lambda_handler", Settings(instrumented=True, handler="shop.api.handle"), {"shop"}),
        ("monitor.runtime.entry.lambda_handler", Missing("refused"), set()),
    ],
)
def test_the_handler_behind_an_entry_point_belongs_to_the_application(
    configured: str, settings: Settings | Missing, expected: set[str]
) -> None:
    evidence = replace(NOTHING, function=replace(FUNCTION, handler=configured), settings=settings)
    assert own_tops(evidence) == expected
