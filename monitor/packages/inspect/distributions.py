"""The distributions that a container has metadata of, and which of their texts are worth reading."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from monitor.packages.inspect.known import ALIASES
from monitor.packages.inspect.metadata import fields_of, has_all_fields, record_paths, requires
from monitor.packages.model import PackageFile
from monitor.packages.parse_requirements import canonical
from monitor.packages.zips.listing import Wanted

_METADATA_FOLDER = re.compile(r"((?:.*/)?)([^/]+)\.(dist-info|egg-info)/([^/]+)$")
_SITE = re.compile(r"(?:python/)?(?:lib/python\d\.\d+/site-packages/)?$")
_METADATA_HEAD_BYTES = 4096
_EXTENSION = re.compile(r"\.(?:cpython-\d+|abi3|pypy)[^/]*|\.so$|\.pyd$")


@dataclass(frozen=True, slots=True)
class Found:
    """A distribution by its metadata; `paths` is None where its RECORD is missing or was not read."""

    name: str
    version: str | None
    root: str
    folder: str
    paths: frozenset[str] | None = None
    requires: tuple[str, ...] = ()
    tops: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    requested: bool = False


def metadata_folders(files: Iterable[PackageFile], sites: Iterable[str]) -> dict[str, Found]:
    """What the metadata folders' names tell, by folder; `sites` are further folders of sys.path, each with `/`."""
    allowed = set(sites)
    found: dict[str, Found] = {}
    requested = set()
    for file in files:
        match = _METADATA_FOLDER.match(file.name)
        if match is None:
            continue
        root, stem, kind, leaf = match.groups()
        # A dist-info deeper down belongs to what vendors it.
        if not (_SITE.match(root) or root in allowed):
            continue
        folder = f"{root}{stem}.{kind}/"
        name, _, version = stem.partition("-")
        if folder not in found:
            if kind == "egg-info":
                version = version.rpartition("-py")[0] or version
            found[folder] = Found(canonical(name), version or None, root, folder)
        if leaf == "REQUESTED":
            requested.add(folder)
    return {
        folder: Found(one.name, one.version, one.root, folder, requested=folder in requested)
        for folder, one in found.items()
    }


def top_level(name: str, root: str) -> str:
    """The name by which a file's top-level package or module is imported."""
    first = name[len(root) :].partition("/")[0]
    return _EXTENSION.split(first)[0].removesuffix(".py").removesuffix(".pyc")


def wanted_texts(files: Iterable[PackageFile], found: Mapping[str, Found]) -> Iterator[Wanted]:
    """What to read: all METADATA's heads, and RECORDs first where names alone do not tell whose a file is."""
    tops: dict[str, set[str]] = {one.root: set() for one in found.values()}
    for file in files:
        for root, names in tops.items():
            if file.name.startswith(root) and "-info/" not in file.name:
                names.add(canonical(ALIASES.get(top := top_level(file.name, root), top)))
    for folder, one in found.items():
        named = one.name in tops[one.root]
        yield Wanted(f"{folder}METADATA", 1, _METADATA_HEAD_BYTES)
        yield Wanted(f"{folder}PKG-INFO", 1, _METADATA_HEAD_BYTES)
        yield Wanted(f"{folder}WHEEL", 2)
        yield Wanted(f"{folder}top_level.txt", 3)
        yield Wanted(f"{folder}RECORD", 4 if named else 0)
        yield Wanted(f"{folder}installed-files.txt", 4)
    yield Wanted("requirements.txt", 0, 16_384)


def with_cut_fields(found: Mapping[str, Found], texts: Mapping[str, str]) -> list[str]:
    """The METADATA whose fields go on after the head that was read: a license's text comes before the requirements."""
    names = (f"{folder}{leaf}" for folder in found for leaf in ("METADATA", "PKG-INFO"))
    return [name for name in names if name in texts and not has_all_fields(texts[name])]


def read_found(found: Mapping[str, Found], texts: Mapping[str, str]) -> tuple[Found, ...]:
    """The distributions with what their texts say."""
    read = []
    for folder, one in found.items():
        metadata = fields_of(texts.get(f"{folder}METADATA") or texts.get(f"{folder}PKG-INFO") or "")
        version = one.version or (metadata["Version"] or "").strip() or None
        name = canonical((metadata["Name"] or "").strip() or one.name)
        record = texts.get(f"{folder}RECORD")
        paths = frozenset(record_paths(record, one.root)) if record is not None else None
        tops = tuple(line.strip() for line in texts.get(f"{folder}top_level.txt", "").splitlines() if line.strip())
        tags = tuple(tag.strip() for tag in fields_of(texts.get(f"{folder}WHEEL", "")).get_all("Tag", []))
        read.append(Found(name, version, one.root, folder, paths, requires(metadata), tops, tags, one.requested))
    return tuple(sorted(read, key=lambda one: (one.name, one.folder)))
