"""A log as a person reads it: one line for what Lambda says, one for each thing that the function says.

Lines are built as plain strings, not through rich: a tail prints a hundred thousand of them.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Any

from monitor.model.event import LogEvent
from monitor.model.record import (
    Application,
    Exited,
    ImportTime,
    InitRecordEvent,
    InitReport,
    InitStart,
    LateImports,
    Malformed,
    Metrics,
    PlatformOther,
    Record,
    Report,
    RestoreReport,
    RuntimeDone,
    Text,
    TimedOut,
)
from monitor.render.text import Style, clean, clean_lines, format_ms

_DIM, _RED, _YELLOW, _GREEN, _CYAN, _BOLD = "2", "31", "33", "32", "36", "1"
_GROUP_COLOURS = ("36", "35", "34", "32", "33", "96", "95", "94")
_LEVEL_COLOURS = {
    "ERROR": _RED,
    "CRITICAL": "1;31",
    "FATAL": "1;31",
    "WARNING": _YELLOW,
    "WARN": _YELLOW,
    "DEBUG": _DIM,
}
# What a structured log line repeats on every line, or what is shown elsewhere on it.
_KNOWN_FIELDS = frozenset(
    {
        *("level", "log_level", "message", "timestamp", "time", "service", "location", "cold_start", "function_name"),
        *("function_memory_size", "function_arn", "function_request_id", "requestId", "AWSRequestId", "aws_request_id"),
        *("xray_trace_id", "exception", "exception_name", "stack_trace", "sampling_rate", "logger", "tenant_id"),
        *("errorType", "errorMessage", "stackTrace"),
    }
)
_ESCAPE = re.compile(r"(\x1b\[[0-9;]*m)")
_INDENT = " " * 13
# Of a line at hand that says no time.
_NO_TIME = "--:--:--.---"
_SLOW_SHARE = 0.8
_MAX_FIELD = 200


class TailRenderer:
    """Turns events into text.

    Args:
        style: width is not used: lines are never cut, the terminal wraps them.
        zone: the zone of the printed times; None is the machine's own.
        names: how each log group is called at the line's start, for more than one; empty for one.
        fold: leave out what says nothing new (START, END) and shorten what Lambda and the instruments write.
        fields: of a structured line, show these members and no others; empty for all that matter.
        mark: what to highlight, where there is colour.
    """

    def __init__(
        self,
        style: Style,
        zone: tzinfo | None,
        names: dict[str, str],
        *,
        fold: bool = True,
        fields: Sequence[str] = (),
        mark: re.Pattern[str] | None = None,
    ) -> None:
        self._style, self._zone, self._fold = style, zone, fold
        self._fields, self._mark = tuple(fields), mark if style.colour else None
        self._second, self._clock = -1, ""
        self._width = max((len(name) for name in names.values()), default=0)
        self._labels: dict[str, str] = {}
        for group, name in names.items():
            self.add_name(group, name)
        self._bodies: dict[type, Callable[[Any], str]] = {
            Report: self._report,
            InitStart: self._init_start,
            InitReport: self._init_report,
            RestoreReport: self._restore_report,
            TimedOut: self._timed_out,
            Exited: self._exited,
            Metrics: self._metrics,
            InitRecordEvent: self._init_record,
            LateImports: self._late_imports,
            ImportTime: self._import_time,
            Application: self._application,
            RuntimeDone: self._runtime_done,
            PlatformOther: lambda record: self._paint(clean(record.type), _DIM),
            Text: lambda record: self._lines(clean_lines(record.text)),
            Malformed: lambda record: self._lines(clean_lines(record.text)),
        }

    @property
    def folds(self) -> bool:
        """Whether it leaves anything out."""
        return self._fold

    def add_name(self, group: str, name: str) -> None:
        """A log group that joins."""
        colour = _GROUP_COLOURS[len(self._labels) % len(_GROUP_COLOURS)]
        self._labels[group] = self._paint(clean(name).ljust(self._width), colour) + " "

    def render(self, event: LogEvent, record: Record) -> str | None:
        """One event's text without a newline at its end, or None where it is folded away."""
        if not self._fold:
            body = self._lines(clean_lines(event.message))
        else:
            make = self._bodies.get(type(record))
            body = make(record) if make is not None else ""
            if not body:
                return None
        if self._mark is not None:
            body = highlighted(body, self._mark)
        label = self._labels.get(event.group, "") if self._labels else ""
        late = self._paint("late ", _YELLOW) if event.late else ""
        return f"{self._time(event.timestamp_ms)} {label}{late}{body}"

    def switch(self, event: LogEvent, request_id: str | None) -> str:
        """The line before an invocation's further lines, when others spoke in between."""
        dash = "──" if self._style.unicode else "--"
        return self._paint(f"{dash} {clean(request_id or event.stream)} goes on", _DIM)

    def _time(self, timestamp_ms: int) -> str:
        if not timestamp_ms:
            return self._paint(_NO_TIME, _DIM)
        second, ms = divmod(timestamp_ms, 1000)
        # Neighbours share their second; a date is dear.
        if second != self._second:
            self._second, self._clock = second, _clock(second, self._zone)
        return self._paint(f"{self._clock}.{ms:03d}", _DIM)

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._style.colour and text else text

    def _lines(self, lines: list[str]) -> str:
        return f"\n{_INDENT}".join(lines)

    def _report(self, record: Report) -> str:
        parts = [self._paint("REPORT", _BOLD), format_ms(record.duration_ms)]
        if record.billed_ms is not None:
            parts.append(self._paint(f"billed {format_ms(record.billed_ms)}", _DIM))
        if record.max_memory_mb is not None and record.memory_mb:
            memory = f"{record.max_memory_mb} of {record.memory_mb} MB"
            parts.append(self._paint(memory, _YELLOW if record.max_memory_mb >= _SLOW_SHARE * record.memory_mb else ""))
        if record.init_ms is not None:
            parts.append(self._paint(f"cold start, init {format_ms(record.init_ms)}", _CYAN))
        if record.restore_ms is not None:
            parts.append(self._paint(f"cold start, restore {format_ms(record.restore_ms)}", _CYAN))
        if record.status and record.status != "success":
            failed = f"{record.status} {record.error_type or ''}".rstrip()
            parts.append(self._paint(clean(failed), _RED))
        if record.request_id:
            parts.append(self._paint(clean(record.request_id), _DIM))
        return "  ".join(parts)

    def _init_start(self, record: InitStart) -> str:
        return self._paint(f"INIT   {clean(record.runtime_version or '')}".rstrip(), _DIM)

    def _init_report(self, record: InitReport) -> str:
        if not record.final:
            return ""
        failed = record.status not in (None, "success")
        parts = ["INIT  ", format_ms(record.init_ms), f"phase {record.phase}" if record.phase else ""]
        parts.append(f"{record.status} {record.error_type or ''}".rstrip() if failed else "")
        return self._paint(clean("  ".join(part for part in parts if part)), _RED if failed else _CYAN)

    def _restore_report(self, record: RestoreReport) -> str:
        if not record.final:
            return ""
        status = f"  {record.status} {record.error_type or ''}".rstrip() if record.status else ""
        return self._paint(clean(f"RESTORE  {format_ms(record.restore_ms)}{status}"), _RED if status else _CYAN)

    def _timed_out(self, record: TimedOut) -> str:
        text = f"TIMED OUT after {record.after_s:g} s"
        return self._paint(f"{text}  {clean(record.request_id or '')}".rstrip(), "1;31")

    def _exited(self, record: Exited) -> str:
        text = f"CRASHED  {record.reason}  {record.error_type or ''}".rstrip()
        return self._paint(clean(text), "1;31")

    def _runtime_done(self, record: RuntimeDone) -> str:
        if record.status in (None, "success"):
            return ""
        return self._paint(clean(f"{record.status} {record.error_type or ''}".rstrip()), _RED)

    def _metrics(self, record: Metrics) -> str:
        shown: dict[str, str] = {}
        for datum in record.data:
            values = ",".join(f"{value:g}" for value in datum.values[:5])
            shown.setdefault(datum.name, f"{datum.name}={values}{_unit(datum.unit)}")
        return self._paint(clean("metric " + " ".join(shown.values())), _GREEN)

    def _init_record(self, record: InitRecordEvent) -> str:
        init = record.init_record
        phases = ", ".join(f"{phase.name} {format_ms(phase.duration_ms)}" for phase in init.phases)
        text = f"init record  {format_ms(init.observed_init_ms)} inside the process: {phases}"
        return self._paint(clean(text), _CYAN)

    def _late_imports(self, record: LateImports) -> str:
        imports = record.imports
        slowest = ", ".join(f"{one.module} {format_ms(one.cumulative_ms)}" for one in imports.tree[:3])
        text = f"late imports  {imports.count} modules, {format_ms(imports.total_ms)} of this invocation: {slowest}"
        return self._paint(clean(text), _CYAN)

    def _import_time(self, record: ImportTime) -> str:
        text = f"import {'  ' * record.depth}{record.module}  {format_ms(record.cumulative_us / 1000)}"
        return self._paint(clean(text), _DIM)

    def _application(self, record: Application) -> str:
        level = (record.level or "").upper()
        first, *more = clean_lines(record.message or "") or [""]
        head = f"{level:<7} {first}" if level else first
        head = self._paint(head, _LEVEL_COLOURS.get(level, ""))
        fields = self._shown(record.fields) if record.fields else ""
        lines = [f"{head}  {self._paint(fields, _DIM)}" if fields else head, *more]
        if record.exception:
            lines.extend(self._paint(line, _RED) for line in _exception_lines(record, first))
        return self._lines(lines)

    def _shown(self, fields: dict[str, Any]) -> str:
        if self._fields:
            return " ".join(_field(key, fields[key]) for key in self._fields if key in fields)
        return " ".join([_field(key, value) for key, value in fields.items() if key not in _KNOWN_FIELDS])


def _clock(second: int, zone: tzinfo | None) -> str:
    try:
        return f"{datetime.fromtimestamp(second, zone):%H:%M:%S}"
    except (OverflowError, OSError, ValueError):
        return "--:--:--"


def highlighted(text: str, mark: re.Pattern[str]) -> str:
    """`text` with what `mark` finds in it reversed; its own colours stay."""
    parts = _ESCAPE.split(text)
    parts[::2] = [mark.sub(lambda found: f"\x1b[7m{found[0]}\x1b[27m" if found[0] else "", part) for part in parts[::2]]
    return "".join(parts)


def _exception_lines(record: Application, shown: str) -> Iterator[str]:
    exception = record.exception
    assert exception is not None
    for entry in exception.stack:
        yield from ("  " + line for line in clean_lines(entry))
    text = clean(f"{exception.type}: {exception.message}".strip(": "))
    if text and text not in shown:
        yield "  " + text


def _field(key: str, value: object) -> str:
    text = clean(value if isinstance(value, str) else _json(value))
    if len(text) > _MAX_FIELD:
        text = text[:_MAX_FIELD] + "…"
    return f"{clean(key)}={text}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _unit(unit: str) -> str:
    return {"Milliseconds": "ms", "Seconds": "s", "Bytes": "B", "Percent": "%", "Microseconds": "us"}.get(unit, "")
