"""The short way from a message to its text, for the lines that nearly all of a log consists of.

START, a plain REPORT, a runtime's `[LEVEL]` line, a structured line, an EMF line of one directive, plain text: read and
written in one step, with no record in between, by the renderer's own words. Whatever is not exactly of these forms
takes the long way (`parse_message`, `Bodies.of`), and both ways give the same text: a test holds that.
"""

from collections.abc import Callable
from typing import Any

import orjson

from monitor.console.text import clean_lines
from monitor.logs.render_bodies import DIM, Bodies
from monitor.records.usual import RUNTIME_LINE, TRACEBACK, USUAL_REPORT, USUAL_START

# Members by which a JSON line is, or may be, more than a level, a message and fields.
_UNUSUAL = frozenset(
    ("record", "monitor_init", "monitor_imports", "CloudWatchMetrics", "errorType", "exception", "error", "log_level")
)
# A number beyond this was rounded by orjson, which has no larger whole numbers.
_EXACT = 2.0**63
_MOST_DIMENSIONS = 30
_FLAT = frozenset((str, int, float, bool, type(None)))


class UsualLines:
    """Texts of usual messages."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self.readers: dict[str, Callable[[str, str], str | None]] = {
            **dict.fromkeys("SEITXLi0123456789", _unknown),
            "S": _start,
            "R": self._report,
            "[": self._runtime_line,
            "{": self._json,
        }

    def body(self, message: str, group: str) -> str | None:
        """What `Bodies.of` would say; None for a message that takes the long way."""
        return self.readers.get(message[:1], plain)(message, group)

    def _report(self, message: str, group: str) -> str | None:
        found = USUAL_REPORT.match(message)
        if found is None:
            return None
        request_id, duration, billed, memory, used, init = found.groups()
        bodies = self._bodies
        parts = bodies.report_parts(
            float(duration), float(billed), int(memory), int(used), None if init is None else float(init), group
        )
        parts.append(bodies.paint(request_id, DIM))
        return "  ".join(parts)

    def _runtime_line(self, message: str, _: str) -> str | None:
        found = RUNTIME_LINE.match(message)
        if found is None:
            return None
        text = message[found.end() :].rstrip("\n")
        return None if TRACEBACK in text else self._bodies.application(found[1], text, ())

    def _json(self, message: str, _: str) -> str | None:
        try:
            line = orjson.loads(message)
        except ValueError:
            return None
        if type(line) is not dict or not _UNUSUAL.isdisjoint(line):
            return None
        if "_aws" in line:
            return self._metrics(line)
        level, text = line.get("level"), line.get("message")
        if type(level) is not str or type(text) is not str:
            return None
        members = self._bodies.members(line)
        for _, value in members:
            if type(value) not in _FLAT or _is_rounded(value):
                return None
        return self._bodies.application(level, text, members)

    def _metrics(self, line: dict[str, Any]) -> str | None:
        head = line["_aws"]
        directives = head.get("CloudWatchMetrics") if type(head) is dict else None
        if type(directives) is not list or len(directives) != 1 or type(directives[0]) is not dict:
            return None
        directive = directives[0]
        sets, metrics = directive.get("Dimensions"), directive.get("Metrics")
        if type(directive.get("Namespace")) is not str or type(metrics) is not list or not _is_usable(sets, line):
            return None
        data: list[tuple[str, tuple[float], str]] = []
        for metric in metrics:
            datum = _datum(metric, line)
            if datum is None:
                return None
            data.append(datum)
        return self._bodies.metrics(data)


def _unknown(_message: str, _group: str) -> str | None:
    return None


def _start(message: str, _: str) -> str | None:
    return "" if USUAL_START.match(message) else None


def plain(message: str, _: str) -> str | None:
    """The reader of all that begins as nothing that is known."""
    # An END that a print without a newline stands before is cut off on the long way.
    return None if "END RequestId: " in message else "\n".join(clean_lines(message))


def _is_rounded(value: object) -> bool:
    return type(value) is float and not -_EXACT < value < _EXACT


def _is_usable(sets: object, line: dict[str, Any]) -> bool:
    """Whether there is one dimension set, and of texts."""
    if type(sets) is not list or len(sets) != 1 or type(sets[0]) is not list or len(sets[0]) > _MOST_DIMENSIONS:
        return False
    return not any(type(name) is not str or type(line.get(name)) is not str for name in sets[0])


def _datum(metric: Any, line: dict[str, Any]) -> tuple[str, tuple[float], str] | None:
    """(name, value, unit) of a metric of one number; None for what the long way must look at."""
    if type(metric) is not dict:
        return None
    name, unit = metric.get("Name"), metric.get("Unit", "")
    if type(name) is not str or type(unit) is not str:
        return None
    value: Any = line.get(name)
    if type(value) is list and len(value) == 1:
        value = value[0]
    if type(value) not in (int, float) or not -_EXACT < value < _EXACT:
        return None
    return name, (value,), unit
