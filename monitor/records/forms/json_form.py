"""The forms in JSON: one reader for all, and the evidence for each."""

from collections import Counter

from monitor.kernel.values import dataclass
from monitor.records.event import LogEvent
from monitor.records.forms.form import Form, Reader, Sample, record_score
from monitor.records.forms.json_events import API, INSIGHTS, INVOKE, LEARNED, RECORDS, SUBSCRIPTION, events_of
from monitor.records.forms.json_learned import Path, learn, learned_events
from monitor.records.forms.json_values import JsonValue, JsonValues
from monitor.records.forms.openings import SPACES, is_platform
from monitor.records.forms.plain import EventLines

# An event that has its place in CloudWatch Logs is evidence also without a record.
_PLACED = 2.0
# The member in which Docker, collectors and the system's journal have a line.
_LINES = frozenset(("log", "MESSAGE", "line"))
# Records one a line are also messages without columns, which that form reads with the lines between them.
_AFTER_MESSAGES = 0.9


class JsonReader:
    """Reads values of any shape, one after the other: `unread` counts those without events.

    `learned` is the path to the messages in a layout that is not known. With `by_line`, a value holds a line, and an
    event can be several values.
    """

    def __init__(self, learned: Path | None = None, *, by_line: bool = False) -> None:
        self._values = JsonValues()
        self._learned = learned
        self._lines = EventLines(dates=False) if by_line else None
        self._last_ms = 0
        self.unread = 0
        self.shapes: Counter[str] = Counter()

    @property
    def cut(self) -> bool:
        """Whether the text ended inside a value."""
        return self._values.cut

    def feed(self, text: str) -> list[LogEvent]:
        """The events that are complete after the next piece of text."""
        return self._events(text)

    def flush(self) -> list[LogEvent]:
        """Nothing, unless values are lines: an event is complete with its last bracket."""
        return self._end([])

    def finish(self) -> list[LogEvent]:
        """The events that are left."""
        return self._end(self._events("", final=True))

    def _end(self, events: list[LogEvent]) -> list[LogEvent]:
        if self._lines is not None:
            self._lines.end(events)
        return events

    def _events(self, text: str, *, final: bool = False) -> list[LogEvent]:
        events = self._read(text, final=final)
        if self._lines is None:
            return events
        joined: list[LogEvent] = []
        for event in events:
            for line in event.message.removesuffix("\n").split("\n"):
                self._lines.add(line, joined, "", event.timestamp_ms)
        return joined

    def _read(self, text: str, *, final: bool = False) -> list[LogEvent]:
        events: list[LogEvent] = []
        for one in self._values.take(text, final=final):
            if not isinstance(one, JsonValue):
                self.unread += 1
                events.append(LogEvent(self._last_ms, one))
                continue
            any_found = False
            for found in (
                events_of(one.value, one.text, one.around)
                if self._learned is None
                else learned_events(one.value, self._learned, one.around)
            ):
                any_found = True
                self.shapes[found.shape] += 1
                event = found.event
                if event is None:
                    continue
                if event.timestamp_ms:
                    self._last_ms = event.timestamp_ms
                elif found.shape == RECORDS:
                    event.timestamp_ms = self._last_ms
                events.append(event)
            if not any_found:
                self.unread += 1
        return events


def _is_by_line(sample: Sample, events: list[LogEvent]) -> bool:
    """Whether values hold lines: a collector wrote them, or one of them continues a traceback.

    None of them has a place in CloudWatch Logs, whose events are whole.
    """
    if any(event.stream or event.group or event.event_id for event in events):
        return False
    lines = [event.message.removesuffix("\n") for event in events]
    if any("\n" in line for line in lines):
        return False
    if any(line[:1] in SPACES and line.strip() for line in lines):
        return True
    values = [one.value for one in JsonValues().take(sample.text, final=sample.whole) if isinstance(one, JsonValue)]
    return all(isinstance(one, dict) and not _LINES.isdisjoint(one) for one in values)


@dataclass(frozen=True, slots=True)
class _Evidence:
    """How well each shape fits a sample, its events (None for text that is not JSON), and the path that was learned."""

    scores: dict[str, float]
    events: list[LogEvent] | None = None
    path: Path | None = None


def _evidence(sample: Sample) -> _Evidence:
    """The evidence for the forms in JSON, computed once for all of them."""
    if sample.json_evidence is None:
        sample.json_evidence = _judged(sample)
    found: _Evidence = sample.json_evidence
    return found


def _judged(sample: Sample) -> _Evidence:
    if sample.first.lstrip()[:1] not in ("{", "[", '"'):
        return _Evidence({})
    reader = JsonReader()
    events = sample.events(reader)
    if not reader.shapes or reader.unread > sum(reader.shapes.values()):
        return _Evidence({}, events)
    shape = reader.shapes.most_common(1)[0][0]
    placed = sum(_PLACED for event in events if event.stream or event.group or event.event_id)
    score = record_score([event.message for event in events]) + placed
    if not events:
        # A page without events, and the payload that tests a subscription.
        score = 0.5
    # A function can log objects that hold records: they count only where no record is in its place, or where all
    # objects are alike.
    is_known = any(is_platform(event.message) for event in events)
    if (not is_known or reader.shapes[RECORDS]) and (path := _path(sample)) is not None:
        learned = JsonReader(path)
        found = sample.events(learned)
        if not is_known or (not learned.unread and len(found) == len(events)):
            return _Evidence({LEARNED: record_score([event.message for event in found])}, found, path)
    return _Evidence({shape: score * (_AFTER_MESSAGES if shape == RECORDS else 1.0)}, events)


def _path(sample: Sample) -> Path | None:
    values = JsonValues().take(sample.text, final=sample.whole)
    return learn(one.value for one in values if isinstance(one, JsonValue))


def _reader(sample: Sample) -> Reader:
    evidence = _evidence(sample)
    # A form that is given by name reads any text.
    events = sample.events(JsonReader()) if evidence.events is None else evidence.events
    return JsonReader(evidence.path, by_line=_is_by_line(sample, events))


def _form(name: str, title: str, example: str, *, streams: bool, times: bool = True) -> Form:
    def score(sample: Sample) -> float:
        return _evidence(sample).scores.get(name, 0.0)

    return Form(name, title, score, _reader, streams, times, example)


JSON_FORMS = (
    _form(API, "events of CloudWatch Logs in JSON", "aws logs filter-log-events, sam logs --output json", streams=True),
    _form(INSIGHTS, "the result of a Logs Insights query in JSON", "aws logs get-query-results", streams=True),
    _form(SUBSCRIPTION, "payloads of a subscription filter", "Firehose, Kinesis or a Lambda event", streams=True),
    _form(
        INVOKE, "the log of an invocation in base64", "aws lambda invoke --log-type Tail", streams=False, times=False
    ),
    _form(RECORDS, "log records in JSON", "jq -s . over the lines of a function", streams=False),
    _form(
        LEARNED,
        "JSON in which a member holds Lambda's records",
        "a search engine, a collector, a log viewer",
        streams=False,
    ),
)
