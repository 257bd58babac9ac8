"""Payloads in base64 as text: what a Kinesis record or `aws lambda invoke --query LogResult` gives, one or many."""

import re

from monitor.records.event import LogEvent
from monitor.records.forms.form import Form, LineReader, Reader, Sample, record_score
from monitor.records.forms.json_events import events_of
from monitor.records.forms.payload import MOST_PAYLOAD_BYTES, decoded_payload

_BASE64 = re.compile(r'"?[A-Za-z0-9+/]{24,}={0,2}"?\s*')


class Base64Reader(LineReader):
    """Reads payloads; `base64` breaks one into lines of equal length."""

    __slots__ = ("_held", "_size")

    def __init__(self, newline: str) -> None:
        super().__init__(newline)
        self._held: list[str] = []
        self._size = 0

    def line(self, line: str, events: list[LogEvent]) -> None:
        text = line.strip().strip('",')
        if not text:
            return
        if self._held and len(text) > len(self._held[0]):
            self.end(events)
        self._held.append(text)
        self._size += len(text)
        is_last = text.endswith("=") or len(text) < len(self._held[0]) or self._size > MOST_PAYLOAD_BYTES
        if is_last or (len(self._held) == 1 and decoded_payload(text) is not None):
            self.end(events)

    def end(self, events: list[LogEvent]) -> None:
        if not self._held:
            return
        held, self._held, self._size = self._held, [], 0
        found = [one.event for one in events_of("".join(held)) if one.event is not None]
        if decoded_payload("".join(held)) is None:
            self.unread += len(held)
        events += found


def _score(sample: Sample) -> float:
    if not _BASE64.fullmatch(sample.first):
        return 0.0
    return record_score([event.message for event in sample.events(Base64Reader(sample.newline))])


def _reader(sample: Sample) -> Reader:
    return Base64Reader(sample.newline)


BASE64 = Form(
    "base64",
    "payloads in base64",
    _score,
    _reader,
    example="aws lambda invoke --log-type Tail --query LogResult --output text",
)
