"""The time range of a dashboard or widget, and a period that fits it."""

from datetime import datetime
from typing import Any

from monitor.kernel.timespec import parse_iso_duration_s
from monitor.kernel.window import Window

_DEFAULT_MS = 3 * 3_600_000
_PERIODS_S = (60, 300, 900, 3600, 21_600, 86_400)
_MOST_POINTS = 1_440
_LONGEST_MS = 460 * 86_400_000


def of_document(document: dict[str, Any], now_ms: int, default: Window | None = None) -> Window:
    """The window of `start` and `end` (ISO 8601; they may be relative, such as `-PT6H`, or `P0D` for now).

    If they are missing or invalid it is `default`, or the three hours of CloudWatch.
    """
    back_ms = _back_ms(document.get("end"))
    end_ms = now_ms - back_ms if back_ms else moment_ms(document.get("end"))
    until_ms = now_ms if end_ms is None else end_ms
    length_ms = _back_ms(document.get("start"))
    if length_ms is not None:
        # Both count back from now; before a fixed end, a relative start counts back from that end.
        start_ms: int | None = (now_ms if back_ms else until_ms) - length_ms
    else:
        start_ms = moment_ms(document.get("start"))
    if start_ms is None or start_ms >= until_ms:
        return default or Window(until_ms - _DEFAULT_MS, until_ms)
    return Window(start_ms, until_ms, open_ended=end_ms is None)


def _back_ms(value: Any) -> int | None:
    """The milliseconds of a relative time, or None."""
    length_s = parse_iso_duration_s(value) if isinstance(value, str) else None
    return None if length_s is None else min(length_s * 1000, _LONGEST_MS)


def own_window(properties: dict[str, Any], now_ms: int) -> Window | None:
    """The time range that a widget keeps whatever that of the dashboard is; None if it has none."""
    if not any(isinstance(properties.get(member), str) for member in ("start", "end")):
        return None
    missing = Window(0, 0)
    found = of_document(properties, now_ms, missing)
    return None if found is missing else found


def period_s(wanted: Any, window: Window, *, inherit: bool, now_ms: int) -> int:
    """The period of a graph in `window`.

    `wanted` is the period of the widget; `inherit` (periodOverride) keeps it, otherwise it grows with the window. It is
    never finer than what CloudWatch still stores (minutes for 15 days, five minutes for 63 days).
    """
    stated = wanted if isinstance(wanted, int) and not isinstance(wanted, bool) and wanted > 0 else 300
    least = 1
    if not inherit:
        least = next((period for period in _PERIODS_S if window.length_s / period <= _MOST_POINTS), _PERIODS_S[-1])
    age_days = (now_ms - window.start_ms) / 86_400_000
    kept = 3600 if age_days > 63 else 300 if age_days > 15 else 60 if age_days > 0.125 else 1
    period = max(stated, kept, least if stated < least else 1)
    return period if period < 60 else -(-period // max(60, kept)) * max(60, kept)


def moment_ms(value: Any) -> int | None:
    """The epoch ms of an ISO 8601 time, or None."""
    if not isinstance(value, str):
        return None
    try:
        return round(datetime.fromisoformat(value).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return None
