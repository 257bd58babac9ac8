"""The distributions of a container, from their metadata folders, and which metadata files to read."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from monitor.packages.inspect.metadata import (
    egg_requires,
    fields_of,
    has_all_fields,
    record_paths,
    required_names,
    requires_dist,
)
from monitor.packages.inspect.well_known_names import ALIASES
from monitor.packages.model import PackageFile
from monitor.packages.parse_requirements import canonical
from monitor.packages.zips.listing import Wanted

_METADATA_FOLDER = re.compile(r"((?:.*/)?)([^/]+)\.(dist-info|egg-info)/([^/]+)$")
# What setup.py of old wrote, and Debian writes: one file instead of a folder.
_METADATA_FILE = re.compile(r"((?:.*/)?)([^/]+)\.egg-info$")
_SITE = re.compile(r"(?:python/)?(?:lib/python\d\.\d+/site-packages/)?$")
_METADATA_HEAD_BYTES = 4096
_EXTENSION = re.compile(r"\.(?:cpython-\d+|abi3|pypy)[^/]*|\.so$|\.pyd$")


@dataclass(frozen=True, slots=True)
class Metadata:
    """A distribution with its metadata.

    `paths` is None if its RECORD is missing or was not read. `requires` are the names that it requires without extras,
    `requires_dist` the fields as they are.
    """

    name: str
    version: str | None
    root: str
    folder: str
    paths: frozenset[str] | None = None
    requires: tuple[str, ...] = ()
    requires_dist: tuple[str, ...] = ()
    tops: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    requested: bool = False
    extras: tuple[str, ...] = ()


def metadata_folders(files: Iterable[PackageFile], sites: Iterable[str]) -> dict[str, Metadata]:
    """Distributions by metadata folder, with what the folder names say; `sites` are further folders of sys.path.

    Where the metadata is a single file, its name stands for the folder.
    """
    allowed = set(sites)
    found: dict[str, Metadata] = {}
    requested = set()
    for file in files:
        if match := _METADATA_FOLDER.match(file.name):
            root, stem, kind, leaf = match.groups()
            folder = f"{root}{stem}.{kind}/"
        elif match := _METADATA_FILE.match(file.name):
            root, stem, kind, leaf, folder = *match.groups(), "egg-info", "", file.name
        else:
            continue
        # A dist-info folder deeper down belongs to a vendored distribution.
        if not (_SITE.match(root) or root in allowed):
            continue
        name, _, version = stem.partition("-")
        if folder not in found:
            if kind == "egg-info":
                version = version.rpartition("-py")[0] or version
            found[folder] = Metadata(canonical(name), version or None, root, folder)
        if leaf == "REQUESTED":
            requested.add(folder)
    return {
        folder: Metadata(one.name, one.version, one.root, folder, requested=folder in requested)
        for folder, one in found.items()
    }


def metadata_files(folder: str) -> tuple[str, ...]:
    """The files that may have the fields of a distribution."""
    return (f"{folder}METADATA", f"{folder}PKG-INFO") if folder.endswith("/") else (folder,)


def top_level(name: str, root: str) -> str:
    """The top-level package or module that a file belongs to."""
    first = name[len(root) :].partition("/")[0]
    return _EXTENSION.split(first)[0].removesuffix(".py").removesuffix(".pyc")


def metadata_texts(files: Iterable[PackageFile], found: Mapping[str, Metadata]) -> Iterator[Wanted]:
    """The metadata files to read. A RECORD ranks first if the names of the files do not identify the distribution."""
    tops: dict[str, set[str]] = {one.root: set() for one in found.values()}
    for file in files:
        for root, names in tops.items():
            if file.name.startswith(root) and "-info/" not in file.name:
                names.add(canonical(ALIASES.get(top := top_level(file.name, root), top)))
    for folder, one in found.items():
        named = one.name in tops[one.root]
        yield from (Wanted(name, 1, _METADATA_HEAD_BYTES) for name in metadata_files(folder))
        if not folder.endswith("/"):
            continue
        yield Wanted(f"{folder}requires.txt", 1, _METADATA_HEAD_BYTES)
        yield Wanted(f"{folder}WHEEL", 2)
        yield Wanted(f"{folder}top_level.txt", 3)
        yield Wanted(f"{folder}RECORD", 4 if named else 0)
        yield Wanted(f"{folder}installed-files.txt", 4)
    yield Wanted("requirements.txt", 0, 16_384)


def truncated_metadata(
    found: Mapping[str, Metadata], texts: Mapping[str, str], sizes_bytes: Mapping[str, int]
) -> list[str]:
    """The METADATA files whose fields continue after the part that was read: a license text can precede the
    requirements. Where no empty line ends the fields, the size of the file (`sizes_bytes`) tells."""
    names = (name for folder in found for name in metadata_files(folder))
    return [name for name in names if name in texts and _is_truncated(texts[name], sizes_bytes[name])]


def _is_truncated(text: str, size_bytes: int) -> bool:
    return not has_all_fields(text) and len(text.encode("utf-8", "replace")) < size_bytes


def read_distributions(found: Mapping[str, Metadata], texts: Mapping[str, str]) -> tuple[Metadata, ...]:
    """The distributions with the contents of their metadata files."""
    read = []
    for folder, one in found.items():
        metadata = fields_of(next(filter(None, map(texts.get, metadata_files(folder))), ""))
        version = (metadata["Version"] or "").strip() or one.version
        required = requires_dist(metadata) or egg_requires(texts.get(f"{folder}requires.txt", ""))
        name = canonical((metadata["Name"] or "").strip() or one.name)
        record = texts.get(f"{folder}RECORD")
        paths = frozenset(record_paths(record, one.root)) if record is not None else None
        tops = tuple(line.strip() for line in texts.get(f"{folder}top_level.txt", "").splitlines() if line.strip())
        tags = tuple(tag.strip() for tag in fields_of(texts.get(f"{folder}WHEEL", "")).get_all("Tag", []))
        read.append(
            Metadata(
                name,
                version,
                one.root,
                folder,
                paths,
                required_names(required),
                required,
                tops,
                tags,
                one.requested,
                tuple(extra.strip() for extra in metadata.get_all("Provides-Extra", [])),
            )
        )
    return tuple(sorted(read, key=lambda one: (one.name, one.folder)))
