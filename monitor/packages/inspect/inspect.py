"""Inspect a package and its layers: list the containers, assign the files, and report findings."""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from monitor.packages.inspect.attribute import Hints, Owner, owners
from monitor.packages.inspect.distributions import (
    Metadata,
    metadata_files,
    metadata_folders,
    metadata_texts,
    read_distributions,
    top_level,
    truncated_metadata,
)
from monitor.packages.inspect.file_findings import by_file_times, uncompiled, unneeded_files
from monitor.packages.inspect.native import is_library, native_findings, read_library
from monitor.packages.inspect.platforms import detected_python, incompatible_files
from monitor.packages.inspect.record import record_findings
from monitor.packages.inspect.search_path import (
    distributions_outside,
    duplicated,
    modules_with_two_names,
    outside_search_path,
    search_path,
    shadowed,
)
from monitor.packages.model import (
    LAYER_LIMIT,
    RUNTIME_HAS,
    UNZIPPED_LIMIT_BYTES,
    ZIPPED_LIMIT_BYTES,
    Basis,
    Container,
    PackageFile,
    PackageFinding,
    PackageReport,
    Part,
    PartKind,
)
from monitor.packages.parse_requirements import canonical, requirement_lines, requirement_of
from monitor.packages.zips.listing import SPARE_REQUESTS, Listing, Wanted

_URGENT = (
    *(
        "secrets",
        "outside",
        "bomb",
        "links",
        "duplicates",
        "names",
        "compression",
        "limit",
        "wheels",
        "platform",
        "processor",
        "native",
        "unread",
        "editable",
    ),
    *(
        "mode",
        "twice",
        "layer",
        "folder",
        "metadata",
        "record",
        "stale",
        "compile",
        "shadowed",
        "two names",
        "duplicated",
    ),
)
# More than the libraries of a package that Lambda accepts.
_LIBRARY_BYTES = 512 << 20
TASK, OPT = "/var/task", "/opt"


@dataclass(frozen=True, slots=True)
class Piece:
    """A zip or folder to inspect; `root` is where Lambda unpacks it."""

    label: str
    root: str
    listing: Listing


@dataclass(frozen=True, slots=True)
class Target:
    """The target of the package, as far as it is known; `pythonpath` has the folders of PYTHONPATH.

    `tried`: it was built with `--strip tried`, which left out what imports do not need.
    """

    python: str | None = None
    architecture: str | None = None
    handler: str | None = None
    pythonpath: tuple[str, ...] = ()
    own: frozenset[str] = frozenset()
    tried: bool = False


def inspect(name: str, pieces: Sequence[Piece], target: Target) -> PackageReport:
    """Inspect the package and its layers.

    Raises:
        UsageError: a zip is damaged.
    """
    read = [_read(piece, target) for piece in pieces]
    containers = tuple(container for container, _, _ in read)
    whole = sum(container.zipped_bytes for container in containers) or 1
    parts = [replace(part, share=part.zipped_bytes / whole) for _, found, _ in read for part in found]
    files = [file for container in containers for file in container.files]
    python = target.python or detected_python(files)
    parts = _with_reasons(parts)
    findings = [
        *(found for piece in pieces for found in piece.listing.findings),
        *(note for _, _, notes in read for note in notes),
        *_limits(containers),
        *incompatible_files(files, parts, python, target.architecture),
        *_native(pieces, files, python, target.architecture),
        *_without_metadata(parts),
        *_twice(parts),
        *outside_search_path(containers, python),
        *distributions_outside(containers, search_path(python, target.pythonpath)),
        *duplicated(parts),
        *shadowed(containers, search_path(python, target.pythonpath)),
        *modules_with_two_names(containers, search_path(python, target.pythonpath)),
        *unneeded_files(files, python, tried=target.tried),
    ]
    if python and (slow := uncompiled(files, python)):
        findings.append(slow)
    ordered = tuple(sorted(parts, key=lambda part: (-part.zipped_bytes, part.name, part.place)))
    findings.sort(key=lambda found: _URGENT.index(found.kind) if found.kind in _URGENT else len(_URGENT))
    return PackageReport(name, python, target.architecture, containers, ordered, tuple(findings))


def _read(piece: Piece, target: Target) -> tuple[Container, list[Part], list[PackageFinding]]:
    listing = piece.listing
    sites = tuple(
        folder.removeprefix(f"{piece.root}/").rstrip("/") + "/"
        for folder in target.pythonpath
        if folder.startswith(f"{piece.root}/")
    )
    folders = metadata_folders(listing.files, sites)
    texts = listing.texts(metadata_texts(listing.files, folders), SPARE_REQUESTS)
    sizes = {file.name: file.unzipped_bytes for file in listing.files}
    texts |= listing.texts(Wanted(name, 0) for name in truncated_metadata(folders, texts, sizes))
    found = read_distributions(folders, texts)
    required = frozenset(_named(texts.get("requirements.txt", "")))
    top = target.handler.replace("/", ".").partition(".")[0] if target.handler else None
    # Deeper folders first: `python/lib/python3.11/site-packages/` before `python/`.
    roots = sorted({*sites, *(one.root for one in found), *_site_folders(listing.files)}, key=len, reverse=True)
    hints = Hints(top, target.own, required, tuple(root for root in roots if root))
    owned = owners(listing.files, found, hints)
    files = tuple(replace(file, part=owned[file.name].name or "application") for file in listing.files)
    unzipped = sum(file.unzipped_bytes for file in files)
    container = Container(piece.label, piece.root, listing.zipped_bytes, unzipped, files, listing.reading())
    truncated = {*truncated_metadata(folders, texts, sizes)}
    unread = [
        one for one in folders if not any(name in texts and name not in truncated for name in metadata_files(one))
    ]
    notes = []
    if unread and container.reading.requests:
        notes.append(
            _unread(len(unread), len(folders), "monitor reads at most 3% of a zip; --download DIR reads it all")
        )
    elif any(name in sizes for one in unread for name in metadata_files(one)):
        notes.append(_unread(len(unread), len(folders), "monitor reads at most 64 MB of metadata"))
    notes += record_findings(found, texts, listing)
    notes += by_file_times(files, listing)
    return container, list(_parts(piece, files, owned, found, required)), notes


def _native(
    pieces: Sequence[Piece], files: Sequence[PackageFile], python: str | None, architecture: str | None
) -> Iterator[PackageFinding]:
    """What the compiled libraries need; of a remote zip they are not read."""
    if python is None:
        return
    found, left = [], _LIBRARY_BYTES
    for piece in pieces:
        if piece.listing.reading().requests:
            continue
        for file in piece.listing.files:
            if is_library(file.name) and file.unzipped_bytes <= left:
                left -= file.unzipped_bytes
                content = piece.listing.contents([file.name], file.unzipped_bytes, 0).get(file.name)
                library = read_library(file.name, io.BytesIO(content)) if content else None
                if library is not None:
                    found.append(library)
    yield from native_findings(found, {file.name for file in files}, python, architecture)


def _named(requirements: str) -> Iterable[str]:
    for _, line in requirement_lines(requirements):
        if (requirement := requirement_of(line)) is not None:
            yield canonical(requirement.name)


def _unread(count: int, of: int, why: str) -> PackageFinding:
    text = f"{count} of {of} distributions: their requirements were not read, since {why}"
    return PackageFinding("unread", text, count)


def _site_folders(files: Iterable[PackageFile]) -> set[str]:
    folders = set()
    for file in files:
        if file.name.startswith("python/"):
            deep = file.name.partition("/site-packages/")
            folders.add(f"{deep[0]}/site-packages/" if deep[1] else "python/")
    return folders


def _parts(
    piece: Piece,
    files: Sequence[PackageFile],
    owned: dict[str, Owner],
    found: Sequence[Metadata],
    required: frozenset[str],
) -> Iterable[Part]:
    groups: dict[Owner, list[PackageFile]] = {}
    for file in files:
        groups.setdefault(owned[file.name], []).append(file)
    merged: dict[tuple[str, int | None], tuple[Owner, list[PackageFile]]] = {}
    for owner, group in groups.items():
        first, held = merged.setdefault((owner.name, owner.index), (owner, []))
        held += group
        if owner.basis is Basis.RECORD and first.basis is not Basis.RECORD:
            merged[owner.name, owner.index] = (owner, held)
    for owner, group in merged.values():
        one = found[owner.index] if owner.index is not None else None
        root = one.root if one else next((r for r in ("python/",) if group[0].name.startswith(r)), "")
        yield Part(
            name=owner.name or "application",
            version=one.version if one else None,
            kind=PartKind.DISTRIBUTION if owner.name else PartKind.APPLICATION,
            basis=owner.basis if one is None or one.paths is not None else Basis.METADATA,
            place=piece.label,
            files=len(group),
            zipped_bytes=sum(file.zipped_bytes for file in group),
            unzipped_bytes=sum(file.unzipped_bytes for file in group),
            share=0.0,
            tops=_tops(group, root),
            requires=one.requires if one else (),
            requested=one is not None and (one.name in required if required else one.requested),
            in_runtime=owner.name in RUNTIME_HAS,
            tags=one.tags if one else (),
        )
    size = piece.listing.structure_bytes
    yield Part("zip structure", None, PartKind.STRUCTURE, Basis.NONE, piece.label, 0, size, 0, 0.0)


def _tops(files: Iterable[PackageFile], root: str) -> tuple[str, ...]:
    tops = {top_level(one.name, root) for one in files if not re.search(r"-info(?:/|$)", one.name)}
    return tuple(sorted(tops - {"__pycache__", "bin", ""}))


def _with_reasons(parts: Sequence[Part]) -> list[Part]:
    """Add to each distribution the distributions that require it."""
    pullers: dict[str, set[str]] = {}
    for part in parts:
        for name in part.requires:
            pullers.setdefault(name, set()).add(part.name)
    known = [part for part in parts if part.version is not None]
    # `uv pip install --target` marks all distributions as requested. Then the ones that no other requires count.
    unmarked = all(part.requested for part in known) or not any(part.requested for part in known)
    return [
        replace(
            part,
            pulled_in_by=tuple(sorted(pullers.get(part.name, ()))),
            requested=part in known and part.name not in pullers if unmarked else part.requested,
        )
        for part in parts
    ]


def _twice(parts: Iterable[Part]) -> Iterable[PackageFinding]:
    """Distributions with two metadata folders in one container."""
    versions: dict[tuple[str, str], list[str]] = {}
    for part in parts:
        if part.kind is PartKind.DISTRIBUTION and part.version is not None:
            versions.setdefault((part.name, part.place), []).append(part.version)
    twice = {name: found for (name, _), found in versions.items() if len(found) > 1}
    if twice:
        text = "1 distribution has" if len(twice) == 1 else f"{len(twice)} distributions have"
        names = tuple(f"{name}: {' and '.join(sorted(found))}" for name, found in sorted(twice.items())[:10])
        text += (
            " several dist-infos: the version of the code cannot be told, and importlib.metadata reports any of them"
        )
        yield PackageFinding("twice", text, len(twice), 0, names)


def _without_metadata(parts: Iterable[Part]) -> Iterable[PackageFinding]:
    bare = [part for part in parts if part.kind is PartKind.DISTRIBUTION and part.basis is Basis.TOP_LEVEL]
    bare = [part for part in bare if part.name != "lambda-monitor"]
    if bare:
        text = (
            "1 distribution has no dist-info: its version is unknown, and importlib.metadata cannot find it"
            if len(bare) == 1
            else f"{len(bare)} distributions have no dist-info: their versions are unknown, and importlib.metadata "
            "cannot find them"
        )
        yield PackageFinding(
            "metadata",
            text,
            len(bare),
            sum(part.zipped_bytes for part in bare),
            tuple(part.name for part in bare[:10]),
        )


def _limits(containers: Sequence[Container]) -> Iterable[PackageFinding]:
    if containers and not containers[0].files:
        yield PackageFinding("limit", "the package has no files: Lambda refuses it", 0, 0)
    unzipped = sum(container.unzipped_bytes for container in containers)
    if unzipped > UNZIPPED_LIMIT_BYTES:
        over = unzipped - UNZIPPED_LIMIT_BYTES
        yield PackageFinding("limit", f"{over:,} bytes over Lambda's limit of 250 MB unzipped", 0, 0)
    for container in containers:
        if container.zipped_bytes > ZIPPED_LIMIT_BYTES:
            text = f"{container.label} is over 50 MB zipped: upload it through S3"
            yield PackageFinding("limit", text, 0, container.zipped_bytes - ZIPPED_LIMIT_BYTES)
    layers = sum(container.root == OPT for container in containers)
    if layers > LAYER_LIMIT:
        yield PackageFinding("limit", f"{layers} layers: a function can have {LAYER_LIMIT}", layers, 0)
