"""Check that installed distributions are what they and the project require, and find the ones that the runtime has."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.packages.model import RUNTIME_HAS, SDK
from monitor.packages.parse_requirements import canonical, marker_holds, requirement_of

if TYPE_CHECKING:
    from packaging.requirements import Requirement

# The runtimes have at least this SDK, which AWS updates (developer guide, "Runtime-included SDK versions", 2024).
_RUNTIME_SDK = ("1.34.42", "1.9999")


@dataclass(frozen=True, slots=True)
class Installed:
    """A distribution in a package: its normalized name, its version, its Requires-Dist and Provides-Extra fields."""

    name: str
    version: str
    requires_dist: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Need:
    """A requirement that applies, and what has it (`fastapi 0.115.6`, `requirements.txt:3`)."""

    requirement: "Requirement"
    source: str
    owner: str = ""

    @property
    def name(self) -> str:
        """The normalized name of the required distribution."""
        return canonical(self.requirement.name)


def needs(
    found: Sequence[Installed], required: Iterable[tuple[str, str]], environment: Mapping[str, str]
) -> tuple[Need, ...]:
    """The requirements that apply in an environment, with the extras that are requested.

    `required` are the requirements of the project with their origin.
    """
    result = [
        Need(line, origin)
        for text, origin in required
        if (line := requirement_of(text)) is not None and marker_holds(str(line.marker or ""), environment)
    ]
    extras: dict[str, set[str]] = {one.name: set() for one in found}
    for need in result:
        extras.setdefault(need.name, set()).update(need.requirement.extras)
    inner: dict[tuple[str, str], Need] = {}
    while True:
        before = sum(map(len, extras.values()))
        for one in found:
            for text in one.requires_dist:
                requirement = requirement_of(text)
                marker = str(requirement.marker or "") if requirement else ""
                if requirement is None or not marker_holds(marker, environment, extras.get(one.name, ())):
                    continue
                need = Need(requirement, f"{one.name} {one.version}", one.name)
                inner[one.name, text] = need
                extras.setdefault(need.name, set()).update(requirement.extras)
        if sum(map(len, extras.values())) == before:
            return (*result, *inner.values())


def contradictions(found: Sequence[Installed], wanted: Iterable[Need], provided: Collection[str] = ()) -> Iterator[str]:
    """What is missing, has another version than required, or is there twice; `provided` is what the runtime has."""
    versions: dict[str, list[str]] = {}
    for one in found:
        versions.setdefault(one.name, []).append(one.version)
    for name, several in sorted(versions.items()):
        if len(several) > 1:
            yield f"{name} is in the package twice: {' and '.join(sorted(several))}"
    told = set()
    for need in wanted:
        there = versions.get(need.name)
        if there is None and need.name not in provided:
            problem = f"{need.source} requires {_text(need.requirement)}, which is not in the package"
        elif there and len(there) == 1 and not need.requirement.specifier.contains(there[0], prereleases=True):
            source = f"{need.owner}, which the runtime has," if need.owner in provided else need.source
            problem = f"{source} requires {_text(need.requirement)}, and the package has {need.name} {there[0]}"
        else:
            continue
        if problem not in told:
            told.add(problem)
            yield problem


def unknown_extras(found: Sequence[Installed], wanted: Iterable[Need]) -> Iterator[str]:
    """The extras that are required of a distribution without them: an installer only warns, and installs less."""
    known = {one.name: {canonical(extra) for extra in one.extras} for one in found}
    for need in wanted:
        if need.name not in known:
            continue
        has = known[need.name]
        missing = [extra for extra in sorted(need.requirement.extras) if canonical(extra) not in has]
        if missing:
            text = f"{need.source} requires {need.name}[{','.join(missing)}], and {need.name} has no such extra"
            yield f"{text} (it has {', '.join(sorted(has)) or 'none'})"


def _text(requirement: "Requirement") -> str:
    return f"{requirement.name}{requirement.specifier}"


def runtime_sdk(found: Sequence[Installed], wanted: Sequence[Need]) -> tuple[frozenset[str], str]:
    """The distributions that can be left out because the runtime has them and only the SDK needs them.

    The second value says why the SDK has to stay; "" if it can go.
    """
    for need in wanted:
        pulled_by_sdk = need.owner in SDK or need.owner in RUNTIME_HAS
        if need.name in SDK and need.owner and not pulled_by_sdk and _binds(need.requirement):
            return frozenset(), f"{need.source} requires {_text(need.requirement)}, and the runtime may have another"
    graph: dict[str, set[str]] = {one.name: set() for one in found}
    for need in wanted:
        if need.owner in graph and need.name in graph:
            graph[need.owner].add(need.name)
    pulled = _reach(graph, SDK & graph.keys(), frozenset())
    direct = {need.name for need in wanted if not need.owner}
    roots = (graph.keys() - pulled - SDK) | (direct & graph.keys() - SDK)
    kept = _reach(graph, roots, SDK)
    return frozenset((graph.keys() & RUNTIME_HAS) - kept), ""


def _binds(requirement: "Requirement") -> bool:
    """Whether the SDK of the runtime may not satisfy a requirement: its version lies between these two."""
    return not all(requirement.specifier.contains(version) for version in _RUNTIME_SDK)


def _reach(graph: Mapping[str, set[str]], roots: Iterable[str], without: Collection[str]) -> set[str]:
    reached: set[str] = set()
    waiting = [name for name in roots if name not in without]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        waiting += [one for one in graph.get(name, ()) if one not in without]
    return reached
