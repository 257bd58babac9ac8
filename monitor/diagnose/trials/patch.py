"""A unified diff applied to texts: what a finding proposes, done to the files of a package."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")


class NoFitError(ValueError):
    """The diff is none, or the file's lines are not those that it speaks of."""


@dataclass(frozen=True, slots=True)
class _Hunk:
    start: int
    old: tuple[str, ...]
    new: tuple[str, ...]


def apply_patch(patch: str, texts: Mapping[str, str]) -> dict[str, str]:
    """The changed texts by file name, of those that `patch` (git's or diff's unified format) is about.

    Hunks may have no context; their line numbers are taken as they are, since a diff of this text has no others.

    Raises:
        NoFitError: a file is not in `texts`, or its lines are others.
    """
    changed: dict[str, str] = {}
    for name, hunks in _files(patch):
        before = changed.get(name, texts.get(name))
        if before is None:
            raise NoFitError(f"{name} is not in the package")
        changed[name] = _applied(name, before, hunks)
    if not changed:
        raise NoFitError("there is nothing to apply")
    return changed


def _files(patch: str) -> list[tuple[str, list[_Hunk]]]:
    found: list[tuple[str, list[_Hunk]]] = []
    lines = patch.splitlines()
    at = 0
    while at < len(lines):
        if lines[at].startswith("+++ "):
            name = lines[at][4:].split("\t")[0].strip()
            found.append((name.removeprefix("b/"), []))
            at += 1
        elif (head := _HUNK.match(lines[at])) and found:
            hunk, at = _hunk(int(head[1]), int(head[2] or 1), lines, at + 1)
            found[-1][1].append(hunk)
        else:
            at += 1
    return found


def _hunk(start: int, count: int, lines: list[str], at: int) -> tuple[_Hunk, int]:
    old: list[str] = []
    new: list[str] = []
    while at < len(lines) and (lines[at][:1] in (" ", "+", "-") and not lines[at].startswith("--- ")):
        mark, text = lines[at][0], lines[at][1:]
        if mark in " -":
            old.append(text)
        if mark in " +":
            new.append(text)
        at += 1
    if len(old) != count:
        raise NoFitError("a hunk has other lines than it says")
    # Of a hunk that only puts lines in, the number is the line behind which they go.
    return _Hunk(start if count == 0 else start - 1, tuple(old), tuple(new)), at


def _applied(name: str, text: str, hunks: list[_Hunk]) -> str:
    lines = text.splitlines()
    for hunk in sorted(hunks, key=lambda one: one.start, reverse=True):
        end = hunk.start + len(hunk.old)
        if tuple(lines[hunk.start : end]) != hunk.old or hunk.start > len(lines):
            raise NoFitError(f"line {hunk.start + 1} of {name} is not the one that the patch is about")
        lines[hunk.start : end] = hunk.new
    return "\n".join(lines) + "\n"
