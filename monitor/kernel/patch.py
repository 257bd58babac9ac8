"""Unified diffs of texts: written so that `git apply` takes them, and applied as it does.

Lines end with a newline alone, as for git: a carriage return is part of its line. unidiff reads the format.
"""

import difflib
import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unidiff.patch import Hunk, PatchedFile

# git writes other names between quotes, and a second " b/" would make a header ambiguous.
_NAME = re.compile(r'(?!.* b/)[^\s"\\\x00-\x1f\x7f](?:[^"\\\x00-\x1f\x7f]*[^\s"\\\x00-\x1f\x7f])?')
_NO_NEWLINE = "\\ No newline at end of file\n"


class NoFitError(ValueError):
    """The diff is not one, or the file's lines are not those that it names."""


def lines_of(text: str) -> list[str]:
    """The lines as a patch counts them, each with its newline."""
    return list(io.StringIO(text, newline="\n"))


def can_patch(name: str) -> bool:
    """Whether a patch can name this file as it is."""
    return _NAME.fullmatch(name) is not None


def make_patch(name: str, before: str, after: str, context: int = 3) -> str:
    """The unified diff, in git's form, that makes `after` of the file `name`; "" where nothing differs.

    Without `context` lines, git needs `--unidiff-zero`. Raises ValueError for a name that is not `can_patch`.
    """
    if not can_patch(name):
        raise ValueError(f"{name!r} cannot be named in a patch")
    lines = list(difflib.unified_diff(lines_of(before), lines_of(after), f"a/{name}", f"b/{name}", n=context))
    whole = (line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in lines)
    # Without the first line, git takes a file that becomes empty for one to delete.
    return "".join([f"diff --git a/{name} b/{name}\n", *whole]) if lines else ""


def apply_patch(patch: str, texts: Mapping[str, str]) -> dict[str, str]:
    """The changed texts by file name, of those that `patch` names.

    A hunk applies at its own line numbers only: a patch without context fits nowhere else.

    Raises:
        NoFitError: it is not a patch, a file is not in `texts`, or its lines are others.
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
        # The number of a hunk that only adds lines is that of the line before them.
        start = hunk.source_start - 1 if hunk.source_length else hunk.source_start
        if lines[start : start + len(old)] != old or start > len(lines):
            raise NoFitError(f"line {start + 1} of {file.path} is not the one that the patch is about")
        lines[start : start + len(old)] = new
    return "".join(lines)


def _sides(hunk: "Hunk") -> tuple[list[str], list[str]]:
    """A hunk's lines before and after."""
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
