"""The quick path from a message to its text, for the line forms that make up nearly all of a log.

START, END, a plain REPORT, a runtime's `[LEVEL]` line, a JSON line, an EMF line and plain text are formatted in one
step, without a record. Every other line takes the full path (`parse_message`, `Bodies.of`). Without the quick path a
tail needs 2.3 times as long per line, and each form below contributes at least a tenth of that.
tests/unit/records/test_conformance.py checks that both paths give the same text.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from monitor.console.text import clean_lines
from monitor.kernel.json_fields import is_shallow
from monitor.logs.render_bodies import Bodies
from monitor.logs.tail.unusual import UNUSUAL_MEMBERS
from monitor.records.grammar import RUNTIME_LINE, TRACEBACK, USUAL_REPORT, USUAL_START
from monitor.records.levels import LEVELS, level_number
from monitor.records.logger_grammar import may_be_logged, without_colors

if TYPE_CHECKING:
    from monitor.records.emf import Definition

# orjson rounds whole numbers beyond this.
_EXACT = 2.0**63
_FLAT = frozenset((str, int, float, bool, type(None)))

Reader = Callable[[str, str], str | None]


class QuickBodies:
    """Formats usual messages.

    `readers` maps a message's first character to a function (message, group) -> text; `plain` is for all other
    characters. The text equals that of `Bodies.of`; None means that the message needs the full path.
    """

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self._read_emf: Callable[[dict[str, Any]], tuple[list[Definition], int] | None] | None = None
        self.readers: dict[str, Reader] = {
            **dict.fromkeys("ITXLi0123456789 \t+╭", _unknown),
            "S": _start,
            "E": _end,
            "R": self._report,
            "[": self._runtime_line,
            "{": self._json,
        }

    def body(self, message: str, group: str) -> str | None:
        """The text of a message; None if it needs the full path."""
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
        return bodies.report_line(parts, request_id)

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
        if (
            type(line) is not dict
            or not UNUSUAL_MEMBERS.isdisjoint(line)
            or TRACEBACK in message
            or not is_shallow(message)
        ):
            return None
        if "_aws" in line:
            return self._metrics(line)
        level, text = line.get("level"), line.get("message")
        if type(level) is not str or type(text) is not str:
            return None
        if level not in LEVELS and level_number(level) is None:
            return None
        if "\n" in text and ("Traceback" in text or " at " in text):
            return None
        members = self._bodies.members(line)
        for _, value in members:
            if type(value) not in _FLAT or _is_rounded(value):
                return None
        return self._bodies.application(level, text, members)

    def _metrics(self, line: dict[str, Any]) -> str | None:
        read = self._read_emf
        if read is None:
            # Loaded by the first EMF line.
            from monitor.records.emf import read_emf

            read = self._read_emf = read_emf
        found = read(line)
        if found is None:
            return None
        # Only six digits are shown, so a rounded number makes no difference.
        return self._bodies.metrics([(one.name, one.values, one.unit) for one in found[0] if one.dimension_sets])


def _unknown(_message: str, _group: str) -> str | None:
    return None


def _start(message: str, _: str) -> str | None:
    return "" if USUAL_START.match(message) else None


def _end(message: str, _: str) -> str | None:
    """One line in eight; it adds nothing to REPORT."""
    return "" if message.startswith("END RequestId:") else None


def plain(message: str, _: str) -> str | None:
    """The reader for every other first character."""
    if "\x1b" in message:
        message = without_colors(message)
    # A print without a newline can be before END in one message.
    if "END RequestId: " in message or may_be_logged(message):
        return None
    return "\n".join(clean_lines(message))


def _is_rounded(value: object) -> bool:
    return type(value) is float and not -_EXACT < value < _EXACT
