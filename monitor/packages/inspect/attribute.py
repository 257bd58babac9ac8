"""Assign every file of a container to one distribution or to the application."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.kernel.entry_point import ENTRY_POINT_FILE
from monitor.packages.inspect.distributions import Metadata, top_level
from monitor.packages.inspect.well_known_names import APPLICATION, known_distribution
from monitor.packages.model import Basis, PackageFile
from monitor.packages.parse_requirements import canonical

_CACHED = re.compile(r"(?P<folder>(?:.*/)?)__pycache__/(?P<stem>[^/]+?)\.(?:cpython|pypy)[^/]*\.pyc$")
_EDITABLE = re.compile(r"__editable___?_?[._]?(?P<name>[A-Za-z0-9_]+?)[-_]\d")
_SIDE = re.compile(r"(?P<name>.+)\.(?:libs|data|dist-info|egg-info|egg-link|pth)$")
_METADATA = re.compile(r"(?P<root>(?:.*/)?)(?P<name>[^/-]+)-[^/]*\.(?:dist|egg)-info/")


@dataclass(frozen=True, slots=True)
class Owner:
    """The distribution that a file belongs to, or the application (name ""); `index` is its place in the list of
    distributions, None without metadata."""

    name: str
    basis: Basis
    index: int | None = None


APPLICATION_OWNER = Owner("", Basis.NONE)


@dataclass(frozen=True, slots=True)
class Hints:
    """What else helps to identify files: the top-level module of the handler, names that the user declared as own code,
    the required distributions, and the folders of sys.path."""

    handler: str | None = None
    own: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    sites: tuple[str, ...] = ()


def owners(files: Sequence[PackageFile], found: Sequence[Metadata], hints: Hints) -> dict[str, Owner]:
    """The owner of each file, by its name.

    RECORD decides first; then the name in the metadata and top_level.txt; then the other files in the same folder;
    then the top-level name. All other files belong to the application.
    """
    names = {file.name for file in files}
    owned = _by_metadata(names, found)
    left = [name for name in names if name not in owned]
    for name in left:
        source = source_of(name)
        if source in owned:
            owned[name] = owned[source]
    _by_name([name for name in left if name not in owned], found, owned, hints)
    _by_neighbors([name for name in left if name not in owned], owned)
    _by_top_level([name for name in left if name not in owned], owned, found, hints)
    return owned


def source_of(name: str) -> str | None:
    """The source of a bytecode file in __pycache__."""
    match = _CACHED.match(name)
    return f"{match['folder']}{match['stem']}.py" if match else None


def _by_metadata(names: set[str], found: Sequence[Metadata]) -> dict[str, Owner]:
    owned: dict[str, Owner] = {}
    folders = {one.folder: index for index, one in enumerate(found)}
    for name in names:
        start = name.find("-info/")
        folder = name[: start + 6] if start >= 0 else name
        if (index := folders.get(folder)) is not None:
            owned[name] = Owner(found[index].name, Basis.RECORD, index)
    for index, one in enumerate(found):
        for path in one.paths or ():
            if path in names:
                owned.setdefault(path, Owner(one.name, Basis.RECORD, index))
    return owned


def _by_name(left: Sequence[str], found: Sequence[Metadata], owned: dict[str, Owner], hints: Hints) -> None:
    claims: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, one in enumerate(found):
        for top in {*one.tops, one.name.replace("-", "_")}:
            claims[one.root, top.lower()].append(index)
    roots = sorted({one.root for one in found}, key=len, reverse=True)
    for name in left:
        for root in roots:
            if not name.startswith(root):
                continue
            top = top_level(name, root)
            side = _SIDE.match(name[len(root) :].partition("/")[0])
            editable = _EDITABLE.match(top)
            known = known_distribution(top)
            beside = known_distribution(side["name"]) or side["name"] if side else None
            spoken = editable["name"] if editable else beside or known or top
            if top == "bin":
                spoken = name.rpartition("/")[2]
            for key in (top, spoken.replace("-", "_")):
                indexes = claims.get((root, key.lower()))
                if indexes and len(indexes) == 1 and top not in hints.own:
                    one = found[indexes[0]]
                    basis = Basis.RECORD if one.paths is not None else Basis.METADATA
                    owned[name] = Owner(one.name, basis, indexes[0])
                    break
            break


def _by_neighbors(left: Sequence[str], owned: dict[str, Owner]) -> None:
    """Give a file to the distribution that owns most files in the same folder, or in the nearest parent folder."""
    folders: dict[str, Counter[Owner]] = defaultdict(Counter)
    for name, owner in list(owned.items()):
        folder = name.rpartition("/")[0]
        if folder and not folder.endswith(("-info", "__pycache__")) and owner.index is not None:
            folders[folder][owner] += 1
    for name in left:
        folder = name.rpartition("/")[0]
        while folder:
            if folder in folders and folder != "bin":
                owned[name] = folders[folder].most_common(1)[0][0]
                break
            folder = folder.rpartition("/")[0]


def _by_top_level(left: Sequence[str], owned: dict[str, Owner], found: Sequence[Metadata], hints: Hints) -> None:
    """Identify the files of distributions without metadata by their top-level name."""
    bare = not found
    packages = {name.rpartition("/")[0] for name in left if name.endswith("/__init__.py")}
    instrumented = ENTRY_POINT_FILE in left
    for name in left:
        root = next((site for site in hints.sites if name.startswith(site)), "")
        top = top_level(name, root)
        metadata = _METADATA.match(name)
        editable = _EDITABLE.match(top)
        side = _SIDE.match(name[len(root) :].partition("/")[0])
        known = known_distribution(side["name"] if side and not metadata else top)
        if top == "monitor" and instrumented:
            owned[name] = Owner("lambda-monitor", Basis.TOP_LEVEL)
        elif top in hints.own or top == hints.handler:
            owned[name] = APPLICATION_OWNER
        elif editable:
            owned[name] = Owner(canonical(editable["name"]), Basis.TOP_LEVEL)
        elif known or canonical(top) in hints.required:
            owned[name] = Owner(known or canonical(top), Basis.TOP_LEVEL)
        elif bare and f"{root}{top}" in packages and top not in APPLICATION:
            owned[name] = Owner(canonical(top), Basis.TOP_LEVEL)
        else:
            owned[name] = APPLICATION_OWNER
