"""Parsing of durations (`800ms`, `1h30m`), times (--since and --until), and ISO 8601 durations."""

import re
from datetime import datetime, timedelta, tzinfo

from monitor.errors import UsageError
from monitor.kernel.window import Window

# The year 9999's last second, beyond which no time can be written.
LATEST_MS = 253_402_300_799_000
UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_PART = re.compile(r"(\d+(?:\.\d+)?) ?(ms|[smhdw]) ?", re.ASCII)
_DURATION = re.compile(rf"(?:{_PART.pattern})+", re.ASCII)
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_ISO_DURATION = re.compile(
    r"-?P(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII | re.IGNORECASE
)
# A month has 30 days, as in CloudWatch's relative time ranges.
_ISO_PARTS_S = (30 * 86_400, 7 * 86_400, 86_400, 3600, 60, 1)
_EPOCH = re.compile(r"\d{10}(\d{3})?", re.ASCII)
_HINT = "write it as 15m, 2h, 3d, 1h30m, today, yesterday, 2026-11-23T10:00 or 2026-11-23T10:00+07:00"
_LONGEST_MS = 3_650 * 86_400_000


def parse_duration_ms(text: str, option: str = "", *, bare_unit: str = "s") -> float:
    """Parse `800ms`, `2s`, `1.5h`, or `1h30m` to milliseconds. A number without a unit counts `bare_unit`.

    Raises:
        UsageError: the text is not a duration, or is longer than ten years. The message names `option` if given.
    """
    text = text.strip()
    said = f"{option} {text!r}".lstrip()
    if _NUMBER.fullmatch(text):
        parts = [(text, bare_unit)]
    elif _DURATION.fullmatch(text):
        parts = _PART.findall(text)
    else:
        raise UsageError(f"{said} is not a duration", "write it as 800ms, 30s, 15m, 2h, 3d, 1w or 1h30m")
    total_ms = sum(float(number) * UNITS_MS[unit] for number, unit in parts)
    if total_ms > _LONGEST_MS:
        raise UsageError(f"{said} is longer than ten years", "CloudWatch keeps metrics for 15 months")
    return total_ms


def parse_iso_duration_s(text: str) -> int | None:
    """The seconds of an ISO 8601 duration such as `PT6H` or `-P1DT12H`, without its sign; None for another text."""
    match = _ISO_DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    return sum(int(count) * unit for count, unit in zip(match.groups(), _ISO_PARTS_S, strict=True) if count)


def parse_time_ms(text: str, *, now_ms: int, zone: tzinfo | None = None) -> int:
    """Parse a time to epoch milliseconds. A duration means that long before now.

    A time without an offset is in `zone` (None: the time zone of this machine).

    Raises:
        UsageError: the text is not a time.
    """
    text = text.strip()
    if _DURATION.fullmatch(text):
        return now_ms - round(parse_duration_ms(text))
    if _EPOCH.fullmatch(text):
        return int(text) if len(text) == 13 else int(text) * 1000
    now = datetime.fromtimestamp(now_ms / 1000, zone)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    named = {"now": now, "today": midnight, "yesterday": midnight - timedelta(days=1)}
    try:
        moment = named.get(text) or datetime.fromisoformat(text)
        # timestamp() of a naive datetime uses this machine's time zone, with daylight saving time.
        if moment.tzinfo is None and zone is not None:
            moment = moment.replace(tzinfo=zone)
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is not a time", _HINT) from None


def parse_window(since: str, until: str | None, *, now_ms: int, zone: tzinfo | None = None) -> Window:
    """The window from `since` to `until` (now when None).

    Raises:
        UsageError: a text is not a time, the start is not before the end, or the start is in the future.
    """
    start_ms = parse_time_ms(since, now_ms=now_ms, zone=zone)
    end_ms = parse_time_ms(until, now_ms=now_ms, zone=zone) if until else now_ms
    if start_ms > now_ms:
        raise UsageError(f"--since {since} is in the future", "give an earlier time")
    if start_ms >= end_ms and (until is None or start_ms == end_ms):
        empty = f"the window from {since} to {until or 'now'} is empty"
        raise UsageError(empty, "give an earlier --since, such as 15m")
    if start_ms > end_ms:
        raise UsageError(f"the window ends ({until}) before it starts ({since})", "swap --since and --until")
    return Window(start_ms, end_ms, open_ended=until is None)
