"""What an application's own Python files say of its start: imports, where they are used, calls while importing.

Nothing is run, and no text is kept but import statements and the names of calls.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from sys import stdlib_module_names

from monitor.callgraph.analyze_reach import call_graph
from monitor.callgraph.analyze_unused import unused_imports
from monitor.callgraph.analyze_values import Values
from monitor.callgraph.model import CallGraph, Place, Reached
from monitor.callgraph.parse_files import SourceFiles, parse_files
from monitor.callgraph.parse_scan import MODULE, Call, FileScan, Imported, Scope, runs_by_calling
from monitor.diagnose.evidence.analyze_built import built_at_import
from monitor.diagnose.evidence.model import MadeValue, ModuleCall, ModuleUse, SourceFacts
from monitor.diagnose.evidence.parse_source_patches import source_patches

_MOST_USES = 5_000
_MOST_CALLS = 1_000
_MOST_DEBUG = 20
_MOST_LABELS = 10
_MOST_PATCHES = 500
_DEEPEST_CHAIN = 8

Node = tuple[str, str]


def parse_source(
    files: Mapping[str, bytes], unread: int = 0, roots: Sequence[str] = (), handler: str = ""
) -> SourceFacts:
    """The facts of the application's `files`, by their path from the package's root; `unread` more could not be read.

    `roots` are folders of the package that modules are imported from beside its root: a layer's, and PYTHONPATH's.

    A file that is not Python of this interpreter's version, or that is longer or more deeply nested than any that
    people write, counts as unread. Calls are followed from `handler`, where it is known. A function counts as run while
    its file is imported where a line that is so run calls it by its name, in its own file or through an import of
    another of these files.
    """
    sources = parse_files(files, unread, roots)
    scans, unread = sources.scans, sources.unread
    graph = call_graph(sources, handler) if handler else None
    program = _Program(sources, graph, handler)
    uses = tuple(program.uses())[:_MOST_USES]
    calls = tuple(program.calls())[:_MOST_CALLS]
    texts = {path: files[path].decode() for path, scanned in scans.items() if scanned.lines}
    unused = tuple(unused_imports(sources))[:_MOST_USES]
    patches = tuple(source_patches(texts, uses, calls, unused))[:_MOST_PATCHES]
    return SourceFacts(
        len(scans),
        unread,
        uses,
        calls,
        tuple(program.debug_at())[:_MOST_DEBUG],
        patches,
        routes=len(graph.routes) if graph else 0,
        unresolved=len(graph.unresolved) if graph else 0,
        unused=unused,
        mentions=tuple(sorted(program.mentions()))[:_MOST_USES],
        built=tuple(built_at_import(sources))[:_MOST_USES],
    )


@dataclass(frozen=True, slots=True)
class _Made:
    """A call in a scope, by its full name."""

    node: Node
    call: Call
    name: str
    imported: bool
    conditional: bool


class _Program:
    """All files together: which of their scopes run when they are imported."""

    def __init__(self, sources: SourceFiles, graph: CallGraph | None, handler: str) -> None:
        self._graph = graph
        self._values = Values(sources, handler)
        self._scans = scans = sources.scans
        self._by_module = sources.modules
        self._made: list[_Made] = []
        self._at_import: set[Node] = set()
        waiting: list[Node] = [(path, MODULE) for path in scans]
        maybe = self._follow(waiting, conditional=False)
        self._follow(maybe, conditional=True)

    def _follow(self, waiting: list[Node], *, conditional: bool) -> list[Node]:
        """Take in what runs from these scopes on; returns the scopes that run only if a condition holds."""
        maybe: list[Node] = []
        while waiting:
            node = waiting.pop()
            if node in self._at_import:
                continue
            self._at_import.add(node)
            for made in self._calls_in(node, conditional):
                self._made.append(made)
                (maybe if made.conditional and not conditional else waiting).extend(self._runs(made))
        return maybe

    def _calls_in(self, node: Node, conditional: bool) -> Iterator[_Made]:
        path, name = node
        scanned = self._scans[path]
        scope = scanned.scopes.get(name, Scope())
        owner = name.rpartition(".")[0]
        for call in scope.calls:
            first, dot, rest = call.name.partition(".")
            written = f"{owner}.{rest}" if owner and dot and first in ("self", "cls") else call.name
            full, imported = _resolved(written, scope, scanned)
            yield _Made(node, call, full, imported, conditional or call.conditional)

    def _runs(self, made: _Made) -> Iterator[Node]:
        path = made.node[0]
        if not made.imported:
            yield from ((path, name) for name in runs_by_calling(self._scans[path], made.name))
            return
        parts = made.name.split(".")
        for cut in range(len(parts) - 1, 0, -1):
            other = self._by_module.get(".".join(parts[:cut]))
            if other is not None:
                name = ".".join(parts[cut:])
                yield from ((other, found) for found in runs_by_calling(self._scans[other], name))
                return

    def uses(self) -> Iterator[ModuleUse]:
        """Each import statement, in the order of files and lines."""
        for path, scanned in sorted(self._scans.items()):
            for one in scanned.imports:
                yield self._use(path, scanned, one)

    def _use(self, path: str, scanned: FileScan, one: Imported) -> ModuleUse:
        names = frozenset(one.binds)
        at_import = not one.for_types and (path, one.scope) in self._at_import
        where = [
            scope
            for scope, held in scanned.scopes.items()
            if (one.scope in (MODULE, scope)) and not names.isdisjoint(held.loads)
        ]
        needed = at_import and (
            # The names of a star import are unknown, and can be used anywhere.
            not names
            or any((path, scope) in self._at_import for scope in where)
            or not names.isdisjoint(scanned.exported)
        )
        used_in = tuple(dict.fromkeys(scope for scope in (one.scope, *where) if scope != MODULE))
        places = [(path, scope, names) for scope in used_in]
        graph = self._graph if self._graph and self._graph.found else None
        made: tuple[MadeValue, ...] = ()
        if needed and one.scope == MODULE and one.module.partition(".")[0] not in stdlib_module_names:
            running = [scope for file, scope in self._at_import if file == path]
            makers = self._values.makers(path, names, running)
            values, readers = self._values.made_of(path, names | makers)
            # What runs at import to make them does not read them.
            places = [place for place in places if place[1].partition(".")[0] not in makers]
            made = tuple(MadeValue(v.name, v.path, v.line, v.statement) for v in values)
            others = any(
                scope.partition(".")[0] not in makers for scope in running if scope in where and scope != MODULE
            )
            if made and not others and graph and graph.reached([*places, *readers]) is not Reached.EVERY_CALL:
                needed, places = False, [*places, *readers]
                used_in = tuple(dict.fromkeys(name if file == path else f"{file}: {name}" for file, name, _ in places))
        # `from . import x`: of these files, x is one, and what is imported.
        files = {value for value in one.binds.values() if value in self._by_module}
        module = files.pop() if len(files) == len(one.binds) == 1 else one.module
        reached = graph.reached(places) if graph else None
        routes = graph.routes_to(places) if graph and reached is Reached.SOME_ROUTES else ()
        labels = tuple(route.label[:100] for route in routes[:_MOST_LABELS])
        in_branch = graph is not None and any(graph.in_branches(*place) for place in places)
        direct = [(path, scope, names) for scope in where if scope != MODULE] if made else places
        bodies = _bodies(scanned, one, direct, graph)
        return ModuleUse(
            module, path, one.line, one.statement, at_import, needed, used_in, bodies, reached, labels, in_branch, made
        )

    def calls(self) -> Iterator[ModuleCall]:
        """The calls of what is imported from elsewhere, made while files are imported."""
        seen: set[tuple[str, int, str]] = set()
        for made in sorted(self._made, key=lambda one: (one.node[0], one.call.line, len(one.name))):
            path = made.node[0]
            key = (path, made.call.line, made.name)
            if made.imported and key not in seen and not self._is_own(made.name):
                seen.add(key)
                yield ModuleCall(made.name, path, made.call.line, made.call.statement, made.conditional)

    def _is_own(self, name: str) -> bool:
        parts = name.split(".")
        return any(".".join(parts[:cut]) in self._by_module for cut in range(1, len(parts)))

    def mentions(self) -> set[str]:
        """The modules and attributes of libraries that the files name."""
        found: set[str] = set()
        for scanned in self._scans.values():
            targets = {name: target for one in scanned.imports for name, target in one.binds.items()}
            for one in scanned.imports:
                found |= {one.module, *one.binds.values()}
            for scope in scanned.scopes.values():
                found |= {f"{targets[base]}.{name}" for base, name in scope.attributes if base in targets}
        return found

    def debug_at(self) -> Iterator[str]:
        """Where debug logging, or a debug mode, is turned on while files are imported."""
        found = {(made.node[0], made.call.line) for made in self._made if made.call.sets_debug}
        yield from (f"{path}:{line}" for path, line in sorted(found))


def _bodies(
    scanned: FileScan, one: Imported, places: Sequence[Place], graph: CallGraph | None
) -> tuple[tuple[int, int], ...]:
    """Where a statement can be put in that does what the import does, in each function or branch that uses it.

    Empty where one of them has no such place, or where the statement is not all that its line holds.
    """
    lines = scanned.lines
    if lines[one.line - 1 : one.line] != [f"{one.statement}\n"]:
        return ()
    bodies: list[tuple[int, int] | None] = []
    for path, scope, names in places:
        if graph and graph.in_branches(path, scope, names):
            bodies += [
                route.body
                for route in graph.routes
                if (route.file, route.function) == (path, scope) and names & route.names
            ]
        else:
            bodies.append(scanned.scopes[scope].body)
    found = [body for body in bodies if body is not None and lines[body[0] - 1].startswith(" " * body[1])]
    # Behind a tab, or the end of a header of several lines, nothing can be put in by spaces alone.
    return tuple(found) if len(found) == len(bodies) else ()


def _resolved(name: str, scope: Scope, scanned: FileScan) -> tuple[str, bool]:
    """A name with what its first part stands for put in its place, and whether that was imported."""
    module = scanned.scopes[MODULE]
    bound = {key for one in scanned.imports for key in one.binds}
    for _ in range(_DEEPEST_CHAIN):
        first, dot, rest = name.partition(".")
        found = scope.stands_for.get(first) or module.stands_for.get(first)
        if found is None or found == first:
            return name, found is not None and first in bound
        if first in bound and found in _values(scanned, first):
            return found + dot + rest, True
        name = found + dot + rest
    return name, False


def _values(scanned: FileScan, name: str) -> set[str]:
    return {one.binds[name] for one in scanned.imports if name in one.binds}
