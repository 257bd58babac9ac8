"""Bursts are told from steady traffic and from deployments, with what ready environments would do and cost."""

from dataclasses import replace

import pytest

from monitor.diagnose.evidence.model import Concurrency, Minute
from monitor.diagnose.rules.provisioned_concurrency import MINUTE_MS, bursts, find
from tests.fakes.start_evidence import HOUR_MS, MISSING, NOON_MS, evidence, function, nothing, start


def minute(at: int, invocations: int, cold: int, concurrency: int) -> Minute:
    return Minute(NOON_MS + at * MINUTE_MS, invocations, cold, concurrency)


THREE = (minute(0, 8, 8, 8), minute(60, 12, 12, 12), minute(120, 8, 8, 8), minute(125, 3, 0, 1))
STARTS = tuple(start(300.0, 60.0, at_ms=NOON_MS + hour * HOUR_MS + 1000) for hour in range(3) for _ in range(9))


def test_bursts_are_found_with_what_ready_environments_would_leave_out() -> None:
    (found,) = find(evidence(STARTS, minutes=THREE))
    assert found.title == "Bursts of up to 12 concurrent invocations cause 28 cold starts"
    assert found.subject == "11 environments"
    # Of 8, 12 and 8 all but one are covered by nine in ten bursts' peak.
    assert found.affected == 27
    texts = [one.text for one in found.evidence]
    assert any(text.startswith("8 environments, enough for the median burst, avoid 24 of 28") for text in texts)
    assert any(text.startswith("12 environments, enough for the largest burst, avoid 28 of 28") for text in texts)


def test_bursts_of_one_size_are_told_in_one_line() -> None:
    (found,) = find(evidence(STARTS, minutes=(minute(0, 8, 8, 8), minute(60, 8, 8, 8))))
    lines = [one.text for one in found.evidence if "avoid" in one.text]
    assert lines == ["8 environments, enough for the largest burst, avoid 16 of 16 for about $70.08 a month"]


def test_the_saving_is_the_init_at_most_all_over_a_warm_call() -> None:
    (found,) = find(evidence(STARTS, minutes=THREE))
    assert found.saving is not None
    assert found.saving.likely_ms == 300
    assert found.saving.high_ms == pytest.approx(345)


def test_the_price_is_of_held_environments_for_a_month() -> None:
    (found,) = find(evidence(STARTS, minutes=THREE))
    assert found.saves_usd_month == pytest.approx(-11 * 1.0 * 730 * 3600 * 0.0000033334)
    (elsewhere,) = find(evidence(STARTS, minutes=THREE, region="eu-west-3"))
    assert elsewhere.saves_usd_month is None
    assert any("a month at the price of us-east-1" in one.text for one in elsewhere.evidence)


def test_bursts_at_the_same_hours_can_be_scheduled() -> None:
    (found,) = find(evidence(STARTS, minutes=THREE))
    assert any("hours 12, 13, 14 (UTC)" in one.text and "3/24" in one.text for one in found.evidence)
    up, down = found.changes[1].text.splitlines()[1:]
    assert "--schedule 'cron(50 11 * * ? *)' --scalable-target-action MinCapacity=11,MaxCapacity=11" in up
    assert "--schedule 'cron(0 15 * * ? *)' --scalable-target-action MinCapacity=0,MaxCapacity=0" in down


def test_one_burst_alone_gives_no_hours_to_schedule() -> None:
    (found,) = find(evidence(STARTS, minutes=THREE[:1]))
    assert len(found.changes) == 1
    assert found.evidence[0].text == "1 burst with 8 of the window's 27 cold starts"


def test_minutes_side_by_side_are_one_burst() -> None:
    (one,) = bursts((minute(1, 4, 3, 5), minute(0, 6, 5, 5)))
    assert (one.concurrency, one.cold_starts) == (5, 8)


@pytest.mark.parametrize(
    ("why", "minutes"),
    [
        ("a few starts are chance", (minute(0, 3, 3, 3),)),
        ("one after the other is no burst", (minute(0, 9, 9, 1),)),
        ("steady traffic with a new environment now and then", tuple(minute(at, 600, 1, 20) for at in range(60))),
        ("a deployment replaces what was as busy before", (minute(0, 900, 0, 20), minute(1, 900, 20, 20))),
        ("most of the busy ones were there before", (minute(0, 90, 4, 20),)),
    ],
)
def test_what_is_no_burst(why: str, minutes: tuple[Minute, ...]) -> None:
    assert not bursts(minutes), why
    assert not list(find(evidence(STARTS, minutes=minutes)))


def test_environments_that_are_provisioned_already_are_named() -> None:
    (found,) = find(evidence(STARTS, minutes=THREE, concurrency=Concurrency(None, {"live": 3}, 1000)))
    assert any(one.text.startswith("3 environments are provisioned already") for one in found.evidence)


def test_snapstart_rules_it_out() -> None:
    on = function(snap_start="PublishedVersions")
    assert not list(find(evidence(STARTS, minutes=THREE, function=on)))


def test_without_configuration_or_prices_the_pattern_is_still_told() -> None:
    parts = dict.fromkeys(("function", "concurrency", "starts"), MISSING)
    (found,) = find(replace(evidence(STARTS, minutes=THREE), **parts))
    assert found.saves_usd_month is None
    assert found.affected == 27


def test_a_healthy_function_and_no_evidence_say_nothing() -> None:
    assert not list(find(evidence(minutes=(minute(0, 100, 1, 2), minute(1, 100, 0, 2)))))
    assert not list(find(nothing()))
