"""The plan and the result of a measurement as text."""

import pytest

from monitor.console.text import Style
from monitor.kernel.missing import Missing
from monitor.measure.analyze import size_result
from monitor.measure.model import ExtensionTimes, Measurement, Plan, Restored, Start
from monitor.measure.render import render_measurement, render_plan, render_restored
from monitor.records.invocation import InitKind

HOSTILE = "evil\x1b[31m\u202e"
NO_TIMES = Missing("no times")


def start(memory_mb: int, init_ms: float, extensions: ExtensionTimes) -> Start:
    return Start(memory_mb, "id", InitKind.ON_DEMAND, init_ms, 10.0, init_ms + 10, 60, 2e-6, extensions)


def measurement(
    sizes: dict[int, float],
    enough: int | Missing,
    extensions: ExtensionTimes = ExtensionTimes((), 0.0, 0.0),  # noqa: B008 - frozen
    name: str = "fn",
) -> Measurement:
    starts = [start(size, init_ms, extensions) for size, init_ms in sizes.items()]
    results = tuple(size_result(one.memory_mb, [one]) for one in starts)
    return Measurement(name, "eu-west-1", "arm64", "", False, results, enough, (), tuple(starts))


def plan(alias: str = "", most_usd: float | None = 0.01) -> Plan:
    return Plan("fn", "arn", "eu-west-1", "arm64", 128, 3, (256, 512), 8, alias, most_usd, "revision")


def test_the_plan_says_what_is_changed_how_often_the_function_runs_and_the_highest_cost() -> None:
    text = render_plan(plan())
    assert "8 cold starts at each of 256, 512 MB" in text
    assert "the real function 16 times" in text
    assert "restored at the end: no variable, 128 MB" in text
    assert "at most $0.0100" in text
    assert "cost" in render_plan(plan(most_usd=None))
    assert "no price is known" in render_plan(plan(most_usd=None))
    by_alias = render_plan(plan(alias="measured"))
    assert "alias measured is created" in by_alias
    assert "deleted at the end" in by_alias


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_larger_time_has_the_higher_column(width: int) -> None:
    text = render_measurement(measurement({256: 990.0, 512: 490.0}, 512), Style(width=width))
    top = next(line for line in text.splitlines() if line.lstrip().startswith("1.00 s"))
    bottom = next(line for line in text.splitlines() if line.lstrip().startswith("0 ms"))
    assert top.count("█") == len("256 MB")
    assert bottom.count("█") == 2 * len("256 MB")
    assert "more memory than 512 MB does not help" in text


def test_a_terminal_without_unicode_gets_ascii_and_names_cannot_control_one() -> None:
    text = render_measurement(measurement({256: 990.0, 512: 490.0}, 512, name=HOSTILE), Style(unicode=False))
    assert text.isascii()
    assert "\x1b" not in text
    assert "\x1b" not in render_restored([Restored(HOSTILE, "eu-west-1", (HOSTILE,), (HOSTILE,))])


def test_the_time_of_extensions_is_a_share_of_the_start_or_missing_with_the_reason() -> None:
    known = ExtensionTimes(("telemetry",), 200.0, 50.0)
    text = render_measurement(measurement({256: 990.0}, NO_TIMES, known), Style(width=120))
    assert "250 ms (25%)" in text
    unknown = ExtensionTimes(("telemetry",), NO_TIMES, NO_TIMES)
    text = render_measurement(measurement({256: 990.0}, NO_TIMES, unknown), Style(width=120))
    assert "the time of extensions is not known: no times" in text


def test_what_is_not_known_of_the_curve_is_said_with_the_reason() -> None:
    text = render_measurement(measurement({256: 990.0, 512: 490.0}, Missing("too few")), Style(width=120))
    assert "where more memory stops helping is not known: too few" in text


def test_a_function_without_a_mark_has_nothing_to_restore() -> None:
    assert "nothing to restore" in render_restored([Restored("fn", "eu-west-1", ())])
