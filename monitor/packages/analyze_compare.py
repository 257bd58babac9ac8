"""Compare two packages, and compare the size of each distribution with its import time."""

from collections.abc import Iterable, Sequence

from monitor.packages.model import PackageReport, Part, PartKind
from monitor.packages.model_plan import Change, PackageDiff, PackageTimes, PartChange, PartTime
from monitor.records.imports import ImportRow


def compare(before: PackageReport, after: PackageReport) -> PackageDiff:
    """List the distributions that were added, removed and changed, and the expected effect on a cold start."""
    old, new = _merged(before.parts), _merged(after.parts)
    changes = [
        change for name in sorted({*old, *new}) if (change := _change(name, old.get(name), new.get(name))) is not None
    ]
    changes.sort(key=lambda one: (-abs(one.zipped_bytes), one.name))
    compiled = _uncompiled(before), _uncompiled(after)
    return PackageDiff(
        before.name,
        after.name,
        before.zipped_bytes,
        after.zipped_bytes,
        before.unzipped_bytes,
        after.unzipped_bytes,
        tuple(changes),
        *compiled,
        _expectation(before, after, *compiled, changes),
    )


def _merged(parts: Iterable[Part]) -> dict[str, tuple[str | None, int, int, int]]:
    merged: dict[str, tuple[str | None, int, int, int]] = {}
    for part in parts:
        if part.kind is PartKind.STRUCTURE:
            continue
        version, zipped, unzipped, files = merged.get(part.name, (None, 0, 0, 0))
        merged[part.name] = (
            part.version or version,
            zipped + part.zipped_bytes,
            unzipped + part.unzipped_bytes,
            files + part.files,
        )
    return merged


def _change(
    name: str, old: tuple[str | None, int, int, int] | None, new: tuple[str | None, int, int, int] | None
) -> PartChange | None:
    if old == new:
        return None
    kind = Change.ADDED if old is None else Change.REMOVED if new is None else Change.CHANGED
    first, last = old or (None, 0, 0, 0), new or (None, 0, 0, 0)
    return PartChange(name, kind, first[0], last[0], last[1] - first[1], last[2] - first[2], last[3] - first[3])


def _uncompiled(report: PackageReport) -> int:
    return sum(finding.count for finding in report.findings if finding.kind == "compile")


def _expectation(before: PackageReport, after: PackageReport, old: int, new: int, changes: Sequence[PartChange]) -> str:
    """What the files say of the effect: modules without bytecode change a lot; what is imported, they do not say."""
    if before.python is None or after.python is None:
        return "the Python version is unknown: give --python to see how many modules Lambda compiles at each cold start"
    if old != new:
        way = "slower" if new > old else "faster"
        return (
            f"{way}: {abs(new - old):,} {'more' if new > old else 'fewer'} modules have no bytecode; only the modules "
            "that init imports cost time (--measure runs both packages)"
        )
    if not changes:
        return "no difference is expected: all parts have the same versions, files, and sizes"
    names = [one.name for one in changes]
    which = f"{', '.join(names[:2])} {'differs' if len(names) == 1 else 'differ'}"
    if len(names) > 2:
        which = f"{names[0]} and {len(names) - 1} other parts differ"
    return (
        f"not known: {which}, as many modules have no bytecode as before, and files do not tell what init imports and "
        "does (--measure runs both packages)"
    )


def times(
    report: PackageReport, rows: Iterable[ImportRow], *, source: str, inits: int, exact: bool, handler: str = ""
) -> PackageTimes:
    """Return the size and the import time of each part, slowest first; parts that init never imported come last.

    `handler` is the handler's module, if the rows lack it: the runtime imports it by importlib, which Python's profile
    does not time.
    """
    owner: dict[str, str] = {}
    # Where two parts share a top-level name (a namespace package), the larger one gets the time.
    for part in sorted(report.parts, key=lambda part: part.unzipped_bytes):
        owner.update(dict.fromkeys(part.tops, part.name))
    taken: dict[str, tuple[float, int]] = {}
    elsewhere = total = 0.0
    for row in rows:
        total += row.self_ms
        name = owner.get(row.package)
        if name is None:
            elsewhere += row.self_ms
            continue
        ms, modules = taken.get(name, (0.0, 0))
        taken[name] = (ms + row.self_ms, modules + row.modules)
    if (name := owner.get(handler.partition(".")[0])) is not None:
        ms, modules = taken.get(name, (0.0, 0))
        taken[name] = (ms, modules + 1)
    merged = _merged(report.parts)
    found = [
        PartTime(
            name,
            version,
            zipped,
            unzipped,
            taken.get(name, (0.0, 0))[0],
            taken.get(name, (0.0, 0))[0] / total if total else 0.0,
            taken.get(name, (0.0, 0))[1],
        )
        for name, (version, zipped, unzipped, _) in merged.items()
    ]
    found.sort(key=lambda row: (-row.self_ms, -row.zipped_bytes, row.name))
    return PackageTimes(report.name, source, inits, exact, tuple(found), elsewhere, total, handler)
