"""What of the libraries' import time hangs on one module: its dominators in the graph of import statements.

A tree of imports shows each module below whoever imported it first. Whether a module could be left alone depends on
everyone who imports it, so the import statements of the library files are read as well.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from sys import stdlib_module_names

from monitor.callgraph.parse_files import SourceFiles, parse_files
from monitor.callgraph.parse_scan import MODULE, FileScan, Imported, runs_at_import
from monitor.diagnose.evidence.model import LibraryImport, LibraryModule
from monitor.diagnose.evidence.parse_imports import imports_at_top
from monitor.records.imports import ImportNode, every_node

_ROOT = ""
_LEAST_SHARE = 0.015
_LEAST_MS = 3.0
_MOST = 200
_MOST_IMPORTERS = 12
# With fewer of the imported modules read, others may import the standard library's modules as well.
_ENOUGH_READ = 0.8


@dataclass(frozen=True, slots=True)
class LibraryFile:
    """A module's source: its path in the package and its bytes."""

    path: str
    content: bytes


def library_modules(
    tree: Sequence[ImportNode],
    files: Mapping[str, LibraryFile],
    own: frozenset[str],
    *,
    standard: Mapping[str, LibraryFile] | None = None,
    application: Iterable[tuple[str, str]] = (),
) -> tuple[LibraryModule, ...]:
    """The modules of libraries that take a noticeable part of init with what only they import, the longest first.

    `files` are the sources of imported modules by name, and `own` are the top-level names of the application.
    `standard` are the sources of the standard library's modules: with them, a library's share of those is known.
    `application` are pairs of a module of the application and one that it imports.
    """
    graph = _Graph(tree, files, standard or {}, application)
    others = [name for name in graph.self_ms if name.partition(".")[0] not in {*own, *stdlib_module_names}]
    enough = bool(standard) and len(files) >= _ENOUGH_READ * len(others)
    whole_ms = sum(graph.self_ms.values())
    least_ms = max(_LEAST_MS, _LEAST_SHARE * whole_ms)
    above = graph.dominators()
    total_ms, count, stdlib_ms = graph.totals(above)
    chosen = [
        name
        for name in sorted(total_ms, key=lambda one: -total_ms[one])
        if total_ms[name] >= least_ms and name.partition(".")[0] not in own and name in files
    ][:_MOST]
    importers = {name: graph.outside(name) for name in chosen}
    read = {one for names in importers.values() for one in names if one in files}
    sources = parse_files({files[name].path: files[name].content for name in sorted(read)})
    return tuple(
        LibraryModule(
            module=name,
            within=above.get(name, _ROOT),
            chain=graph.chain(name),
            own_ms=total_ms[name],
            modules=count[name],
            imports=tuple(_imports(name, importers[name], files, sources)),
            stdlib_ms=stdlib_ms[name] if enough else None,
        )
        for name in chosen
    )


def imported_by(name: str, file: LibraryFile, *, in_functions: bool = False) -> Iterator[str]:
    """What a module's file imports when it is imported, or in its functions: modules, and names that may be modules."""
    package = name if file.path.endswith("__init__.py") else name.rpartition(".")[0]
    return imports_at_top(file.content, package, in_functions=in_functions)


class _Graph:
    """Who imports whom: by the tree, and by the import statements of the files."""

    def __init__(
        self,
        tree: Sequence[ImportNode],
        files: Mapping[str, LibraryFile],
        standard: Mapping[str, LibraryFile],
        application: Iterable[tuple[str, str]],
    ) -> None:
        self.self_ms: dict[str, float] = {}
        self._order: list[str] = []
        self._below: dict[str, set[str]] = {_ROOT: set()}
        self._first: dict[str, str] = {}
        self._named: dict[str, set[str]] = {}
        waiting = [(node, _ROOT) for node in reversed(tree)]
        edges: set[tuple[str, str]] = set()
        while waiting:
            node, parent = waiting.pop()
            self.self_ms[node.module] = self.self_ms.get(node.module, 0.0) + node.self_ms
            self._first.setdefault(node.module, parent)
            edges.add((parent, node.module))
            waiting += [(child, node.module) for child in reversed(node.children)]
        for name in files:
            # It was imported too quickly to be listed.
            self.self_ms.setdefault(name, 0.0)
        heavy_ms = _LEAST_SHARE * sum(node.cumulative_ms for node in tree)
        heavy = {node.module for node in every_node(tree) if node.cumulative_ms >= heavy_ms}
        for name, file in files.items():
            edges |= {(name, other) for other in self._imported(name, file)}
            if wanted := heavy & set(self._imported(name, file, in_functions=True)):
                edges |= {(name, other) for other in _by_calling(name, file, wanted)}
        for name, file in standard.items():
            edges |= {(name, other) for other in self._imported(name, file)}
        for name, target in application:
            if other := self._known(target):
                edges.add((name if name in self.self_ms else _ROOT, other))
        for name, other in edges:
            self._add(name, other)
        self._above: dict[str, set[str]] = {}
        for name, below in self._below.items():
            for other in below:
                self._above.setdefault(other, set()).add(name)

    def _add(self, importer: str, module: str) -> None:
        """An import. A module inside a package comes by way of the package, which is imported first in any case."""
        parts = module.split(".")
        above = importer
        for cut in range(1, len(parts) + 1):
            wanted = ".".join(parts[:cut])
            self._named.setdefault(wanted, set()).add(importer)
            if wanted == importer or importer.startswith(f"{wanted}."):
                above = importer
            elif wanted in self.self_ms:
                self._below.setdefault(above, set()).add(wanted)
                above = wanted

    def _imported(self, name: str, file: LibraryFile, *, in_functions: bool = False) -> Iterator[str]:
        for target in imported_by(name, file, in_functions=in_functions):
            if (held := self._known(target)) and held != name:
                yield held

    def _known(self, target: str) -> str:
        """The imported module that a target means, which may be a name in it; "" if there is none."""
        held = target if target in self.self_ms else target.rpartition(".")[0]
        return held if held in self.self_ms else ""

    def outside(self, name: str) -> list[str]:
        """The modules outside of this one that import it, or one inside it; none if they are many."""
        found = {one for one in self._named.get(name, ()) if one not in ("", name) and not one.startswith(f"{name}.")}
        return sorted(found) if len(found) <= _MOST_IMPORTERS else []

    def chain(self, name: str) -> tuple[str, ...]:
        """The imports that led to it, outermost first, without itself."""
        found: list[str] = []
        above = self._first.get(name, _ROOT)
        while above != _ROOT and above not in found:
            found.append(above)
            above = self._first.get(above, _ROOT)
        return tuple(reversed(found))

    def dominators(self) -> dict[str, str]:
        """The nearest module without which each would not be imported (Cooper, Harvey, Kennedy: A Simple, Fast
        Dominance Algorithm, 2001)."""
        order = self._postorder()
        number = {name: at for at, name in enumerate(order)}
        found = {_ROOT: _ROOT}
        changed = True
        while changed:
            changed = False
            for name in reversed(order):
                known = [one for one in self._above.get(name, ()) if one in found]
                if name == _ROOT or not known:
                    continue
                best = known[0]
                for other in known[1:]:
                    best = _common(best, other, found, number)
                if found.get(name) != best:
                    found[name] = best
                    changed = True
        del found[_ROOT]
        return found

    def _postorder(self) -> list[str]:
        order: list[str] = []
        seen = {_ROOT}
        waiting: list[tuple[str, Iterator[str]]] = [(_ROOT, iter(sorted(self._below[_ROOT])))]
        while waiting:
            name, rest = waiting[-1]
            following = next((one for one in rest if one not in seen), None)
            if following is None:
                order.append(name)
                waiting.pop()
            else:
                seen.add(following)
                waiting.append((following, iter(sorted(self._below.get(following, ())))))
        self._order = order
        return order

    def totals(self, above: Mapping[str, str]) -> tuple[dict[str, float], dict[str, int], dict[str, float]]:
        """What goes with each module: the self time of all such modules, their number, and the standard library's."""
        total_ms = dict.fromkeys(above, 0.0)
        stdlib_ms = dict.fromkeys(above, 0.0)
        count = dict.fromkeys(above, 0)
        # In postorder a module comes after those that it dominates.
        for name in self._order:
            if name == _ROOT:
                continue
            total_ms[name] += self.self_ms.get(name, 0.0)
            count[name] += 1
            if name.partition(".")[0] in stdlib_module_names:
                stdlib_ms[name] += self.self_ms.get(name, 0.0)
            if (parent := above[name]) != _ROOT:
                total_ms[parent] += total_ms[name]
                count[parent] += count[name]
                stdlib_ms[parent] += stdlib_ms[name]
        return total_ms, count, stdlib_ms


def _by_calling(name: str, file: LibraryFile, wanted: set[str]) -> Iterator[str]:
    """Those of the modules that functions import which run while their file is imported."""
    scanned = parse_files({file.path: file.content}).scans.get(file.path)
    if scanned is None:
        return
    run = runs_at_import(scanned)
    for one in scanned.imports:
        if one.scope in run and not one.for_types:
            yield from (module for module in wanted if module != name and _means(one, module))


def _common(one: str, other: str, found: Mapping[str, str], number: Mapping[str, int]) -> str:
    while one != other:
        while number[one] < number[other]:
            one = found[one]
        while number[other] < number[one]:
            other = found[other]
    return one


def _imports(
    name: str, importers: Iterable[str], files: Mapping[str, LibraryFile], sources: SourceFiles
) -> Iterator[LibraryImport]:
    """The statements that import it, and how they use what they bind."""
    for importer in importers:
        path = files[importer].path if importer in files else ""
        scanned = sources.scans.get(path)
        if scanned is None:
            yield LibraryImport(importer, path, 0, "", needed_at=0)
            continue
        known = False
        run = runs_at_import(scanned)
        for one in scanned.imports:
            if one.scope in run and not one.for_types and _means(one, name):
                # A function that runs with the file needs what it imports.
                needed_at = _needed_at(scanned, one) if one.scope == MODULE else one.line
                names = one.binds.keys()
                functions = (scope for scope, held in scanned.scopes.items() if scope != MODULE and names & held.loads)
                named = not needed_at and bool(names & scanned.scopes[MODULE].loads - scanned.exported)
                used_in = tuple(functions)[:_MOST_IMPORTERS]
                yield LibraryImport(importer, path, one.line, one.statement, needed_at, used_in, named)
                known = True
        if not known:
            # It imports the module in another way: in a function that runs with the file, or by a name.
            yield LibraryImport(importer, path, 0, "", needed_at=0)


def _means(one: Imported, name: str) -> bool:
    """Whether a statement imports the module, or one inside it."""
    targets = {one.module, *one.binds.values()}
    return any(target == name or target.startswith(f"{name}.") for target in targets)


def _needed_at(scanned: FileScan, one: Imported) -> int:
    """The first line that needs what a statement binds while its file is imported, 0 if there is none."""
    bases = {base.partition(".")[0] for held in scanned.bases.values() for base in held}
    if bases & one.binds.keys():
        return one.line
    calls = (call.line for call in scanned.scopes[MODULE].calls if call.name.partition(".")[0] in one.binds)
    return min(calls, default=0)
