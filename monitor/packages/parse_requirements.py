"""What requirements say: each by packaging, and the lines of a requirements file as pip reads them.

packaging takes 20 ms to import: it is imported where a requirement is read.
Source: pip, "Requirements File Format".
"""

import re
import shlex
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_COMMENT = re.compile(r"(?:^|\s+)#.*$")
_OPTIONS = re.compile(r"\s+-.*$")
# Of a requirement that older tools wrote, at least the name can be read.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?![\w./:@+-])")
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tlz")


def canonical(name: str) -> str:
    """A distribution's name in the form that all its spellings share."""
    from packaging.utils import canonicalize_name

    return canonicalize_name(name)


def requirement_of(text: str) -> "Requirement | None":
    """A requirement as PEP 508 writes it, without pip's options; None for an option, a path or a bare URL."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        found = Requirement(_OPTIONS.sub("", text.strip()))
    except InvalidRequirement:
        return None
    return None if found.name.lower().endswith(_ARCHIVES) else found


def applies(requirement: "Requirement", extras: Iterable[str] = ("",)) -> bool:
    """Whether its marker holds here, for a distribution that was required with these extras ("": without one)."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras)


def required_name(text: str) -> str | None:
    """The canonical name of the distribution that METADATA requires; None where only an extra requires it."""
    found = requirement_of(text)
    if found is None:
        match = _NAME.match(text.strip())
        return canonical(match[0]) if match else None
    return None if found.marker is not None and _names_extra(str(found.marker)) else canonical(found.name)


def _names_extra(marker: str) -> bool:
    outside_quotes = "".join(re.split(r"\"[^\"]*\"|'[^']*'", marker))
    return re.search(r"\bextras?\b", outside_quotes) is not None


def requirement_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a requirements file that say something, each with its number.

    Lines that end with a backslash are joined with the next, and comments are left out, as pip does.
    """
    started, joined = 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        started = started or number
        is_comment = _COMMENT.match(line) is not None
        if line.endswith("\\") and not is_comment:
            joined += line.strip("\\")
            continue
        # A comment ends what was to be continued.
        whole = _COMMENT.sub("", f"{joined} {line}" if is_comment else joined + line).strip()
        if whole:
            yield started, whole
        started, joined = 0, ""
    if whole := _COMMENT.sub("", joined).strip():
        yield started, whole


def included_file(line: str) -> str | None:
    """The file that a line `-r FILE` includes."""
    if not line.startswith(("-r", "--requirement")):
        return None
    try:
        first, *others = shlex.split(line)
    except ValueError:
        return None
    option, _, value = first.partition("=")
    if option in ("-r", "--requirement"):
        return value or next(iter(others), None)
    return None if option.startswith("--") else first[2:]
