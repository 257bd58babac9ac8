"""The time grammar of --since and --until: `15m`, `2h`, `3d`, `1w`, `today`, `yesterday`, `now`, ISO 8601, epoch."""

import re
from datetime import datetime, timedelta, tzinfo

from monitor.errors import UsageError
from monitor.kernel.window import Window

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)([smhdw]))+", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhdw])", re.ASCII)
_EPOCH = re.compile(r"\d{10}(\d{3})?", re.ASCII)
_HINT = "write it as 15m, 2h, 3d, 1h30m, today, yesterday, 2026-11-23T10:00 or 2026-11-23T10:00+07:00"
_LONGEST_MS = 3_650 * 86_400_000


def parse_duration_ms(text: str) -> int:
    """Milliseconds of `15m`, `1h30m`, `2s`.

    Raises:
        UsageError: it is not a duration, or longer than ten years.
    """
    if not _DURATION.fullmatch(text):
        raise UsageError(f"{text!r} is not a duration", "write it as 30s, 15m, 2h, 3d, 1w or 1h30m")
    total_ms = round(sum(float(number) * _UNITS_S[unit] * 1000 for number, unit in _PART.findall(text)))
    if total_ms > _LONGEST_MS:
        raise UsageError(f"{text!r} is longer than ten years", "CloudWatch keeps metrics for 15 months")
    return total_ms


def parse_time_ms(text: str, *, now_ms: int, zone: tzinfo | None = None) -> int:
    """Epoch milliseconds of a point in time; a duration counts back from now.

    A time without an offset is a wall clock's of `zone` (None: the zone this machine is set to).

    Raises:
        UsageError: the text is none of the forms.
    """
    text = text.strip()
    if _DURATION.fullmatch(text):
        return now_ms - parse_duration_ms(text)
    if _EPOCH.fullmatch(text):
        return int(text) if len(text) == 13 else int(text) * 1000
    now = datetime.fromtimestamp(now_ms / 1000, zone)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    named = {"now": now, "today": midnight, "yesterday": midnight - timedelta(days=1)}
    try:
        moment = named.get(text) or datetime.fromisoformat(text)
        # A naive datetime's timestamp() is read by the machine's own rules, daylight saving included.
        if moment.tzinfo is None and zone is not None:
            moment = moment.replace(tzinfo=zone)
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is not a time", _HINT) from None


def parse_window(since: str, until: str | None, *, now_ms: int, zone: tzinfo | None = None) -> Window:
    """The window from `since` to `until` (now when None).

    Raises:
        UsageError: a text is not a time, the start is not before the end, or the start lies in the future.
    """
    start_ms = parse_time_ms(since, now_ms=now_ms, zone=zone)
    end_ms = parse_time_ms(until, now_ms=now_ms, zone=zone) if until else now_ms
    if start_ms > now_ms:
        raise UsageError(f"--since {since} lies in the future", "there is nothing to read yet")
    if start_ms >= end_ms and (until is None or start_ms == end_ms):
        empty = f"the window from {since} to {until or 'now'} is empty"
        raise UsageError(empty, "give an earlier --since, such as 15m")
    if start_ms > end_ms:
        raise UsageError(f"the window ends ({until}) before it starts ({since})", "swap --since and --until")
    return Window(start_ms, end_ms, open_ended=until is None)
