"""The classes and patterns that an application's files build while they are imported, by kind and file."""

from collections.abc import Iterator

from monitor.callgraph.parse_files import SourceFiles
from monitor.callgraph.parse_scan import MODULE, FileScan
from monitor.diagnose.evidence.model import InitWork

# What a base class, a decorator or a call makes, by the full name of what it is.
_BASES = {
    "pydantic.BaseModel": "pydantic model",
    "pydantic_settings.BaseSettings": "pydantic model",
    "sqlmodel.SQLModel": "SQLAlchemy mapping",
    "sqlalchemy.orm.DeclarativeBase": "SQLAlchemy mapping",
    "enum.Enum": "enum",
    "enum.IntEnum": "enum",
    "enum.StrEnum": "enum",
    "enum.Flag": "enum",
    "enum.IntFlag": "enum",
    "typing.NamedTuple": "named tuple",
}
_DECORATORS = {
    "dataclasses.dataclass": "dataclass",
    "attr.s": "attrs class",
    "attr.define": "attrs class",
    "attrs.define": "attrs class",
    "attrs.frozen": "attrs class",
    "pydantic.dataclasses.dataclass": "pydantic model",
}
_CALLS = {
    "re.compile": "regular expression",
    "pydantic.TypeAdapter": "pydantic TypeAdapter",
    "collections.namedtuple": "named tuple",
}
_DEEPEST = 20


def built_at_import(sources: SourceFiles) -> Iterator[InitWork]:
    """For each kind and file how many are built; a class counts for the library's class that it descends from."""
    for path, scanned in sorted(sources.scans.items()):
        counts: dict[str, int] = {}
        for name in scanned.classes:
            kind = _kind_of_class(sources, path, name) or _kind_of_decorator(scanned, name)
            if kind:
                counts[kind] = counts.get(kind, 0) + 1
        for call in scanned.scopes[MODULE].calls:
            if made := _CALLS.get(_full(scanned, call.name)):
                counts[made] = counts.get(made, 0) + 1
        yield from (InitWork(kind, path, 1, count, 0.0) for kind, count in sorted(counts.items()))


def _full(scanned: FileScan, name: str) -> str:
    first, dot, rest = name.partition(".")
    targets = (one.binds[first] for one in scanned.imports if first in one.binds)
    return next(targets, first) + dot + rest


def _kind_of_class(sources: SourceFiles, path: str, name: str, depth: int = 0) -> str:
    """Through base classes in these files to a library's."""
    scanned = sources.scans[path]
    for base in scanned.bases.get(name, ()) if depth < _DEEPEST else ():
        if base in scanned.classes and base != name:
            found = _kind_of_class(sources, path, base, depth + 1)
        else:
            full = _full(scanned, base)
            place = sources.module_of(full)
            known = place is not None and place[1] in sources.scans[place[0]].classes
            found = _kind_of_class(sources, *place, depth + 1) if place and known else _BASES.get(full, "")
        if found:
            return found
    return ""


def _kind_of_decorator(scanned: FileScan, name: str) -> str:
    names = {_full(scanned, one) for one in scanned.classes[name].loads}
    names |= {f"{_full(scanned, base)}.{attribute}" for base, attribute in scanned.classes[name].attributes if base}
    return next((kind for full, kind in _DECORATORS.items() if full in names), "")
