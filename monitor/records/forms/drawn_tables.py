"""Tables drawn with `|` and `-`: `--output table` of the AWS CLI, and Insights results copied as Markdown or ASCII."""

import re

from monitor.records.event import LogEvent
from monitor.records.forms.form import MOST_EVENT_CHARACTERS, Form, LineReader, Reader, Sample, record_score
from monitor.records.forms.json_events import by_values
from monitor.records.forms.openings import is_record
from monitor.records.forms.tables import columns_of, event_of_row, known_column
from monitor.records.forms.times import is_day_first

# +-----+----+, |+----+----+|, |-----|:---:|, ---------
_BORDER = re.compile(r"\s*(?P<around>\|*)(?=[+|:-])(?P<cells>\+?[:=-]{3,}(?:[+|][:=-]{1,})*\+?)\|*\s*")
_SEPARATOR = re.compile(r"(?<!\\)\|")
_BREAK = re.compile(r"<br ?/?>")
_PLACED = 2.0


class DrawnTableReader(LineReader):
    """Reads rows; a message with several lines makes its row as many lines long."""

    __slots__ = ("_around", "_columns", "_day_first", "_is_markdown", "_last_ms", "_member", "_row", "_size", "_widths")

    def __init__(self, newline: str = "\n", *, day_first: bool = True) -> None:
        super().__init__(newline)
        # How many bars are around each row, besides those of its own cells.
        self._around = 0
        self._widths: list[int] = []
        self._columns: list[str] = []
        self._day_first = day_first
        self._is_markdown = False
        self._row: list[str] = []
        self._size = self._last_ms = 0
        # The table of a single row has a line for each member: its name and its value.
        self._member: dict[str, str] = {}

    def line(self, line: str, events: list[LogEvent]) -> None:
        if not self._row or self._is_whole():
            border = _BORDER.fullmatch(line)
            if border is not None:
                self._end_row(events, at_border=True)
                self._begin(border, events)
                return
            if line.lstrip().startswith("|"):
                self._end_row(events)
            elif not self._row:
                self.unread += bool(line.strip())
                return
            elif not line.strip():
                return
        self._row.append(line.lstrip() if not self._row else line)
        self._size += len(line)
        if self._size > MOST_EVENT_CHARACTERS:
            self._end_row(events)

    def _begin(self, border: re.Match[str], events: list[LogEvent]) -> None:
        cells = border["cells"]
        is_drawn = "+" in cells
        self._is_markdown = not is_drawn and bool(border["around"])
        self._around = len(border["around"]) if is_drawn else 0
        widths = [len(cell) for cell in re.split(r"[+|]", cells) if cell]
        if widths != self._widths:
            self._end_member(events)
        self._widths = widths

    def _is_whole(self) -> bool:
        """Whether the lines so far can be a row."""
        text = self._row[-1].rstrip()
        if not text.endswith("|" * (self._around + 1)):
            return False
        bars = sum(line.count("|") for line in self._row)
        return bars > max(1, len(self._widths)) + 2 * self._around - (len(self._row) == 1 and text.count("|") < 2)

    def _end_row(self, events: list[LogEvent], *, at_border: bool = False) -> None:
        if not self._row:
            return
        text = "\n".join(self._row).rstrip()
        self._row, self._size = [], 0
        cells = self._cells(text)
        columns = columns_of([cell.strip() for cell in cells])
        if columns:
            self._end_member(events)
            self._columns = columns
            return
        if len(cells) == 2 and not self._columns and known_column(cells[0].strip()):
            self._member[cells[0].strip()] = cells[1]
            return
        event = self._event(cells)
        if event is not None:
            self._last_ms = event.timestamp_ms or self._last_ms
            events.append(event)
        elif at_border or len(cells) == 1:
            # A title, or names that `--query` gave to the columns.
            self._end_member(events)
            self._columns = []
        elif len(cells) == 2 and not self._columns:
            # A member of the page, such as the token.
            return
        else:
            self.unread += 1
            events.append(LogEvent(self._last_ms, self._message("|".join(cells))))

    def _event(self, cells: list[str]) -> LogEvent | None:
        if self._columns:
            row = [
                self._message(cell) if name == "@message" else cell.strip()
                for name, cell in zip(self._columns, cells, strict=False)
            ]
            return event_of_row(self._columns, row, self._day_first)
        if len(cells) == 1:
            message = self._message(cells[0])
            return LogEvent(0, message) if is_record(message) else None
        at = self._message_at(len(cells))
        values = [self._message(cell) if place == at else cell.strip() for place, cell in enumerate(cells)]
        return by_values([int(one) if re.fullmatch(r"\d{13}", one, re.ASCII) else one for one in values])

    def _message_at(self, count: int) -> int:
        """The column of the message: by its name, else the widest."""
        if "@message" in self._columns:
            return self._columns.index("@message")
        widths = self._widths[:count]
        return widths.index(max(widths)) if widths else count - 1

    def _cells(self, text: str) -> list[str]:
        around = self._around
        if around and text.startswith("|" * (around + 1)):
            text = text[around:-around]
        cells = _SEPARATOR.split(text.removeprefix("|").removesuffix("|"))
        count = len(self._widths)
        if count and len(cells) > count:
            # Bars inside a message.
            at = min(self._message_at(count), count - 1)
            more = len(cells) - count
            cells = [*cells[:at], "|".join(cells[at : at + more + 1]), *cells[at + more + 1 :]]
        return cells

    def _message(self, cell: str) -> str:
        """The text of a cell, whose padding is one or two blanks: a message may begin with blanks of its own."""
        text = cell.rstrip()
        padding = 1 if self._is_markdown else 2
        text = text[min(padding, len(text) - len(text.lstrip(" "))) :]
        return _BREAK.sub("\n", text).replace("\\|", "|") if self._is_markdown else text

    def _end_member(self, events: list[LogEvent]) -> None:
        if not self._member:
            return
        member, self._member = self._member, {}
        columns = columns_of(list(member))
        if columns:
            row = [
                self._message(cell) if name == "@message" else cell.strip()
                for name, cell in zip(columns, member.values(), strict=True)
            ]
            event = event_of_row(columns, row, self._day_first)
            if event is not None:
                events.append(event)

    def end(self, events: list[LogEvent]) -> None:
        self._end_row(events)
        self._end_member(events)

    def flush(self) -> list[LogEvent]:
        return []


def _times(sample: Sample) -> list[str]:
    return [cell.strip() for line in sample.lines for cell in line.split("|") if len(cell) < 40 and "/" in cell]


def _score(sample: Sample) -> float:
    first = sample.first.strip()
    if not (_BORDER.fullmatch(first) or (first.startswith("|") and first.endswith("|") and len(first) > 2)):
        return 0.0
    reader = _reader(sample)
    events = sample.events(reader)
    if reader.unread > len(events) // 2:
        return 0.0
    placed = sum(_PLACED for event in events if event.timestamp_ms)
    return record_score([event.message for event in events]) + placed


def _reader(sample: Sample) -> Reader:
    return DrawnTableReader(sample.newline, day_first=is_day_first(_times(sample)))


DRAWN_TABLE = Form(
    "table",
    "a table of log events drawn with | and -",
    _score,
    _reader,
    example="aws logs filter-log-events --output table, Insights results copied as Markdown",
)
