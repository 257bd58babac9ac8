"""The text of each record type, without the time and the log group's name."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from monitor.console.text import SHORT_ID, clean, clean_lines, format_bytes, format_ms
from monitor.kernel.values import dataclass
from monitor.records.grammar import TRACEBACK
from monitor.records.levels import CRITICAL, DEBUG, ERROR, LEVEL_MEMBERS_IN_ANY_CASE, WARNING, is_level, level_number
from monitor.records.logger_grammar import without_colors

# Dispatch is by `record_kind`, so that plain text lines load nothing of monitor.records.
if TYPE_CHECKING:
    from monitor.records.record import (
        Application,
        Exited,
        Extension,
        ImportTime,
        InitRecordEvent,
        InitReport,
        InitStart,
        LateImports,
        LogsDropped,
        Metrics,
        PlatformOther,
        Record,
        Report,
        RestoreReport,
        RuntimeDone,
        TimedOut,
    )

DIM, RED, YELLOW, GREEN, CYAN, BOLD = "2", "31", "33", "32", "36", "1"
ALARM = "1;31"
# Members that most JSON log lines repeat, or that are shown elsewhere on the line.
_KNOWN_FIELDS = frozenset(
    {
        *("level", "log_level", "message", "timestamp", "time", "service", "location", "cold_start", "function_name"),
        *("function_memory_size", "function_arn", "function_request_id", "requestId", "AWSRequestId", "aws_request_id"),
        *("xray_trace_id", "exception", "exception_name", "stack_trace", "sampling_rate", "logger", "tenant_id"),
        *("errorType", "errorMessage", "stackTrace", "asctime", "@timestamp"),
    }
)
# Fractions of a limit (time-out, memory) from which a figure is yellow, then red.
_NEAR, _VERY_NEAR = 0.8, 0.95
_MAX_FIELD = 200
_COLORED = re.compile(r"\x1b\[[0-9;]*m")
# What a REPORT is shown without on a narrow terminal, in this order. Memory that is nearly used up has a color.
_LEFT_OUT = (
    *(re.compile(rf"\A(?:{_COLORED.pattern})?billed .*"), re.compile(r"\A\d+ of \d+ MB.*")),
    re.compile(r"cold start, (?=init )"),
)


@dataclass(frozen=True, slots=True)
class Limits:
    """When a duration is highlighted: `slow_ms`, and the time-out of each log group's function where it is known."""

    slow_ms: float = 3_000.0
    timeout_ms: dict[str, float] = field(default_factory=dict)


class Bodies:
    """Formats records; `fields` are the members to show of a JSON line (empty: all but the usual ones).

    With `width`, a REPORT that is longer has a short request id, and no billed duration and memory if need be; longer
    init records, late imports and metrics say how many more there are.
    """

    def __init__(
        self, color: bool, fields: Sequence[str] = (), limits: Limits | None = None, width: int | None = None
    ) -> None:
        self._color, self._fields, self._limits, self._width = color, tuple(fields), limits or Limits(), width
        self._bodies: dict[str, Callable[[Any], str]] = {
            "init_start": self._init_start,
            "init_report": self._init_report,
            "restore_report": self._restore_report,
            "timeout": self._timed_out,
            "exit": self._exited,
            "metrics": self._metrics,
            "init_record": self._init_record,
            "late_imports": self._late_imports,
            "import_time": self._import_time,
            "application": self._application,
            "runtime_done": self._runtime_done,
            "extension": self._extension,
            "logs_dropped": self._logs_dropped,
            "platform_other": self._platform_other,
            "text": lambda record: "\n".join(clean_lines(record.text)),
            "malformed": lambda record: "\n".join(clean_lines(record.text)),
        }

    def of(self, record: "Record", group: str) -> str:
        """The text of a record; "" for a record that adds nothing."""
        if record.record_kind == "report":
            return self._report(cast("Report", record), group)
        make = self._bodies.get(record.record_kind)
        return make(record) if make is not None else ""

    def paint(self, text: str, code: str) -> str:
        """`text` with a color code, if color is on."""
        return f"\x1b[{code}m{text}\x1b[0m" if self._color and code and text else text

    def _report(self, record: "Report", group: str) -> str:
        parts = self.report_parts(
            record.duration_ms, record.billed_ms, record.memory_mb, record.max_memory_mb, record.init_ms, group
        )
        if record.restore_ms is not None:
            parts.append(self.paint(f"cold start, restore {format_ms(record.restore_ms)}", CYAN))
        if record.status and record.status != "success":
            failed = f"{record.status} {record.error_type or ''}".rstrip()
            parts.append(self.paint(clean(failed), RED))
        if record.tenant_id:
            parts.append(self.paint(clean(f"tenant {record.tenant_id}"), DIM))
        return self.report_line(parts, clean(record.request_id or ""))

    def report_line(self, parts: list[str], request_id: str) -> str:
        """The parts of a REPORT and its request id, shortened to the width, the least important first."""
        if request_id:
            parts.append(self.paint(request_id, DIM))
        line = "  ".join(parts)
        if self._width is None or len(line) <= self._width or not self._is_long(line):
            return line
        if request_id:
            parts[-1] = self.paint(request_id[:SHORT_ID], DIM)
        for left_out in _LEFT_OUT:
            if not self._is_long("  ".join(filter(None, parts))):
                break
            parts = [left_out.sub("", part) for part in parts]
        return "  ".join(filter(None, parts))

    def _is_long(self, line: str) -> bool:
        return self._width is not None and len(_COLORED.sub("", line)) > self._width

    def report_parts(
        self,
        duration_ms: float | None,
        billed_ms: float | None,
        memory_mb: int | None,
        max_memory_mb: int | None,
        init_ms: float | None,
        group: str,
    ) -> list[str]:
        """The figures of a REPORT, without its status and its request id."""
        parts = [self.paint("REPORT", BOLD), format_ms(duration_ms)]
        if self._color and duration_ms is not None:
            parts[1] = self.paint(parts[1], duration_color(duration_ms, group, self._limits))
        if billed_ms is not None:
            parts.append(self.paint(f"billed {format_ms(billed_ms)}", DIM))
        if max_memory_mb is not None and memory_mb:
            parts.append(self.paint(f"{max_memory_mb} of {memory_mb} MB", nearness(max_memory_mb, memory_mb)))
        if init_ms is not None:
            parts.append(self.paint(f"cold start, init {format_ms(init_ms)}", CYAN))
        return parts

    def _init_start(self, record: "InitStart") -> str:
        return self.paint(f"INIT   {clean(record.runtime_version or '')}".rstrip(), DIM)

    def _init_report(self, record: "InitReport") -> str:
        if not record.final:
            return ""
        failed = record.status not in (None, "success")
        parts = ["INIT  ", format_ms(record.init_ms), f"phase {record.phase}" if record.phase else ""]
        parts.append(f"{record.status} {record.error_type or ''}".rstrip() if failed else "")
        return self.paint(clean("  ".join(part for part in parts if part)), RED if failed else CYAN)

    def _restore_report(self, record: "RestoreReport") -> str:
        if not record.final:
            return ""
        failed = record.status not in (None, "success")
        status = f"  {record.status} {record.error_type or ''}".rstrip() if failed else ""
        return self.paint(clean(f"RESTORE  {format_ms(record.restore_ms)}{status}"), RED if failed else CYAN)

    def _extension(self, record: "Extension") -> str:
        if not record.failed:
            return ""
        parts = ("EXTENSION", record.name, record.state, record.error_type)
        return self.paint(clean("  ".join(part for part in parts if part)), ALARM)

    def _logs_dropped(self, record: "LogsDropped") -> str:
        count = "some" if record.records is None else f"{record.records:,}"
        size = "" if record.size_bytes is None else f" ({format_bytes(record.size_bytes)})"
        return self.paint(clean(f"LOGS DROPPED  {count} log records{size}: {record.reason}"), YELLOW)

    def _timed_out(self, record: "TimedOut") -> str:
        text = f"TIMED OUT after {record.after_s:g} s"
        return self.paint(f"{text}  {clean(record.request_id or '')}".rstrip(), ALARM)

    def _exited(self, record: "Exited") -> str:
        text = f"CRASHED  {record.reason}  {record.error_type or ''}".rstrip()
        return self.paint(clean(text), ALARM)

    def _platform_other(self, record: "PlatformOther") -> str:
        note = "  (web functions are not supported)" if record.of_web_function else ""
        return self.paint(clean(f"{record.type}{note}"), DIM)

    def _runtime_done(self, record: "RuntimeDone") -> str:
        if record.status in (None, "success"):
            return ""
        return self.paint(clean(f"{record.status} {record.error_type or ''}".rstrip()), RED)

    def _metrics(self, record: "Metrics") -> str:
        return self.metrics((datum.name, datum.values, datum.unit) for datum in record.data)

    def metrics(self, data: Iterable[tuple[str, Sequence[float], str]]) -> str:
        """The metrics of an EMF line, from (name, values, unit), each name once."""
        shown: dict[str, str] = {}
        for name, values, unit in data:
            if name not in shown:
                text = f"{values[0]:g}" if len(values) == 1 else ",".join([f"{value:g}" for value in values[:5]])
                shown[name] = f"{name}={text}{_UNITS.get(unit, '')}"
        return self.paint(self._listed(("metric ",), list(shown.values()), " "), GREEN)

    def _init_record(self, record: "InitRecordEvent") -> str:
        init = record.init_record
        phases = [(phase.duration_ms, phase.name) for phase in init.phases]
        if init.after_restore_ms is not None:
            phases.append((init.after_restore_ms, "after_restore hooks"))
        head = f"init record  {format_ms(init.observed_init_ms)}"
        texts = [f"{name} {format_ms(duration_ms)}" for duration_ms, name in phases]
        slowest = [texts[at] for at in sorted(range(len(texts)), key=lambda at: -(phases[at][0] or 0.0))]
        return self.paint(self._listed((f"{head} measured in the process: ", f"{head}: "), texts, ", ", slowest), CYAN)

    def _late_imports(self, record: "LateImports") -> str:
        imports = record.imports
        slowest = [f"{one.module} {format_ms(one.cumulative_ms)}" for one in imports.tree[:3]]
        head = f"late imports  {imports.count} modules, {format_ms(imports.total_ms)}"
        return self.paint(self._listed((f"{head} in this invocation: ", f"{head}: "), slowest), CYAN)

    def _listed(
        self, heads: Sequence[str], items: Sequence[str], separator: str = ", ", by_weight: Sequence[str] | None = None
    ) -> str:
        """The first of the heads with all items; where that is too long, the last one with as many as fit.

        The items `by_weight` are in the order in which they are kept. One is shown, however narrow the terminal is.
        """
        text = clean(heads[0] + separator.join(items))
        if not self._is_long(text):
            return text
        ordered = by_weight or items
        for count in range(len(ordered), 0, -1):
            more = [f"{len(ordered) - count} more"] * (count < len(ordered))
            text = clean(heads[-1] + separator.join([*ordered[:count], *more]))
            if not self._is_long(text):
                break
        return text

    def _import_time(self, record: "ImportTime") -> str:
        text = f"import {'  ' * record.depth}{record.module}  {format_ms(record.cumulative_us / 1000)}"
        return self.paint(clean(text), DIM)

    def _application(self, record: "Application") -> str:
        members = self.members(record.fields)
        if members and not self._fields:
            from monitor.records.application_json import shown_members

            shown = shown_members(record)
            members = [member for member in members if member[0] not in shown]
        text = self.application(record.level, record.message or "", members)
        if not record.exception:
            return text
        if TRACEBACK in (record.message or ""):
            # `log.exception` appends the traceback to the message.
            return self._folded(text.split("\n"))
        first = (clean_lines(record.message or "") or [""])[0]
        return "\n".join([text, *(self.paint(line, RED) for line in _exception_lines(record, first))])

    def logged(self, record: "Application", message: str) -> str:
        """A line of a logger that is not Lambda's, as it was logged."""
        lines = clean_lines(without_colors(message))
        code = level_color(record.level or "")
        if record.exception is None:
            return "\n".join([self.paint(line, code) for line in lines])
        return self._folded(lines, code)

    def _folded(self, lines: Sequence[str], code: str = "") -> str:
        from monitor.logs.render_tracebacks import fold_text

        return "\n".join([self.paint(line, RED if inside else code) for line, inside in fold_text(lines)])

    def application(self, level: str | None, message: str, members: Sequence[tuple[str, Any]]) -> str:
        """A line that the function logged: its level, its message, and members of a JSON line."""
        # Most messages are one printable line.
        first, *more = (message,) if message.isprintable() else clean_lines(message)
        if level:
            level = level.upper()
            first = f"{level:<7} {first}"
            if self._color:
                first = self.paint(first, level_color(level))
        if members:
            shown = self.paint(" ".join([_field(key, value) for key, value in members]), DIM)
            first = f"{first}  {shown}" if first else shown
        return "\n".join([first, *more]) if more else first

    def members(self, line: dict[str, Any]) -> list[tuple[str, Any]]:
        """The members of a JSON line that are shown after its message."""
        if self._fields:
            return [(key, line[key]) for key in self._fields if key in line]
        return [
            member
            for member in line.items()
            if member[0] not in _KNOWN_FIELDS and not (member[0] in LEVEL_MEMBERS_IN_ANY_CASE and is_level(member[1]))
        ]


def level_color(level: str) -> str:
    """The color of a level; "" for one that needs none, or that is not known."""
    number = level_number(level)
    if number is None or DEBUG < number < WARNING:
        return ""
    if number >= ERROR:
        return ALARM if number >= CRITICAL else RED
    return YELLOW if number >= WARNING else DIM


def duration_color(duration_ms: float, group: str, limits: Limits) -> str:
    """The color of a duration: near its function's time-out, or slow; "" for neither."""
    timeout_ms = limits.timeout_ms.get(group)
    near = nearness(duration_ms, timeout_ms) if timeout_ms else ""
    return near or (YELLOW if duration_ms >= limits.slow_ms else "")


def nearness(value: float, limit: float) -> str:
    """The color of a value near its limit; "" for other values."""
    if value < _NEAR * limit:
        return ""
    return RED if value >= _VERY_NEAR * limit else YELLOW


def _exception_lines(record: "Application", shown: str) -> Iterator[str]:
    exception = record.exception
    assert exception is not None
    from monitor.logs.render_tracebacks import fold_stack

    for entry in fold_stack(exception.stack):
        yield from ("  " + line for line in clean_lines(entry))
    first, *more = clean_lines(f"{exception.type}: {exception.message}".strip(": "))
    if first and first not in shown:
        yield from ("  " + line for line in (first, *more))


def _field(key: str, value: object) -> str:
    kind = type(value)
    if kind is str:
        text = clean(str(value))
    elif kind is int or kind is float:
        # The same text as JSON's, at a twentieth of its encoder's cost.
        text = repr(value)
    else:
        text = clean(json.dumps(value, ensure_ascii=False))
    if len(text) > _MAX_FIELD:
        text = text[:_MAX_FIELD] + "…"
    return f"{_clean_name(key)}={text}"


@lru_cache(maxsize=1024)
def _clean_name(key: str) -> str:
    """The name of a member, as it is shown: the same few names come again and again."""
    return clean(key)


_UNITS = {"Milliseconds": "ms", "Seconds": "s", "Bytes": "B", "Percent": "%", "Microseconds": "us"}
