"""What an import costs that could wait: its subtree without what others need all the same."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from sys import stdlib_module_names

from monitor.diagnose.evidence.model import FunctionEvidence, ModuleUse, is_missing
from monitor.diagnose.rules.common import closure, distributions, module_names, own_tops, owners, top_of, tree_of, walk
from monitor.records.imports import ImportNode

# Standard library modules below it may be wanted by others too, whose import comes later: half of them count.
STDLIB_SHARE = 0.5
# What a function is called that Lambda calls, where the configured handler is an entry point around it.
_HANDLERS = frozenset(("handler", "lambda_handler"))
# A module of the application that calls these while it is imported takes its own time for them: other rules' matter.
_CALLS_OF_OTHER_RULES = frozenset(
    (
        *("requests", "httpx", "urllib", "urllib3", "http", "socket", "aiohttp", "boto3", "botocore"),
        *("psycopg", "psycopg2", "pymysql", "mysql", "redis", "pymongo"),
    )
)
# From so many DEBUG lines a start, modules that log while they are imported take their own time for that.
MANY_DEBUG_LINES = 50


@dataclass(frozen=True, slots=True)
class Waiting:
    """Import statements of one module that could wait, and what it takes of init.

    `name` is a package of others by its top level, or a module of the application; `nodes` are its outermost places
    in the tree and `chain` the imports that lead to the first; `own_ms` is what it and what only it needs take.
    """

    name: str
    uses: tuple[ModuleUse, ...]
    nodes: tuple[ImportNode, ...]
    chain: tuple[str, ...]
    own_ms: float
    stdlib_ms: float

    @property
    def likely_ms(self) -> float:
        """What a start should take less."""
        return self.own_ms + STDLIB_SHARE * self.stdlib_ms

    @property
    def cumulative_ms(self) -> float:
        """What the tree shows for it, shared parts included."""
        return sum(node.cumulative_ms for node in self.nodes)


def waiting_imports(evidence: FunctionEvidence) -> Iterator[Waiting]:
    """The application's imports whose names functions alone use, each with its cost, by name."""
    if is_missing(evidence.code):
        return
    ours = own_tops(evidence)
    for name, uses in sorted(_only_in_functions(evidence, ours).items()):
        found = list(_outermost(evidence, name, top_of(name) in ours))
        # Where another library imports it too, it comes anyway.
        if not found or any(chain and top_of(chain[-1]) not in ours for _, chain in found):
            continue
        nodes = tuple(node for node, _ in found)
        own_ms, stdlib_ms = _alone_ms(nodes, _kept_tops(evidence, nodes, name, ours), _explained(evidence))
        yield Waiting(name, uses, nodes, found[0][1], own_ms, stdlib_ms)


def _only_in_functions(evidence: FunctionEvidence, ours: frozenset[str]) -> dict[str, tuple[ModuleUse, ...]]:
    assert not is_missing(evidence.code)
    configured = "" if is_missing(evidence.function) else (evidence.function.handler or "")
    handlers = _HANDLERS | {configured.rpartition(".")[2]}
    grouped: dict[str, list[ModuleUse]] = {}
    needed: set[str] = set()
    for use in evidence.code.uses:
        if not use.at_import:
            continue
        module = _module(use, ours)
        name = module if top_of(module) in ours else top_of(module)
        grouped.setdefault(name, []).append(use)
        if use.used_at_import or not use.used_in or not handlers.isdisjoint(use.used_in):
            # A module that is needed needs the packages above it.
            needed |= {name.rsplit(".", cut)[0] for cut in range(name.count(".") + 1)}
    return {name: tuple(uses) for name, uses in grouped.items() if name not in needed}


def _module(use: ModuleUse, ours: frozenset[str]) -> str:
    """The module itself: of `from app import reports`, which names a module of ours by its package, app.reports."""
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
    """Modules of the application whose own time goes into calls that other rules are about."""
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
        # Imports below the record's threshold are in their parent's cumulative time alone; most are of its package.
        unlisted_ms = max(0.0, node.cumulative_ms - node.self_ms - sum(child.cumulative_ms for child in node.children))
        if top in stdlib_module_names:
            stdlib_ms += node.self_ms + unlisted_ms
        else:
            own_ms += unlisted_ms + (0.0 if node.module in explained else node.self_ms)
        waiting += node.children
    return own_ms, stdlib_ms


def _kept_tops(
    evidence: FunctionEvidence, nodes: tuple[ImportNode, ...], name: str, ours: frozenset[str]
) -> frozenset[str]:
    """Packages that are imported all the same: what the application imports elsewhere, and what that requires."""
    uses = () if is_missing(evidence.code) else evidence.code.uses
    inside = {id(node) for node, _ in walk(nodes)}
    tops = {top_of(node.module) for node, _ in walk(tree_of(evidence)) if id(node) not in inside}
    tops |= {top_of(use.module) for use in uses if use.at_import}
    staying = tops - ours - {name}
    if not is_missing(evidence.package):
        parts, holders = distributions(evidence.package), owners(evidence.package)
        mine = holders.get(name, frozenset())
        staying_names = {one for top in staying for one in holders.get(top, ())} - mine
        required = closure(staying_names, parts)
        staying |= {top for top, held_by in holders.items() if held_by & required}
    return frozenset(staying - set(stdlib_module_names))
