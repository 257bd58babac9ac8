"""Dependencies as they lie in a folder, made into what a package should hold of them."""

import csv
import io
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from monitor.packages.building.entry import Entry
from monitor.packages.building.strip import Stripped
from monitor.packages.inspect.attribute import Hints, owners
from monitor.packages.inspect.distributions import (
    Metadata,
    metadata_folders,
    metadata_texts,
    read_distributions,
)
from monitor.packages.model import PackageFile

# pip puts C headers into a folder of the Python that it runs on, uv into the one above it.
_HEADERS = re.compile(r"(?<![^/\n])include/site/python\d\.\d+/")


@dataclass(frozen=True, slots=True)
class Staged:
    """The dependencies' files by distribution ("" for what is nobody's), and the distributions themselves."""

    entries: dict[str, tuple[Entry, ...]]
    found: tuple[Metadata, ...]


def stage(folder: Path) -> Staged:
    """Read what an installer put into `folder`."""
    paths = {_HEADERS.sub("include/", path.relative_to(folder).as_posix()): path for path in _walk(folder)}
    files = [PackageFile(name, 0, path.stat().st_size) for name, path in paths.items()]
    folders = metadata_folders(files, ())
    texts = {
        one.name: _HEADERS.sub("include/", paths[one.name].read_text(encoding="utf-8", errors="replace"))
        for one in metadata_texts(files, folders)
        if one.name in paths
    }
    found = read_distributions(folders, texts)
    owned = owners(files, found, Hints())
    entries: dict[str, list[Entry]] = defaultdict(list)
    for name, path in sorted(paths.items()):
        entries[owned[name].name].append(Entry(name, path, part=owned[name].name))
    return Staged({name: tuple(group) for name, group in entries.items()}, found)


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        yield from (Path(root, name) for name in sorted(names) if not (root == str(folder) and name == ".lock"))


def dependency_entries(staged: Staged, stripped: Stripped) -> list[Entry]:
    """The files that go into the package.

    Each dist-info stays, since importlib.metadata needs it; its RECORD is rewritten with the files that are there.
    """
    kept: list[Entry] = []
    infos = {one.name: one.folder for one in staged.found}
    for name, chosen in sorted(stripped.entries.items()):
        kept += chosen
        # Old metadata in a single file has no RECORD.
        if chosen and infos.get(name, "").endswith("/"):
            folder = infos[name]
            kept.append(Entry(f"{folder}RECORD", chosen[0].path, _record(folder, chosen), part=name))
    return kept


def _record(folder: str, entries: Iterable[Entry]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    # Hashes and sizes may be empty (packaging.python.org, "Recording installed projects"): hashes do not compress.
    writer.writerows([name, "", ""] for name in sorted({*(entry.name for entry in entries), f"{folder}RECORD"}))
    return out.getvalue().encode()
