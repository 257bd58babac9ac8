"""What calls of a function reach: by every call, by some routes only, or by none."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

# A file's path from the package's root, and a function in it: `f`, `Class.method`.
Node = tuple[str, str]
# A file, a function in it, and names or attributes (`self.name`) that the function loads; without names, all of it.
Place = tuple[str, str, frozenset[str]]


class Reached(Enum):
    """Which calls of the function reach some code. What could not be resolved counts as reached by every call."""

    EVERY_CALL = "every call"
    SOME_ROUTES = "some routes"
    NO_CALL = "no call"


@dataclass(frozen=True, slots=True)
class Route:
    """Code that runs for some events, and what it reaches.

    It is a function that a web framework or an event resolver calls for one path, or a branch of a function that
    compares the event. A call takes one route of each `choice`. The routes of frameworks are one choice.
    `names` are those that a branch of the function itself loads, and `body` is where a statement of it begins. A
    `fallback` is taken where no other route of the choice is.
    """

    label: str
    file: str
    function: str
    reached: frozenset[Node]
    choice: str = ""
    names: frozenset[str] = frozenset()
    body: tuple[int, int] | None = None
    fallback: bool = False


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Code whose target is known only while it runs, so that all that it may mean counts as reached."""

    file: str
    line: int
    statement: str


@dataclass(frozen=True, slots=True)
class UnusedImport:
    """An import at the top of a file whose names nothing uses.

    `guarded`: it stands in a `try` or an `if`. It can still be there for its effect on other modules.
    """

    module: str
    file: str
    line: int
    statement: str
    guarded: bool


@dataclass(frozen=True, slots=True)
class CallGraph:
    """What calls of `handler` reach. `always` holds what does not depend on the route.

    `found` is whether the handler was found; without it, every function counts as reached by every call. `branched`
    holds the functions with branches that are routes, each with the names that it loads outside of them.
    """

    handler: str
    found: bool
    always: frozenset[Node]
    routes: tuple[Route, ...]
    unresolved: tuple[Unresolved, ...]
    branched: Mapping[Node, frozenset[str]] = field(default_factory=dict)

    def reached(self, places: Iterable[Place]) -> Reached:
        """Which calls reach any of these functions, where they load these names."""
        places = list(places)
        always = any(
            (path, name) in self.always and not self.in_branches(path, name, names) for path, name, names in places
        )
        if not self.found or always:
            return Reached.EVERY_CALL
        by = self.routes_to(places)
        if not by:
            return Reached.NO_CALL
        # What all alternatives need but the fallback, which most often refuses the event, every useful call needs.
        taken = [route.choice for route in by]
        others = {
            route.choice
            for route in self.routes
            if route not in by and (not route.fallback or taken.count(route.choice) == 1)
        }
        return Reached.SOME_ROUTES if others >= set(taken) else Reached.EVERY_CALL

    def routes_to(self, places: Iterable[Place]) -> tuple[Route, ...]:
        """The routes that reach any of these functions, or load the names in a branch of one."""
        places = list(places)
        nodes = {(path, name) for path, name, names in places if not self.in_branches(path, name, names)}
        return tuple(
            route
            for route in self.routes
            if not nodes.isdisjoint(route.reached)
            or any((path, name) == (route.file, route.function) and names & route.names for path, name, names in places)
        )

    def in_branches(self, path: str, function: str, names: frozenset[str]) -> bool:
        """Whether the function loads these names in branches alone that are routes."""
        outside = self.branched.get((path, function))
        return outside is not None and bool(names) and not names & outside

    @property
    def modules(self) -> frozenset[str]:
        """The files with a function that some call reaches."""
        return frozenset(path for nodes in (self.always, *(one.reached for one in self.routes)) for path, _ in nodes)
