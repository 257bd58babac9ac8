"""Times as the tools that save logs write them."""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

# ISO 8601 with the variants of the tools: `T` or a space, a dot or a comma, any number of digits, an offset or a zone.
ISO = (
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
    r"(?: ?Z| ?[+-]\d\d:?\d\d\b| ?UTC\b| ?\(UTC(?:[+-]\d\d:?\d\d)?\)| ?\([+-]\d\d:?\d\d\))?"
)
EPOCH_MS = r"\b\d{13}\b"
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
_HALF = r"(?:[ \u202f]?(?P<half>[AaPp])\.?[Mm]\.?)?"
_AFTER = r"(?:[ \u202f]?(?P<zone>Z|UTC|GMT|\(?(?:UTC)?[+-]\d\d:?\d\d\)?))?"
# 27/11/2026 13:00:00, 11/27/2026, 1:00:00.421 PM, 27.11.2026 13:00, 2026/11/27 13:00:00
_NUMERIC = re.compile(
    r"(?P<a>\d{1,4})(?P<mark>[/.-])(?P<b>\d{1,2})(?P=mark)(?P<c>\d{2,4}),?(?: @)?[ T\u202f]"
    rf"{_CLOCK}{_HALF}{_AFTER}",
    re.ASCII,
)
# Nov 27, 2026 @ 13:00:00.421, 27 Nov 2026 13:00:00,421, Nov 27, 2026, 1:00:00 PM
_NAMED = re.compile(
    r"(?:(?P<day>\d{1,2})[ -](?P<month>[A-Za-z]{3})[a-z]{0,6}"
    r"|(?P<month2>[A-Za-z]{3})[a-z]{0,6}\.? (?P<day2>\d{1,2})),?[ -]"
    rf"(?P<year>\d{{4}}),?(?: @| at)?[ \u202f]{_CLOCK}{_HALF}{_AFTER}",
    re.ASCII,
)
LOCAL = (
    r"(?:\d{1,4}[/.]\d{1,2}[/.]\d{2,4}|[A-Z][a-z]{2,8} \d{1,2}, \d{4}|\d{1,2}[ -][A-Z][a-z]{2,8}[ -]\d{4})"
    r",?(?: @| at)?[ \u202f]"
    r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:[ \u202f]?[AaPp]\.?[Mm]\.?)?"
    r"(?: ?(?:Z|UTC|GMT|\(?UTC[+-]\d\d:?\d\d\)?))?"
)
_ISO = re.compile(
    r"(?P<clock>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:[.,](?P<fraction>\d{1,9}))?"
    r"(?P<zone> ?Z| ?\(?(?:UTC|GMT)?(?:[+-]\d\d:?\d\d)?\)?)",
    re.ASCII,
)
_ZONE = re.compile(r"([+-])(\d\d):?(\d\d)")
# The years 1973 to 5138: a number outside them is not a time.
_LEAST_S, _MOST_S = 100_000_000, 100_000_000_000


def epoch_ms(text: str, *, day_first: bool = False) -> int | None:
    """Epoch milliseconds of a time; None for any other text. A time without a zone is UTC.

    `day_first`: 05/11/2026 is in November.
    """
    text = text.strip()
    match = _ISO.fullmatch(text)
    if match is not None:
        return _from_iso(match)
    if text[:1].isdigit():
        found = _number_ms(text)
        if found is not None:
            return found
    match = _NUMERIC.fullmatch(text)
    if match is not None:
        return _from_numbers(match, day_first)
    match = _NAMED.fullmatch(text)
    if match is not None:
        month = (match["month"] or match["month2"]).lower()
        if month not in _MONTHS:
            return None
        day = int(match["day"] or match["day2"])
        return _moment_ms(match, int(match["year"]), _MONTHS.index(month) + 1, day)
    return None


def number_ms(value: float) -> int | None:
    """Epoch milliseconds of a number of milli-, micro-, nano- or whole seconds; None if it is not a time."""
    if not _LEAST_S <= value < _MOST_S * 1_000_000_000:
        # Also what is not a number, and a whole number that is too large for a fraction.
        return None
    if value < _MOST_S:
        return round(value * 1000)
    for per_ms in (1, 1_000, 1_000_000):
        if _LEAST_S * 1000 <= value / per_ms < _MOST_S * 1000:
            return round(value / per_ms) if per_ms > 1 or isinstance(value, float) else int(value)
    return None


def is_day_first(texts: list[str]) -> bool:
    """Whether dates such as 05/11/2026 begin with the day: by a number above 12, else by a.m. and p.m."""
    twelve_hours = dotted = False
    for text in texts:
        match = _NUMERIC.fullmatch(text.strip())
        if match is None or len(match["a"]) == 4:
            continue
        if int(match["a"]) > 12:
            return True
        if int(match["b"]) > 12:
            return False
        twelve_hours = twelve_hours or match["half"] is not None
        dotted = dotted or match["mark"] == "."
    return dotted or not twelve_hours


def _number_ms(text: str) -> int | None:
    try:
        return number_ms(int(text) if text.isascii() and text.isdigit() else float(text.replace(",", ".")))
    except (ValueError, OverflowError):
        return None


def _from_iso(match: re.Match[str]) -> int | None:
    second_ms = _second_ms(match["clock"], match["zone"])
    if second_ms is None:
        return None
    return round(second_ms + int((match["fraction"] or "0").ljust(6, "0")[:6]) / 1000)


@lru_cache(maxsize=1_024)
def _second_ms(clock: str, zone: str) -> int | None:
    """Epoch milliseconds of a whole second, which many lines of a log share."""
    try:
        return int(datetime.fromisoformat(clock).replace(tzinfo=_zone(zone)).timestamp()) * 1000
    except (ValueError, OverflowError):
        return None


def _from_numbers(match: re.Match[str], day_first: bool) -> int | None:
    a, b, c = int(match["a"]), int(match["b"]), int(match["c"])
    if len(match["a"]) == 4:
        return _moment_ms(match, a, b, c)
    year = c + 2000 if c < 100 else c
    day, month = (a, b) if (day_first and b <= 12) or a > 12 else (b, a)
    return _moment_ms(match, year, month, day)


def _moment_ms(match: re.Match[str], year: int, month: int, day: int) -> int | None:
    hour = int(match["hour"])
    if match["half"]:
        hour = hour % 12 + (12 if match["half"] in "Pp" else 0)
    micro = int((match["fraction"] or "0").ljust(6, "0")[:6])
    zone = (match["zone"] or "").strip("() ").removeprefix("UTC").removeprefix("GMT")
    try:
        moment = datetime(year, month, day, hour, int(match["minute"]), int(match["second"] or 0), micro, _zone(zone))
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def _zone(text: str) -> timezone:
    found = _ZONE.search(text)
    if found is None:
        return UTC
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(-offset if found[1] == "-" else offset)
