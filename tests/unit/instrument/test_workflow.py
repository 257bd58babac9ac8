"""Which functions are planned for, in one region or several."""

from collections.abc import Iterator
from typing import Any

import pytest

from monitor.aws.functions import NoFunctionError
from monitor.errors import NotFoundError
from monitor.instrument.model import InstrumentAction, InstrumentPlan
from monitor.instrument.workflow import Prepared, plan_each


class Region:
    def __init__(self, region: str, *functions: str) -> None:
        self.region = self.where = region
        self.functions = functions

    def pages(self, _service: str, _operation: str, /, **_: Any) -> Iterator[dict[str, Any]]:
        yield {"Functions": [{"FunctionName": name} for name in self.functions]}


def planned(regions: list[Region], *targets: str) -> tuple[list[tuple[str, str]], int]:
    """Region and name of each plan, and how many were made."""
    made: list[str] = []

    def plan(connection: Any, name: str) -> Prepared:
        if name not in connection.functions:
            raise NoFunctionError([connection], name, None)
        made.append(name)
        return Prepared(InstrumentPlan(name, connection.region, InstrumentAction.WRAP), connection)

    plans = plan_each(regions, targets, plan)  # type: ignore[arg-type]
    return [(one.plan.region, one.plan.function) for one in plans], len(made)


def test_functions_of_different_regions_are_each_planned_for_once() -> None:
    regions = [Region("r1", "alpha", "al-one"), Region("r2", "beta")]
    found, made = planned(regions, "beta", "al*", "alpha", "arn:aws:lambda:r2:1:function:beta")
    assert found == [("r1", "al-one"), ("r1", "alpha"), ("r2", "beta")]
    assert made == 3


def test_what_is_in_none_of_the_regions_ends_it_before_anything_is_planned_to_be_done() -> None:
    regions = [Region("r1", "alpha"), Region("r2", "beta")]
    with pytest.raises(NotFoundError, match="there is no function 'bata' in r1 or r2"):
        planned(regions, "alpha", "bata")
    with pytest.raises(NotFoundError, match=r"not found in r1 or r2: x\*, gamma"):
        planned(regions, "alpha", "x*", "gamma")
    with pytest.raises(NotFoundError, match="is in r9, not in r1 or r2"):
        planned(regions, "arn:aws:lambda:r9:1:function:alpha")
