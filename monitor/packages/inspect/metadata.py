"""A distribution's metadata as text: fields, requirements, files.

Sources: packaging.python.org, "Core metadata specifications" and "Recording installed projects".
"""

import csv
import io
import re
from collections.abc import Iterable
from email.message import Message
from email.parser import HeaderParser
from posixpath import normpath

from monitor.packages.parse_requirements import required_name

# Fields end at an empty line. One of blanks belongs to a field of several lines, as a license's text is.
_END = re.compile(r"\r?\n\r?\n")
# Ten times the longest fields that were seen: matplotlib's, with the texts of its licenses.
_LONGEST = 1 << 20


def fields_of(text: str) -> Message:
    """The fields of METADATA, PKG-INFO or WHEEL."""
    return HeaderParser().parsestr(text[:_LONGEST])


def has_all_fields(head: str) -> bool:
    """Whether the first part of such a file goes on to the end of its fields."""
    return _END.search(head) is not None


def requires(metadata: Message) -> tuple[str, ...]:
    """The canonical names of what it requires, without extras; other markers are ignored: what is there was wanted."""
    named = map(required_name, metadata.get_all("Requires-Dist", []))
    return tuple(sorted({name for name in named if name}))


def record_paths(text: str, root: str) -> Iterable[str]:
    """The files of a RECORD, from the zip's root; `root` is the folder that holds the dist-info."""
    for row in csv.reader(io.StringIO(text, newline="")):
        if row and row[0]:
            path = row[0].replace("\\", "/")
            if path.startswith(("../", "/")):
                # `pip install --target` moves scripts to bin/ and leaves `../../bin/x` in RECORD.
                path = f"bin/{path.rpartition('/')[2]}"
            yield normpath(f"{root}{path}")
