"""JSON lines that a function logs: the level, message, request id and exception, whichever logger wrote them.

Read are Powertools, Lambda's JSON format (Python, Node.js and Java), python-json-logger, structlog, loguru's
`serialize`, eliot, Google's `severity`, ECS, OpenTelemetry's log records, pino, bunyan, winston, logback, log4j2, GELF,
journald, zap, slog and logrus.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from monitor.kernel.json_fields import list_of, number_of, object_of, text_of, texts_of
from monitor.records.grammar import TRACEBACK
from monitor.records.levels import (
    LEVEL_MEMBERS,
    LEVEL_NAME_MEMBERS,
    google_level,
    level_number,
    logback_level,
    otel_level,
    other_case,
    pino_level,
    python_level,
    syslog_level,
)
from monitor.records.otlp import DOCUMENTS, log_records
from monitor.records.record import Application, ExceptionText
from monitor.records.tracebacks import read_stack, read_traceback, stack_lines

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
_REQUEST_ID_KEYS = ("function_request_id", "requestId", "aws_request_id", "awsRequestId", "AWSRequestId")
_MESSAGE_KEYS = ("message", "msg", "event", "body", "short_message", "@m", "@mt")
_TIME_KEYS = ("timestamp", "time", "@timestamp", "asctime", "ts", "@t")
# Where a member is a traceback, a stack, or an object that describes an exception.
_EXCEPTION_KEYS = (
    *("exception", "exc_info", "exc_text", "traceback", "stack_trace", "stacktrace", "stackTrace", "stack"),
    *("error", "err", "thrown", "throwable", "error.stack_trace", "error.stack", "exception.stacktrace"),
    *("full_message", "@x"),
)
_TYPE_KEYS = (
    *("exception_name", "exc_type", "exception_type", "error.type", "exception.type", "error_type", "error_name"),
)
_TEXT_KEYS = ("error.message", "exception.message", "exc_value", "error_message")
_DESCRIBING = frozenset((*_EXCEPTION_KEYS, *_TYPE_KEYS, *_TEXT_KEYS))
# The members of an object that describes an exception.
_NAMES = ("type", "name", "exc_type", "kind", "class", "errorType", "exception_class")
_MESSAGES = ("message", "value", "exc_value", "msg", "errorMessage")
# Of these members the case does not matter: the level, the message and the exception.
_OTHER_CASE = other_case((*LEVEL_MEMBERS, *_MESSAGE_KEYS, *_EXCEPTION_KEYS, *_TYPE_KEYS, *_TEXT_KEYS))
# Beside one of these, `status` is the level. Elsewhere it is any status.
_DATADOG = frozenset(("dd", "dd.trace_id", "dd.service", "ddsource", "ddtags"))
# journald's, which writes all values as text.
_PRIORITIES = (*"01234567", *range(8))
# How deep in a line a traceback is looked for.
_DEEPEST = 3
_STACKS = ("stack", "stack_trace", "stacktrace", "stackTrace", "traceback", "extendedStackTrace", "trace")


def parse_json_line(line: dict[str, Any]) -> Application:
    """A JSON object that the function logged; a field that it does not contain is None."""
    records = log_records(line)
    return _together([_parse(one, line) for one in records]) if records else _parse(line, line)


def each_record(record: Application) -> list[Application]:
    """The log records that a line consists of: several in a document of OpenTelemetry."""
    records = log_records(record.fields)
    return [_parse(one, record.fields) for one in records] if len(records) > 1 else [record]


def _together(found: list[Application]) -> Application:
    """The gravest of the records of a line, and below its message those of the others."""
    worst = max(found, key=lambda one: (level_number(one.level) or 0, one.exception is not None))
    others = [one for one in found if one is not worst]
    if not others:
        return worst
    message = "\n".join([worst.message or "", *(f"{one.level or ''} {one.message or ''}".strip() for one in others)])
    return replace(worst, message=message, exception=next((one.exception for one in found if one.exception), None))


def _parse(line: dict[str, Any], fields: dict[str, Any]) -> Application:
    """A line whose members are `fields`, as they were logged."""
    line = _usual_case(line)
    inner = _inner(line)
    level, message = _level(line, inner), _message(line, inner)
    exception = _exception(line, inner, level)
    if message is None and exception is not None:
        message = exception.message
    cold_start = line.get("cold_start")
    return Application(
        level=level,
        message=message,
        request_id=_request_id(line),
        timestamp=next((_written(line[key]) for key in _TIME_KEYS if line.get(key) is not None), None),
        trace_id=text_of(line.get("xray_trace_id")),
        cold_start=cold_start if isinstance(cold_start, bool) else None,
        exception=exception,
        fields=fields,
    )


def _usual_case(line: dict[str, Any]) -> dict[str, Any]:
    """The line, with the members that it writes in capitals under their usual names too."""
    if _OTHER_CASE.keys().isdisjoint(line):
        return line
    return {**{_OTHER_CASE[key]: value for key, value in line.items() if key in _OTHER_CASE}, **line}


def _inner(line: dict[str, Any]) -> dict[str, Any]:
    """loguru's record inside its line; an empty object for other lines."""
    record = object_of(line.get("record"))
    return record if "text" in line and "message" in record else {}


def _level(line: dict[str, Any], inner: dict[str, Any]) -> str | None:
    nested = (object_of(inner.get("level")).get("name"), object_of(line.get("log")).get("level"))
    found = [*(line.get(key) for key in LEVEL_NAME_MEMBERS), *nested]
    names = [value for value in found if isinstance(value, str)]
    if not names and not _DATADOG.isdisjoint(line):
        names = [value for value in (line.get("status"),) if isinstance(value, str)]
    known = next((name for name in names if level_number(name) is not None), None)
    if known is not None:
        return known
    return _numbered(line) or (names[0] if names else None)


def _numbered(line: dict[str, Any]) -> str | None:
    """The level of a line that gives a number only, on the scale of the logger that names it so."""
    for key in ("severity_number", "severityNumber", "SeverityNumber"):
        if (number := number_of(line.get(key))) is not None:
            return otel_level(number)
    if (number := number_of(line.get("level_value"))) is not None:
        return logback_level(number)
    for key in ("levelno", "level_number", "level_no"):
        if (number := number_of(line.get(key))) is not None:
            return python_level(number)
    if _is_failed(line):
        return "ERROR"
    if "MESSAGE" in line and line.get("PRIORITY") in _PRIORITIES:
        return syslog_level(int(line["PRIORITY"]))
    level = line.get("level")
    number = number_of(float(level)) if isinstance(level, str) and level.isdecimal() else number_of(level)
    if number is None:
        severity = number_of(line.get("severity"))
        return None if severity is None else (syslog_level(severity) if severity < 8 else google_level(severity))
    if number < 8:
        return syslog_level(number)
    return pino_level(number) if _is_pino(line, number) else python_level(number)


def _is_failed(line: dict[str, Any]) -> bool:
    """Whether a line is eliot's, which has no levels, and tells of an exception.

    An exception fails each action that it leaves. It counts where it leaves the outermost one.
    """
    if "task_uuid" not in line:
        return False
    is_outermost = len(list_of(line.get("task_level"))) == 1
    return (is_outermost and line.get("action_status") == "failed") or line.get("message_type") == "eliot:traceback"


def _is_pino(line: dict[str, Any], number: float) -> bool:
    """Whether a number is pino's or bunyan's: 40 is their warning, and Python's error."""
    if "msg" not in line:
        return number == 60
    return number_of(line.get("time")) is not None or "v" in line or ("pid" in line and "hostname" in line)


def _message(line: dict[str, Any], inner: dict[str, Any]) -> str | None:
    if inner:
        return _written(inner.get("message"))
    for key in _MESSAGE_KEYS:
        value = line.get(key)
        if key == "body" and isinstance(value, dict):
            value = value.get("stringValue", value)
        if value is not None and (key == "message" or isinstance(value, str)):
            return _written(value)
    return _first_text(object_of(line.get("log")), ("message", "msg"))


def shown_members(record: Application) -> frozenset[str]:
    """The members of a line that are shown as its message or its exception."""
    line = _usual_case(record.fields)
    shown = {next((key for key in _MESSAGE_KEYS if line.get(key) is not None), "message")}
    if _inner(line):
        shown |= {"text", "record"}
    if record.exception is not None:
        shown.update(_EXCEPTION_KEYS, _TYPE_KEYS, _TEXT_KEYS)
    if line is not record.fields:
        shown |= {key for key, name in _OTHER_CASE.items() if name in shown and name not in record.fields}
    if log_records(line):
        shown |= DOCUMENTS
    return frozenset(shown)


def _request_id(line: dict[str, Any]) -> str | None:
    for key in _REQUEST_ID_KEYS:
        value = line.get(key)
        if isinstance(value, str) and value:
            return value
    # A name that applications use for ids of their own too.
    own = line.get("request_id")
    return own if isinstance(own, str) and _UUID.match(own) else None


def _written(value: object) -> str | None:
    """Text as it is, any other value as JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# ---- exceptions


def _exception(line: dict[str, Any], inner: dict[str, Any], level: str | None) -> ExceptionText | None:
    if isinstance(line.get("errorType"), str):
        return _lambdas(line)
    found = next(_candidates(line, inner), None)
    if found is None:
        return None
    if level is None and not found.stack and "name" not in object_of(line.get("error")):
        # A document that the function printed, such as a response with an `error` in it.
        return None
    return found


def _lambdas(line: dict[str, Any]) -> ExceptionText:
    """The exception of Lambda's JSON format: errorType, errorMessage, stackTrace."""
    stack = line.get("stackTrace", line.get("stack"))
    lines = [stack] if isinstance(stack, str) else texts_of(stack)
    return ExceptionText(line["errorType"], text_of(line.get("errorMessage")) or "", stack_lines("\n".join(lines)))


def _candidates(line: dict[str, Any], inner: dict[str, Any]) -> Iterator[ExceptionText]:
    """The exceptions that a line describes, the most exact description first."""
    for holder in (line, object_of(line.get("attributes"))):
        if _DESCRIBING.isdisjoint(holder):
            continue
        name = next((one for key in _TYPE_KEYS if (one := text_of(holder.get(key)))), None)
        text = next((one for key in _TEXT_KEYS if (one := text_of(holder.get(key)))), None)
        for key in _EXCEPTION_KEYS:
            found = _read(holder.get(key))
            if found is not None:
                yield ExceptionText(name or found.type, found.message or text or "", found.stack)
        if name is not None and (text is not None or "stack_trace" in holder):
            yield ExceptionText(name, text or "", stack_lines(text_of(holder.get("stack_trace")) or ""))
    if _is_failed(line) and (name := text_of(line.get("exception"))):
        yield ExceptionText(name.removeprefix("builtins."), text_of(line.get("reason")) or "", ())
    if inner:
        own = _read(inner.get("exception"))
        traced = read_traceback(text_of(line.get("text")) or "")
        if own is not None:
            yield ExceptionText(own.type, own.message, traced.stack if traced else ())
    for key in ("message", "msg", "event", "body"):
        found = _read_text(text_of(line.get(key)) or "")
        if found is not None:
            yield found
    yield from _elsewhere(line, _DEEPEST)


def _elsewhere(value: object, depth: int) -> Iterator[ExceptionText]:
    """Tracebacks in members with other names, also inside objects and lists."""
    if isinstance(value, str):
        found = read_traceback(value) if TRACEBACK in value else None
        if found is not None:
            yield found
    elif isinstance(value, list) and value and isinstance(value[0], str):
        yield from _elsewhere("\n".join([one.rstrip("\n") for one in texts_of(value)]), depth)
    elif depth and isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            # Most members are short texts and numbers, which this leaves at once.
            if isinstance(one, dict | list) or (isinstance(one, str) and TRACEBACK in one):
                yield from _elsewhere(one, depth - 1)


def _read(value: object) -> ExceptionText | None:
    if isinstance(value, str):
        return _read_text(value)
    if isinstance(value, list):
        if value and isinstance(value[0], dict):
            return _structured(value)
        return _read_text("\n".join(texts_of(value)))
    return _read_object(value) if isinstance(value, dict) else None


def _read_text(text: str) -> ExceptionText | None:
    if "\n" not in text and "\r" not in text:
        return None
    found = read_traceback(text)
    if found is not None:
        return found
    return read_stack(text) or read_stack(text.partition("\n")[2])


def _read_object(value: dict[str, Any]) -> ExceptionText | None:
    name = _first_text(value, _NAMES)
    if name is None:
        return None
    message = _first_text(value, _MESSAGES) or ""
    stack = next((value[key] for key in _STACKS if value.get(key)), None)
    return ExceptionText(name, message, _stack_of(stack if stack is not None else value.get("frames")))


def _stack_of(stack: object) -> tuple[str, ...]:
    """The frames of a stack as text, without the line that repeats the exception."""
    if isinstance(stack, str):
        found = _read_text(stack)
        return found.stack if found is not None else stack_lines(stack)
    frames = list_of(stack)
    if frames and isinstance(frames[0], dict):
        return tuple(_frames(frames))
    return stack_lines("\n".join(texts_of(stack)))


def _structured(chain: list[Any]) -> ExceptionText | None:
    """structlog's dict_tracebacks: the exceptions of a chain, the one that was raised first."""
    raised = object_of(chain[0])
    name = text_of(raised.get("exc_type"))
    if name is None:
        return None
    members = [object_of(one[0]) for one in list_of(raised.get("exceptions")) if isinstance(one, list) and one]
    named = [f"  {one.get('exc_type')}: {one.get('exc_value')}" for one in members]
    message = "\n".join([text_of(raised.get("exc_value")) or "", *named])
    return ExceptionText(name, message, tuple(_frames(list_of(raised.get("frames")))))


def _frames(frames: Iterable[Any]) -> Iterator[str]:
    for frame in map(object_of, frames):
        path = _first_text(frame, ("filename", "file", "fileName", "path"))
        function = _first_text(frame, ("name", "function", "method", "methodName"))
        number = frame.get("lineno", frame.get("line", 0))
        if path is not None:
            yield f'  File "{path}", line {number if isinstance(number, int) else 0}, in {function or "?"}'


def _first_text(value: dict[str, Any], names: Iterable[str]) -> str | None:
    return next((one for key in names if (one := text_of(value.get(key)))), None)
