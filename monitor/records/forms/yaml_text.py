"""YAML that the AWS CLI writes: `--output yaml` and `yaml-stream` of the commands that return events or query results.

The items of a list are read one by one, so that memory does not grow with the file.
"""

import re
from typing import Any

from monitor.records.event import LogEvent
from monitor.records.forms.form import MOST_EVENT_CHARACTERS, Form, LineReader, Reader, Sample, record_score
from monitor.records.forms.json_events import events_of

# The lists that contain events; `searchedLogStreams` does not.
_LIST = re.compile(r"""((?:- )?)["']?(events|results)["']?:\s*$""")
_OPENING = re.compile(
    r"""(?:---\s*$|(?:- ){0,3}["']?[A-Za-z@]\w{0,40}["']?:(?: |$)|- (?:- )?(?:["'!\[{|>]|\d{13}\s*$|[A-Z])|-\s*$)"""
)
_ITEM = re.compile(r" *- ")
_PLACED = 2.0
_DEEPEST = 12


class YamlReader(LineReader):
    """Reads the items of lists of events: those of `events` and `results`, or of a list that is the whole document."""

    __slots__ = ("_inside", "_item", "_lines", "_size")

    def __init__(self, newline: str = "\n") -> None:
        super().__init__(newline)
        self._lines: list[str] = []
        self._size = 0
        # The indentation of the list's items, once it is known, and whether the lines are in a list of events.
        self._item = -1
        self._inside = True

    def line(self, line: str, events: list[LogEvent]) -> None:
        opened = _LIST.match(line)
        if opened is not None:
            self.end(events)
            self._item, self._inside = -1, True
            return
        indentation = len(line) - len(line.lstrip(" "))
        is_item = _ITEM.match(line) is not None
        if line.strip() and (indentation < self._item or (indentation == self._item and not is_item)):
            # A member after the list.
            self.end(events)
            self._item, self._inside = -1, False
        if not self._inside:
            return
        if is_item and self._item in (-1, indentation):
            self.end(events)
            self._item = indentation
        elif self._item < 0:
            if line.strip() and not line.startswith(("---", "#")):
                # A member before the list.
                self._inside = line.startswith(" ")
            return
        self._lines.append(line)
        self._size += len(line)
        if self._size > MOST_EVENT_CHARACTERS:
            self.end(events)

    def end(self, events: list[LogEvent]) -> None:
        if not self._lines:
            return
        text = "\n".join(self._lines) + "\n"
        self._lines, self._size = [], 0
        found = [one.event for one in events_of(_value(text)) if one.event is not None]
        if not found:
            self.unread += 1
        events += found

    def flush(self) -> list[LogEvent]:
        return []


def _value(text: str) -> Any:
    """The first item of a list in YAML, with all scalars as text; None for what is not such a list."""
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    # Built from the parser's events and not by recursion: the text may be nested without end.
    stack: list[list[Any]] = [[]]
    kinds: list[bool] = []
    try:
        for event in yaml.parse(text, Loader=loader):
            if isinstance(event, yaml.ScalarEvent):
                stack[-1].append(event.value)
            elif isinstance(event, yaml.CollectionStartEvent):
                if len(stack) > _DEEPEST:
                    return None
                stack.append([])
                kinds.append(isinstance(event, yaml.MappingStartEvent))
            elif isinstance(event, yaml.CollectionEndEvent):
                values = stack.pop()
                stack[-1].append(_mapping(values) if kinds.pop() else values)
    except (yaml.YAMLError, ValueError):
        return None
    document = stack[0][0] if stack[0] else None
    return document[0] if isinstance(document, list) and document else None


def _mapping(values: list[Any]) -> dict[str, Any]:
    keys, members = values[::2], values[1::2]
    return {key: one for key, one in zip(keys, members, strict=False) if isinstance(key, str)}


def _score(sample: Sample) -> float:
    if not _OPENING.match(sample.first):
        return 0.0
    reader = YamlReader(sample.newline)
    events = sample.events(reader)
    if reader.unread > len(events):
        return 0.0
    placed = sum(_PLACED for event in events if event.stream or event.event_id)
    return record_score([event.message for event in events]) + placed


def _reader(sample: Sample) -> Reader:
    return YamlReader(sample.newline)


YAML = Form(
    "aws-yaml",
    "events from the AWS CLI in YAML",
    _score,
    _reader,
    example="aws logs filter-log-events --output yaml, or yaml-stream",
)
