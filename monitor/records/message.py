"""Parse log messages: the dispatch from a message's first character to the reader of its form.

`parse_message` returns the complete record. `parse_fact` is the quick version for readers that need only records about
whole invocations (platform records, init records, unhandled exceptions); it returns None for everything else.
"""

import re
from collections.abc import Callable

from monitor.kernel.json_fields import load_object, text_of
from monitor.records.application import parse_import_time, parse_telemetry_line, parse_text_line
from monitor.records.application_json import parse_json_line
from monitor.records.emf import emf_request_id, emf_timestamp_ms, read_emf
from monitor.records.init_record import read_init_record, read_late_imports
from monitor.records.loggers import parse_logger_text
from monitor.records.platform import parse_platform
from monitor.records.record import (
    NODE_UNHANDLED,
    Application,
    InitRecordEvent,
    LateImports,
    Malformed,
    Metrics,
    Record,
    Text,
)
from monitor.records.report import (
    parse_end,
    parse_extension,
    parse_failure,
    parse_init_report,
    parse_init_start,
    parse_report,
    parse_restore,
    parse_start,
    parse_timeout,
    parse_xray,
)

_Reader = Callable[[str], Record | None]

# The prefix of `aws logs tail`, sam and pulumi: a time, a stream's or a function's name, or two of these.
_PREFIX = re.compile(
    r"(?:[\dX]{4}[-/][\dX]{2}[-/][\dX]{2}[^\s\[]{0,200}(?:\[[^\]]{0,150}\]\S{0,200})?\s{1,20}){1,2}"
    r"(?=START |END |REPORT |INIT_START |INIT_REPORT |RESTORE_START |RESTORE_REPORT |EXTENSION[ \t]|XRAY )"
)
_GLUED_END = re.compile(r"END RequestId: [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\s*\Z")
_GLUED_END_LENGTH = 51
# Lambda writes the exception of a handler in Java without a mark at its beginning.
_JAVA_FRAME = "\n\tat "
# A time-out, or the JSON member that names an event's type, is within this many characters.
_HEAD = 300


def parse_message(message: str) -> Record:
    """The record of a log message; never raises.

    A message that begins as a known record and cannot be read is Malformed, with the reason. A message of no known
    form is Text.
    """
    reader = _READERS.get(message[:1])
    record = reader(message) if reader is not None else None
    if record is None and "END RequestId: " in message[-_GLUED_END_LENGTH - 8 :]:
        # A handler's print without a newline stands before END in one message.
        glued = _GLUED_END.search(message, max(0, len(message) - _GLUED_END_LENGTH - 8))
        record = parse_end(glued[0]) if glued else None
    if record is None:
        record = parse_logger_text(message)
    return Text(message) if record is None else record


def parse_fact(message: str) -> Record | None:
    """The record of a message about a whole invocation; None for other messages, as quickly as possible.

    Returns platform records, init records, unhandled exceptions and Malformed records, each equal to that of
    `parse_message`. Application lines, EMF, import profiles and END (which adds nothing to REPORT) give None.
    """
    reader = _FACTS.get(message[:1])
    record = reader(message) if reader is not None else None
    if record is None and _JAVA_FRAME in message:
        return _fact(parse_logger_text(message))
    return record


def printed_before_end(message: str) -> str:
    """The text that a handler printed without a newline before END; "" if there is none."""
    prefix = _PREFIX.match(message)
    start = prefix.end() if prefix is not None else 0
    return message[start : max(start, message.rfind("END RequestId: "))]


def _json(message: str) -> Record | None:
    line = load_object(message)
    if isinstance(line, str):
        return _unreadable_json(message, line)
    kind = line.get("type")
    if isinstance(kind, str) and "record" in line:
        if kind.startswith("platform."):
            return parse_platform(line, message)
        if kind in ("function", "extension") and "time" in line:
            return parse_telemetry_line(line)
    if "monitor_init" in line:
        init = read_init_record(line)
        return Malformed(InitRecordEvent.record_kind, message, init) if isinstance(init, str) else InitRecordEvent(init)
    if "monitor_imports" in line:
        late = read_late_imports(line)
        if isinstance(late, str):
            return Malformed(LateImports.record_kind, message, late)
        return LateImports(text_of(line.get("function_request_id")), *late)
    emf = read_emf(line)
    if emf is None:
        return parse_json_line(line)
    definitions, skipped = emf
    data = tuple([datum for one in definitions for datum in one.data()])
    return Metrics(data, emf_timestamp_ms(line), emf_request_id(line), line, skipped)


def _unreadable_json(message: str, reason: str) -> Malformed | None:
    """The Malformed record of broken JSON of a known kind; None for other text that begins with a brace."""
    head = message[:_HEAD]
    if '"platform.' in head and '"type"' in head:
        return Malformed("platform", message, reason)
    if '"monitor_init"' in message:
        return Malformed(InitRecordEvent.record_kind, message, reason)
    return Malformed("metrics", message, reason) if '"_aws"' in message else None


def _s(message: str) -> Record | None:
    return parse_start(message) if message.startswith("START RequestId:") else None


def _e(message: str) -> Record | None:
    if message.startswith(("END RequestId:", "END Duration:")):
        return parse_end(message)
    if message.startswith(("EXTENSION\t", "EXTENSION ")) and "Name:" in message[:_HEAD]:
        return parse_extension(message)
    return parse_failure(message) if message.startswith("Error: ") else None


def _r(message: str) -> Record | None:
    if message.startswith("REPORT "):
        return parse_report(message)
    if message.startswith(("RESTORE_START ", "RESTORE_REPORT ")):
        return parse_restore(message)
    return parse_failure(message) if message.startswith("RequestId:") else None


def _i(message: str) -> Record | None:
    if message.startswith("INIT_START "):
        return parse_init_start(message)
    return parse_init_report(message) if message.startswith("INIT_REPORT ") else None


def _x(message: str) -> Record | None:
    return parse_xray(message) if message.startswith("XRAY ") else _prefixed(message)


def _t(message: str) -> Record | None:
    return parse_extension(message) if message.startswith("TELEMETRY\tName:") else None


def _l(message: str) -> Record | None:
    if message.startswith("LOGS\tName:"):
        return parse_extension(message)
    return parse_text_line(message)


def _import_time(message: str) -> Record | None:
    return parse_import_time(message) if message.startswith("import time:") else None


def _prefixed(message: str) -> Record | None:
    match = _PREFIX.match(message)
    if match is None:
        return None
    rest = message[match.end() :]
    return _PLATFORM[rest[0]](rest)


def _dated(message: str) -> Record | None:
    record = _dated_fact(message)
    return parse_text_line(message) if record is None else record


def _dated_fact(message: str) -> Record | None:
    if message.find(" Task timed out after ", 0, _HEAD) > 0:
        time, _, rest = message.partition(" ")
        request_id, _, rest = rest.partition(" ")
        if time.endswith("Z") and rest.startswith("Task timed out after "):
            return parse_timeout(rest, request_id)
    if "\tERROR\t" in message[:_HEAD]:
        record = parse_text_line(message)
        if record is not None and (record.message or "").startswith(NODE_UNHANDLED):
            return _fact(record)
    return _prefixed(message)


def _e_fact(message: str) -> Record | None:
    return None if message.startswith("END ") else _e(message)


def _json_fact(message: str) -> Record | None:
    if '"platform.' in message[:_HEAD] or '"monitor_init"' in message or '"errorType"' in message:
        return _fact(_json(message))
    return None


def _bracketed_fact(message: str) -> Record | None:
    return _fact(parse_text_line(message)) if message.startswith("[ERROR] ") else None


def _l_fact(message: str) -> Record | None:
    if message.startswith("LOGS\t"):
        return _l(message)
    return _fact(parse_text_line(message)) if message.startswith("LAMBDA_WARNING: ") else None


def _fact(record: Record | None) -> Record | None:
    if isinstance(record, Application):
        return record if record.unhandled else None
    if isinstance(record, Malformed):
        return record if record.is_fact else None
    return None if isinstance(record, Metrics | LateImports) else record


_PLATFORM: dict[str, _Reader] = {"S": _s, "E": _e, "R": _r, "I": _i, "X": _x, "T": _t}
_READERS: dict[str, _Reader] = {
    **_PLATFORM,
    **dict.fromkeys("0123456789", _dated),
    "L": _l,
    "{": _json,
    "[": parse_text_line,
    "i": _import_time,
}
_FACTS: dict[str, _Reader] = {
    **_PLATFORM,
    "E": _e_fact,
    **dict.fromkeys("0123456789", _dated_fact),
    "L": _l_fact,
    "{": _json_fact,
    "[": _bracketed_fact,
}
