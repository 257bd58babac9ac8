"""Tracebacks as text: the application's own frames, and how many frames of libraries are left out."""

from collections.abc import Iterable, Iterator

from monitor.records.frames import frame_place, is_library, short_path
from monitor.records.tracebacks import Part, StackReader, TracebackReader, begins_traceback

_MOST_STREAMS = 2_000


class FrameFold:
    """Leaves out the frames of libraries, line by line, with the code below them; the last frame is never left out."""

    def __init__(self) -> None:
        self._hidden, self._shown = 0, False
        self._last: list[str] = []
        self._in_library = False

    def add(self, part: Part, line: str) -> list[str]:
        """The lines to print now."""
        if part is Part.DETAIL:
            if self._in_library:
                self._last.append(line)
                return []
            return [line] if line.strip(" │|") else []
        place = frame_place(line) if part is Part.FRAME else None
        if place is None:
            return [*self.end(), line] if part is not Part.MORE or line.strip() else []
        self._in_library = is_library(place[0])
        if self._in_library:
            self._hidden += 1
            self._last = [line]
            return []
        self._shown = True
        return [*self._gap(self._hidden), line.replace(place[0], short_path(place[0]), 1)]

    def end(self) -> list[str]:
        """The lines to print after the last frame."""
        lines = self._gap(self._hidden) if self._shown else [*self._gap(self._hidden - 1), *self._last]
        self._shown = self._in_library = False
        self._last, self._hidden = [], 0
        return lines

    def _gap(self, hidden: int) -> list[str]:
        self._hidden = 0
        if hidden <= 0:
            return []
        return [f"  … {hidden} {'frame' if hidden == 1 else 'frames'} of libraries"]


def fold_stack(stack: Iterable[str]) -> Iterator[str]:
    """The lines of an exception's stack, folded."""
    fold = FrameFold()
    for entry in stack:
        for line in entry.split("\n"):
            yield from fold.add(Part.DETAIL if frame_place(line) is None else Part.FRAME, line)
    yield from fold.end()


def fold_text(lines: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """The lines of a text with their tracebacks folded, each with whether it is part of a traceback."""
    state = TracebackLines()
    for line in lines:
        part = state.add(line)
        if part is None:
            yield line, False
        else:
            yield from ((one, True) for one in part)


class TracebackLines:
    """The lines of one stream: finds the tracebacks in them and folds each."""

    __slots__ = ("_fold", "_reader")

    def __init__(self) -> None:
        self._reader: TracebackReader | StackReader | None = None
        self._fold = FrameFold()

    @property
    def inside(self) -> bool:
        """Whether the last line was part of a traceback."""
        return self._reader is not None

    def add(self, line: str) -> list[str] | None:
        """The lines to print of a line of a traceback; None for a line outside one."""
        part = self._reader.add(line) if self._reader is not None else None
        if part is None:
            self._reader = None
            if not begins_traceback(line):
                return None
            self._reader, self._fold = TracebackReader(), FrameFold()
            part = self._reader.add(line) or Part.TITLE
        return self._fold.add(part, line)


def fold_event(
    inside: dict[tuple[str, str], TracebackLines], key: tuple[str, str], lines: Iterable[str]
) -> list[tuple[str, bool]]:
    """The lines to print of a plain text, each with whether it is part of a traceback.

    `inside` has the streams whose last line was part of one, and is brought up to date.
    """
    state = inside.get(key) or TracebackLines()
    found: list[tuple[str, bool]] = []
    for line in lines:
        folded = state.add(line)
        found += [(line, False)] if folded is None else [(one, True) for one in folded]
    if state.inside:
        inside[key] = state
        if len(inside) > _MOST_STREAMS:
            del inside[next(iter(inside))]
    else:
        inside.pop(key, None)
    return found
