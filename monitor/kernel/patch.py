"""Unified diffs that `git apply` accepts, and their application as git does it.

As in git, only a newline ends a line; a carriage return is part of its line. unidiff parses the format.
"""

import difflib
import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unidiff.patch import Hunk, PatchedFile

# git quotes other names, and a second " b/" would make a header ambiguous.
_NAME = re.compile(r'(?!.* b/)[^\s"\\\x00-\x1f\x7f](?:[^"\\\x00-\x1f\x7f]*[^\s"\\\x00-\x1f\x7f])?')
_NO_NEWLINE = "\\ No newline at end of file\n"


class NoFitError(ValueError):
    """The text is not a diff, or it does not match the lines of the file."""


def lines_of(text: str) -> list[str]:
    """The lines of a text, each with its newline, as a patch counts them."""
    return list(io.StringIO(text, newline="\n"))


def can_patch(name: str) -> bool:
    """Whether a patch can contain this file name without quotes."""
    return _NAME.fullmatch(name) is not None


def make_patch(name: str, before: str, after: str, context: int = 3) -> str:
    """The unified diff, in git's form, that changes the file `name` from `before` to `after`; "" if they are equal.

    Without `context` lines, git needs `--unidiff-zero`. Raises ValueError if `can_patch` is false for the name.
    """
    if not can_patch(name):
        raise ValueError(f"{name!r} cannot be named in a patch")
    lines = list(difflib.unified_diff(lines_of(before), lines_of(after), f"a/{name}", f"b/{name}", n=context))
    whole = (line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in lines)
    # Without the first line, git deletes a file that becomes empty.
    return "".join([f"diff --git a/{name} b/{name}\n", *whole]) if lines else ""


def apply_patch(patch: str, texts: Mapping[str, str]) -> dict[str, str]:
    """Apply `patch` to `texts`, and return the changed texts by file name.

    A hunk applies at its own line numbers only, because a patch without context would match elsewhere too.

    Raises:
        NoFitError: the text is not a patch, a file is not in `texts`, or its lines differ.
    """
    from unidiff.errors import UnidiffParseError
    from unidiff.patch import PatchSet

    try:
        files = PatchSet(io.StringIO(patch))
    except UnidiffParseError as error:
        raise NoFitError(f"the patch cannot be read: {error}") from None
    changed: dict[str, str] = {}
    for file in files:
        before = changed.get(file.path, texts.get(file.path))
        if before is None:
            raise NoFitError(f"{file.path} is not in the package")
        changed[file.path] = _applied(before, file)
    if not changed:
        raise NoFitError("there is nothing to apply")
    return changed


def _applied(text: str, file: "PatchedFile") -> str:
    lines = lines_of(text)
    for hunk in sorted(file, key=lambda one: one.source_start, reverse=True):
        old, new = _sides(hunk)
        # A hunk that only adds lines has the number of the line before them.
        start = hunk.source_start - 1 if hunk.source_length else hunk.source_start
        if lines[start : start + len(old)] != old or start > len(lines):
            raise NoFitError(f"line {start + 1} of {file.path} is not the line that the patch expects")
        lines[start : start + len(old)] = new
    return "".join(lines)


def _sides(hunk: "Hunk") -> tuple[list[str], list[str]]:
    """The lines of a hunk before and after the change."""
    old: list[str] = []
    new: list[str] = []
    last: list[list[str]] = []
    for line in hunk:
        if line.line_type == "\\":
            for side in last:
                side[-1] = side[-1].removesuffix("\n")
            continue
        last = [side for side, other in ((old, line.is_added), (new, line.is_removed)) if not other]
        for side in last:
            side.append(line.value)
    return old, new
