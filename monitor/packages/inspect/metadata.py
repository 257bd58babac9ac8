"""Parse the metadata of a distribution: fields, requirements, files.

Sources: packaging.python.org, "Core metadata specifications" and "Recording installed projects".
"""

import base64
import csv
import hashlib
import io
import re
from collections.abc import Iterable
from email.message import Message
from email.parser import HeaderParser
from posixpath import normpath

from monitor.packages.parse_requirements import required_name

# An empty line ends the fields. A line of blanks is part of a field with several lines, such as a license text.
_END = re.compile(r"\r?\n\r?\n")
# Ten times the longest fields seen: those of matplotlib, which include license texts.
_LONGEST = 1 << 20


def fields_of(text: str) -> Message:
    """The fields of METADATA, PKG-INFO or WHEEL."""
    return HeaderParser().parsestr(text[:_LONGEST])


def has_all_fields(head: str) -> bool:
    """Whether the first part of such a file includes the end of its fields."""
    return _END.search(head) is not None


def required_names(requirements: Iterable[str]) -> tuple[str, ...]:
    """The normalized names of the required distributions, without those of extras; other markers are ignored."""
    named = map(required_name, requirements)
    return tuple(sorted({name for name in named if name}))


def requires_dist(metadata: Message) -> tuple[str, ...]:
    """The Requires-Dist fields, on one line each."""
    return tuple(" ".join(str(line).split()) for line in metadata.get_all("Requires-Dist", []))


def egg_requires(text: str) -> tuple[str, ...]:
    """The requirements in the requires.txt of an egg-info, as Requires-Dist fields.

    Its sections are `[extra]`, `[:marker]` and `[extra:marker]`.
    """
    found = []
    condition = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            extra, _, marker = line[1:-1].partition(":")
            named = f'extra == "{extra}"' if extra else ""
            condition = f"({marker}) and {named}" if marker and named else marker or named
        elif line and not line.startswith("#"):
            found.append(f"{line}; {condition}" if condition else line)
    return tuple(found)


def record_digest(content: bytes) -> str:
    """The SHA-256 of a file as RECORD writes it: URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def record_paths(text: str, root: str) -> Iterable[str]:
    """The files of a RECORD by their paths in the zip; `root` is the folder that contains the dist-info."""
    for row in csv.reader(io.StringIO(text, newline="")):
        if row and row[0]:
            path = row[0].replace("\\", "/")
            # `pip install --target` moves scripts and data to bin/ and share/, and leaves `../../bin/x` in RECORD.
            path = re.sub(r"^(?:\.\./)+", "", path)
            if path.startswith("/"):
                path = f"bin/{path.rpartition('/')[2]}"
            yield normpath(f"{root}{path}")
