"""Dependencies as they lie in a folder, made into what a package should hold of them."""

import csv
import io
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.packages.building.installed import Entry
from monitor.packages.inspect.attribute import Hints, owners
from monitor.packages.inspect.distributions import (
    Metadata,
    metadata_folders,
    metadata_texts,
    read_distributions,
)
from monitor.packages.inspect.file_findings import unneeded_kind
from monitor.packages.model import RUNTIME_HAS, SDK, PackageFile
from monitor.packages.model_plan import LeftOut
from monitor.packages.parse_requirements import canonical

# Written by installers about the machine that they ran on, and different from one to the next.
_INSTALLER_FILES = frozenset(("INSTALLER", "REQUESTED", "direct_url.json", "RECORD", "uv_cache.json", "uv_build.json"))
_STRIPPED = frozenset(("tests", "stubs", "sources", "docs", "development", "git"))
_NAMES = {"tests": "tests", "stubs": "type stubs", "sources": "sources of extensions", "docs": "documentation"}


@dataclass(frozen=True, slots=True)
class Staged:
    """The dependencies' files by distribution ("" for what is nobody's), and the distributions themselves."""

    entries: dict[str, tuple[Entry, ...]]
    found: tuple[Metadata, ...]


def stage(folder: Path) -> Staged:
    """Read what an installer put into `folder`."""
    paths = {path.relative_to(folder).as_posix(): path for path in _walk(folder)}
    files = [PackageFile(name, 0, path.stat().st_size) for name, path in paths.items()]
    folders = metadata_folders(files, ())
    texts = {
        one.name: paths[one.name].read_text(encoding="utf-8", errors="replace")
        for one in metadata_texts(files, folders)
        if one.name in paths
    }
    found = read_distributions(folders, texts)
    owned = owners(files, found, Hints())
    entries: dict[str, list[Entry]] = defaultdict(list)
    for name, path in sorted(paths.items()):
        entries[owned[name].name].append(Entry(name, path))
    return Staged({name: tuple(group) for name, group in entries.items()}, found)


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        yield from (Path(root, name) for name in sorted(names) if not (root == str(folder) and name == ".lock"))


def runtime_sdk(found: Sequence[Metadata], keep: Iterable[str] = ()) -> frozenset[str]:
    """The distributions that the managed runtime has and that the package needs for the SDK alone.

    `keep` names those that the project itself requires, beside boto3 and botocore.
    """
    needs = {one.name: set(one.requires) for one in found}
    pulled = _reach(needs, SDK & needs.keys(), set())
    roots = (needs.keys() - pulled - SDK) | ({canonical(name) for name in keep} - SDK)
    kept = _reach(needs, roots & needs.keys(), set(SDK))
    return frozenset((needs.keys() & RUNTIME_HAS) - kept)


def _reach(needs: dict[str, set[str]], roots: Iterable[str], without: set[str]) -> set[str]:
    reached: set[str] = set()
    waiting = [name for name in roots if name not in without]
    while waiting:
        name = waiting.pop()
        if name in reached or name not in needs:
            continue
        reached.add(name)
        waiting += needs[name] - without
    return reached


def dependency_entries(
    staged: Staged, *, without: Iterable[str] = (), strip: bool = True
) -> tuple[list[Entry], list[LeftOut]]:
    """The files that go into the package, and what does not.

    Each dist-info stays, since importlib.metadata needs it; its RECORD is written anew, with the files that are there.
    """
    dropped = set(without)
    kept: list[Entry] = []
    left: dict[str, list[int]] = defaultdict(list)
    infos = {one.name: one.folder for one in staged.found}
    for name, entries in sorted(staged.entries.items()):
        chosen = []
        for entry in entries:
            what = f"{name}, which the runtime has" if name in dropped else _exclusion_reason(entry.name, strip)
            if what is None:
                chosen.append(entry)
            elif what:
                left[what].append(entry.path.stat().st_size)
        kept += chosen
        if chosen and name in infos:
            folder = infos[name]
            kept.append(Entry(f"{folder}RECORD", folder_path(entries), _record(folder, chosen)))
    return kept, [LeftOut(what, len(sizes), sum(sizes)) for what, sizes in sorted(left.items())]


def folder_path(entries: Sequence[Entry]) -> Path:
    """Where a distribution's files are: any of them, for an entry whose content is given."""
    return entries[0].path


def _exclusion_reason(name: str, strip: bool) -> str | None:
    """What a file is left out as; "" for what is not worth a word, None for one that stays."""
    leaf = name.rpartition("/")[2]
    if ("-info/" in name and leaf in _INSTALLER_FILES) or name.endswith((".pyc", ".pyo")):
        return ""
    if name.startswith("bin/") and strip:
        return "console scripts"
    kind = unneeded_kind(name) if strip else None
    return _NAMES.get(kind, "development files") if kind in _STRIPPED else None


def _record(folder: str, entries: Iterable[Entry]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    # Hashes and sizes may be empty (packaging.python.org, "Recording installed projects"): hashes do not compress.
    writer.writerows([name, "", ""] for name in sorted({*(entry.name for entry in entries), f"{folder}RECORD"}))
    return out.getvalue().encode()
