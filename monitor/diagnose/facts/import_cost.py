"""The cost of an import that can wait: its subtree without what is imported in any case."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from sys import stdlib_module_names

from monitor.callgraph.model import Reached
from monitor.diagnose.evidence.model import FunctionEvidence, ModuleUse, is_missing
from monitor.diagnose.facts.common import (
    closure,
    distributions,
    module_names,
    own_handler,
    own_tops,
    owners,
    top_of,
    tree_of,
    walk,
)
from monitor.records.imports import ImportNode

# Other code may import the same standard library modules later: half of their time counts where that is not known.
STDLIB_SHARE = 0.5
# How much the time of an import varies between processes (benchmarks/package.py, three runs).
_LEAST_SPREAD, _MOST_SPREAD = 1.3, 2.0
# The objects of an import can bring one more full pass of the garbage collector, which shows in another module's time:
# `import pydantic` (23 ms of CPU) before a boto3 client saved 66 ms of 430, and 17 ms with the collector off.
_PASS_SHARE, _MOST_PASSES = 0.21, 2.0
# The least that an import's absence saves, of what is its own: in 14 trials on a busy machine, whose speed changed
# after the starts were recorded, it was 0.26 to 1.85 of the likely figure.
LEAST_SHARE = 0.25
# Usual names of the handler, for functions whose configured handler is an entry point around it.
_HANDLERS = frozenset(("handler", "lambda_handler"))
# The self time of an application module that calls these while it is imported is reported by other rules.
_CALLS_OF_OTHER_RULES = frozenset(
    (
        *("requests", "httpx", "urllib", "urllib3", "http", "socket", "aiohttp", "boto3", "botocore"),
        *("psycopg", "psycopg2", "pymysql", "mysql", "redis", "pymongo"),
    )
)
# With so many DEBUG lines a start, the self time of modules that log while they are imported goes to logging.
MANY_DEBUG_LINES = 50


@dataclass(frozen=True, slots=True)
class Waiting:
    """Import statements of one module that can wait, and the module's time at init.

    `name` is a top-level package, or a module of the application; `gone` are the modules of the application that
    only it imports, itself among them. `nodes` are its outermost places in the tree, and `chain` has the imports
    that lead to the first. `brings` is the library that takes most of its time, "" if none takes half of it.
    `own_ms` is the time of the module and of what only it needs, and `stdlib_ms` that of the standard library's
    modules below it. Nothing else imports `stdlib_share` of those; None if that is not known.
    """

    name: str
    uses: tuple[ModuleUse, ...]
    nodes: tuple[ImportNode, ...]
    chain: tuple[str, ...]
    own_ms: float
    stdlib_ms: float
    stdlib_share: float | None = None
    gone: frozenset[str] = frozenset()
    brings: str = ""

    @property
    def likely_ms(self) -> float:
        """The expected saving of a start."""
        return self.own_ms + (STDLIB_SHARE if self.stdlib_share is None else self.stdlib_share) * self.stdlib_ms

    @property
    def stdlib_text(self) -> str:
        """What of the standard library's time counts, for the basis of an estimate."""
        if self.stdlib_share is None:
            return "half of its time in the standard library"
        return "the time of the standard library's modules that nothing else imports"

    @property
    def cumulative_ms(self) -> float:
        """Its time in the tree, including shared imports."""
        return sum(node.cumulative_ms for node in self.nodes)


def waiting_imports(evidence: FunctionEvidence) -> Iterator[Waiting]:
    """The application's imports whose names only functions use that not every call reaches, with their cost."""
    if is_missing(evidence.code):
        return
    ours = own_tops(evidence)
    for name, uses in sorted(_only_in_functions(evidence, ours).items()):
        found = list(_outermost(evidence, name, top_of(name) in ours))
        # Another library imports it too: it is loaded in any case.
        if not found or any(chain and top_of(chain[-1]) not in ours for _, chain in found):
            continue
        nodes = tuple(node for node, _ in found)
        gone = _gone_with(evidence, name, ours)
        kept = _kept_tops(evidence, nodes, name, ours, gone)
        own_ms, stdlib_ms = _alone_ms(nodes, kept, _explained(evidence))
        share = _stdlib_share(evidence, name, stdlib_ms)
        brings = _brings(nodes, ours, kept, own_ms)
        yield Waiting(name, uses, nodes, found[0][1], own_ms, stdlib_ms, share, gone, brings)


def time_alone(evidence: FunctionEvidence, top: str) -> Waiting | None:
    """The cost of a top-level package that only the application imports; None if something else imports it too."""
    ours = own_tops(evidence)
    found = list(_outermost(evidence, top, own=False))
    if not found or any(chain and top_of(chain[-1]) not in ours for _, chain in found):
        return None
    nodes = tuple(node for node, _ in found)
    kept = _kept_tops(evidence, nodes, top, ours)
    # What only this package brings goes with it, even if it imports the package in turn.
    gone = {top_of(node.module) for node, _ in walk(nodes)} - kept
    for one in evidence.libraries:
        if top_of(one.module) == top and any(top_of(held.importer) not in {*ours, *gone, top} for held in one.imports):
            return None
    own_ms, stdlib_ms = _alone_ms(nodes, kept, frozenset())
    return Waiting(top, (), nodes, found[0][1], own_ms, stdlib_ms, _stdlib_share(evidence, top, stdlib_ms))


def spread_of(evidence: FunctionEvidence, top: str) -> float:
    """How many times its mean an import can take: as its 95th percentile in the recorded starts, within limits."""
    rows = () if is_missing(evidence.imports) else evidence.imports.rows
    seen = [row.p95_ms / row.self_ms for row in rows if row.package == top and row.self_ms > 0]
    return min(_MOST_SPREAD, max([_LEAST_SPREAD, *seen]))


def most_ms(evidence: FunctionEvidence, one: Waiting) -> float:
    """The high end of what the import's absence saves: all that it brings, in the slowest recorded starts.

    Without monitor's entry point, which pauses the garbage collector, one pass of it can be saved too.
    """
    whole_ms = one.own_ms + one.stdlib_ms
    high_ms = whole_ms * spread_of(evidence, top_of(one.name))
    if is_missing(evidence.imports) or (not is_missing(evidence.settings) and evidence.settings.instrumented):
        return high_ms
    return high_ms + min(_PASS_SHARE * evidence.imports.total_ms, _MOST_PASSES * whole_ms)


def least_ms(one: Waiting) -> float:
    """The low end of what the import's absence saves: a quarter of what only it brings."""
    return LEAST_SHARE * (one.own_ms if one.stdlib_share is None else one.likely_ms)


def _only_in_functions(evidence: FunctionEvidence, ours: frozenset[str]) -> dict[str, tuple[ModuleUse, ...]]:
    assert not is_missing(evidence.code)
    handlers = _HANDLERS | {own_handler(evidence).rpartition(".")[2]}
    grouped: dict[str, list[ModuleUse]] = {}
    needed: set[str] = set()
    for use in evidence.code.uses:
        if not use.at_import:
            continue
        module = _module(use, ours)
        name = module if top_of(module) in ours else top_of(module)
        grouped.setdefault(name, []).append(use)
        named = not use.in_branch and not handlers.isdisjoint(use.used_in)
        every_call = use.reached is Reached.EVERY_CALL or named
        if use.used_at_import or not use.used_in or every_call:
            # A needed module needs its parent packages.
            needed |= {name.rsplit(".", cut)[0] for cut in range(name.count(".") + 1)}
    return {name: tuple(uses) for name, uses in grouped.items() if name not in needed}


def _gone_with(evidence: FunctionEvidence, name: str, ours: frozenset[str]) -> frozenset[str]:
    """The modules of the application that nothing imports without `name`, with `name`; none if it is a library."""
    if top_of(name) not in ours or is_missing(evidence.code):
        return frozenset()
    importers: dict[str, set[str]] = {}
    for use in evidence.code.uses:
        if use.at_import and top_of(use.module) in ours:
            importers.setdefault(_module(use, ours), set()).update(module_names(evidence, use.file))
    gone = {name}
    while more := {one for one, by in importers.items() if one not in gone and by <= gone}:
        gone |= more
    return frozenset(gone)


def _brings(nodes: tuple[ImportNode, ...], ours: frozenset[str], kept: frozenset[str], own_ms: float) -> str:
    """The library that modules of the application below these nodes import, if it takes half of their time or more,
    with what it imports in turn."""
    times: dict[str, float] = {}
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if (top := top_of(node.module)) in ours:
            waiting += node.children
        elif top not in kept and top not in stdlib_module_names:
            times[top] = times.get(top, 0.0) + node.cumulative_ms
    most = max(times, key=times.__getitem__, default="")
    return most if most and 2 * times[most] >= own_ms else ""


def _module(use: ModuleUse, ours: frozenset[str]) -> str:
    """The imported module: `from app import reports` imports app.reports, if that is a module."""
    before, _, names = use.statement.partition(" import ")
    last = names.split(" as ")[0].strip()
    if before == f"from {use.module}" and use.module in ours and last.isidentifier():
        return f"{use.module}.{last}"
    return use.module


def _outermost(evidence: FunctionEvidence, name: str, own: bool) -> Iterator[tuple[ImportNode, tuple[str, ...]]]:
    for node, chain in walk(tree_of(evidence)):
        outermost = node.module == name if own else top_of(node.module) == name and name not in map(top_of, chain)
        if outermost:
            yield node, chain


def _explained(evidence: FunctionEvidence) -> frozenset[str]:
    """Modules of the application whose self time is reported by other rules."""
    assert not is_missing(evidence.code)
    tops = set(_CALLS_OF_OTHER_RULES)
    if evidence.logging is not None and evidence.logging.debug_lines >= MANY_DEBUG_LINES:
        tops |= {"logging", "aws_lambda_powertools"}
    return frozenset(
        name for call in evidence.code.calls if top_of(call.name) in tops for name in module_names(evidence, call.file)
    )


def _alone_ms(nodes: Iterable[ImportNode], kept: frozenset[str], explained: frozenset[str]) -> tuple[float, float]:
    own_ms = stdlib_ms = 0.0
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        top = top_of(node.module)
        if top in kept:
            continue
        # Imports that the record does not list are only in their parent's cumulative time. Most belong to its package.
        unlisted_ms = max(0.0, node.cumulative_ms - node.self_ms - sum(child.cumulative_ms for child in node.children))
        if top in stdlib_module_names:
            stdlib_ms += node.self_ms + unlisted_ms
        else:
            own_ms += unlisted_ms + (0.0 if node.module in explained else node.self_ms)
        waiting += node.children
    return own_ms, stdlib_ms


def _stdlib_share(evidence: FunctionEvidence, name: str, stdlib_ms: float) -> float | None:
    """The share of the standard library's modules below a library that nothing else imports."""
    known = next((one.stdlib_ms for one in evidence.libraries if one.module == name), None)
    return min(1.0, known / stdlib_ms) if known is not None and stdlib_ms > 0 else None


def _kept_tops(
    evidence: FunctionEvidence,
    nodes: tuple[ImportNode, ...],
    name: str,
    ours: frozenset[str],
    gone: frozenset[str] = frozenset(),
) -> frozenset[str]:
    """Packages that are imported in any case: the application's other imports and their requirements."""
    uses = () if is_missing(evidence.code) else evidence.code.uses
    inside = {id(node) for node, _ in walk(nodes)}
    tops = {top_of(node.module) for node, _ in walk(tree_of(evidence)) if id(node) not in inside}
    tops |= {top_of(use.module) for use in uses if use.at_import and not module_names(evidence, use.file) <= gone}
    staying = tops - ours - {name}
    if not is_missing(evidence.package):
        parts, holders = distributions(evidence.package), owners(evidence.package)
        mine = holders.get(name, frozenset())
        staying_names = {one for top in staying for one in holders.get(top, ())} - mine
        required = closure(staying_names, parts)
        staying |= {top for top, held_by in holders.items() if held_by & required}
    return frozenset(staying - set(stdlib_module_names))
