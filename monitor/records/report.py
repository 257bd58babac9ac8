"""Lambda's platform lines in text format: START, END, REPORT, INIT_START, XRAY, EXTENSION, process exits.

Fields are read by key, never by position: they come in any order, separated by tabs, spaces or nothing
(`400 msMemory Size`), on one line or several.
"""

import re
from typing import Any

from monitor.records.grammar import MILLISECONDS, REPORT_FIGURES, USUAL_REPORT, USUAL_START
from monitor.records.record import (
    End,
    Exited,
    Extension,
    InitReport,
    InitStart,
    Malformed,
    Record,
    Report,
    RestoreReport,
    RestoreStart,
    Start,
    TimedOut,
    XrayLine,
)

# A platform line has a few hundred characters. Longer text is not read, which bounds the cost of hostile lines.
_LIMIT = 4_096
_UNITS = "|".join(sorted({unit for _, _, unit, _ in REPORT_FIGURES}))
_FIELD = re.compile(
    r"([A-Z][A-Za-z]{0,15}(?: [A-Z][A-Za-z]{0,15}){0,3}):[ \t]*"
    rf"(?:({MILLISECONDS})[ \t]?(?:{_UNITS})|([^\s\\]+))"
)
_FIGURE = re.compile(MILLISECONDS)
_TIMED_OUT = re.compile(r"Task timed out after (\d{1,9}(?:\.\d{1,9})?) seconds")
_REQUEST_ID = re.compile(r"RequestId:[ \t]*([^\s\\]+)")
_ERROR_TYPE = re.compile(r"(?:Runtime|Extension|Function|Sandbox)\.[A-Za-z]+")
_EXTENSION = re.compile(r"(Name|State|Events|Types|Error Type):[ \t]*(\[[^\]]*\]|[^\s\\]+)")
_FAILED = re.compile(r"Task failed(?:: ([A-Za-z][\w.]*))?")


def _fields(text: str, keyword: str = "") -> dict[str, str]:
    """The fields of a platform line after its `keyword`, by key; the first value of a repeated key."""
    start = text.find(keyword) + len(keyword)
    text = text[start : start + _LIMIT]
    if "\\t" in text:
        # Tools that log JSON inside JSON escape tabs and newlines twice.
        text = text.replace("\\t", "\t").replace("\\n", "\n")
    found: dict[str, str] = {}
    for key, number, word in _FIELD.findall(text):
        found.setdefault(key, number or word)
    return found


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and _FIGURE.fullmatch(text) else None


def _whole(text: str | None) -> int | None:
    return int(float(text)) if text is not None and _FIGURE.fullmatch(text) else None


_READ = {"ms": _number, "MB": _whole}


def parse_report(text: str) -> Report | Malformed:
    """A REPORT line; durations in ms, memory in MB. Malformed if the request id or the duration is missing."""
    usual = USUAL_REPORT.match(text)
    if usual is None:
        return report_by_field(text)
    request_id, duration, billed, memory, used, init = usual.groups()
    return Report(
        request_id, float(duration), float(billed), int(memory), int(used), None if init is None else float(init)
    )


def report_by_field(text: str) -> Report | Malformed:
    """A REPORT line, read field by field in any order and with any separators."""
    found = _fields(text, "REPORT")
    get = found.get
    request_id = get("RequestId")
    if request_id is None:
        return Malformed("report", text, "no RequestId")
    figures: dict[str, Any] = {field: _READ[unit](get(name)) for field, name, unit, _ in REPORT_FIGURES}
    if figures["duration_ms"] is None and "Runtime Duration" not in found:
        return Malformed("report", text, "no Duration")
    status, error_type = get("Status"), get("Error Type")
    if status is None and "Task " in text:
        status, error_type = _status_in_words(text)
    sampled = get("Sampled")
    return Report(
        request_id,
        **figures,
        status=status,
        error_type=error_type,
        trace_id=get("XRAY TraceId"),
        segment_id=get("SegmentId"),
        sampled=None if sampled is None else sampled == "true",
    )


def _status_in_words(text: str) -> tuple[str | None, str | None]:
    """The status in the words of tools for managed instances: `Task timed out after …`, `Task failed: TYPE`."""
    if _TIMED_OUT.search(text, 0, _LIMIT):
        return "timeout", None
    failed = _FAILED.search(text, 0, _LIMIT)
    return ("error", failed[1]) if failed else (None, None)


def parse_start(text: str) -> Start | Malformed:
    """A START line."""
    usual = USUAL_START.match(text)
    return start_by_field(text) if usual is None else Start(usual[1], usual[2])


def start_by_field(text: str) -> Start | Malformed:
    """A START line read field by field."""
    found = _fields(text, "START")
    request_id = found.get("RequestId")
    if request_id is None:
        return Malformed("start", text, "no RequestId")
    return Start(request_id, found.get("Version"))


def parse_end(text: str) -> End:
    """An END line; some emulators print figures instead of its request id."""
    request_id = _REQUEST_ID.search(text, 0, _LIMIT)
    return End(request_id[1] if request_id else None)


def parse_init_start(text: str) -> InitStart:
    """An INIT_START line."""
    found = _fields(text, "INIT_START")
    return InitStart(found.get("Runtime Version"), found.get("Runtime Version ARN"))


def parse_init_report(text: str) -> InitReport | Malformed:
    """An INIT_REPORT line; some failed inits have no duration, successful ones no status."""
    found = _fields(text, "INIT_REPORT")
    init_ms = _number(found.get("Init Duration"))
    if init_ms is None and "Status" not in found:
        return Malformed("init_report", text, "neither Init Duration nor Status")
    return InitReport(init_ms, found.get("Phase"), found.get("Status"), found.get("Error Type"))


def parse_restore(text: str) -> RestoreStart | RestoreReport | Malformed:
    """A RESTORE_START or RESTORE_REPORT line; for both in one message, the report."""
    if "RESTORE_REPORT" not in text[:_LIMIT]:
        found = _fields(text, "RESTORE_START")
        return RestoreStart(found.get("Runtime Version"), found.get("Runtime Version ARN"))
    found = _fields(text, "RESTORE_REPORT")
    restore_ms = _number(found.get("Restore Duration"))
    if restore_ms is None and "Status" not in found:
        return Malformed("restore_report", text, "neither Restore Duration nor Status")
    return RestoreReport(
        restore_ms, _number(found.get("Billed Restore Duration")), found.get("Status"), found.get("Error Type")
    )


def parse_xray(text: str) -> XrayLine | Malformed:
    """A separate XRAY line."""
    found = _fields(text)
    trace_id = found.get("XRAY TraceId")
    if trace_id is None:
        return Malformed("xray", text, "no TraceId")
    sampled = found.get("Sampled")
    return XrayLine(trace_id, found.get("SegmentId"), None if sampled is None else sampled == "true")


def parse_extension(text: str) -> Extension | Malformed:
    """An EXTENSION, TELEMETRY or LOGS line."""
    found: dict[str, str] = {}
    for key, value in _EXTENSION.findall(text[:_LIMIT]):
        found.setdefault(key, value)
    if "Name" not in found:
        return Malformed("extension", text, "no Name")
    listed = found.get("Events", found.get("Types", "")).strip("[]")
    events = tuple(item.strip() for item in listed.split(",") if item.strip())
    return Extension(
        found["Name"], found.get("State"), events, found.get("Error Type"), not text.startswith("EXTENSION")
    )


def parse_timeout(text: str, request_id: str | None = None) -> TimedOut | None:
    """`Task timed out after N seconds`, anywhere in a line's first part; None if it is not there."""
    found = _TIMED_OUT.search(text, 0, _LIMIT)
    return TimedOut(request_id, float(found[1])) if found else None


def parse_failure(text: str) -> Record | None:
    """`RequestId: … Error: …`, `RequestId: … Process exited …` or `Error: …` as the platform writes them.

    The reason is the text after "Runtime exited with error: ", such as "signal: killed".
    """
    text = text[:_LIMIT].replace("\\n", "\n")
    request_id = None
    rest = text
    if text.startswith("RequestId:"):
        match = _REQUEST_ID.match(text)
        if match is None:
            return None
        request_id, rest = match[1], text[match.end() :].lstrip()
        if not rest.startswith(("Error:", "Process exited")):
            return None
    elif not text.startswith(("Error: Runtime exited", "Error: Task timed out")):
        return None
    timed_out = parse_timeout(rest, request_id)
    if timed_out:
        return timed_out
    line = rest.splitlines()[0]
    types = _ERROR_TYPE.findall(rest)
    if types:
        line = line.removesuffix(types[-1])
    reason = line.removeprefix("Error:").strip().removeprefix("Runtime exited with error:").strip()
    return Exited(request_id, reason, types[-1] if types else None)
