"""Leave files of dependencies out of a package, and say which ones stay and why."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from monitor.packages.analyze_strip import extension_stems, probable_kind, safe_kind
from monitor.packages.building.entry import Entry
from monitor.packages.model_plan import Kept, LeftOut

_SHEBANG_BYTES = 256
_NAMED = 6
# `pip install --target` and uv write scripts that start this machine's Python.
_CONSOLE_SCRIPT = re.compile(rb"#!\s*(?:/\S*python[\d.]*\s|/bin/sh\n'''exec' )")
_READS_SOURCES = re.compile(r"""["'][^"'\n]*\.(?:c|cc|cpp|cxx|pyx)["']""")

# Given the stripped files and all files, by distribution: the distributions whose modules import differently.
Probe = Callable[[Mapping[str, Sequence[Entry]], Mapping[str, Sequence[Entry]]], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Stripped:
    """The files that stay, by distribution; the ones that do not; and the ones that stay for a reason."""

    entries: Mapping[str, tuple[Entry, ...]]
    left_out: tuple[LeftOut, ...]
    kept: tuple[Kept, ...]


@dataclass
class _Count:
    sizes: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        self.sizes.append(entry.path.stat().st_size)
        self.names.append(entry.name)


def strip(
    entries: Mapping[str, Sequence[Entry]], mode: str, *, without: Collection[str] = (), probe: Probe | None = None
) -> Stripped:
    """Leave out the distributions `without` and what `mode` allows: `none`, `safe`, or `tried`, which needs `probe`."""
    left: dict[str, _Count] = defaultdict(_Count)
    kept: dict[tuple[str, str], _Count] = defaultdict(_Count)
    chosen: dict[str, tuple[Entry, ...]] = {}
    for name, files in sorted(entries.items()):
        if name in without:
            for entry in files:
                left[f"{name}, which the runtime has"].add(entry)
        else:
            chosen[name] = _safely(files, mode, left, kept)
    if mode == "tried" and probe is not None:
        chosen = _tried(chosen, probe, left, kept)
    return Stripped(
        chosen,
        tuple(
            LeftOut(what, len(one.sizes), sum(one.sizes), tuple(sorted(one.names)[:_NAMED]))
            for what, one in sorted(left.items())
        ),
        tuple(Kept(what, len(one.sizes), sum(one.sizes), reason) for (what, reason), one in sorted(kept.items())),
    )


def _safely(
    files: Sequence[Entry], mode: str, left: dict[str, _Count], kept: dict[tuple[str, str], _Count]
) -> tuple[Entry, ...]:
    names = {entry.name for entry in files}
    extensions = extension_stems(names)
    opens_sources: bool | None = None
    chosen = []
    for entry in files:
        kind = safe_kind(entry.name, names, extensions)
        if kind is None and entry.name.startswith("bin/") and _is_console_script(entry.path):
            kind = "console scripts, which start this machine's Python"
        elif kind and mode == "none":
            kind = None
        elif kind == "sources of built extensions":
            if opens_sources is None:
                opens_sources = any(map(_mentions_sources, files))
            if opens_sources:
                kept[kind, "modules of the distribution name such files"].add(entry)
                kind = None
        if kind is None:
            chosen.append(entry)
        elif kind:
            left[kind].add(entry)
    return tuple(chosen)


def _is_console_script(path: Path) -> bool:
    with path.open("rb") as file:
        return _CONSOLE_SCRIPT.match(file.read(_SHEBANG_BYTES)) is not None


def _mentions_sources(entry: Entry) -> bool:
    if not entry.name.endswith(".py"):
        return False
    return _READS_SOURCES.search(entry.path.read_text(encoding="utf-8", errors="replace")) is not None


def _tried(
    entries: dict[str, tuple[Entry, ...]], probe: Probe, left: dict[str, _Count], kept: dict[tuple[str, str], _Count]
) -> dict[str, tuple[Entry, ...]]:
    candidates = {
        name: tuple(entry for entry in files if probable_kind(entry.name) is None) for name, files in entries.items()
    }
    shrunk = {name for name, files in candidates.items() if len(files) < len(entries[name])}
    needed = probe(candidates, entries) if shrunk else {}
    chosen = {}
    for name, files in entries.items():
        restored = name in needed
        chosen[name] = files if restored else candidates[name]
        for entry in files:
            kind = probable_kind(entry.name)
            if kind is None:
                continue
            if restored:
                kept[f"{kind} of {name}", needed[name]].add(entry)
            else:
                left[f"{kind}, not needed to import"].add(entry)
    return chosen
