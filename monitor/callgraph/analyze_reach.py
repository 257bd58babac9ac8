"""Follows names, attributes, decorators and routes from a handler to the functions that its calls reach.

An attribute of an unknown object reaches every function, method and value of that name: what cannot be resolved
counts as reached. Of the functions that get the event, branches by the event are followed one by one.
"""

from collections.abc import Iterable, Iterator
from sys import stdlib_module_names

from monitor.callgraph.analyze_registries import Kept, kept_functions
from monitor.callgraph.model import CallGraph, Node, Route, Unresolved
from monitor.callgraph.parse_branches import Branch, Names
from monitor.callgraph.parse_files import SourceFiles
from monitor.callgraph.parse_scan import MODULE, Decorator, Dynamic, FileScan
from monitor.kernel.entry_point import DEFAULT_HANDLER, ENTRY_POINT

# Decorators that return the function, or one that calls it, and keep no list of functions. By their last name.
_WRAPPERS = frozenset(
    (
        *("staticmethod", "classmethod", "property", "cached_property", "setter", "getter", "abstractmethod"),
        *("cache", "lru_cache", "wraps", "singledispatch", "total_ordering", "contextmanager", "asynccontextmanager"),
        *("overload", "override", "final", "dataclass", "retry", "no_type_check", "deprecated", "validate_call"),
        *("capture_method", "capture_lambda_handler", "inject_lambda_context", "log_metrics", "event_source"),
        *("idempotent", "idempotent_function", "lambda_handler_decorator", "validator"),
    )
)
_VERBS = frozenset(
    ("get", "post", "put", "patch", "delete", "head", "options", "route", "api_route", "websocket", "resolver", "any")
)
# Classes whose framework calls none of a subclass's own methods by itself.
_PLAIN_BASES = frozenset(
    (
        *("object", "Protocol", "Generic", "NamedTuple", "TypedDict", "ABC", "Enum", "IntEnum", "StrEnum", "Flag"),
        *("Exception", "BaseException", "ValueError", "RuntimeError", "KeyError", "TypeError", "dict", "list", "str"),
        *("BaseModel", "BaseSettings"),
    )
)
_ENTRY = ENTRY_POINT.rpartition(".")[0]
_LAMBDA = "<lambda:"
_DEEPEST_CHAIN = 8


def call_graph(sources: SourceFiles, handler: str) -> CallGraph:
    """What calls of `handler` (`app.main.handler`, or `app/main.handler`) reach in the files."""
    walk = _Walk(sources)
    found = walk.follow(_own(sources, handler.replace("/", ".")))
    if not found:
        walk.follow_everything()
    # Their branches can reach more of them, and turn out to be the same for every call.
    choices = walk.choices() if found else []
    always = frozenset(walk.reached)
    routes = []
    for number, (path, function, branches) in enumerate(choices, 1):
        for branch in branches:
            one = _Walk(sources, walk)
            one.enter(path, branch.names)
            label = f"{path}, {branch.label}"
            loads = frozenset(_words(branch.names))
            reached, choice = frozenset(one.reached), f"choice {number}"
            routes.append(Route(label, path, function, reached, choice, loads, branch.body, branch.fallback))
            walk.unresolved.update(one.unresolved)
    for path, name, decorator in _routes(sources):
        one = _Walk(sources, walk)
        one.enter_route(path, name)
        label = f"{decorator.name.rpartition('.')[2].upper()} {decorator.argument or name}"
        routes.append(Route(label, path, name, frozenset(one.reached)))
        walk.unresolved.update(one.unresolved)
    for (path, name), kept in sorted(walk.kept.items()):
        one = _Walk(sources, walk)
        one.enter_route(path, name)
        label = f"{kept.registry}, {kept.decorator.argument or name}"
        routes.append(Route(label, path, name, frozenset(one.reached), f"registry {kept.registry}"))
        walk.unresolved.update(one.unresolved)
    for path, scanned in sorted(sources.scans.items()):
        for registered in scanned.registered:
            one = _Walk(sources, walk)
            one.enter(path, registered.names, by_framework=True)
            routes.append(Route(f"ROUTE {registered.path}", path, "", frozenset(one.reached)))
            walk.unresolved.update(one.unresolved)
    unresolved = tuple(sorted(walk.unresolved, key=lambda one: (one.file, one.line)))
    return CallGraph(handler, found, always, tuple(routes), unresolved, walk.branched if found else {})


def _own(sources: SourceFiles, handler: str) -> str:
    """The application's handler, where the configured one is a file's import of monitor's entry point."""
    place = sources.module_of(handler)
    imports = sources.scans[place[0]].imports if place else ()
    return DEFAULT_HANDLER if any(one.module == _ENTRY for one in imports) else handler


def _routes(sources: SourceFiles) -> Iterator[tuple[str, str, Decorator]]:
    for path, scanned in sorted(sources.scans.items()):
        for name, scope in scanned.scopes.items():
            if (route := next((one for one in scope.decorators if _is_route(one)), None)) is not None:
                yield path, name, route


def _is_route(decorator: Decorator) -> bool:
    owner, _, verb = decorator.name.rpartition(".")
    return bool(owner) and verb in _VERBS and (bool(decorator.argument) or verb in ("resolver", "route"))


def _is_registered(decorators: Iterable[Decorator]) -> bool:
    """Whether a decorator may hand the function to code that calls it: any that is not known to keep none."""
    decorators = list(decorators)
    if any(_is_route(one) for one in decorators):
        return False
    return any(one.name.rpartition(".")[2] not in _WRAPPERS for one in decorators)


class _Walk:
    """The functions reached so far. `below` is a walk whose functions are reached in any case."""

    def __init__(self, sources: SourceFiles, below: "_Walk | None" = None) -> None:
        self._sources = sources
        self._waiting: list[Node] = []
        self._parts: set[tuple[str, str, str]] = set(below._parts) if below else set()
        self._below = below.reached if below else frozenset[Node]()
        self._by_name: dict[str, list[Node]] = below._by_name if below else _by_name(sources)
        self._binds: dict[str, dict[str, list[str]]] = below._binds if below else _binds(sources)
        self.kept: dict[Node, Kept] = below.kept if below else kept_functions(sources)
        self._gets_event: frozenset[Node] = frozenset()
        self._by_framework = False
        self.branched: dict[Node, frozenset[str]] = {}
        self.reached: set[Node] = set()
        self.unresolved: set[Unresolved] = set()

    def follow(self, handler: str) -> bool:
        """Follow the handler, and what a framework can call beside it; whether the handler was found."""
        place = self._sources.module_of(handler)
        if place is None or not place[1]:
            return False
        path, name = place[0], place[1].partition(".")[0]
        if any(self._sources.module_of(target) is None for target in self._binds[path].get(name, ())):
            # It is imported from a file that was not read.
            return False
        self._gets_event = self._event_functions((path, name))
        known = self._enter_name(path, name)
        elsewhere = _loaded_elsewhere(self._sources)
        for other, scanned in self._sources.scans.items():
            self._loose(other, scanned, elsewhere)
        self._run()
        return known

    def follow_everything(self) -> None:
        """Take every function as reached."""
        for path, scanned in self._sources.scans.items():
            self._waiting += [(path, name) for name in scanned.scopes if name != MODULE]
        self._run()

    def choices(self) -> list[tuple[str, str, list[Branch]]]:
        """The choices that every call makes by the event, with their file and function.

        A choice has two alternatives that do something. What others contain counts as reached by every call.
        """
        found: list[tuple[str, str, list[Branch]]] = []
        seen: set[Node] = set()
        while ready := sorted((self.reached & self._gets_event) - seen):
            seen.update(ready)
            for path, name in ready:
                scope = self._sources.scans[path].scopes[name]
                outside = _words(scope.definition)
                if scope.branches is not None:
                    outside |= _words(scope.branches.always)
                for where, choice in self._choices_of(path, name):
                    if sum(self._does_something(where, branch.names) for branch in choice) >= 2:
                        found.append((where, name, choice))
                    else:
                        for branch in choice:
                            self._names(where, branch.names)
                            outside |= _words(branch.names)
                self.branched[path, name] = frozenset(outside)
            self._run()
        return found

    def enter(self, path: str, names: Names, *, by_framework: bool = False) -> None:
        """Follow names of that file: those of a branch or, `by_framework`, of what is registered as a route."""
        self._by_framework = by_framework
        self._names(path, names)
        self._by_framework = False
        self._run()

    def enter_route(self, path: str, name: str) -> None:
        """Follow a route's function, and the names in its definition: FastAPI calls its dependencies."""
        self._waiting.append((path, name))
        self._names(path, self._sources.scans[path].scopes[name].definition)
        self._run()

    def _loose(self, path: str, scanned: FileScan, elsewhere: frozenset[str]) -> None:
        """What the file's own lines hand to others, what decorators register, and values that nothing loads."""
        self._names(path, scanned.loose)
        for name, scope in scanned.scopes.items():
            kept = self.kept.get((path, name))
            others = [one for one in scope.decorators if kept is None or one is not kept.decorator]
            if name.startswith(_LAMBDA) or _is_registered(others) or name == "__getattr__":
                self._waiting.append((path, name))
                self._names(path, scope.definition)
        loaded = {one for scope in scanned.scopes.values() for one in scope.loads} | elsewhere
        loaded |= {attribute for scope in scanned.scopes.values() for _, attribute in scope.attributes}
        for name, names in scanned.values.items():
            # `urlpatterns`, or another table that a framework finds by its name.
            if name.rpartition(".")[2] not in loaded:
                self._names(path, names)

    def _run(self) -> None:
        while self._waiting:
            node = self._waiting.pop()
            if node in self.reached or node in self._below or node[1] not in self._sources.scans[node[0]].scopes:
                continue
            self.reached.add(node)
            path, name = node
            scope = self._sources.scans[path].scopes[name]
            branches = scope.branches if node in self._gets_event else None
            self._names(path, (scope.without_parts or scope) if branches is None else branches.always)
            self._names(path, scope.definition)
            for dynamic in scope.dynamic:
                self._dynamic(path, name, dynamic)

    def _event_functions(self, handler: Node) -> frozenset[Node]:
        """The handler, and the functions that it and they call with the event as the first argument."""
        found: set[Node] = set()
        waiting = [handler]
        while waiting:
            path, name = waiting.pop()
            scope = self._sources.scans[path].scopes.get(name)
            if scope is None and name != (method := self._method(path, name)):
                waiting.append((path, method))
            if scope is None or scope.branches is None or (path, name) in found:
                continue
            found.add((path, name))
            owner = name.rpartition(".")[0]
            waiting += [place for called in scope.branches.passes for place in self._places(path, called, owner)]
        return frozenset(found)

    def _method(self, path: str, name: str) -> str:
        """What a call of an object at the top of a file runs: `Api.__call__` of `handler = Api()`, or `Api.handle`."""
        scanned = self._sources.scans[path]
        for _ in range(_DEEPEST_CHAIN):
            first, dot, rest = name.partition(".")
            if first not in scanned.refers:
                break
            name = scanned.refers[first] + dot + rest
        return f"{name}.__call__" if name in scanned.classes else name

    def _places(self, path: str, dotted: str, owner: str = "") -> Iterator[Node]:
        """The file and the name there that a name in a file, or in a method of `owner`, stands for."""
        first, dot, rest = dotted.partition(".")
        if dot and first in ("self", "cls") and owner:
            yield path, f"{owner}.{rest}"
            return
        if dot and (method := self._method(path, dotted)) in self._sources.scans[path].scopes:
            yield path, method
        if not dot and (first in self._sources.scans[path].scopes or first in self._sources.scans[path].tables):
            yield path, first
        for target in self._binds[path].get(first, ()):
            if (place := self._sources.module_of(target + dot + rest)) is not None:
                yield place

    def _choices_of(self, path: str, name: str) -> Iterator[tuple[str, list[Branch]]]:
        """The choices in a function, each with the file that its names belong to."""
        branches = self._sources.scans[path].scopes[name].branches
        assert branches is not None
        yield from ((path, choice) for choice in branches.choices)
        for dotted in sorted(branches.tables):
            places = list(self._places(path, dotted, name.rpartition(".")[0]))
            entries = self._sources.scans[places[0][0]].tables.get(places[0][1], []) if len(places) == 1 else []
            if entries:
                yield places[0][0], [Branch(f"{dotted}, {entry.label}", entry.names) for entry in entries]
            else:
                # It is not written out: all that it may hold is reached.
                base, _, attribute = dotted.partition(".")
                yield path, [Branch("", Names({base}, {(base, attribute)} if attribute else set()))]

    def _does_something(self, path: str, names: Names, seen: frozenset[str] = frozenset()) -> bool:
        """Whether code uses functions or classes of the application, a library, or a value made with those."""
        scanned = self._sources.scans[path]
        if any(base in ("self", "cls") and self._by_name.get(attribute) for base, attribute in names.attributes):
            return True
        for name in {*names.loads, *(base for base, _ in names.attributes)} - seen:
            if name in scanned.classes or (name in scanned.scopes and name != MODULE):
                return True
            if any(target.partition(".")[0] not in stdlib_module_names for target in self._binds[path].get(name, ())):
                return True
            if name in scanned.values and self._does_something(path, scanned.values[name], seen | {name}):
                return True
        return False

    def _names(self, path: str, names: Names) -> None:
        for name in names.loads:
            self._enter_name(path, name)
        for base, attribute in names.attributes:
            self._enter_attribute(path, base, attribute)

    def _enter_name(self, path: str, name: str) -> bool:
        """Follow a name of a file; whether the file defines it."""
        scanned = self._sources.scans[path]
        part = (path, "name of a route" if self._by_framework else "name", name)
        if part in self._parts:
            return True
        known = False
        if name in scanned.scopes and name != MODULE:
            self._waiting.append((path, name))
            known = True
        if name in scanned.classes:
            self._enter_class(path, name)
            known = True
        if name in scanned.values:
            self._parts.add(part)
            self._names(path, scanned.values[name])
            known = True
        for target in self._binds[path].get(name, ()):
            self._parts.add(part)
            self._enter_target(target)
            known = True
        return known

    def _enter_target(self, dotted: str) -> None:
        place = self._sources.module_of(dotted)
        if place is None or not place[1]:
            return
        path, rest = place
        first, dot, _ = rest.partition(".")
        self._enter_name(path, first)
        if dot:
            self._enter_by_name(rest.rpartition(".")[2])

    def _enter_attribute(self, path: str, base: str, attribute: str) -> None:
        targets = self._binds[path].get(base, ())
        if not targets:
            self._enter_by_name(attribute)
        for target in targets:
            if self._sources.module_of(target) is not None:
                self._enter_target(f"{target}.{attribute}")
                self._enter_by_name(attribute)

    def _enter_by_name(self, name: str) -> None:
        if ("", "attribute", name) in self._parts:
            return
        self._parts.add(("", "attribute", name))
        for path, scope in self._by_name.get(name, ()):
            if scope in self._sources.scans[path].scopes:
                self._waiting.append((path, scope))
            else:
                self._enter_name(path, scope)

    def _enter_class(self, path: str, name: str) -> None:
        # A framework calls the methods of a class or object that is a route.
        by_framework = self._by_framework
        part = (path, "class of a route" if by_framework else "class", name)
        if part in self._parts:
            return
        self._parts.add(part)
        scanned = self._sources.scans[path]
        self._names(path, scanned.classes[name])
        foreign = by_framework or any(not self._is_known(path, base) for base in scanned.bases.get(name, ()))
        for scope in scanned.scopes:
            method = scope.removeprefix(f"{name}.")
            if method != scope and (foreign or method.startswith("__")):
                self._waiting.append((path, scope))

    def _is_known(self, path: str, base: str) -> bool:
        if base.rpartition(".")[2] in _PLAIN_BASES:
            return True
        scanned = self._sources.scans[path]
        if base in scanned.classes:
            return True
        first, dot, rest = base.partition(".")
        targets = self._binds[path].get(first, ())
        return any(self._sources.module_of(target + dot + rest) is not None for target in targets)

    def _dynamic(self, path: str, scope: str, dynamic: Dynamic) -> None:
        self.unresolved.add(Unresolved(path, dynamic.line, dynamic.statement))
        owner = scope.rpartition(".")[0]
        if dynamic.on in ("self", "cls") and owner:
            names = [name for name in self._sources.scans[path].scopes if name.startswith(f"{owner}.")]
            self._waiting += [(path, name) for name in names]
        else:
            for other, scanned in self._sources.scans.items():
                self._waiting += [(other, name) for name in scanned.scopes if name not in (MODULE, "<main>")]


def _words(names: Names) -> set[str]:
    """The names, and the attributes as `base.name`."""
    return names.loads | {f"{base}.{attribute}" for base, attribute in names.attributes}


def _binds(sources: SourceFiles) -> dict[str, dict[str, list[str]]]:
    """What each imported name of a file stands for."""
    found: dict[str, dict[str, list[str]]] = {}
    for path, scanned in sources.scans.items():
        names = found.setdefault(path, {})
        for one in scanned.imports:
            for name, target in one.binds.items():
                names.setdefault(name, []).append(target)
    return found


def _loaded_elsewhere(sources: SourceFiles) -> frozenset[str]:
    """The names that a file can take from another: what it imports, and attributes."""
    scans = sources.scans.values()
    imported = (
        value.rpartition(".")[2] for scanned in scans for one in scanned.imports for value in one.binds.values()
    )
    attributes = (name for scanned in scans for scope in scanned.scopes.values() for _, name in scope.attributes)
    return frozenset((*imported, *attributes))


def _by_name(sources: SourceFiles) -> dict[str, list[Node]]:
    """Functions, methods, classes and values by their last name."""
    found: dict[str, list[Node]] = {}
    for path, scanned in sources.scans.items():
        for name in {*scanned.scopes, *scanned.classes, *scanned.values, *scanned.attributes} - {MODULE}:
            found.setdefault(name.rpartition(".")[2], []).append((path, name))
    return found
