"""From JSON values to log events, by the members that they have: one function for each shape.

The shapes are CloudWatch Logs' events, Insights' rows, subscription payloads and the events that wrap them, Lambda's
LogResult, and log records in JSON. Members can be in any order and under the names that `--query` gives them.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from monitor.kernel.values import dataclass
from monitor.records.event import LogEvent
from monitor.records.forms.json_text import record_text
from monitor.records.forms.openings import EVENT_ID, STREAM, is_platform, is_record
from monitor.records.forms.payload import decoded_payload
from monitor.records.forms.times import epoch_ms, number_ms

API, INSIGHTS, SUBSCRIPTION, INVOKE, RECORDS = "aws-logs", "insights", "subscription", "invoke", "json-records"
LEARNED = "learned-json"
_MESSAGE = ("message", "@message", "Message", "msg", "m")
_TIME = ("timestamp_ms", "timestamp", "@timestamp", "Timestamp", "time", "t")
# Where the layout is not known, also the names of journals, collectors and search engines.
_TIMES = (*_TIME, "date", "Date", "datetime", "ts", "__REALTIME_TIMESTAMP", "approximateArrivalTimestamp")
_STREAM = ("stream", "logStreamName", "logStream", "@logStream", "@log_stream", "log_stream")
_GROUP = ("group", "logGroupName", "logGroup", "logGroupIdentifier", "@log", "@log_group", "log_group")
_ID = ("event_id", "eventId", "id")
_INGESTION = ("ingestion_ms", "ingestionTime", "@ingestionTime")
# Members by which an object is an event of CloudWatch Logs, and those by which it is what a logger wrote.
_IS_EVENT = frozenset((*_STREAM[1:], "eventId", "ingestionTime", "timestamp_ms"))
# Lists inside objects: what a page of the API, or an event that carries payloads, has.
_LISTS = ("events", "logEvents", "results", "Records", "records", "logs")
_STREAM_NAME, _EVENT_ID = re.compile(STREAM), re.compile(EVENT_ID)
_GROUP_NAME = re.compile(r"/aws/[\w./#-]{1,511}")
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Found:
    """An event and the shape that it was read from; an event of None is a value of that shape without events."""

    shape: str
    event: LogEvent | None


def events_of(value: Any, text: str = "", around: dict[str, Any] | None = None, depth: int = 0) -> Iterator[Found]:
    """The events in a JSON value; `text` is its source, `around` the members of the objects that contain it.

    A value that has no event yields nothing.
    """
    around = around or {}
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        yield from _of_object(value, text, around, depth)
    elif isinstance(value, list):
        yield from _of_list(value, around, depth)
    elif isinstance(value, str):
        yield from _of_text(value, around, depth)


def _of_object(value: dict[str, Any], text: str, around: dict[str, Any], depth: int) -> Iterator[Found]:
    payload = _payload(value)
    if payload is not None:
        yield from _of_payload(*payload, around, depth)
        return
    name = next((one for one in _LISTS if isinstance(value.get(one), list)), None)
    if name is not None and not _is_record(value):
        shape = SUBSCRIPTION if name == "logEvents" else INSIGHTS if name == "results" else API
        yield Found(shape, None)
        members = {**around, **{key: one for key, one in value.items() if isinstance(one, str)}}
        for one in value[name]:
            yield from events_of(one, "", members, depth + 1)
        return
    event = event_of(value, around)
    if event is not None:
        is_row = any(key[:1] == "@" for key in value)
        is_part = "logStream" in around and "id" in value
        yield Found(INSIGHTS if is_row else SUBSCRIPTION if is_part else API, event)
        return
    yield Found(RECORDS, LogEvent(_record_ms(value), record_text(value, text), *_place(around)))


def _of_list(value: list[Any], around: dict[str, Any], depth: int) -> Iterator[Found]:
    if value and all(isinstance(one, dict) and one.keys() == {"field", "value"} for one in value):
        row = {one["field"]: one["value"] for one in value if isinstance(one["field"], str)}
        event = event_of(row, around)
        yield Found(INSIGHTS, event)
        return
    if value and not any(isinstance(one, dict | list) for one in value):
        event = by_values(value)
        if event is not None:
            yield Found(API, event)
            return
    for one in value:
        yield from events_of(one, "", around, depth + 1)


def _of_text(value: str, around: dict[str, Any], depth: int) -> Iterator[Found]:
    payload = decoded_payload(value)
    if payload is not None:
        yield from _of_payload(*payload, around, depth)
    elif value.strip():
        yield Found(API, LogEvent(0, value, *_place(around)))


def _payload(value: dict[str, Any]) -> tuple[str, str] | None:
    """The shape and text of a payload in base64: of a subscription, or of an invocation's log."""
    result = value.get("LogResult")
    if isinstance(result, str):
        found = decoded_payload(result, any_text=True)
        return None if found is None else (INVOKE, found[1])
    inner = value.get("awslogs") or value.get("kinesis") or value.get("Sns") or value
    if not isinstance(inner, dict):
        return None
    for name in ("data", "Data", "body", "Message"):
        data = inner.get(name)
        if not isinstance(data, str):
            continue
        if data[:1] == "{" and '"logEvents"' in data:
            # A queue or topic carries the payload as text.
            return SUBSCRIPTION, data
        if (found := decoded_payload(data)) is not None:
            return found
    return None


def _of_payload(shape: str, text: str, around: dict[str, Any], depth: int) -> Iterator[Found]:
    if shape == INVOKE:
        from monitor.records.forms.plain import PlainReader

        reader = PlainReader()
        for event in (*reader.feed(text), *reader.finish()):
            yield Found(INVOKE, event)
        return
    from monitor.records.forms.json_values import JsonValue, JsonValues

    for one in JsonValues().take(text, final=True):
        if isinstance(one, JsonValue):
            yield from events_of(one.value, one.text, around | one.around, depth + 1)


def event_of(value: dict[str, Any], around: dict[str, Any] | None = None) -> LogEvent | None:
    """The event of CloudWatch Logs, or row of Insights, that an object is; None for any other object."""
    around = around or {}
    message = _first(value, _MESSAGE[:3])
    if message is None:
        # Names that --query gave.
        return None if _is_record(value) or len(value) > _DEEPEST else by_values(list(value.values()))
    time = _first(value, _TIME[:4])
    at_ms = _time_ms(time)
    known = not _IS_EVENT.isdisjoint(value) or "@message" in value or "logStream" in around
    if not known:
        if at_ms is None and not (isinstance(message, str) and is_platform(message)):
            return None
        if isinstance(time, str) and not (isinstance(message, str) and is_platform(message)):
            # Powertools' records have a message and a time as text.
            return None
        if any(one in value for one in ("level", "levelname", "severity", "log_level", "lvl", "log.level")):
            return None
    if not isinstance(message, str):
        if not known or message is None:
            return None
        message = record_text(message, "") if isinstance(message, dict) else json.dumps(message, ensure_ascii=False)
    return event_with(message, value, around, at_ms)


def event_with(message: str, value: dict[str, Any], around: dict[str, Any], at_ms: int | None = None) -> LogEvent:
    """The event with this message; its time, unless it is known, its place and its id are in `value` or `around`."""
    members = {**around, **value}
    if at_ms is None:
        at_ms = next((found for name in _TIMES if (found := _time_ms(members.get(name))) is not None), None)
    ingestion = _first(value, _INGESTION)
    stream, group = _place(members)
    return LogEvent(
        timestamp_ms=at_ms or 0,
        message=message,
        stream=stream,
        group=group,
        event_id=_text(_first(value, _ID)),
        ingestion_ms=ingestion if isinstance(ingestion, int) and not isinstance(ingestion, bool) else None,
    )


def by_values(values: list[Any]) -> LogEvent | None:
    """The event in values without known names, such as [1795784400000, "START …"]."""
    times: list[int] = []
    texts: list[str] = []
    stream = group = event_id = ""
    for one in values:
        if isinstance(one, bool) or one is None:
            continue
        if isinstance(one, int | float):
            at_ms = number_ms(one)
            if at_ms is not None:
                times.append(at_ms)
        elif isinstance(one, str):
            if _STREAM_NAME.fullmatch(one):
                stream = one
            elif _EVENT_ID.fullmatch(one):
                event_id = one
            elif _GROUP_NAME.fullmatch(one):
                group = one
            else:
                texts.append(one)
        else:
            return None
    if not times:
        dated = [(at_ms, one) for one in texts if len(one) < 40 and (at_ms := epoch_ms(one)) is not None]
        times = [at_ms for at_ms, _ in dated]
        texts = [one for one in texts if all(one is not text for _, text in dated)]
    if not texts or not (times or stream or is_platform(texts[-1])):
        return None
    message = next((one for one in texts if is_record(one)), max(texts, key=len))
    # An event is stored after it happened.
    return LogEvent(min(times, default=0), message, stream, group, event_id)


def _is_record(value: dict[str, Any]) -> bool:
    """Whether an object has members of a log record that events and pages do not have."""
    return "level" in value or ("type" in value and "record" in value) or "_aws" in value


def _record_ms(value: dict[str, Any]) -> int:
    for name in ("time", "timestamp", "@timestamp", "ts"):
        at_ms = _time_ms(value.get(name))
        if at_ms is not None:
            return at_ms
    return 0


def _time_ms(time: Any) -> int | None:
    if isinstance(time, bool):
        return None
    if isinstance(time, int):
        # An event's time is in milliseconds, whatever its size: tests have small ones.
        return number_ms(time) if number_ms(time) is not None else (time if abs(time) < _MOST_MS else None)
    if isinstance(time, float):
        return number_ms(time)
    return epoch_ms(time) if isinstance(time, str) else None


_MOST_MS = 1 << 53


def _place(members: dict[str, Any]) -> tuple[str, str]:
    """The stream and the group; `@log` is 123456789012:/aws/lambda/name."""
    group = _text(_first(members, _GROUP))
    if ":" in group:
        group = group.removesuffix(":*").rpartition(":")[2]
    return _text(_first(members, _STREAM)), group


def _first(value: dict[str, Any], names: Iterable[str]) -> Any:
    return next((one for name in names if (one := value.get(name)) is not None), None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)
