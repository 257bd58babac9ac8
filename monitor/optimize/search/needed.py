"""Tell from one observed start which modules the others need, if some imports run later."""

from collections.abc import Collection

from monitor.optimize.analyze_sources import Sources, expanded
from monitor.optimize.model import Observed

Pair = tuple[str, int]


class Needs:
    """What each part of a start needs. A part is a module's own code, an import of it, or the events ("")."""

    def __init__(self, observed: Observed, sources: Sources) -> None:
        self._sources = sources
        self._modules: dict[str, list[Pair]] = {}  # the imports of a module
        self._binds: dict[tuple[str, str], list[Pair]] = {}
        starts: dict[str, dict[int, Pair]] = {}
        for file, reading in sources.readings.items():
            module = sources.files[file].module
            for one in reading.imports:
                pair = (file, one.line)
                self._modules.setdefault(module, []).append(pair)
                for name in one.names:
                    self._binds.setdefault((module, name), []).append(pair)
                for line in range(one.line, one.end + 1):
                    starts.setdefault(module, {})[line] = pair

        def part(who: str) -> str | Pair:
            module, colon, line = who.rpartition(":")
            if not colon:
                return who
            return starts.get(module, {}).get(int(line), module)

        self._loads: dict[str | Pair, set[str]] = {}
        self._uses: dict[str | Pair, set[Pair]] = {}
        seen: dict[str, set[str]] = {}
        for who, what in observed.loads:
            self._loads.setdefault(part(who), set()).update(expanded([what]))
            seen.setdefault(who.rpartition(":")[0] or who, set()).update(expanded([what]))
        for who, module, name in observed.uses:
            self._uses.setdefault(part(who), set()).update(self._binds.get((module, name), ()))
        # What no import statement names, such as import_module and extensions, belongs to whoever loaded it first.
        for name, loaded in sources.modules.items():
            if name not in seen.get(loaded.parent, ()):
                self._loads.setdefault(loaded.parent, set()).add(name)

    def after(self, movable: Collection[Pair], roots: Collection[str] = ()) -> tuple[set[str], set[Pair]]:
        """The modules that load, and the imports that run, if `movable` imports run only when something uses them."""
        modules: set[str] = set()
        pairs: set[Pair] = set()
        waiting: list[str | Pair] = ["", *roots]
        seen: set[str | Pair] = set()
        while waiting:
            one = waiting.pop()
            if one in seen:
                continue
            seen.add(one)
            if isinstance(one, tuple):
                pairs.add(one)
            elif one:
                modules.add(one)
                waiting += [pair for pair in self._modules.get(one, ()) if pair not in movable]
            waiting += self._loads.get(one, ())
            waiting += self._uses.get(one, ())
        return modules, pairs

    def leading_to(self, useful: Collection[Pair], chosen: Collection[Pair]) -> set[Pair]:
        """`useful` imports of `chosen`, and those of `chosen` that would make one of them run."""
        found = set(useful)
        grows = True
        while grows:
            more = {pair for pair in chosen if pair not in found and not found.isdisjoint(self._uses.get(pair, ()))}
            found |= more
            grows = bool(more)
        return found
