"""All cold starts of a reading: a summary a function, groups by what was asked for, the ones listed, the imports."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from monitor.coldstarts.analyze_insights import WarmCount
from monitor.coldstarts.analyze_summary import ColdStarts
from monitor.coldstarts.model import ColdStartGroup, ColdStartSummary
from monitor.kernel.missing import Missing, Unavailable
from monitor.kernel.statistics import Quantiles
from monitor.kernel.window import Window
from monitor.records.cold_start import ColdStart
from monitor.records.imports import ImportRow, ImportTable, tree_of_record
from monitor.records.init_record import InitRecord
from monitor.records.invocation import Invocation

MOST_LISTED = 2_000
# An init record's tree takes up to 300 KB of memory: beyond these, a listed cold start keeps the rest of its record.
_MOST_TREES = 100
_MOST_GROUPS = 500
_MOST_STREAMS = 50_000
_GROUP_EXACT_UP_TO = 5_000
_HOUR_MS = 3_600_000
_UNKNOWN = "not known"
_REST = "all others"


class By(Enum):
    """What cold starts can be grouped by."""

    KIND = "kind"
    VERSION = "version"
    ALIAS = "alias"
    MEMORY = "memory"
    ARCHITECTURE = "architecture"
    RUNTIME = "runtime"
    HOUR = "hour"
    FUNCTION = "function"

    @property
    def of_all(self) -> bool:
        """Whether a warm invocation tells its group too, so that there is a share."""
        return self not in (By.KIND, By.RUNTIME, By.ARCHITECTURE)


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """What is known of a function beside its log; `aliases` gives the names of the aliases on a version."""

    region: str | None = None
    architecture: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)


class _Group:
    def __init__(self) -> None:
        self.invocations = self.cold = 0
        self.init, self.total = Quantiles(_GROUP_EXACT_UP_TO), Quantiles(_GROUP_EXACT_UP_TO)
        self.cost_usd: float | None = None

    def absorb(self, other: "_Group") -> None:
        self.invocations += other.invocations
        self.cold += other.cold
        self.init.absorb(other.init)
        self.total.absorb(other.total)
        if other.cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + other.cost_usd

    def result(self, label: str, with_share: bool) -> ColdStartGroup:
        share = self.cold / self.invocations if self.invocations and with_share else None
        count = self.invocations if with_share else None
        return ColdStartGroup(label, count, self.cold, share, self.init.result(), self.total.result(), self.cost_usd)


class Tally:
    """Takes in invocations one at a time, in memory that does not grow with their number.

    Args:
        window: what was asked for; only handed on.
        functions: what is known of the functions beside their log.
        by: what to group by.
        assumed: what is taken to hold of every other function.

    What names no function is the function's that its stream named before; where the whole reading names just
    one function, it is that one's, whichever came first.
    """

    def __init__(
        self,
        *,
        window: Window | None = None,
        functions: Mapping[str, FunctionFacts] | None = None,
        by: By | None = None,
        assumed: FunctionFacts | None = None,
    ) -> None:
        self._window = window
        self._functions = dict(functions or {})
        self._by = by
        self._assumed = assumed or FunctionFacts()
        self._groups: dict[str, _Group] = {}
        self._found = {name: self._empty(name) for name in self._functions}
        # A reading of one target: what its lines leave unsaid needs no guess.
        self._only = next(iter(self._functions)) if len(self._functions) == 1 else ""
        self._named: dict[tuple[str, str], str] = {}
        self._listed: list[ColdStart] = []
        self._trees = 0
        self._shares = by is not None and by.of_all
        self.imports = ImportTable()
        self.unavailable: list[Unavailable] = []

    def _empty(self, name: str) -> ColdStarts:
        facts = self._functions.get(name, self._assumed)
        return ColdStarts(name, window=self._window, region=facts.region, architecture=facts.architecture)

    def _of(self, name: str) -> ColdStarts:
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self._empty(name)
        return found

    def name_of(self, group: str, stream: str) -> str:
        """The function that a stream has named so far, "" for none."""
        return self._named.get((group, stream), self._only)

    def _with_name(self, invocation: Invocation) -> Invocation:
        if not invocation.function:
            name = self.name_of(invocation.group, invocation.stream)
            return replace(invocation, function=name) if name else invocation
        if invocation.stream and not self._only:
            key = (invocation.group, invocation.stream)
            if key not in self._named and len(self._named) >= _MOST_STREAMS:
                del self._named[next(iter(self._named))]
            self._named[key] = invocation.function
        return invocation

    def _settle(self) -> None:
        """Give what is nameless to the only function that is named, if there is just one."""
        names = [name for name in self._found if name]
        if len(names) != 1 or "" not in self._found:
            return
        name = names[0]
        self._found[name].absorb(self._found.pop(""))
        self._listed = [one if one.function else replace(one, function=name) for one in self._listed]
        if self._by is By.FUNCTION and "" in self._groups:
            self._group(name).absorb(self._groups.pop(""))

    def warm(
        self, function: str, version: str, at_ms: int, duration_ms: float, memory_mb: int, max_memory_mb: int
    ) -> None:
        """Take in a warm invocation that succeeded."""
        function = function or self._only
        found = self._found.get(function) or self._of(function)
        found.add_warm(at_ms, duration_ms, memory_mb, max_memory_mb)
        if self._by is None or not self._by.of_all:
            return
        label = {
            By.VERSION: version or _UNKNOWN,
            By.ALIAS: self._alias(function, version),
            By.MEMORY: _memory(memory_mb),
            By.HOUR: hour_label(at_ms),
            By.FUNCTION: function,
        }[self._by]
        self._group(label).invocations += 1

    def counted(self, function: str, version: str, warm: WarmCount) -> None:
        """Take in warm invocations that were counted at the server."""
        if warm.first_ms is None or warm.last_ms is None:
            return
        function = function or self._only
        found = self._of(function)
        found.add_counted(warm.duration, warm.memory_mb, warm.max_memory_mb, warm.first_ms, warm.last_ms)
        if self._by in (By.VERSION, By.ALIAS, By.FUNCTION):
            label = {By.VERSION: version or _UNKNOWN, By.FUNCTION: function}.get(self._by)
            self._group(label if label is not None else self._alias(function, version)).invocations += warm.count
        elif self._by is not None and self._by.of_all:
            self._shares = False

    def add(self, invocation: Invocation) -> None:
        """Take in any invocation."""
        invocation = self._with_name(invocation)
        one = self._of(invocation.function).add(invocation)
        if self._by is not None:
            self._add_to_group(self._by, invocation, one)
        if one is None:
            return
        if one.init_record is not None:
            self.imports.add(tree_of_record(one.init_record))
        if len(self._listed) < MOST_LISTED:
            self._listed.append(self._light(one))

    def _light(self, one: ColdStart) -> ColdStart:
        if one.init_record is None or one.init_record.imports is None:
            return one
        self._trees += 1
        if self._trees <= _MOST_TREES:
            return one
        record: InitRecord = replace(one.init_record, imports=replace(one.init_record.imports, tree=()))
        return replace(one, init_record=record)

    def _add_to_group(self, by: By, invocation: Invocation, one: ColdStart | None) -> None:
        label = self._label(by, invocation, one)
        if label is None:
            return
        group = self._group(label)
        group.invocations += 1
        if one is None:
            if by is By.KIND and invocation.init_ms is not None:
                group.init.add(invocation.init_ms)
            return
        group.cold += 1
        if one.init_ms is not None:
            group.init.add(one.init_ms)
        if one.first_total_ms is not None:
            group.total.add(one.first_total_ms)
        if one.cost_usd is not None:
            group.cost_usd = (group.cost_usd or 0.0) + one.cost_usd

    def _label(self, by: By, invocation: Invocation, one: ColdStart | None) -> str | None:
        report = None if isinstance(invocation.report, Missing) else invocation.report
        match by:
            case By.VERSION:
                return invocation.version or _UNKNOWN
            case By.ALIAS:
                return self._alias(invocation.function, invocation.version)
            case By.MEMORY:
                return _memory(report.memory_mb if report else None)
            case By.HOUR:
                return hour_label(invocation.at_ms)
            case By.FUNCTION:
                return invocation.function
            case By.KIND:
                return invocation.kind.value if invocation.kind else None
            case By.RUNTIME:
                return (invocation.runtime_version or _UNKNOWN) if one else None
            case By.ARCHITECTURE:
                facts = self._functions.get(invocation.function, self._assumed)
                return (one.architecture or facts.architecture or _UNKNOWN) if one else None

    def _alias(self, function: str, version: str | None) -> str:
        facts = self._functions.get(function, self._assumed)
        return facts.aliases.get(version or "", f"no alias (version {version or _UNKNOWN})")

    def _group(self, label: str) -> _Group:
        if label not in self._groups and len(self._groups) >= _MOST_GROUPS:
            label = _REST
        return self._groups.setdefault(label, _Group()) if label not in self._groups else self._groups[label]

    def summaries(self) -> tuple[ColdStartSummary, ...]:
        """One a function, by name."""
        self._settle()
        return tuple(self._found[name].result() for name in sorted(self._found))

    def accumulated(self) -> Iterator[tuple[str, ColdStarts]]:
        """What each function's summary is made from: for a comparison."""
        self._settle()
        yield from sorted(self._found.items())

    def groups(self) -> tuple[ColdStartGroup, ...]:
        """The groups in the order of their labels; numbers in theirs."""
        self._settle()
        return tuple(self._groups[label].result(label, self._shares) for label in sorted(self._groups, key=_numbered))

    def listed(self) -> tuple[ColdStart, ...]:
        """Each cold start in order of time, the first 2,000 of them."""
        self._settle()
        return tuple(sorted(self._listed, key=lambda one: (one.at_ms, one.request_id)))

    def import_rows(self) -> tuple[ImportRow, ...]:
        """Where init went, over all init records."""
        return self.imports.result()


def hour_label(at_ms: int) -> str:
    """The hour's start as epoch milliseconds: what shows it knows the reader's zone."""
    if not at_ms:
        return _UNKNOWN
    return str(at_ms // _HOUR_MS * _HOUR_MS)


def _memory(memory_mb: int | None) -> str:
    return _UNKNOWN if memory_mb is None else f"{memory_mb} MB"


def _numbered(label: str) -> tuple[int, int, str]:
    head = label.partition(" ")[0]
    return (0, int(head), label) if head.isdecimal() else (1, 0, label)
