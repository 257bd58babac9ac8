"""Read requirements (PEP 508), markers, and the lines of requirements files.

`packaging` takes 20 ms to import, so that functions import it when they need it.
Source: pip, "Requirements File Format".
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from monitor.kernel.encodings import decode_text, marked_encoding

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_COMMENT = re.compile(r"(?:^|\s+)#.*$")
_OPTIONS = re.compile(r"\s+-.*$")
# For a requirement that an older tool wrote, only the name can be read.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?![\w./:@+-])")
_HASH = re.compile(r"\s--hash[= ]\s*([A-Za-z0-9]+:[0-9A-Fa-f]+)")
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tlz")


def canonical(name: str) -> str:
    """Normalize the name of a distribution."""
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


def version_fits(version: str, specifier: str) -> bool:
    """Whether a version satisfies a specifier (PEP 440); a specifier that is not valid excludes nothing."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(specifier).contains(version, prereleases=True)
    except InvalidSpecifier:
        return True


def required_name(text: str) -> str | None:
    """The normalized name in a Requires-Dist field; None if only an extra requires it."""
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


def decode(data: bytes) -> str:
    """The text of a requirements file: by its byte order mark, by a coding comment, else UTF-8 or Latin-1, as in pip.

    PowerShell's `>` writes UTF-16.
    """
    if marked_encoding(data)[0]:
        return decode_text(data, "replace")
    for line in data.split(b"\n", 2)[:2]:
        if match := _CODING.match(line):
            try:
                return data.decode(match[1].decode("ascii"))
            except (LookupError, UnicodeDecodeError):
                break
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def hashes_of(line: str) -> tuple[str, ...]:
    """The `--hash` options of a line, as `sha256:…`."""
    return tuple(_HASH.findall(line))


def options_of(line: str) -> list[tuple[str, str]]:
    """The long names and the values of the options in a line (`-c FILE` is `--constraint`); none of a requirement."""
    if not line.startswith("-"):
        return []
    try:
        words = shlex.split(line, comments=False)
    except ValueError:
        words = line.split()
    found = []
    while words:
        name, equals, value = words.pop(0).partition("=")
        if not name.startswith("--") and len(name) > 2:
            name, value, equals = name[:2], name[2:] + equals + value, "="
        if not name.startswith("-"):
            continue  # a second value, which pip ignores too
        if not equals and words and not words[0].startswith("-"):
            value = words.pop(0)
        found.append((_SHORT.get(name, name), value))
    return found


_SHORT = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-i": "--index-url",
    "-f": "--find-links",
}


def target_environment(python: str, architecture: str) -> Mapping[str, str]:
    """The values of environment markers (PEP 508) in a managed runtime, for a Python version with its patch release."""
    minor = ".".join(python.split(".")[:2])
    return {
        "implementation_name": "cpython",
        "implementation_version": python,
        "os_name": "posix",
        "platform_machine": {"arm64": "aarch64"}.get(architecture, architecture),
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": python,
        "python_version": minor,
        "sys_platform": "linux",
    }


def marker_holds(marker: str, environment: Mapping[str, str], extras: Iterable[str] = ()) -> bool:
    """Whether a marker is true in an environment; an invalid one is not."""
    from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName

    try:
        found = Marker(marker) if marker else None
        return found is None or any(found.evaluate({**environment, "extra": extra}) for extra in ("", *extras))
    except (InvalidMarker, UndefinedEnvironmentName):
        return False
