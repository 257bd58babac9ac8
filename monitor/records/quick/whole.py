"""Whole invocations of a block as columns: what each of them says is compared and counted for all at once."""

import re
from collections.abc import Iterator
from itertools import compress

from monitor.records.quick.patterns import (
    DURATION,
    ENDED,
    NAME,
    NEXT,
    NO_ROW,
    REST,
    STARTED,
    TIME_OF,
    TRACE,
    VERSION_OF,
    WIDE_TIME,
    ZEROS,
    Row,
    cold_pattern,
    whole_pattern,
)

_COLUMNS = TRACE + 2
_REST_OF_ROW, _WITHOUT_TRACE = NO_ROW[TRACE + 1 :], NO_ROW[TRACE:]
_ID_CHARACTERS = b"0123456789abcdef-"
_EVENT = re.compile(rb"\n" + NEXT.encode(), re.ASCII)


class Whole:
    """The whole invocations of a text up to `end`, and the text between them.

    `between` has one text more than there are invocations: what comes before each, and after the last.
    """

    __slots__ = ("_parts", "between", "count", "distinct", "durations", "ids", "names", "rests", "times", "versions")

    def __init__(self, text: bytes, end: int, width: int) -> None:
        parts = self._parts = whole_pattern(width).split(memoryview(text)[:end])
        self.between = parts[::_COLUMNS]
        self.times, self.names, self.ids = (parts[one + 1 :: _COLUMNS] for one in (TIME_OF, NAME, STARTED))
        self.versions, self.durations, self.rests = (parts[one + 1 :: _COLUMNS] for one in (VERSION_OF, DURATION, REST))
        self.count, self.distinct = len(self.times), set(self.ids)

    def row(self, place: int) -> Row:
        """An invocation as a row."""
        return (*self._parts[place * _COLUMNS + 1 : (place + 1) * _COLUMNS], *_REST_OF_ROW)

    def places(self) -> list[int]:
        """The invocations before which there is other text; their number stands for the end of the text."""
        return list(compress(range(self.count + 1), self.between))

    def is_sound(self) -> bool:
        """Whether times and ids are what they look like, no id is there twice, and events follow the invocations."""
        return (
            len(self.distinct) == self.count
            and _are_times(self.times)
            and _are_times(self._parts[ENDED + 1 :: _COLUMNS])
            and not b"".join(self.ids).translate(None, _ID_CHARACTERS)
            and all(map(_EVENT.match, filter(None, self.between[1:])))
        )


def _are_times(times: list[bytes]) -> bool:
    return b"".join(times).translate(ZEROS) == WIDE_TIME * len(times)


def cold_starts(text: bytes, width: int) -> Iterator[tuple[int, int, Row]]:
    """Where each cold start of a text begins and ends, and its row: the time and the rest of INIT_START come last."""
    for found in cold_pattern(width).finditer(text):
        init_time, name, init, time, *invocation = found.groups()
        row = (time, name, *invocation, *_WITHOUT_TRACE, init_time, init)
        start, end = found.span()
        if (
            _are_times([init_time, time, row[ENDED]])
            and not row[STARTED].translate(None, _ID_CHARACTERS)
            and (end == len(text) or _EVENT.match(text, end))
        ):
            yield start, end, row


def last_two(names: list[bytes]) -> tuple[dict[bytes, int], dict[bytes, int]]:
    """Where each name stands for the last time, and where for the last time but one."""
    last: dict[bytes, int] = {}
    earlier: dict[bytes, int] = {}
    many = len(set(names))
    for place in range(len(names) - 1, -1, -1):
        name = names[place]
        if name not in last:
            last[name] = place
        elif name not in earlier:
            earlier[name] = place
            if len(earlier) == many:
                break
    return last, earlier
