"""What `monitor tail -o text` prints: a time of day, and each record in its short form, which is made a record again.

`monitor/logs/render_bodies.py` writes these texts; figures have the three digits that it prints.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

from monitor.records.event import LogEvent
from monitor.records.forms.form import MOST_EVENT_CHARACTERS, Form, LineReader, Reader, Sample, record_score
from monitor.records.forms.openings import LEVEL_WORDS, without_any_color

_RULE = re.compile(r"(?:──|--) (?:(\d{4}-\d\d-\d\d)|(\S{1,520}) continues)\s*")
_HEAD = re.compile(r"(?:(\d{4}-\d\d-\d\d|-{10}) )?(\d\d:\d\d:\d\d\.\d{3}|--:--:--\.---)(?: |$)", re.ASCII)
_SPAN = r"-|\d[\d.,]{0,11} (?:ms|[smhd])(?: \d{1,2} [smh])?"
_REPORT = re.compile(
    rf"REPORT  (?P<duration>{_SPAN})(?:  billed (?P<billed>{_SPAN}))?"
    rf"(?:  (?P<used>\d{{1,9}}) of (?P<memory>\d{{1,9}}) MB)?"
    rf"(?:  cold start, init (?P<init>{_SPAN}))?(?:  cold start, restore (?P<restore>{_SPAN}))?(?P<rest>(?:  \S.*)?)"
)
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_STATUS = r"(?P<status>error|timeout|failure)(?: (?P<type>\S{1,200}))?"
_STATUS_PART = re.compile(_STATUS)
_INIT_REPORT = re.compile(rf"INIT    (?P<span>{_SPAN})(?:  phase (?P<phase>\w{{1,40}}))?(?:  {_STATUS})?\s*")
_RESTORE = re.compile(rf"RESTORE  (?P<span>{_SPAN})(?:  {_STATUS})?\s*")
_INIT_START = re.compile(r"INIT   (\S{1,100})\s*")
_TIMED_OUT = re.compile(r"TIMED OUT after ([\d.]{1,12}) s(?:  (\S{1,64}))?\s*")
_CRASHED = re.compile(r"CRASHED  (.{1,400}?)(?:  ((?:Runtime|Extension|Function|Sandbox)\.\w{1,60}))?\s*")
_EXTENSION = re.compile(r"EXTENSION  (\S{1,200})(?:  (\S{1,60}))?(?:  (\S{1,200}))?\s*")
_LEVEL = re.compile(rf"({LEVEL_WORDS})(?<=\w{{4}}) {{1,4}}(?=\S)|(?:{LEVEL_WORDS}) {{1,4}}$")
_FRAME = re.compile(r"\s{2,20}(?:File \"|… \d)")
# What comes before START, and what has an id.
_BEFORE = ("INIT_", "RESTORE_", "EXTENSION\t")
_ENDS = re.compile(rf"REPORT RequestId: ({_ID.pattern})|\S{{24}} ({_ID.pattern}) Task timed out")
_MOST_HELD, _MOST_IDS = 5_000, 20_000
_NAMED = re.compile(r"  [A-Za-z_][\w.]{0,200}(?:: |\s*$)")
_UNITS_MS = {"ms": 1.0, "s": 1e3, "m": 6e4, "h": 3.6e6, "d": 8.64e7}


def span_ms(text: str | None) -> float | None:
    """The milliseconds of a duration as a person reads it, such as `29.5 ms` or `2 m 5 s`; None for none."""
    if text is None or text == "-":
        return None
    words = text.replace(",", "").split(" ")
    try:
        return sum(float(number) * _UNITS_MS[unit] for number, unit in zip(words[::2], words[1::2], strict=True))
    except ValueError:
        return None


def _status(match: re.Match[str]) -> str:
    status, error_type = match["status"], match["type"]
    return (f"\tStatus: {status}" if status else "") + (f"\tError Type: {error_type}" if error_type else "")


def _figure(name: str, value_ms: float | None) -> str:
    return "" if value_ms is None else f"\t{name}: {value_ms:.2f} ms"


def _report(match: re.Match[str], _time: str) -> str:
    request_id, tenant, status = "", "", ""
    for part in match["rest"].split("  "):
        if _ID.fullmatch(part):
            request_id = part
        elif found := _STATUS_PART.fullmatch(part):
            status = _status(found)
        elif part.startswith("tenant "):
            tenant = part.removeprefix("tenant ")
    memory = f"\tMemory Size: {match['memory']} MB\tMax Memory Used: {match['used']} MB" if match["memory"] else ""
    return (
        f"REPORT RequestId: {request_id or 'unknown'}{_figure('Duration', span_ms(match['duration']) or 0.0)}"
        f"{_figure('Billed Duration', span_ms(match['billed']))}{memory}"
        f"{_figure('Init Duration', span_ms(match['init']))}{_figure('Restore Duration', span_ms(match['restore']))}"
        f"{status}" + (f"\tTenantId: {tenant}" if tenant else "")
    )


def _init_report(match: re.Match[str], _time: str) -> str:
    phase = f"\tPhase: {match['phase']}" if match["phase"] else ""
    return f"INIT_REPORT {_figure('Init Duration', span_ms(match['span'])).strip()}{phase}{_status(match)}"


def _restore(match: re.Match[str], _time: str) -> str:
    return f"RESTORE_REPORT {_figure('Restore Duration', span_ms(match['span'])).strip()}{_status(match)}"


def _timed_out(match: re.Match[str], time: str) -> str:
    return f"{time} {match[2] or 'unknown'} Task timed out after {float(match[1]):.2f} seconds"


def _crashed(match: re.Match[str], _time: str) -> str:
    return f"Error: Runtime exited with error: {match[1]}" + (f"\n{match[2]}" if match[2] else "")


def _extension(match: re.Match[str], _time: str) -> str:
    name, state, error_type = match.groups()
    return f"EXTENSION\tName: {name}\tState: {state or ''}\tEvents: []" + (
        f"\tError Type: {error_type}" if error_type else ""
    )


_SHORT: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str], str]], ...] = (
    (_REPORT, _report),
    (_INIT_REPORT, _init_report),
    (_INIT_START, lambda match, _: f"INIT_START Runtime Version: {match[1]}"),
    (_RESTORE, _restore),
    (_TIMED_OUT, _timed_out),
    (_CRASHED, _crashed),
    (_EXTENSION, _extension),
)


def record_of(body: str, time: str) -> str:
    """The message of a short form; `time` is its time in ISO 8601. Any other text is itself."""
    if body[:1] in "RITCE":
        for pattern, write in _SHORT:
            if (match := pattern.fullmatch(body)) is not None:
                return write(match, time)
    level = _LEVEL.match(body)
    if level is None or not body[level.end() :].strip():
        return body
    first, newline, more = body[level.end() :].partition("\n")
    *frames, last = more.split("\n")
    if newline and _FRAME.match(more) and _NAMED.match(last):
        # A log line in JSON, whose exception is printed below its frames.
        if last.strip().endswith(f": {first}"):
            # It has no message of its own: the exception left the handler.
            return "\n".join([f"[ERROR] {last.strip()}", "Traceback (most recent call last):", *frames])
        stack = "\n".join(["Traceback (most recent call last):", *frames, last.strip()])
        return f"[{level[1]}]\t{time}\t\t{first}\n{stack}"
    if newline and level[1] == "ERROR" and _FRAME.match(more):
        # Lambda's own account of an exception, whose title is not printed.
        return f"[ERROR] {first}\nTraceback (most recent call last):\n{more}"
    return f"[{level[1]}]\t{time}\t\t{first}{newline}{more}"


class _Starts:
    """Puts START, which is not printed, before the lines of each invocation that ends with a REPORT."""

    def __init__(self) -> None:
        self._held: list[LogEvent] = []
        # The ids whose START was written, in order.
        self._begun: dict[str, None] = {}

    def add(self, event: LogEvent, events: list[LogEvent]) -> None:
        """Take an event; those that wait for nothing are appended to `events`."""
        message = event.message
        if message.startswith("START RequestId: "):
            self._note(message[17:53])
        self._held.append(event)
        found = _ENDS.match(message)
        if found is not None:
            self.begin(found[1] or found[2], events)
        if found is not None or len(self._held) > _MOST_HELD:
            self.release(events)

    def begin(self, request_id: str, events: list[LogEvent]) -> None:
        """The lines that are held belong to this invocation."""
        if request_id in self._begun or not self._held:
            return
        self._note(request_id)
        at = next((at for at, one in enumerate(self._held) if not one.message.startswith(_BEFORE)), 0)
        events += self._held[:at]
        first = self._held[at]
        events.append(LogEvent(first.timestamp_ms, f"START RequestId: {request_id}", "", first.group))
        self._held = self._held[at:]

    def release(self, events: list[LogEvent]) -> None:
        """Append what is held."""
        events += self._held
        self._held = []

    def _note(self, request_id: str) -> None:
        self._begun[request_id] = None
        if len(self._begun) > _MOST_IDS:
            del self._begun[next(iter(self._begun))]


class MonitorTextReader(LineReader):
    """Reads lines with a time of day; the date is on a line of its own, or beside the time."""

    __slots__ = (
        "_at_ms",
        "_continues",
        "_day",
        "_lines",
        "_margin",
        "_name",
        "_size",
        "_starts",
        "_time",
        "_width",
        "_zone",
    )

    def __init__(self, sample: Sample) -> None:
        super().__init__(sample.newline)
        self._zone: tzinfo | None = sample.zone
        # The width of the column of functions, which is there if there are several.
        self._width = _name_width(sample.lines)
        self._day = self._continues = ""
        self._starts = _Starts()
        self._lines: list[str] = []
        self._size = self._at_ms = self._margin = 0
        self._time = self._name = ""

    def line(self, line: str, events: list[LogEvent]) -> None:
        line = without_any_color(line)
        rule = _RULE.fullmatch(line)
        if rule is not None:
            self._end_event(events)
            if rule[2]:
                self._starts.release(events)
                self._continues = rule[2] if _ID.fullmatch(rule[2]) else ""
            self._day = rule[1] or self._day
            return
        head = _HEAD.match(line)
        if head is None:
            self._continue(line, events)
            return
        self._end_event(events)
        if head[1]:
            self._day = head[1]
        self._set_time(head[2])
        rest, self._margin = line[head.end() :], head.end() + self._width
        self._name = rest[: self._width].strip()
        self._lines = [rest[self._width :].removeprefix("late ")]
        self._size = len(line)

    def _set_time(self, clock: str) -> None:
        self._at_ms, self._time = 0, "1970-01-01T00:00:00.000Z"
        try:
            moment = datetime.fromisoformat(f"{self._day or '1970-01-01'}T{clock}").replace(tzinfo=self._zone)
            utc = moment.astimezone(UTC)
        except (ValueError, OverflowError):
            return
        self._time = f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"
        if self._day:
            # Without a date, a time of day says nothing.
            self._at_ms = round(utc.timestamp() * 1000)

    def _continue(self, line: str, events: list[LogEvent]) -> None:
        if not self._lines:
            if line.strip():
                self.unread += 1
                events.append(LogEvent(self._at_ms, line))
            return
        blanks = len(line) - len(line.lstrip(" "))
        self._lines.append(line[min(blanks, self._margin) :])
        self._size += len(line)
        if self._size > MOST_EVENT_CHARACTERS:
            self._end_event(events)

    def end(self, events: list[LogEvent]) -> None:
        self._end_event(events)
        self._starts.release(events)

    def _end_event(self, events: list[LogEvent]) -> None:
        if not self._lines:
            return
        body = "\n".join(self._lines).rstrip("\n")
        self._lines = []
        name = self._name
        group = name if not name or name.startswith("/") else f"/aws/lambda/{name}"
        self._starts.add(LogEvent(self._at_ms, record_of(body, self._time), "", group), events)
        if self._continues:
            self._starts.begin(self._continues, events)
            self._continues = ""


def _name_width(lines: list[str]) -> int:
    """How wide the column of functions is: where REPORT begins, if all of them begin at the same place."""
    rests = [line[head.end() :] for one in lines if (head := _HEAD.match(line := without_any_color(one))) is not None]
    places = {len(found[0]) for rest in rests if (found := re.match(r"(?:[\w./-]{1,512} +)?(?=REPORT  )", rest))}
    return places.pop() if len(places) == 1 else 0


def _score(sample: Sample) -> float:
    if not any(_HEAD.match(without_any_color(line)) for line in sample.lines[:5]):
        return 0.0
    reader = MonitorTextReader(sample)
    events = reader.feed("\n".join(sample.lines) + "\n") if sample.newline == "\n" else []
    events += reader.finish()
    return record_score([event.message for event in events]) + 0.4 * (len(events) - reader.unread)


def _reader(sample: Sample) -> Reader:
    return MonitorTextReader(sample)


MONITOR_TEXT = Form(
    "monitor-text",
    "the output of `monitor tail -o text`",
    _score,
    _reader,
    streams=False,
    example="monitor tail NAME > FILE",
)
