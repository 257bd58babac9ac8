"""A file on its way into a package."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the package: its name in the zip and its path on disk; `content` replaces what the file contains.

    `own` marks files of the application: their bytecode is checked against the source, which the console can edit.
    `part` is the distribution that the file belongs to; "" for the application.
    """

    name: str
    path: Path
    content: bytes | None = None
    own: bool = False
    part: str = ""
