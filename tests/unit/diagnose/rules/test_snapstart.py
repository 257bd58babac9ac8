"""SnapStart is offered to long inits, with what is in its way."""

import pytest

from monitor.diagnose.evidence.model import Concurrency, Settings
from monitor.diagnose.model_finding import Grade
from monitor.diagnose.rules.snapstart import find
from monitor.records.invocation import InitKind
from tests.fakes.start_evidence import MISSING, evidence, function, nothing, start

LONG = tuple(start(3000.0 + 10 * step, 60.0) for step in range(11))


def test_a_long_init_against_an_assumed_restore() -> None:
    (found,) = find(evidence(LONG))
    assert found.title == "SnapStart could replace inits of 3.05 s"
    assert found.saving is not None
    assert (found.saving.low_ms, found.saving.likely_ms) == (2050.0, 2550.0)
    assert found.saving.basis.startswith("the median init less an assumed restore")
    assert found.confidence is Grade.LOW
    assert found.affected == 11


def test_its_price_is_the_snapshot_and_the_restores_less_the_init_billed_now() -> None:
    (found,) = find(evidence(LONG, summarized={"init_cost_usd": 0.01}))
    a_month = 730 / 24
    costs = 730 * 3600 * 0.0000015046 + 11 * a_month * 0.0001397998
    assert found.saves_usd_month == pytest.approx(0.01 * a_month - costs)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"function": function(runtime="python3.11")}, "the runtime is python3.11"),
        ({"function": function(runtime=None, package_type="Image")}, "a container image"),
        ({"function": function(ephemeral_mb=2048)}, "has 2048 MB"),
        ({"settings": Settings(has_efs=True)}, "with EFS"),
        ({"concurrency": Concurrency(None, {"live": 2}, 1000)}, "with provisioned concurrency"),
    ],
)
def test_what_is_in_the_way_is_named_and_no_saving_stated(changes: dict[str, object], why: str) -> None:
    (found,) = find(evidence(LONG, **changes))
    assert why in found.title
    assert any(one.text.startswith("not possible now: ") and why in one.text for one in found.evidence)
    assert found.saving is None


def test_on_already_but_latest_is_called() -> None:
    restored = tuple(start(320.0 + step, 50.0, kind=InitKind.SNAP_START) for step in range(3))
    (found,) = find(evidence((*LONG, *restored), function=function(snap_start="PublishedVersions")))
    assert found.title.startswith("SnapStart is on, but 11 starts")
    assert found.saving is not None
    assert found.saving.likely_ms == pytest.approx(3050 - 321)
    assert "this function's median restore of 321 ms" in found.saving.basis


def test_without_settings_or_limits_it_is_offered_all_the_same() -> None:
    (found,) = find(evidence(LONG, settings=MISSING, concurrency=MISSING))
    assert found.affected == 11


def test_a_healthy_function_and_no_evidence_say_nothing() -> None:
    assert not list(find(evidence()))
    assert not list(find(nothing()))
    assert not list(find(evidence(LONG, function=MISSING)))
    restored = tuple(start(1200.0, 50.0, kind=InitKind.SNAP_START) for _ in range(5))
    assert not list(find(evidence(restored)))
