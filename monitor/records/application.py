"""The text lines of Lambda's runtimes, of CPython's import profile, and the lines that the Telemetry API wraps."""

import json
import re
from dataclasses import replace
from typing import Any

from monitor.kernel.json_fields import load_object, text_of, texts_of
from monitor.records.application_json import parse_json_line
from monitor.records.grammar import RUNTIME_LINE, TRACEBACK
from monitor.records.levels import level_number
from monitor.records.loggers import parse_logger_text
from monitor.records.record import Application, ExceptionText, ImportTime
from monitor.records.tracebacks import read_stack, read_traceback, stack_lines

_NODE_LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\t([^\t\s]{0,64})\t([A-Za-z]{3,11})\t")
_EXCEPTION_LINE = re.compile(r"([A-Za-z_][\w.]{0,200})(?:: (.*))?\Z", re.DOTALL)
_LINE_END = re.compile(r"[\r\n]")
# As PYTHONPROFILEIMPORTTIME=1 writes it: two spaces per level, each parent after its children.
_IMPORT_LINE = re.compile(r"import time:\s{1,20}(\d{1,15}) \|\s{1,20}(\d{1,15}) \| ((?:  ){0,500})(\S{1,1000})")


def parse_telemetry_line(event: dict[str, Any]) -> Application:
    """A function's or an extension's line as the Telemetry API wraps it: `{"time", "type", "record"}`."""
    record = event.get("record")
    if isinstance(record, dict):
        return parse_json_line(record)
    text = record if isinstance(record, str) else json.dumps(record, ensure_ascii=False)
    inner = parse_text_line(text)
    if inner is not None:
        return inner
    found = parse_logger_text(text)
    if found is not None:
        return replace(found, timestamp=text_of(event.get("time")), as_logged=False)
    return Application(None, text, timestamp=text_of(event.get("time")), fields=event)


def parse_text_line(text: str) -> Application | None:
    """A line of a runtime in text format; None for what is not known to be one.

    Python's `[LEVEL]<tab>time<tab>request id<tab>message` and `[ERROR] Type: message<CR>Traceback …`,
    Node.js's and .NET's `time<tab>request id<tab>LEVEL<tab>message`, and LAMBDA_WARNING with the exception that can
    follow it.
    """
    if text.startswith("["):
        return _bracketed(text)
    if text.startswith("LAMBDA_WARNING: "):
        return _lambda_warning(text)
    match = _NODE_LINE.match(text)
    if match is None or level_number(match[3]) is None:
        return None
    message = text[match.end() :].rstrip("\n")
    return Application(match[3], message, _known(match[2]), match[1], exception=_node_exception(message))


def _bracketed(text: str) -> Application | None:
    match = RUNTIME_LINE.match(text)
    if match is not None:
        message = text[match.end() :].rstrip("\n")
        return Application(match[1], message, _known(match[3]), match[2], exception=read_traceback(message))
    level, bracket, _ = text[1:24].partition("] ")
    if not bracket or not level.isupper() or level_number(level) is None:
        return None
    message = text[len(level) + 3 :].rstrip("\n")
    if TRACEBACK not in message:
        return Application(level, message)
    complete = read_traceback(message)
    if complete is not None and complete.type:
        # Lambda's own account has no line with the exception after the frames; a logger's traceback has.
        return Application(level, message, exception=complete, as_logged=True)
    head, _, stack = message.partition(TRACEBACK)
    head = head.strip()
    named = _EXCEPTION_LINE.match(head)
    exception = ExceptionText(named[1] if named else "", (named[2] or "") if named else head, stack_lines(stack))
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


def _known(request_id: str) -> str | None:
    return None if request_id in ("", "undefined") else request_id


def _node_exception(message: str) -> ExceptionText | None:
    if '"errorType"' in message:
        line = load_object(message[message.find("{") :])
        if isinstance(line, dict) and isinstance(line.get("errorType"), str):
            stack = texts_of(line.get("stack"))[1:]
            return ExceptionText(line["errorType"], text_of(line.get("errorMessage")) or "", stack)
    return read_stack(message)


def parse_import_time(line: str) -> ImportTime | None:
    """A line of the import profile, `import time: self [us] | cumulative | module`; None for its header and others."""
    match = _IMPORT_LINE.match(line)
    if match is None:
        return None
    return ImportTime(int(match[1]), int(match[2]), len(match[3]) // 2, match[4])
