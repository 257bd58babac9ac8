"""A distribution's metadata as text: name, requirements, top-level names, files, wheel tags.

Sources: packaging.python.org, "Core metadata specifications" and "Recording installed projects".
"""

import csv
import re
from collections.abc import Iterable
from posixpath import normpath

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_EXTRA = re.compile(r"\bextra\s*==")


def canonical(name: str) -> str:
    """A distribution's name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement_name(line: str) -> str | None:
    """The distribution that a requirement names, canonical; None for an option, a comment or a URL alone."""
    match = _REQUIREMENT.match(line)
    return canonical(match[1]) if match else None


def header_values(text: str, field: str) -> list[str]:
    """The values of a field of METADATA or WHEEL; the description after the first empty line is not read."""
    prefix = f"{field.lower()}:"
    values = []
    for line in text.splitlines():
        if not line.strip():
            break
        if line.lower().startswith(prefix):
            values.append(line[len(prefix) :].strip())
    return values


def requires(metadata: str) -> tuple[str, ...]:
    """The canonical names of what it requires, extras left out; markers are not asked: what is there was wanted."""
    named = (requirement_name(value) for value in header_values(metadata, "Requires-Dist") if not _EXTRA.search(value))
    return tuple(sorted({name for name in named if name}))


def record_paths(text: str, root: str) -> Iterable[str]:
    """The files of a RECORD, from the zip's root; `root` is the folder that holds the dist-info."""
    for row in csv.reader(text.splitlines()):
        if row and row[0]:
            path = row[0].replace("\\", "/")
            if path.startswith(("../", "/")):
                # `pip install --target` moves scripts to bin/ and leaves `../../bin/x` in RECORD.
                path = f"bin/{path.rpartition('/')[2]}"
            yield normpath(f"{root}{path}")
