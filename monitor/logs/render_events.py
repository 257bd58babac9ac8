"""Events as text: a time, a log group's name where there are several, and the record's text.

Lines are plain strings, not rich objects: a tail prints hundreds of thousands of them.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from typing import TYPE_CHECKING, cast

from monitor.console.text import Style, clean, clean_lines
from monitor.logs.render_bodies import DIM, RED, YELLOW, Bodies, Limits
from monitor.records.event import LogEvent
from monitor.records.logger_grammar import without_colors

if TYPE_CHECKING:
    from monitor.logs.render_tracebacks import TracebackLines
    from monitor.records.record import Application, Record

_GROUP_COLORS = ("36", "35", "34", "32", "33", "96", "95", "94")
_ESCAPE = re.compile(r"(\x1b\[[0-9;]*m)")
# Shown where a line of a file has no time.
_NO_CLOCK = "--:--:--", "---------- --:--:--"


def group_key(group: str, origin: str = "") -> str:
    """A key for a log group that differs between regions and accounts."""
    return f"{origin} {group}" if origin else group


class TailRenderer:
    """Renders events as text.

    Args:
        style: its width counts only if the text is `fitted`.
        zone: the time zone of printed times; None is the machine's own.
        names: the name printed for each log group (by its `group_key`); empty for a single group.
        fold: leave out START and END, and shorten what Lambda and the instruments write.
        fields: the members to show of a JSON line; empty for all but the usual ones.
        mark: the text to highlight, if color is on.
        dated: print the date with each time.
        day: without `dated`, the day that is not printed. Each other day is printed once, on a line of its own.
            None: no day is printed.
        limits: when a REPORT's duration is highlighted.
        fitted: shorten a REPORT, metrics, and the records of monitor's entry point to the width of the terminal. Other
            lines that a function logged are never cut.
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
        dated: bool = False,
        day: date | None = None,
        limits: Limits | None = None,
        fitted: bool = False,
    ) -> None:
        self._style, self._zone, self._fold = style, zone, fold
        self._mark = mark if style.color else None
        self._dated, self._day = dated, None if dated or day is None else day.isoformat()
        self._second, self._clock = -1, ""
        self._before, self._after = ("\x1b[2m", "\x1b[0m ") if style.color else ("", " ")
        self._width = max((len(name) for name in names.values()), default=0)
        margin = 13 + (11 if dated else 0) + (self._width + 1 if names else 0)
        self.bodies = Bodies(style.color, fields, limits, max(0, style.width - margin) if fitted else None)
        self._labels: dict[str, str] = {}
        self._names: set[str] = set()
        for group, name in names.items():
            self._add_name(group, name)
        # The streams inside a traceback whose lines are events of their own.
        self.inside: dict[tuple[str, str], TracebackLines] = {}
        self._no_time = self.bodies.paint(f"{_NO_CLOCK[dated]}.---", DIM)
        self._margin = f"\n{' ' * margin}"

    def _label(self, key: str, event: LogEvent) -> str:
        if key not in self._labels:
            # A log group that was discovered later.
            name = event.group.removeprefix("/aws/lambda/")
            self._add_name(key, f"{name} {event.origin}" if name in self._names else name)
        return self._labels[key]

    def _add_name(self, group: str, name: str) -> None:
        self._names.add(name)
        color = _GROUP_COLORS[len(self._labels) % len(_GROUP_COLORS)]
        self._labels[group] = self.bodies.paint(clean(name).ljust(self._width), color) + " "

    def render(self, event: LogEvent, record: "Record") -> str | None:
        """An event's text without a newline at its end, or None if it is folded away."""
        body = self.body(event, record) if self._fold else "\n".join(clean_lines(event.message))
        return self.line(event, body) if body or not self._fold else None

    def body(self, event: LogEvent, record: "Record") -> str:
        """An event's folded text; "" if it adds nothing."""
        if self.inside and record.record_kind != "text":
            self.inside.pop((event.group, event.stream), None)
        if record.record_kind == "application":
            line = cast("Application", record)
            if line.as_logged:
                return self.bodies.logged(line, event.message)
        elif record.record_kind == "text":
            return self._plain(event)
        if record.record_kind == "end":
            from monitor.records.message import printed_before_end

            return "\n".join(clean_lines(printed_before_end(event.message)))
        return self.bodies.of(record, event.group)

    def _plain(self, event: LogEvent) -> str:
        """A plain text, which may be a line of a traceback of many events."""
        from monitor.logs.render_tracebacks import fold_event

        lines = fold_event(self.inside, (event.group, event.stream), clean_lines(without_colors(event.message)))
        return "\n".join([self.bodies.paint(line, RED) if inside else line for line, inside in lines])

    def line(self, event: LogEvent, body: str) -> str:
        """The time, the group's name and `body`, which may have several lines."""
        if self._mark is not None:
            body = highlighted(body, self._mark)
        if "\n" in body:
            body = body.replace("\n", self._margin)
        if event.late:
            body = f"{self.bodies.paint('late ', YELLOW)}{body}"
        if self._labels:
            body = f"{self._label(group_key(event.group, event.origin), event)}{body}"
        at_ms = event.timestamp_ms
        if not at_ms:
            return f"{self._no_time} {body}"
        second = at_ms // 1000
        # Consecutive events mostly share their second, and formatting a date is expensive.
        before = "" if second == self._second else self._turn(second)
        return f"{before}{self._clock}{at_ms - second * 1000:03d}{self._after}{body}"

    def switch(self, event: LogEvent, request_id: str | None) -> str:
        """The divider before an invocation that continues after the lines of another."""
        return self._rule(f"{clean(request_id or event.stream)} continues")

    def _rule(self, text: str) -> str:
        dash = "──" if self._style.unicode else "--"
        return self.bodies.paint(f"{dash} {text}", DIM)

    def _turn(self, second: int) -> str:
        """Set the clock to another second; return a divider if the day has changed."""
        self._second = second
        day, clock = self._clock_of(second)
        self._clock = f"{self._before}{clock}."
        if day == self._day or self._day is None or not day:
            return ""
        self._day = day
        return f"{self._rule(day)}\n"

    def _clock_of(self, second: int) -> tuple[str, str]:
        """The day and the time of a second; "" for a day that cannot be computed."""
        try:
            moment = datetime.fromtimestamp(second, self._zone)
        except (OverflowError, OSError, ValueError):
            return "", _NO_CLOCK[self._dated]
        day, clock = f"{moment:%Y-%m-%d}", f"{moment:%H:%M:%S}"
        return day, f"{day} {clock}" if self._dated else clock


def highlighted(text: str, mark: re.Pattern[str]) -> str:
    """`text` with the matches of `mark` in reverse video; existing colors stay."""
    parts = _ESCAPE.split(text)
    parts[::2] = [mark.sub(lambda found: f"\x1b[7m{found[0]}\x1b[27m" if found[0] else "", part) for part in parts[::2]]
    return "".join(parts)
