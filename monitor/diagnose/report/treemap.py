"""Packages as a treemap, by import time and by size: the place of each tile in percent.

The layout is the squarified treemap of Bruls, Huizing and van Wijk (2000): rows are filled as long as that makes
their tiles more like squares.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.coldstarts.render_profile import covered
from monitor.console.text import clean, format_bytes, format_ms
from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.report.colors import Colors, by_package, normal, top_of, walk
from monitor.diagnose.report.figures import known_ms
from monitor.packages.model import PackageReport, Part, PartKind
from monitor.records.imports import ImportProfile

# The picture's shape: wide, as on a screen; on a narrow one tiles are merely slimmer.
ASPECT = 2.4
_MOST_TILES, _MOST_PARTS = 60, 14
_LEAST_MS = 0.001
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle in per cent of the picture."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Tile:
    """A package: `text` says all of it, `parts` are where in it its own parts lie, `idle` that it is not imported."""

    name: str
    value: str
    text: str
    css: str
    idle: bool
    place: Place
    parts: tuple[Place, ...]


def treemaps(evidence: FunctionEvidence, colors: Colors) -> Iterator[tuple[str, str, list[Tile]]]:
    """Each treemap that the evidence allows: of what, a note, and the tiles."""
    profile = evidence.imports if isinstance(evidence.imports, ImportProfile) else None
    if profile is not None and (tiles := by_time(profile, colors)):
        note = f"Import time of each package's own modules in a mean cold start, from {profile.source}."
        if part := covered(profile.row_coverage, profile.total_ms):
            note += f" {part.capitalize()}."
        yield "time", note, tiles
    if isinstance(evidence.package, PackageReport):
        late = [one.package for one in evidence.late_imports]
        if tiles := by_size(evidence.package, profile, late, colors):
            note = "The unzipped size of each distribution."
            note += " Hatched: not imported in any measured start." if any(one.idle for one in tiles) else ""
            yield "size", note, tiles


def by_time(profile: ImportProfile, colors: Colors) -> list[Tile]:
    """What each top-level package's modules took themselves, a mean cold start."""
    listed = by_package(profile.tree)
    sums = dict(sorted(_by_row(profile, listed).items(), key=lambda one: (-one[1], one[0])))
    packages = {name: listed.get(name) or {name: ms} for name, ms in sums.items()}
    whole = sum(sums.values()) or 1.0
    shown = [name for name in list(sums)[:_MOST_TILES] if sums[name] >= _LEAST_MS]
    tiles = []
    for name, place in zip(shown, squarified([sums[one] for one in shown]), strict=True):
        modules = sorted(packages[name].items(), key=lambda one: (-one[1], one[0]))
        told = ", ".join(f"{clean(module)[:_LONGEST_NAME]} {format_ms(ms)}" for module, ms in modules[:5])
        value = format_ms(sums[name])
        label = clean(name)[:_LONGEST_NAME]
        text = f"{label}: {value} self time, {sums[name] / whole:.1%} of imports · {told}"
        parts = inside(place, [ms for _, ms in modules[:_MOST_PARTS]])
        tiles.append(Tile(label, value, text, f"c{colors.of(name)}", False, place, parts))
    return tiles


def _by_row(profile: ImportProfile, listed: dict[str, dict[str, float]]) -> dict[str, float]:
    """The mean time of each package in a cold start: by the rows, which count modules that are not in the tree too."""
    rows = {row.package: known_ms(row.self_ms) * row.seen / max(1, row.of) for row in profile.rows}
    return rows or {name: sum(modules.values()) for name, modules in listed.items()}


def by_size(package: PackageReport, profile: ImportProfile | None, late: Sequence[str], colors: Colors) -> list[Tile]:
    """The unzipped size of each part; with a profile, parts neither in it nor in `late` are marked as not imported."""
    parts = [one for one in package.parts if one.kind is not PartKind.STRUCTURE and one.unzipped_bytes > 0]
    parts = sorted(parts, key=lambda one: (-one.unzipped_bytes, one.name))[:_MOST_TILES]
    seen = None
    if profile is not None and profile.tree:
        seen = {normal(name) for name in (*(top_of(node.module) for node in walk(profile.tree)), *late)}
    whole = sum(one.unzipped_bytes for one in parts) or 1
    sizes = _file_sizes(package)
    tiles = []
    for part, place in zip(parts, squarified([one.unzipped_bytes for one in parts]), strict=True):
        idle = seen is not None and _is_idle(part, seen)
        label, value = clean(part.name)[:_LONGEST_NAME], format_bytes(part.unzipped_bytes)
        zipped = format_bytes(part.zipped_bytes)
        text = f"{label}: {value}, {zipped} zipped, {part.unzipped_bytes / whole:.1%} of the package"
        if part.pulled_in_by:
            text += f" · for {', '.join(clean(one)[:_LONGEST_NAME] for one in part.pulled_in_by[:3])}"
        text += " · not imported in any measured start" if idle else ""
        inner = inside(place, sizes.get(part.name, ()))
        css = f"c{colors.of(part.name, *part.tops[:20])}"
        tiles.append(Tile(label, value, text, css, idle, place, inner))
    return tiles


def _is_idle(part: Part, seen: set[str]) -> bool:
    """Only what has a name to look for, and never the application."""
    return part.kind is PartKind.DISTRIBUTION and bool(part.tops) and not any(normal(top) in seen for top in part.tops)


def _file_sizes(package: PackageReport) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for container in package.containers:
        for file in container.files:
            found.setdefault(file.part, []).append(file.unzipped_bytes)
    return {name: sorted(sizes, reverse=True)[:_MOST_PARTS] for name, sizes in found.items()}


def inside(place: Place, values: Sequence[float]) -> tuple[Place, ...]:
    """The places of a tile's own parts, in per cent of the tile; none where there are not several."""
    values = [value for value in values if value > 0]
    if len(values) < 2 or place.width <= 0 or place.height <= 0:
        return ()
    return tuple(squarified(values, ASPECT * place.width / place.height))


def squarified(values: Sequence[float], aspect: float = ASPECT) -> list[Place]:
    """A place for each value (descending, above zero); together they fill the picture."""
    whole = sum(values)
    left = [value / whole * aspect for value in values] if whole > 0 else []
    x, y, width, height = 0.0, 0.0, aspect, 1.0
    places: list[Place] = []
    while left:
        side = min(width, height)
        count = 1
        while count < len(left) and _worst(left[: count + 1], side) <= _worst(left[:count], side):
            count += 1
        row, left = left[:count], left[count:]
        depth = sum(row) / side if side > 0 else 0.0
        at = 0.0
        for area in row:
            length = area / depth if depth > 0 else 0.0
            across = (x, y + at, depth, length) if width >= height else (x + at, y, length, depth)
            places.append(Place(across[0] / aspect * 100, across[1] * 100, across[2] / aspect * 100, across[3] * 100))
            at += length
        if width >= height:
            x, width = x + depth, width - depth
        else:
            y, height = y + depth, height - depth
    return places


def _worst(row: Sequence[float], side: float) -> float:
    """How far from square the worst tile of a row along `side` is."""
    area = sum(row)
    if area <= 0 or side <= 0 or min(row) <= 0:
        return float("inf")
    return max(side * side * max(row) / (area * area), area * area / (side * side * min(row)))
