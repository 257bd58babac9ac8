"""Fit a package into Lambda's limit on unzipped size, or say what would."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from monitor.errors import UsageError
from monitor.packages.analyze_strip import probable_kind
from monitor.packages.building.entry import Entry
from monitor.packages.inspect.attribute import source_of
from monitor.packages.model import UNZIPPED_LIMIT_BYTES

_FEW = 4
_APPLICATION = "the application"
# A smaller share of the package is not worth a word.
_WORTH = 0.01
# Room beside the bytecode, so that a package that is filled with it can still be changed, or started for a test.
_SPARE_BYTES = 64 * 1024
_MB = 1024 * 1024


@dataclass
class Fitting:
    """Chooses the bytecode that fits; `notes` say what was left out.

    `started` returns the modules that a start imports, None if that cannot be tried. `strip` is how the dependencies
    were stripped.
    """

    started: Callable[[], Collection[str] | None] = field(default=lambda: None)
    strip: str = "safe"
    notes: list[str] = field(default_factory=list)

    def __call__(self, entries: Mapping[str, Entry], compiled: Mapping[str, bytes]) -> Mapping[str, bytes]:
        """The bytecode to include.

        Raises:
            UsageError: the package is too large without any bytecode.
        """
        plain = sum(map(_size, entries.values()))
        total = plain + _total(compiled)
        room = max(0, UNZIPPED_LIMIT_BYTES - _SPARE_BYTES - plain)
        if plain > UNZIPPED_LIMIT_BYTES:
            raise self._too_large(entries, compiled, plain)
        if _total(compiled) <= room:
            return compiled
        chosen, what = self._fewer(compiled, room)
        self.notes.append(
            f"with bytecode for every module the package would be {total / _MB:.1f} MB unzipped, "
            f"{_over(total)} over Lambda's limit of 250 MB: {what}, "
            f"{(plain + _total(chosen)) / _MB:.1f} MB (--no-bytecode: {plain / _MB:.1f} MB); "
            f"the largest parts: {_largest(entries, compiled)}"
        )
        return chosen

    def _fewer(self, compiled: Mapping[str, bytes], room: int) -> tuple[Mapping[str, bytes], str]:
        without_tests = {
            name: code for name, code in compiled.items() if probable_kind(source_of(name) or name) != "tests"
        }
        if _total(without_tests) <= room:
            return without_tests, "it has no bytecode for tests"
        modules = self.started() or ()
        chosen: dict[str, bytes] = {}
        for name in sorted(without_tests, key=lambda name: (_module(name) not in modules, name.count("/"), name)):
            if len(compiled[name]) <= room:
                chosen[name] = compiled[name]
                room -= len(compiled[name])
        first = "first those that a start imports" if modules else "first those that are not deep in a package"
        return chosen, f"it has bytecode for {len(chosen):,} of {len(compiled):,} modules, {first}"

    def _too_large(self, entries: Mapping[str, Entry], compiled: Mapping[str, bytes], plain: int) -> UsageError:
        total = plain + _total(compiled)
        without = f"{plain / _MB:.1f} MB without bytecode, " if compiled else ""
        return UsageError(
            f"the package is {total / _MB:.1f} MB unzipped, {without}{_over(plain)} over Lambda's limit of 250 MB; "
            f"the largest parts: {_largest(entries, compiled)}",
            f"{self._advice(entries, plain)} a container image, which may have 10 GB: monitor package dockerfile "
            "(layers do not help: the limit includes them)",
        )

    def _advice(self, entries: Mapping[str, Entry], plain: int) -> str:
        if self.strip == "tried":
            return "leave out a part, or use"
        shrunk = plain - sum(_size(entry) for entry in entries.values() if entry.part and probable_kind(entry.name))
        if plain - shrunk < _WORTH * plain and shrunk > UNZIPPED_LIMIT_BYTES:
            return "leave out a part, or use"
        if shrunk <= UNZIPPED_LIMIT_BYTES:
            return (
                f"--strip tried fits if no test or stub is imported: {shrunk / _MB:.1f} MB with --no-bytecode, else as "
                "much bytecode as fits; or use"
            )
        return f"--strip tried leaves {shrunk / _MB:.1f} MB at best; leave out a part, or use"


def _over(total: int) -> str:
    over = max(0, total - UNZIPPED_LIMIT_BYTES)
    return f"{over / _MB:.1f} MB" if over >= _MB // 10 else f"{over / 1024:.0f} KB"


def _module(name: str) -> str:
    source = source_of(name) or name
    return source.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _size(entry: Entry) -> int:
    return len(entry.content) if entry.content is not None else entry.path.stat().st_size


def _total(compiled: Mapping[str, bytes]) -> int:
    return sum(map(len, compiled.values()))


def _largest(entries: Mapping[str, Entry], compiled: Mapping[str, bytes]) -> str:
    sizes: Counter[str] = Counter()
    for entry in entries.values():
        sizes[entry.part or _APPLICATION] += _size(entry)
    for name, code in compiled.items():
        source = entries.get(source_of(name) or "")
        sizes[(source.part if source else "") or _APPLICATION] += len(code)
    largest = [(name, size) for name, size in sizes.most_common(_FEW) if size >= _WORTH * sizes.total()]
    return ", ".join(f"{name} {size / _MB:.0f} MB{_file_of(name, entries)}" for name, size in largest)


def _file_of(part: str, entries: Mapping[str, Entry]) -> str:
    """The largest file of the application, if that makes it large: its files have no name that tells them."""
    own = [entry for entry in entries.values() if not entry.part]
    if part != _APPLICATION or not own:
        return ""
    largest = max(own, key=_size)
    is_most = 2 * _size(largest) >= sum(map(_size, own))
    return f" ({largest.name} {_size(largest) / _MB:.0f} MB)" if is_most else ""
