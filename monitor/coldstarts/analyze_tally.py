"""Counts cold starts while invocations are read: one summary for each function, groups, a list, and the imports."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from monitor.coldstarts.analyze_insights import WarmCount
from monitor.coldstarts.analyze_totals import ColdStarts, Totals
from monitor.coldstarts.model import By, ColdStartGroup, ColdStartSummary, FunctionFacts
from monitor.kernel.missing import Missing, Unavailable
from monitor.kernel.place import Place
from monitor.kernel.window import Window
from monitor.records.executions import UnorderedExecutions
from monitor.records.imports import ImportTable
from monitor.records.init_record import InitRecord
from monitor.records.invocation import ColdStart, Invocation
from monitor.records.quick.sink import Warm

MOST_LISTED = 2_000
# An init record's import tree takes up to 300 KB of memory. Only so many listed cold starts keep theirs.
_MOST_TREES = 100
_MOST_GROUPS = 500
_MOST_STREAMS = 50_000
_GROUP_EXACT_UP_TO = 5_000
_HOUR_MS = 3_600_000
_UNKNOWN = "not known"
_REST = "all others"
_NOWHERE = Place()

# A group's label; and with --by deployment the version of the runtime, if it is known, and whose runtime it is.
_Key = tuple[str, str, str]


class Tally:
    """Counts the invocations of all functions, one at a time, in bounded memory.

    Args:
        window: the requested window, copied to the results.
        functions: region, architecture and aliases of the known functions.
        by: what to group by.
        assumed: the facts used for every other function.
        place: the profile and region of the functions, copied to the results.
        imports: where imports are counted, if several tallies share a table.

    An invocation that does not name its function belongs to the function that its stream named before. If only one
    function is named in all of the input, it belongs to that function.
    """

    def __init__(
        self,
        *,
        window: Window | None = None,
        functions: Mapping[str, FunctionFacts] | None = None,
        by: By | None = None,
        assumed: FunctionFacts | None = None,
        place: Place | None = None,
        imports: ImportTable | None = None,
    ) -> None:
        self.place = place or Place()
        self.window = window
        self._functions = dict(functions or {})
        self._by = by
        self._assumed = assumed or FunctionFacts()
        self._groups: dict[_Key, Totals] = {}
        self._found = {name: self._empty(name) for name in self._functions}
        # With a single target, every invocation belongs to it.
        self._only = next(iter(self._functions)) if len(self._functions) == 1 else ""
        self._named: dict[tuple[str, str], str] = {}
        self._listed: list[ColdStart] = []
        self._trees = 0
        self._executions = UnorderedExecutions()
        # The first start of each version of the runtime, by function, and the version of each environment. Lambda
        # changes the runtime of a few environments at a time, so that no time divides the versions.
        self.runtimes: dict[str, dict[str, int]] = {}
        self._runtime_of: dict[tuple[str, str], str] = {}
        # With --by deployment: invocations that are not cold, by label, function and environment. The version of their
        # environment can be read after them.
        self._deployed: Counter[tuple[str, str, tuple[str, str]]] = Counter()
        self._shares = by is not None and by.of_all
        self.by_version = self._shares
        self.by_hour = by is By.HOUR
        self.by_time = by in (By.HOUR, By.DEPLOYMENT)
        self.imports = imports or ImportTable()
        self.unavailable: list[Unavailable] = []
        # Events of Lambda's web functions, which are not counted.
        self.unsupported = 0

    def _empty(self, name: str) -> ColdStarts:
        facts = self._functions.get(name, self._assumed)
        return ColdStarts(name, self.window, facts)

    def _of(self, name: str) -> ColdStarts:
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self._empty(name)
        return found

    def name_of(self, group: str, stream: str) -> str:
        """The function that a stream named last, or ""."""
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
        """Count what is held. If only one function was named, add the invocations without a name to it."""
        for one in self._executions.finish():
            self._count(one)
        self._count_deployed()
        names = [name for name in self._found if name]
        if len(names) != 1 or "" not in self._found:
            return
        name = names[0]
        self._found[name].absorb(self._found.pop(""))
        self._listed = [one if one.function else replace(one, function=name) for one in self._listed]
        if self._by is By.FUNCTION and ("", "", "") in self._groups:
            self._group(name).absorb_totals(self._groups.pop(("", "", "")))
        for version, at_ms in self.runtimes.pop("", {}).items():
            self._note_runtime(name, version, at_ms)
        for label, runtime, function in list(self._groups):
            if runtime and not function:
                self._group(label, runtime, name).absorb_totals(self._groups.pop((label, runtime, "")))

    def warm(self, function: str, version: str, found: Warm, at_ms: Callable[[bytes], int]) -> None:
        """Take in warm invocations that succeeded, by their times and figures as the log has them."""
        function = function or self._only
        times, sizes = found.times, found.sizes_mb
        self._of(function).add_warm(at_ms(min(times)), at_ms(max(times)), found.durations, sizes, found.most_used_mb)
        by = self._by
        if by is None or not by.of_all:
            return
        if by is By.HOUR:
            for hour, count in Counter(time[:13] for time in times).items():
                label = self._label(by, function, version, None, at_ms(hour + b":00:00"))
                self._group(label).invocations += count
        elif by is By.DEPLOYMENT:
            for time, stream in zip(times, found.streams, strict=True):
                label = self._label(by, function, version, None, at_ms(time))
                self._add_deployed(label, function, ("", stream.decode("utf-8", "replace")))
        elif by is By.MEMORY:
            for memory_mb, count in sizes.items():
                self._group(self._label(by, function, version, memory_mb, 0)).invocations += count
        else:
            self._group(self._label(by, function, version, None, 0)).invocations += found.number

    def counted(self, warm: WarmCount) -> None:
        """Add warm invocations that the server counted."""
        if warm.first_ms is None or warm.last_ms is None:
            return
        function = warm.function or self._only
        self._of(function).add_counted(warm, warm.first_ms, warm.last_ms)
        if self._by in (By.VERSION, By.ALIAS, By.FUNCTION):
            self._group(self._label(self._by, function, warm.version, None, 0)).invocations += warm.count
        elif self._by is not None and self._by.of_all:
            self._shares = False

    def add(self, invocation: Invocation) -> None:
        """Count an invocation. The first one of a durable execution is counted at the end: logs need no order."""
        for one in self._executions.add(self._with_name(invocation)):
            self._count(one)

    def _count(self, invocation: Invocation) -> None:
        one = self._of(invocation.function).add(invocation)
        if one is not None and self.place != _NOWHERE:
            one = replace(one, region=self.place.region, profile=self.place.profile)
        runtime = self._runtime(invocation)
        if self._by is not None:
            self._add_to_group(self._by, invocation, one, runtime)
        if one is None:
            return
        if one.init_record is not None:
            self.imports.add_record(one.init_record)
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

    def _add_to_group(self, by: By, invocation: Invocation, one: ColdStart | None, runtime: str) -> None:
        if by.of_all:
            memory_mb = None if isinstance(invocation.report, Missing) else invocation.report.memory_mb
            label = self._label(by, invocation.function, invocation.version, memory_mb, invocation.at_ms)
        else:
            label = self._cold_label(by, invocation, one)
        if not label and by is not By.FUNCTION:
            return
        if invocation.resumes and by is not By.KIND:
            return
        if by is By.DEPLOYMENT and one is None:
            self._add_deployed(label, invocation.function, (invocation.group, invocation.stream))
            return
        group = self._group(label, runtime if by is By.DEPLOYMENT else "", invocation.function)
        group.invocations += 1
        if one is not None:
            group.add_cold(one)
        elif by is By.KIND and invocation.init_ms is not None:
            # No caller waited for this init, but its duration counts for its kind.
            group.init.add(invocation.init_ms)

    def _runtime(self, invocation: Invocation) -> str:
        """The version of the runtime of an invocation's environment; "" if its INIT_START was not read."""
        version, stream = invocation.runtime_version, (invocation.group, invocation.stream)
        if version:
            self._note_runtime(invocation.function, version, invocation.at_ms)
            if stream not in self._runtime_of and len(self._runtime_of) >= _MOST_STREAMS:
                del self._runtime_of[next(iter(self._runtime_of))]
            if stream[1]:
                self._runtime_of.setdefault(stream, version)
            else:
                # In a log without streams, one environment comes after the other, as far as can be known.
                self._count_deployed()
                self._runtime_of[stream] = version
        return version or self._runtime_of.get(stream, "")

    def _add_deployed(self, label: str, function: str, stream: tuple[str, str]) -> None:
        self._deployed[label, function, stream] += 1
        if len(self._deployed) > _MOST_STREAMS:
            self._count_deployed()

    def _count_deployed(self) -> None:
        for (label, function, stream), number in self._deployed.items():
            self._group(label, self._runtime_of.get(stream, ""), function).invocations += number
        self._deployed.clear()

    def _note_runtime(self, function: str, version: str, at_ms: int) -> None:
        first_ms = self.runtimes.setdefault(function, {})
        if version in first_ms or len(first_ms) < _MOST_GROUPS:
            first_ms[version] = min(at_ms, first_ms.get(version, at_ms))

    def _label(self, by: By, function: str, version: str | None, memory_mb: int | None, at_ms: int) -> str:
        """The group of an invocation, cold or warm."""
        match by:
            case By.VERSION:
                return version or _UNKNOWN
            case By.ALIAS:
                aliases = self._functions.get(function, self._assumed).aliases
                return aliases.get(version or "", f"no alias (version {version or _UNKNOWN})")
            case By.MEMORY:
                return _UNKNOWN if memory_mb is None else f"{memory_mb} MB"
            case By.DEPLOYMENT:
                if version and version != "$LATEST":
                    return f"version {version}"
                return self._changed(function, version, at_ms)
            case By.HOUR:
                # Epoch milliseconds: the renderer knows the time zone.
                return str(at_ms // _HOUR_MS * _HOUR_MS) if at_ms else _UNKNOWN
            case _:
                return function

    def _changed(self, function: str, version: str | None, at_ms: int) -> str:
        """$LATEST since or before its last change, whose time is in epoch milliseconds."""
        changed_ms = self._functions.get(function, self._assumed).changed_ms
        if changed_ms is None or not at_ms:
            return "$LATEST" if version else _UNKNOWN
        return f"$LATEST {'since' if at_ms >= changed_ms else 'before'} {changed_ms}"

    def _cold_label(self, by: By, invocation: Invocation, one: ColdStart | None) -> str:
        """The group of an invocation with an init; "" for an invocation without."""
        if by is By.KIND:
            return invocation.kind.value if invocation.kind else ""
        if one is None:
            return ""
        if by is By.RUNTIME:
            return invocation.runtime_version or _UNKNOWN
        facts = self._functions.get(invocation.function, self._assumed)
        return one.architecture or facts.architecture or _UNKNOWN

    def _group(self, label: str, runtime: str = "", function: str = "") -> Totals:
        key = (label, runtime, function if runtime else "")
        if key not in self._groups and len(self._groups) >= _MOST_GROUPS:
            key = (_REST, "", "")
        if key not in self._groups:
            self._groups[key] = Totals(_GROUP_EXACT_UP_TO)
        return self._groups[key]

    def _named_group(self, key: _Key) -> str:
        """A group's label. It names a runtime that Lambda changed to while the function had an earlier one."""
        label, runtime, function = key
        first_ms = self.runtimes.get(function, {})
        is_later = runtime and min(first_ms, key=lambda one: (first_ms[one], one), default="") != runtime
        return f"runtime {runtime}, {label}" if is_later else label

    def summaries(self) -> tuple[ColdStartSummary, ...]:
        """One summary for each function, by name."""
        self._settle()
        region, profile = self.place.region, self.place.profile
        found = (self._found[name].result() for name in sorted(self._found))
        return tuple(replace(one, region=region, profile=profile) for one in found)

    def accumulated(self) -> Iterator[tuple[str, ColdStarts]]:
        """Each function's counts, for a comparison."""
        self._settle()
        yield from sorted(self._found.items())

    def groups(self) -> tuple[ColdStartGroup, ...]:
        """The groups, ordered by label; numbers in numeric order."""
        return grouped([self])

    def group_totals(self) -> tuple[dict[str, Totals], bool]:
        """The counts of each group, and whether they include warm invocations."""
        self._settle()
        named: dict[str, Totals] = {}
        for key, totals in self._groups.items():
            named.setdefault(self._named_group(key), Totals(_GROUP_EXACT_UP_TO)).absorb_totals(totals)
        return named, self._shares

    def listed(self) -> tuple[ColdStart, ...]:
        """The first 2,000 cold starts, ordered by time."""
        self._settle()
        return tuple(sorted(self._listed, key=lambda one: (one.at_ms, one.request_id)))


def grouped(tallies: Sequence[Tally]) -> tuple[ColdStartGroup, ...]:
    """The groups of all tallies together, ordered by label; numbers in numeric order."""
    merged: dict[str, Totals] = {}
    shares = True
    for tally in tallies:
        groups, with_share = tally.group_totals()
        shares = shares and with_share
        for label, totals in groups.items():
            merged.setdefault(label, Totals(_GROUP_EXACT_UP_TO)).absorb_totals(totals)
    return tuple(merged[label].group(label, with_share=shares) for label in sorted(merged, key=_numbered))


def _numbered(label: str) -> tuple[int, int, str]:
    head = label.partition(" ")[0]
    return (0, int(head), label) if head.isdecimal() else (1, 0, label)
