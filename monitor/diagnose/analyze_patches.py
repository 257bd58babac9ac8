"""Several patches of the same files made into one, which `git apply` accepts.

Each patch was made from the files as they are. One after the other, they would not apply: the second expects lines that
the first has changed.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unidiff.patch import Hunk

_CONTEXT = 3
_NO_NEWLINE = "\\ No newline at end of file\n"


@dataclass(frozen=True, slots=True)
class _Edit:
    """The lines from `start` to before `stop`, counted from 0, replaced with `added`."""

    start: int
    stop: int
    added: tuple[str, ...]

    def clashes_with(self, other: "_Edit") -> bool:
        """Whether both cannot be made. Lines may be deleted twice, and two texts inserted at one place."""
        if self == other or not (self.added or other.added):
            return False
        if self.start == self.stop or other.start == other.stop:
            return self.start < other.stop and other.start < self.stop
        return max(self.start, other.start) < min(self.stop, other.stop)


@dataclass(slots=True)
class _File:
    """What patches show of one file, and what they change in it."""

    known: dict[int, str] = field(default_factory=dict)
    edits: dict[_Edit, None] = field(default_factory=dict)


def merge_patches(patches: Sequence[str]) -> tuple[str, tuple[int, ...]]:
    """One patch of all that can be applied together, and the indexes of those that clash with an earlier one."""
    from unidiff.patch import PatchSet

    files: dict[str, _File] = {}
    clashing: list[int] = []
    for index, patch in enumerate(patches):
        mine: dict[str, _File] = {}
        for file in PatchSet(io.StringIO(patch)):
            held = mine.setdefault(file.path, _File())
            for hunk in file:
                _read(hunk, held)
        if any(
            one.clashes_with(other)
            for name, held in mine.items()
            if name in files
            for one in held.edits
            for other in files[name].edits
        ):
            clashing.append(index)
            continue
        for name, held in mine.items():
            into = files.setdefault(name, _File())
            into.known |= held.known
            into.edits |= held.edits
    return "".join(_written(name, held) for name, held in files.items()), tuple(clashing)


def _read(hunk: "Hunk", file: _File) -> None:
    # A hunk that only adds lines has the number of the line before them.
    at = start = hunk.source_start - 1 if hunk.source_length else hunk.source_start
    added: list[str] = []
    last: tuple[str, int] | None = None

    def finish() -> None:
        if added or at > start:
            file.edits[_Edit(start, at, tuple(added))] = None

    for line in hunk:
        if line.line_type == "\\":
            if last == ("+", -1):
                added[-1] = added[-1].removesuffix("\n")
            elif last:
                file.known[last[1]] = file.known[last[1]].removesuffix("\n")
        elif line.is_added:
            added.append(line.value)
            last = ("+", -1)
        else:
            if line.is_context:
                finish()
                added, start = [], at + 1
            file.known[at] = line.value
            last = ("-", at)
            at += 1
    finish()


def _written(name: str, file: _File) -> str:
    gone = {at for one in file.edits for at in range(one.start, one.stop)}
    added: dict[int, list[str]] = {}
    for one in file.edits:
        if one.added:
            added.setdefault(one.start, []).extend(one.added)
    text, done, delta = f"diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n", 0, 0
    for first, last in _spans(sorted(gone | added.keys()), gone, file.known):
        start, stop = first, last
        while start > done and first - start < _CONTEXT and start - 1 in file.known:
            start -= 1
        while (
            stop - last < _CONTEXT and stop in file.known and stop not in gone and (stop == last or stop not in added)
        ):
            stop += 1
        lines = [line for at in range(start, stop + 1) for line in _lines(at, stop, gone, added, file.known)]
        old, new = stop - start, sum(line[0] in " +" for line in lines)
        text += f"@@ -{start + bool(old)},{old} +{start + delta + bool(new)},{new} @@\n{''.join(lines)}"
        done, delta = stop, delta + new - old
    return text


def _spans(places: Sequence[int], gone: set[int], known: dict[int, str]) -> Iterator[tuple[int, int]]:
    """The lines of each hunk, without context: changes are in one hunk where every line between them is known."""
    first = stop = -1
    for at in places:
        if first >= 0 and (at - stop > 2 * _CONTEXT or any(one not in known for one in range(stop, at))):
            yield first, stop
            first = -1
        if first < 0:
            first = at
        stop = at + 1 if at in gone else at
    if first >= 0:
        yield first, stop


def _lines(at: int, stop: int, gone: set[int], added: dict[int, list[str]], known: dict[int, str]) -> Iterator[str]:
    """The lines of a hunk at one line of the file: what is added before it, and the line."""
    if at < stop and at in gone:
        yield _line("-", known[at])
    for text in added.get(at, ()):
        yield _line("+", text)
    if at < stop and at not in gone:
        yield _line(" ", known[at])


def _line(mark: str, text: str) -> str:
    return f"{mark}{text}" if text.endswith("\n") else f"{mark}{text}\n{_NO_NEWLINE}"
