"""Log lines from a file, in the forms that people have them: text, JSON lines, `aws logs` output, `-o json`."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from monitor.errors import UsageError
from monitor.records.event import LogEvent

# `aws logs tail`: 2026-11-23T02:48:41.886000+00:00 2026/11/23/[$LATEST]5f… message; its "short" format has
# neither the offset nor the stream.
TAILED_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?P<offset>[+-]\d\d:?\d\d|Z)?"
TAILED_STREAM = r"\d{4}/\d\d/\d\d/[^ ]+"
_TAILED = re.compile(rf"(?P<time>{TAILED_TIME})(?: (?P<stream>{TAILED_STREAM}))? (?P<message>.*)", re.ASCII | re.DOTALL)
_MESSAGE_STARTS = (
    *("START RequestId: ", "END RequestId: ", "REPORT RequestId: ", "RequestId: "),
    *("INIT_START ", "INIT_REPORT ", "RESTORE_START ", "RESTORE_REPORT "),
)
_LONGEST_DOCUMENT = 512 * 1024 * 1024


def parse_lines(lines: Iterable[str]) -> Iterator[LogEvent]:
    """The events that `lines` hold, in their order.

    A line without a time has the time of the line before it, or 0. A JSON document over several lines
    (`aws logs filter-log-events`, `get-log-events`) is read as a whole.

    Raises:
        UsageError: a JSON document that is cut, or that is no list of log events.
    """
    rest = iter(lines)
    first = next((line for line in rest if line.strip()), "")
    if first.strip() in ("{", "[") or first.lstrip().startswith('{"events"'):
        yield from _document(chain((first,), rest))
        return
    reader, last_ms = LineReader(), 0
    for line in chain((first,), rest):
        text = line.rstrip("\r\n")
        if text:
            event = reader.read(text, last_ms)
            last_ms = event.timestamp_ms
            yield event


class LineReader:
    """Reads the lines of one input, one at a time, in their order."""

    __slots__ = ("_short",)

    def __init__(self) -> None:
        # Lambda's own lines were seen behind a bare time: `--format short`, where every event begins so.
        self._short = False

    def read(self, text: str, last_ms: int) -> LogEvent:
        """The event that a line, without its end, holds; at `last_ms` where the line has no time of its own."""
        if text.startswith("{"):
            return _json_event(text, last_ms)
        if text[0].isdigit() and (match := _TAILED.fullmatch(text)):
            at_ms = _epoch_ms(match["time"])
            if at_ms is not None and self._is_event(match):
                return LogEvent(at_ms, match["message"], stream=match["stream"] or "")
        return LogEvent(last_ms, text)

    def _is_event(self, match: re.Match[str]) -> bool:
        """Whether the time is the event's: a Python log line begins with one too, mostly with its offset."""
        if match["stream"] or match["message"].startswith("{"):
            return True
        if match["message"].startswith(_MESSAGE_STARTS):
            self._short = self._short or match["offset"] is None
            return True
        return self._short and match["offset"] is None


def _json_event(text: str, last_ms: int) -> LogEvent:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return LogEvent(last_ms, text)
    if isinstance(value, dict) and isinstance(value.get("message"), str):
        for name in ("timestamp_ms", "timestamp"):
            # Powertools' own lines have a `timestamp` too, but as text: those are messages, not events.
            if isinstance(value.get(name), int) and not isinstance(value[name], bool):
                return _event_of(value, value[name])
    at_ms = _epoch_ms(_time_in(value))
    return LogEvent(last_ms if at_ms is None else at_ms, text)


def _time_in(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    time = value.get("time") or value.get("timestamp")
    return time if isinstance(time, str) else ""


def _event_of(value: dict[str, Any], timestamp_ms: int) -> LogEvent:
    ingestion = value.get("ingestion_ms", value.get("ingestionTime"))
    return LogEvent(
        timestamp_ms=timestamp_ms,
        message=value["message"],
        stream=str(value.get("stream") or value.get("logStreamName") or ""),
        group=str(value.get("group") or ""),
        event_id=str(value.get("event_id") or value.get("eventId") or ""),
        ingestion_ms=ingestion if isinstance(ingestion, int) else None,
    )


def _document(lines: Iterable[str]) -> Iterator[LogEvent]:
    parts: list[str] = []
    size = 0
    for line in lines:
        size += len(line)
        if size > _LONGEST_DOCUMENT:
            raise UsageError("the JSON document is larger than 512 MB", "write the events as JSON lines instead")
        parts.append(line)
    try:
        document = json.loads("".join(parts))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the JSON document cannot be read: {error}", "was it cut?") from None
    events = document.get("events") if isinstance(document, dict) else document
    if not isinstance(events, list):
        raise UsageError("the JSON document holds no list of events", "`aws logs filter-log-events` writes one")
    for value in events:
        if not (isinstance(value, dict) and isinstance(value.get("message"), str)):
            raise UsageError("the JSON document holds something that is no log event")
        timestamp = value.get("timestamp", value.get("timestamp_ms"))
        yield _event_of(value, timestamp if isinstance(timestamp, int) else 0)


def _epoch_ms(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
