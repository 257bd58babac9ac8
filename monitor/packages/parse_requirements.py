"""Read requirements (PEP 508) and the lines of requirements files.

`packaging` takes 20 ms to import, so that functions import it when they need it.
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
# For a requirement that an older tool wrote, only the name can be read.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?![\w./:@+-])")
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tlz")


def canonical(name: str) -> str:
    """Normalise the name of a distribution."""
    from packaging.utils import canonicalize_name

    return canonicalize_name(name)


def requirement_of(text: str) -> "Requirement | None":
    """Parse a PEP 508 requirement, ignoring pip's options; None for an option, a path or a bare URL."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        found = Requirement(_OPTIONS.sub("", text.strip()))
    except InvalidRequirement:
        return None
    return None if found.name.lower().endswith(_ARCHIVES) else found


def applies(requirement: "Requirement", extras: Iterable[str] = ("",)) -> bool:
    """Whether the marker of a requirement is true in this environment for any of `extras` ("": no extra)."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in extras)


def required_name(text: str) -> str | None:
    """The normalised name in a Requires-Dist field; None if only an extra requires it."""
    found = requirement_of(text)
    if found is None:
        match = _NAME.match(text.strip())
        return canonical(match[0]) if match else None
    return None if found.marker is not None and _names_extra(str(found.marker)) else canonical(found.name)


def _names_extra(marker: str) -> bool:
    outside_quotes = "".join(re.split(r"\"[^\"]*\"|'[^']*'", marker))
    return re.search(r"\bextras?\b", outside_quotes) is not None


def requirement_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a requirements file and their numbers, without empty lines and comments.

    A line that ends with a backslash continues on the next line, as in pip.
    """
    started, joined = 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        started = started or number
        is_comment = _COMMENT.match(line) is not None
        if line.endswith("\\") and not is_comment:
            joined += line.strip("\\")
            continue
        # A comment ends a continued line.
        whole = _COMMENT.sub("", f"{joined} {line}" if is_comment else joined + line).strip()
        if whole:
            yield started, whole
        started, joined = 0, ""
    if whole := _COMMENT.sub("", joined).strip():
        yield started, whole


def included_file(line: str) -> str | None:
    """The file that a `-r FILE` line includes."""
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
