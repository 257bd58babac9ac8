"""Tables: the CSV files of the CloudWatch console and of Logs Insights, in any order of columns, with any separator."""

import csv
import re

from monitor.records.event import LogEvent
from monitor.records.forms.form import MOST_EVENT_CHARACTERS, Form, LineReader, Reader, Sample, record_score
from monitor.records.forms.json_events import by_values, event_of
from monitor.records.forms.json_text import one_line
from monitor.records.forms.times import epoch_ms, is_day_first

_SEPARATORS = ",;\t|"
# How tools and people call the columns.
_NAMES = {
    "timestamp": "@timestamp",
    "time": "@timestamp",
    "date": "@timestamp",
    "message": "@message",
    "logstream": "@logStream",
    "logstreamname": "@logStream",
    "stream": "@logStream",
    "log": "@log",
    "loggroup": "@log",
    "loggroupname": "@log",
    "group": "@log",
    "ingestiontime": "@ingestionTime",
    "eventid": "eventId",
}
_PLACED = 2.0


def known_column(field: str) -> str:
    """The member that the name of a column stands for; "" if it is not known."""
    return _NAMES.get(re.sub(r"\(.*\)|[@\s_\ufeff\"]", "", field).lower(), "")


def columns_of(fields: list[str]) -> list[str]:
    """The members that a header names; [] if it is not a header."""
    names = [known_column(field) for field in fields]
    return names if "@message" in names else []


def event_of_row(columns: list[str], row: list[str], day_first: bool) -> LogEvent | None:
    """The event in a row with these columns; None if it has no message."""
    found: dict[str, object] = {
        name: value for name, value in zip(columns, row, strict=False) if name and (value or name == "@message")
    }
    time = found.get("@timestamp")
    found["@timestamp"] = epoch_ms(time, day_first=day_first) if isinstance(time, str) else None
    return event_of(found) if "@message" in found else None


class CsvReader(LineReader):
    """Reads rows; a quoted message can have several lines."""

    __slots__ = ("_columns", "_day_first", "_first", "_last_ms", "_quotes", "_row", "_separator", "_size")

    def __init__(self, sample: Sample) -> None:
        super().__init__(sample.newline)
        self._separator, self._columns = _header(sample)
        self._first = bool(self._columns)
        self._day_first = True
        self._row: list[str] = []
        self._quotes = self._size = self._last_ms = 0
        if self._columns and "@timestamp" in self._columns:
            at = self._columns.index("@timestamp")
            times = [line.split(self._separator)[at : at + 1] for line in sample.lines[1:]]
            self._day_first = is_day_first([one.strip('" ') for found in times for one in found])

    def line(self, line: str, events: list[LogEvent]) -> None:
        if not self._row and not line.strip():
            return
        self._row.append(line)
        self._size += len(line)
        self._quotes += line.count('"')
        # A quote inside a message that is not quoted is not doubled: such a row would have no end.
        if self._quotes % 2 == 0 or self._size > MOST_EVENT_CHARACTERS:
            self.end(events)

    def end(self, events: list[LogEvent]) -> None:
        if not self._row:
            return
        text = "\n".join(self._row)
        self._row, self._size, self._quotes = [], 0, 0
        try:
            rows = list(csv.reader([line + "\n" for line in text.split("\n")], delimiter=self._separator))
        except csv.Error:
            rows = [text.split(self._separator)]
        for row in rows:
            self._take(row, events)

    def flush(self) -> list[LogEvent]:
        return []

    def _take(self, row: list[str], events: list[LogEvent]) -> None:
        if self._first or (self._columns and columns_of(row) == self._columns):
            # The header, which is there again where files were joined.
            self._first = False
            return
        event = self._event(row)
        if event is None:
            self.unread += 1
            event = LogEvent(self._last_ms, self._separator.join(row))
        event.message = one_line(event.message)
        self._last_ms = event.timestamp_ms or self._last_ms
        events.append(event)

    def _event(self, row: list[str]) -> LogEvent | None:
        if not self._columns:
            return by_values([_number(one) for one in row])
        if len(row) > len(self._columns):
            # A separator inside a message without quotes.
            at, more = self._columns.index("@message"), len(row) - len(self._columns)
            row = [*row[:at], self._separator.join(row[at : at + more + 1]), *row[at + more + 1 :]]
        return event_of_row(self._columns, row, self._day_first)


def _fields(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _number(text: str) -> object:
    return int(text) if text.isascii() and text.isdigit() and len(text) == 13 else text


def _header(sample: Sample) -> tuple[str, list[str]]:
    """The separator and the columns that the first line names; of a file without a header, only the separator."""
    first = sample.first
    for separator in _SEPARATORS:
        fields = _fields(first, separator)
        if len(fields) > 1 and (columns := columns_of(fields)):
            return separator, columns
    if columns_of([first]):
        return ",", columns_of([first])
    start = re.match(r'"?(?:\d{13}|\d{4}-\d\d-\d\d[T ][\d:.,]{8,16}Z?)"?([,;|\t])', first)
    return (start[1] if start else ","), []


def _score(sample: Sample) -> float:
    separator, columns = _header(sample)
    if not columns and not re.match(rf'"?\d[\dT: .Z-]{{12,30}}"?{re.escape(separator)}"', sample.first):
        return 0.0
    if len(columns) == 1 and sample.first.strip().lower().strip('"') not in ("@message", "message"):
        return 0.0
    reader = CsvReader(sample)
    events = sample.events(reader)
    if reader.unread > len(events) // 2:
        return 0.0
    return record_score([event.message for event in events]) + (_PLACED * len(events) if columns else 0.0) + 0.5


def _reader(sample: Sample) -> Reader:
    return CsvReader(sample)


CSV = Form(
    "csv",
    "a CSV file of log events",
    _score,
    _reader,
    example="the export of the CloudWatch console or of Logs Insights",
)
