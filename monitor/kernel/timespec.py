"""Parsing of durations (`800ms`, `1h30m`, `2 hours`), times (--since, --until), and ISO 8601 durations."""

import re
from datetime import datetime, timedelta, tzinfo

from monitor.errors import UsageError
from monitor.kernel.window import Window

# The year 9999's last second, beyond which no time can be written.
LATEST_MS = 253_402_300_799_000
UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
# How each unit may be written as well; the plural has an s.
_WORDS = {
    "ms": ("msec", "millisecond"),
    "s": ("sec", "second"),
    "m": ("min", "minute"),
    "h": ("hr", "hour"),
    "d": ("day",),
    "w": ("wk", "week"),
}
_UNIT_OF = {f"{word}{end}": unit for unit, words in _WORDS.items() for word in words for end in ("", "s")}
_UNIT_OF |= {unit: unit for unit in UNITS_MS}
_UNIT = "|".join(sorted(_UNIT_OF, key=len, reverse=True))
_PART = re.compile(rf"(\d+(?:\.\d+)?|an?(?= )) ?({_UNIT})(?![a-z])(?:,? and |, ?| )?", re.ASCII | re.IGNORECASE)
_DURATION = re.compile(rf"(?:{_PART.pattern})+", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_ISO_DURATION = re.compile(
    r"-?P(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII | re.IGNORECASE
)
# A month has 30 days, as in CloudWatch's relative time ranges.
_ISO_PARTS_S = (30 * 86_400, 7 * 86_400, 86_400, 3600, 60, 1)
_EPOCH = re.compile(r"@?(?:(\d{13})|(\d{10})(?:\.(\d{1,9}))?)", re.ASCII)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = re.compile(
    rf"(?:(today|yesterday|(?:last )?(?:{'|'.join(_WEEKDAYS)}))(?:,? at |,? |$))?(?:at )?(.*)", re.IGNORECASE
)
_CLOCK = re.compile(r"(\d\d?)(?::(\d\d)(?::(\d\d))?)? ?(am|pm)?", re.ASCII | re.IGNORECASE)
_CLOCK_WORDS = {"noon": "12:00", "midnight": "00:00"}
_ZONE_WORD = re.compile(r" ?(?:UTC|GMT)\Z", re.IGNORECASE)
_HINT = (
    "write it as 15m, 2h, 1h30m, 3 days ago, 13:00, yesterday 13:00, today, 2026-11-23, 2026-11-23T10:00 or "
    "2026-11-23T10:00+07:00"
)
_LONGEST_MS = 3_650 * 86_400_000


def parse_duration_ms(text: str, option: str = "", *, bare_unit: str = "s") -> float:
    """Parse `800ms`, `2s`, `1.5h`, `1h30m`, or `2 hours` to milliseconds. A number without a unit counts `bare_unit`.

    Raises:
        UsageError: the text is not a duration, or is longer than ten years. The message names `option` if given.
    """
    text = text.strip()
    said = f"{option} {text!r}".lstrip()
    if _NUMBER.fullmatch(text):
        parts = [(text, bare_unit)]
    elif _is_duration(text):
        parts = _PART.findall(text)
    else:
        raise UsageError(f"{said} is not a duration", "write it as 800ms, 30s, 15m, 2h, 3d, 1w or 1h30m")
    total_ms = sum(
        (1 if number.lower() in ("a", "an") else float(number)) * UNITS_MS[_UNIT_OF[unit.lower()]]
        for number, unit in parts
    )
    if total_ms > _LONGEST_MS:
        raise UsageError(f"{said} is longer than ten years", "CloudWatch keeps metrics for 15 months")
    return total_ms


def _is_duration(text: str) -> bool:
    return _DURATION.fullmatch(text) is not None and text[-1:] != ","


def parse_iso_duration_s(text: str) -> int | None:
    """The seconds of an ISO 8601 duration such as `PT6H` or `-P1DT12H`, without its sign; None for another text."""
    match = _ISO_DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    return sum(int(count) * unit for count, unit in zip(match.groups(), _ISO_PARTS_S, strict=True) if count)


def parse_time_ms(text: str, *, now_ms: int, zone: tzinfo | None = None) -> int:
    """Parse a time to epoch milliseconds. A duration, with or without "ago", counts back from now.

    A time without an offset is in `zone` (None: the time zone of this machine). A clock time or a weekday without a
    date is the latest one that is not in the future.

    Raises:
        UsageError: the text is not a time.
    """
    text = " ".join(text.split())
    back = re.sub(r" ago\Z", "", text, flags=re.IGNORECASE)
    if _is_duration(back):
        return now_ms - round(parse_duration_ms(back))
    if back != text:
        raise UsageError(f"{text!r} is not a time", _HINT)
    if epoch := _EPOCH.fullmatch(text):
        fraction = (epoch[3] or "")[:3].ljust(3, "0")
        return int(epoch[1]) if epoch[1] else int(epoch[2]) * 1000 + int(fraction)
    now = datetime.fromtimestamp(now_ms / 1000, zone)
    try:
        moment = now if text.lower() == "now" else _wall_clock(text, now) or _dated(text)
        # timestamp() of a naive datetime uses this machine's time zone, with daylight saving time.
        if moment.tzinfo is None and zone is not None:
            moment = moment.replace(tzinfo=zone)
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is not a time", _HINT) from None


def _wall_clock(text: str, now: datetime) -> datetime | None:
    """A clock time, a named day, or both; None for another text.

    Raises:
        ValueError: there is no such time of the day.
    """
    found = _DAY.fullmatch(text)
    assert found is not None
    named = (found[1] or "").lower().removeprefix("last ")
    rest = _CLOCK_WORDS.get(found[2].lower(), found[2])
    clock = _CLOCK.fullmatch(rest)
    if not named and not (clock and (clock[2] or clock[4])):
        return None
    if rest and not (clock and (clock[2] or clock[4])):
        raise ValueError(text)
    hour, minute, second = (int(part or 0) for part in clock.groups()[:3]) if rest and clock else (0, 0, 0)
    if clock and clock[4]:
        if not 1 <= hour <= 12:
            raise ValueError(text)
        hour = hour % 12 + (12 if clock[4].lower() == "pm" else 0)
    moment = now.replace(hour=hour, minute=minute, second=second, microsecond=0)
    if named in _WEEKDAYS:
        moment -= timedelta(days=(now.weekday() - _WEEKDAYS.index(named)) % 7)
        return moment if moment <= now else moment - timedelta(days=7)
    if named:
        return moment - timedelta(days=named == "yesterday")
    return moment if moment <= now else moment - timedelta(days=1)


def _dated(text: str) -> datetime:
    """An ISO 8601 date or time; also with slashes, and with UTC at its end. Raises ValueError for another text."""
    text = _ZONE_WORD.sub("Z", text)
    if text[4:5] == "/":
        text = text.replace("/", "-", 2)
    return datetime.fromisoformat(
        text[:10] + text[10:].replace(" ", "T", 1).replace(" ", "") if text[10:11] == " " else text
    )


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
