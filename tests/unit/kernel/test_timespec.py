from datetime import UTC, datetime, timedelta, timezone

import pytest

from monitor.errors import UsageError
from monitor.kernel.timespec import parse_duration_ms, parse_time_ms, parse_window

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


@pytest.mark.parametrize("text", ["", "15", "m", "-5m", "tomorrow", "2026-13-01", "5m5", "９m", "1e3s"])
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
