"""The requirements of a built wheel that name a place instead of an index.

Poetry, PDM, Hatch and setup.py write the path of a local dependency into the metadata. That path is of the folder in
which the wheel was built, and the installer of the wheel would refuse it beside another path of the same distribution.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.packages.inspect.metadata import record_digest
from monitor.packages.parse_requirements import requirement_of

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_REQUIRED = re.compile(r"Requires-Dist:[ \t]*(.+)", re.IGNORECASE)


def take_places(wheel: Path) -> "list[Requirement]":
    """Replace the requirements with a URL by their names in the metadata of a wheel, and return them."""
    with zipfile.ZipFile(wheel) as members:
        infos = members.infolist()
        name = next((one.filename for one in infos if one.filename.endswith(".dist-info/METADATA")), None)
        if name is None:
            return []
        text = members.read(name).decode("utf-8", "surrogateescape")
        taken: list[Requirement] = []
        changed = "".join(_without_places(text, taken)).encode("utf-8", "surrogateescape")
        if not taken:
            return []
        contents = {one.filename: members.read(one) for one in infos}
    contents[name] = changed
    record = name.removesuffix("METADATA") + "RECORD"
    if record in contents:
        contents[record] = _recorded(contents[record].decode(), name, changed).encode()
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as members:
        for info in infos:
            members.writestr(info, contents[info.filename])
    return taken


def _without_places(text: str, taken: "list[Requirement]") -> Iterator[str]:
    """The lines of METADATA; the requirements with a URL, without it, are added to `taken`."""
    in_fields = True
    for line in text.splitlines(keepends=True):
        in_fields = in_fields and bool(line.rstrip("\r\n"))
        match = _REQUIRED.match(line) if in_fields else None
        one = requirement_of(match[1]) if match else None
        if one is None or not one.url or (one.url.startswith("http") and one.url.partition("#")[0].endswith(".whl")):
            yield line
            continue
        taken.append(one)
        extras = f"[{','.join(sorted(one.extras))}]" if one.extras else ""
        marker = f"; {one.marker}" if one.marker else ""
        yield f"Requires-Dist: {one.name}{extras}{marker}\n"


def _recorded(record: str, name: str, content: bytes) -> str:
    lines = record.splitlines()
    at = next((index for index, line in enumerate(lines) if line.startswith(f"{name},")), None)
    if at is not None:
        lines[at] = f"{name},sha256={record_digest(content)},{len(content)}"
    return "".join(f"{line}\n" for line in lines)
