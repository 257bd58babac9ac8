"""What the quick readers count into, and what they count: warm invocations that succeeded, by their figures."""

from collections import Counter
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import NamedTuple, Protocol

from monitor.records.invocation import Invocation
from monitor.records.quick.patterns import DURATION, MEMORY_FIGURES, NAME, REST, TIME_OF, VERSION, Row


class Warm(NamedTuple):
    """Warm invocations that succeeded: the times of START, the streams and the durations in ms, as the log has them.

    Where the sink needs no times, only the first and the last can be there, and no streams.
    `sizes_mb` counts the memory sizes; `most_used_mb` is the most that one used.
    """

    number: int
    times: list[bytes]
    streams: list[bytes]
    durations: list[bytes]
    sizes_mb: Counter[int]
    most_used_mb: int


class Columns:
    """Warm invocations that succeeded, as the log has them: the times of START, the streams, the durations, and how
    many of each rest of the line of REPORT there are.
    """

    __slots__ = ("durations", "names", "rests", "times")

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        rows = tuple(rows)
        self.times = list(map(itemgetter(TIME_OF), rows))
        self.names = list(map(itemgetter(NAME), rows))
        self.durations = list(map(itemgetter(DURATION), rows))
        self.rests = Counter(map(itemgetter(REST), rows))


class Versions(dict[bytes, str]):
    """The versions that the rests of lines of START say; "" where the full reader has to see the line."""

    def __missing__(self, rest: bytes) -> str:
        found = VERSION.fullmatch(rest)
        version = self[rest] = found[1].decode() if found is not None else ""
        return version


class Memory(dict[bytes, tuple[int, ...]]):
    """The memory size and use in MB that the rests of lines of REPORT say; () where the full reader has to see it."""

    def __missing__(self, rest: bytes) -> tuple[int, ...]:
        found = MEMORY_FIGURES.fullmatch(rest)
        sizes = self[rest] = (int(found[1]), int(found[2])) if found is not None else ()
        return sizes

    def counted(self, texts: Iterable[bytes]) -> tuple[Counter[int], int]:
        """How many of the texts there are of each memory size, and the most that one used."""
        sizes: Counter[int] = Counter()
        most_used = 0
        # Many invocations have the same figures.
        for text, number in Counter(texts).items():
            if not number:
                continue
            size, used = self[text]
            sizes[size] += number
            most_used = max(most_used, used)
        return sizes, most_used


class Sink(Protocol):
    """Counts invocations."""

    by_version: bool
    """Whether the versions of warm invocations matter."""

    by_time: bool
    """Whether the times and streams of warm invocations matter, beside the first and the last time."""

    def name_of(self, group: str, stream: str) -> str:
        """The function that a stream has named so far, "" for none."""

    def add(self, invocation: Invocation) -> None:
        """Any invocation."""

    def warm(self, function: str, version: str, found: Warm, at_ms: Callable[[bytes], int]) -> None:
        """Warm invocations that succeeded."""
