"""What a function logs itself: Powertools and Lambda's JSON lines, and the text of Lambda's runtimes."""

import json
import re
from typing import Any

from monitor.kernel.json_fields import load_object, number_of, object_of, text_of, texts_of
from monitor.records.grammar import RUNTIME_LINE, TRACEBACK
from monitor.records.record import Application, ExceptionText

_LEVELS = frozenset(("TRACE", "DEBUG", "INFO", "WARN", "WARNING", "ERROR", "FATAL", "CRITICAL", "NOTSET", "NOTICE"))
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
_NODE_LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\t([^\t\s]{0,64})\t([A-Z]{3,10})\t")
_EXCEPTION_LINE = re.compile(r"([A-Za-z_][\w.]{0,200})(?:: (.*))?\Z", re.DOTALL)
_LINE_END = re.compile(r"[\r\n]")
_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
_REQUEST_ID_KEYS = ("function_request_id", "requestId", "aws_request_id", "awsRequestId", "AWSRequestId")


def parse_json_line(line: dict[str, Any]) -> Application:
    """A JSON object that the function logged; what it does not say is None."""
    message = line.get("message")
    exception = _json_exception(line)
    if message is None and exception is not None:
        message = exception.message
    for key in ("msg", "event"):
        if message is None and isinstance(line.get(key), str):
            message = line[key]
    cold_start = line.get("cold_start")
    return Application(
        level=_level(line),
        message=_written(message),
        request_id=_request_id(line),
        timestamp=_written(line.get("timestamp", line.get("time"))),
        trace_id=text_of(line.get("xray_trace_id")),
        cold_start=cold_start if isinstance(cold_start, bool) else None,
        exception=exception,
        fields=line,
    )


def parse_telemetry_line(event: dict[str, Any]) -> Application:
    """A function's or an extension's line as the Telemetry API wraps it: `{"time", "type", "record"}`."""
    record = event.get("record")
    if isinstance(record, dict):
        return parse_json_line(record)
    text = _written(record) or ""
    inner = parse_text_line(text)
    if inner is not None:
        return inner
    return Application(None, text, timestamp=text_of(event.get("time")), fields=event)


def parse_text_line(text: str) -> Application | None:
    """A line of a runtime in text format; None for what is not known to be one.

    Python's `[LEVEL]<tab>time<tab>request id<tab>message` and `[ERROR] Type: message<CR>Traceback …`,
    Node's `time<tab>request id<tab>LEVEL<tab>message`, and LAMBDA_WARNING with the exception that can follow it.
    """
    if text.startswith("["):
        return _bracketed(text)
    if text.startswith("LAMBDA_WARNING: "):
        return _lambda_warning(text)
    match = _NODE_LINE.match(text)
    if match is None or match[3] not in _LEVELS:
        return None
    message = text[match.end() :].rstrip("\n")
    return Application(match[3], message, _known(match[2]), match[1], exception=_node_exception(message, match[3]))


def _bracketed(text: str) -> Application | None:
    match = RUNTIME_LINE.match(text)
    if match is not None:
        message = text[match.end() :].rstrip("\n")
        return Application(
            match[1],
            message,
            _known(match[3]),
            match[2],
            exception=_traceback(message) if _has_trace(message) else None,
        )
    level, bracket, _ = text[1:24].partition("] ")
    if not bracket or level not in _LEVELS:
        return None
    message = text[len(level) + 3 :].rstrip("\n")
    if not _has_trace(message):
        return Application(level, message)
    head, _, stack = message.partition(TRACEBACK)
    head = head.strip()
    named = _EXCEPTION_LINE.match(head)
    exception = ExceptionText(named[1] if named else "", (named[2] or "") if named else head, _stack_lines(stack))
    return Application(level, head, exception=exception)


def _lambda_warning(text: str) -> Application:
    head, *more = _LINE_END.split(text, maxsplit=1)
    rest = more[0] if more else ""
    if rest.startswith("{"):
        line = load_object(rest)
        if isinstance(line, dict):
            return parse_json_line(line)
    error = _bracketed(rest) if rest.startswith("[ERROR] ") else None
    return Application("WARNING", head) if error is None else error


def _level(line: dict[str, Any]) -> str | None:
    value = line.get("level", line.get("log_level"))
    if isinstance(value, str):
        return value
    return None if number_of(value) is None else str(value)


def _request_id(line: dict[str, Any]) -> str | None:
    for key in _REQUEST_ID_KEYS:
        value = line.get(key)
        if isinstance(value, str) and value:
            return value
    # A name that applications use for ids of their own too.
    own = line.get("request_id")
    return own if isinstance(own, str) and _UUID.match(own) else None


def _known(request_id: str) -> str | None:
    return None if request_id in ("", "undefined") else request_id


def _written(value: object) -> str | None:
    """Text as it is, anything else that is there as JSON."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _has_trace(message: str) -> bool:
    return TRACEBACK in message


def _stack_lines(text: str) -> tuple[str, ...]:
    lines = (line.rstrip() for line in text.replace("\r", "\n").split("\n"))
    return tuple(line.replace(_NO_BREAK_SPACE, " ") for line in lines if line.strip())


def _traceback(text: str) -> ExceptionText:
    """The exception of a text that ends in Python's traceback: what follows the last one's frames."""
    lines = _stack_lines(text.rpartition(TRACEBACK)[2])
    frames = next((index for index, line in enumerate(lines) if not line.startswith(" ")), len(lines))
    named = _EXCEPTION_LINE.match("\n".join(lines[frames:]))
    if named is None:
        return ExceptionText("", "\n".join(lines[frames:]), lines[:frames])
    return ExceptionText(named[1], named[2] or "", lines[:frames])


def _json_exception(line: dict[str, Any]) -> ExceptionText | None:
    """Lambda's errorType and stackTrace, Powertools' exception, or Node's error object."""
    if isinstance(line.get("errorType"), str):
        stack = texts_of(line.get("stackTrace"))
        return ExceptionText(line["errorType"], text_of(line.get("errorMessage")) or "", _stack_lines("\n".join(stack)))
    if isinstance(line.get("exception"), str):
        found = _traceback(line["exception"])
        name = text_of(line.get("exception_name"))
        return ExceptionText(name or found.type, found.message, found.stack)
    error = object_of(line.get("error"))
    if isinstance(error.get("name"), str):
        stack_text = text_of(error.get("stack")) or ""
        return ExceptionText(error["name"], text_of(error.get("message")) or "", _stack_lines(stack_text)[1:])
    return None


def _node_exception(message: str, level: str) -> ExceptionText | None:
    if level != "ERROR" or '"errorType"' not in message:
        return None
    line = load_object(message[message.find("{") :])
    if isinstance(line, str) or not isinstance(line.get("errorType"), str):
        return None
    return ExceptionText(line["errorType"], text_of(line.get("errorMessage")) or "", texts_of(line.get("stack"))[1:])
