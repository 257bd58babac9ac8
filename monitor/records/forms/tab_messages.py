"""Messages with tabs between them: what `--query "events[].message" --output text` gives.

Most messages end with a newline, so that a tab begins the next line; messages in JSON do not, and are on one line.
"""

import re

from monitor.records.event import LogEvent
from monitor.records.forms.form import Form, LineReader, Reader, Sample, record_score
from monitor.records.forms.openings import is_record
from monitor.records.forms.plain import EventLines

# Behind a message in JSON, or before what can only begin a message.
_BETWEEN = re.compile(
    r"(?<=\})\t(?=[{\[A-Z])|\t(?=(?:START|END|REPORT) RequestId: |INIT_START |INIT_REPORT |\{\"(?:time|type)\":)"
)
# A line of a Java stack trace begins with a tab too.
_CONTINUES = re.compile(r"\t(?:\t|at [\w$.]+\(|\.\.\. \d+ more)")
# What `cat -n` writes before each line.
_NUMBERED = re.compile(r" *\d{1,12}\t")


class TabReader(LineReader):
    """Reads messages with tabs between them."""

    __slots__ = ("_event",)

    def __init__(self, newline: str) -> None:
        super().__init__(newline)
        self._event = EventLines()

    def line(self, line: str, events: list[LogEvent]) -> None:
        if line[:1] == "\t" and not _CONTINUES.match(line):
            self._event.end(events)
            line = line[1:]
        first, *others = _BETWEEN.split(line)
        self._event.add(first, events)
        for other in others:
            self._event.end(events)
            self._event.add(other, events)

    def end(self, events: list[LogEvent]) -> None:
        self._event.end(events)


def _score(sample: Sample) -> float:
    begun = [line[1:] for line in sample.lines if line[:1] == "\t" and not _CONTINUES.match(line)]
    between = [part for line in sample.lines for part in _BETWEEN.split(line)[1:]]
    if not any(is_record(one) for one in (*begun, *between)) or all(
        _NUMBERED.match(line) for line in sample.lines if line
    ):
        return 0.0
    return record_score([sample.first, *begun, *between])


def _reader(sample: Sample) -> Reader:
    return TabReader(sample.newline)


TAB_MESSAGES = Form(
    "aws-text-messages",
    "messages from the AWS CLI with --output text",
    _score,
    _reader,
    streams=False,
    times=False,
    example="aws logs filter-log-events --query 'events[].message' --output text",
)
