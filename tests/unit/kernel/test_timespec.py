from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import UsageError
from monitor.kernel.timespec import UNITS_MS, parse_duration_ms, parse_time_ms, parse_window

NOW = datetime(2026, 11, 23, 9, 30, 15, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
HANOI = timezone(timedelta(hours=7))


def ms(*parts: int, zone: timezone = UTC) -> int:
    return int(datetime(*parts, tzinfo=zone).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [
        ("15m", NOW_MS - 900_000),
        ("2h", NOW_MS - 7_200_000),
        ("3d", NOW_MS - 259_200_000),
        ("1w", NOW_MS - 604_800_000),
        ("1h30m", NOW_MS - 5_400_000),
        ("1.5h", NOW_MS - 5_400_000),
        ("now", NOW_MS),
        ("2026-11-23T10:00+07:00", ms(2026, 11, 23, 3)),
        ("2026-11-23T10:00Z", ms(2026, 11, 23, 10)),
        ("2026-11-23", ms(2026, 11, 23)),
        ("1790000000", 1_790_000_000_000),
        ("1790000000123", 1_790_000_000_123),
    ],
)
def test_a_time_is_read_as_written(text: str, expected_ms: int) -> None:
    assert parse_time_ms(text, now_ms=NOW_MS, zone=UTC) == expected_ms


def test_a_wall_clock_time_is_the_zone_s() -> None:
    assert parse_time_ms("2026-11-23T10:00", now_ms=NOW_MS, zone=HANOI) == ms(2026, 11, 23, 3)
    # 09:30 UTC is 16:30 in Hanoi: its midnight was at 17:00 UTC of the day before.
    assert parse_time_ms("today", now_ms=NOW_MS, zone=HANOI) == ms(2026, 11, 22, 17)
    assert parse_time_ms("yesterday", now_ms=NOW_MS, zone=HANOI) == ms(2026, 11, 21, 17)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5min ago", (2026, 11, 23, 9, 25, 15)),
        ("5 Minutes ago", (2026, 11, 23, 9, 25, 15)),
        ("1 hour", (2026, 11, 23, 8, 30, 15)),
        ("an hour ago", (2026, 11, 23, 8, 30, 15)),
        ("2 hours and 30 minutes ago", (2026, 11, 23, 7, 0, 15)),
        ("1 day, 2 hrs ago", (2026, 11, 22, 7, 30, 15)),
        ("3 days ago", (2026, 11, 20, 9, 30, 15)),
        ("2 weeks", (2026, 11, 9, 9, 30, 15)),
        ("yesterday 13:00", (2026, 11, 22, 13, 0)),
        ("yesterday at 1pm", (2026, 11, 22, 13, 0)),
        ("Today 08:00", (2026, 11, 23, 8, 0)),
        ("2026/11/23 08:00", (2026, 11, 23, 8, 0)),
        ("2026-11-23 08:00 UTC", (2026, 11, 23, 8, 0)),
        ("2026-11-23 15:00:00 +07:00", (2026, 11, 23, 8, 0)),
        ("@1790000000", (2026, 9, 21, 14, 13, 20)),
        ("friday 17:00", (2026, 11, 20, 17, 0)),
        ("last friday", (2026, 11, 20, 0, 0)),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, expected: tuple[int, ...]) -> None:
    assert parse_time_ms(text, now_ms=NOW_MS, zone=UTC) == ms(*expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("09:30", (2026, 11, 23, 9, 30)),
        ("9:30:15", (2026, 11, 23, 9, 30, 15)),
        ("midnight", (2026, 11, 23, 0, 0)),
        ("09:31", (2026, 11, 22, 9, 31)),
        ("1:30pm", (2026, 11, 22, 13, 30)),
        ("12am", (2026, 11, 23, 0, 0)),
        ("monday", (2026, 11, 23, 0, 0)),
        ("monday 13:00", (2026, 11, 16, 13, 0)),
    ],
)
def test_a_clock_time_is_the_latest_one_that_is_not_in_the_future(text: str, expected: tuple[int, ...]) -> None:
    assert parse_time_ms(text, now_ms=NOW_MS, zone=UTC) == ms(*expected)


@given(st.integers(1, 300), st.sampled_from(sorted(UNITS_MS)), st.sampled_from(["", " "]), st.booleans())
def test_every_unit_in_every_spelling_counts_the_same(number: int, unit: str, space: str, ago: bool) -> None:
    spellings = {"ms": "millisecond", "s": "sec", "m": "min", "h": "hours", "d": "day", "w": "weeks"}
    end = " ago" if ago else ""
    times = {
        parse_time_ms(f"{number}{space}{name}{end}", now_ms=NOW_MS, zone=UTC)
        for name in (unit, spellings[unit], spellings[unit].upper())
    }
    assert times == {NOW_MS - number * UNITS_MS[unit]}


@given(st.text(alphabet="0123456789:.apmndhoursteyg/-+TZ ,", max_size=20))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    hint = ""
    try:
        at_ms: int | None = parse_time_ms(text, now_ms=NOW_MS, zone=UTC)
    except UsageError as refused:
        at_ms, hint = None, refused.hint
    assert isinstance(at_ms, int) or "15m" in hint or "15 months" in hint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "15",
        "m",
        "-5m",
        "tomorrow",
        "2026-13-01",
        "5m5",
        "25:00",
        "13pm",
        "yesterday x",
        "ago",
        "1 hour,",
        "９m",
        "1e3s",
    ],
)
def test_what_is_no_time_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_time_ms(text, now_ms=NOW_MS, zone=UTC)
    assert "15m" in refused.value.hint


def test_a_duration_beyond_ten_years_is_refused() -> None:
    with pytest.raises(UsageError, match="ten years"):
        parse_duration_ms("99999999999w")


def test_a_window_ends_now_unless_an_end_is_given() -> None:
    window = parse_window("1h", None, now_ms=NOW_MS, zone=UTC)
    assert (window.start_ms, window.end_ms, window.open_ended) == (NOW_MS - 3_600_000, NOW_MS, True)
    closed = parse_window("2h", "1h", now_ms=NOW_MS, zone=UTC)
    assert (closed.end_ms, closed.open_ended, closed.length_s) == (NOW_MS - 3_600_000, False, 3600.0)


def test_a_window_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(UsageError, match="before it starts"):
        parse_window("1h", "2h", now_ms=NOW_MS, zone=UTC)


def test_a_window_of_the_future_is_refused() -> None:
    with pytest.raises(UsageError, match="future"):
        parse_window("2027-01-01", None, now_ms=NOW_MS, zone=UTC)


@pytest.mark.parametrize(("since", "until"), [("now", None), ("0m", None), ("1h", "1h")])
def test_an_empty_window_is_called_empty(since: str, until: str | None) -> None:
    with pytest.raises(UsageError, match="is empty"):
        parse_window(since, until, now_ms=NOW_MS, zone=UTC)
