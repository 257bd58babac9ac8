"""Adds up cold starts: the totals of a group, and the figures of one function."""

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import count

from monitor.coldstarts.analyze_insights import WarmCount
from monitor.coldstarts.model import ColdStartGroup, ColdStartSummary, FunctionFacts, Unread
from monitor.kernel.missing import Missing
from monitor.kernel.statistics import EXACT_UP_TO, Distribution, Quantiles, joined
from monitor.kernel.window import Window
from monitor.records.cost import init_cost_usd, invocation_cost_usd, price
from monitor.records.invocation import ColdStart, FailureKind, InitKind, Invocation, cold_start
from monitor.records.record import Report

_SLOWEST = 10
_WARM_AT_ONCE = 32_768
_MOST_VERSIONS = 200


class Totals:
    """Counts invocations and cold starts, with the durations and the cost of the cold starts."""

    def __init__(self, exact_up_to: int = EXACT_UP_TO) -> None:
        self.invocations = self.cold = 0
        self.init, self.first_total = Quantiles(exact_up_to), Quantiles(exact_up_to)
        self.cost_usd: float | None = None

    def add_cold(self, one: ColdStart) -> None:
        """Count a cold start. The caller has counted its invocation."""
        self.cold += 1
        if one.init_ms is not None:
            self.init.add(one.init_ms)
        if one.first_total_ms is not None:
            self.first_total.add(one.first_total_ms)
        self.cost_usd = _sum(self.cost_usd, one.cost_usd)

    def absorb_totals(self, other: "Totals") -> None:
        """Add the counts of `other`."""
        self.invocations += other.invocations
        self.cold += other.cold
        self.init.absorb(other.init)
        self.first_total.absorb(other.first_total)
        self.cost_usd = _sum(self.cost_usd, other.cost_usd)

    def group(self, label: str, *, with_share: bool) -> ColdStartGroup:
        """The counts as a group. `with_share` says that the group's warm invocations were counted too."""
        share = self.cold / self.invocations if self.invocations and with_share else None
        invocations = self.invocations if with_share else None
        init, first_total = self.init.result(), self.first_total.result()
        return ColdStartGroup(label, invocations, self.cold, share, init, first_total, self.cost_usd)


def _sum(one: float | None, other: float | None) -> float | None:
    return one if other is None else (one or 0.0) + other


class ColdStarts(Totals):
    """Counts the cold starts of one function, one invocation at a time.

    Args:
        function: its name.
        window: the requested window, copied to the result.
        facts: region and architecture for the cost. The architecture in an init record takes precedence.
        slowest: how many of the slowest cold starts are kept in full.
    """

    def __init__(
        self,
        function: str,
        window: Window | None = None,
        facts: FunctionFacts | None = None,
        *,
        slowest: int = _SLOWEST,
    ) -> None:
        super().__init__()
        self._function, self._window, self._facts = function, window, facts or FunctionFacts()
        self._keep = slowest
        self._order = count()
        self._slowest: list[tuple[float, int, int, ColdStart]] = []
        self._errors = self._timeouts = self._unpriced = self._replays = 0
        self._malformed = self._without_report = self._without_start = self._ignored = 0
        self._web_function = False
        self._observed, self._warm = Quantiles(), Quantiles()
        # As the log has them: durations have two decimals, and many are the same.
        self._warm_buffer: Counter[bytes] = Counter()
        self._counted: list[Distribution] = []
        self._kinds: Counter[InitKind] = Counter()
        self._versions: Counter[str] = Counter()
        self._memory: set[int] = set()
        self._max_memory_mb: int | None = None
        self._first_ms: int | None = None
        self._last_ms: int | None = None
        self._init_cost_usd: float | None = None

    def absorb(self, other: "ColdStarts") -> None:
        """Add the counts of `other`, once it turns out to be the same function."""
        other._flush()
        self.absorb_totals(other)
        self._ignored += other._ignored
        self._web_function = self._web_function or other._web_function
        for name in (
            "_errors",
            "_timeouts",
            "_unpriced",
            "_replays",
            "_malformed",
            "_without_report",
            "_without_start",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self._observed.absorb(other._observed)
        self._warm.absorb(other._warm)
        self._counted.extend(other._counted)
        self._kinds.update(other._kinds)
        self._versions.update(other._versions)
        self._memory |= other._memory
        self._max_memory_mb = max((self._max_memory_mb, other._max_memory_mb), key=lambda value: value or 0)
        if other._first_ms is not None and other._last_ms is not None:
            self._seen(other._first_ms)
            self._seen(other._last_ms)
        self._init_cost_usd = _sum(self._init_cost_usd, other._init_cost_usd)
        for rank, *_, found in other._slowest:
            self._rank(rank, replace(found, function=self._function))

    def _seen(self, at_ms: int) -> None:
        self._first_ms = at_ms if self._first_ms is None else min(self._first_ms, at_ms)
        self._last_ms = at_ms if self._last_ms is None else max(self._last_ms, at_ms)

    def _rank(self, rank: float, found: ColdStart) -> None:
        keep = heapq.heappush if len(self._slowest) < self._keep else heapq.heappushpop
        if self._keep:
            # Of two cold starts with the same duration, keep the one that was read first.
            keep(self._slowest, (rank, -found.at_ms, -next(self._order), found))

    def add(self, invocation: Invocation) -> ColdStart | None:
        """Count an invocation. Returns its cold start, or None for a warm invocation.

        An invocation that resumes a durable execution is counted as a replay only.
        """
        if invocation.resumes:
            self._replays += 1
        else:
            self.invocations += 1
        self._web_function = self._web_function or invocation.web_function
        self._seen(invocation.at_ms)
        self._malformed += invocation.malformed
        self._ignored += invocation.ignored
        self._without_start += isinstance(invocation.start_ms, Missing)
        if invocation.error is not None:
            self._errors += 1
            self._timeouts += invocation.error.kind is FailureKind.TIMEOUT
        if invocation.kind is not None:
            self._kinds[invocation.kind] += 1
        report = invocation.report
        if isinstance(report, Missing):
            self._without_report += 1
        else:
            self._add_report(report, warm=invocation.kind is None and not invocation.resumes)
        return self._add_cold(invocation) if invocation.cold else None

    def add_warm(
        self, first_ms: int, last_ms: int, durations_ms: list[bytes], memory_mb: Iterable[int], max_memory_mb: int
    ) -> None:
        """Take in warm invocations that succeeded, of which no more than this matters."""
        self.invocations += len(durations_ms)
        self._seen(first_ms)
        self._seen(last_ms)
        for size in memory_mb:
            if len(self._memory) < _MOST_VERSIONS:
                self._memory.add(size)
        self._max_memory_mb = max(self._max_memory_mb or 0, max_memory_mb)
        self._warm_buffer.update(durations_ms)
        if len(self._warm_buffer) >= _WARM_AT_ONCE:
            self._flush()

    def add_counted(self, warm: WarmCount, first_ms: int, last_ms: int) -> None:
        """Add warm invocations that the server counted. Percentiles are estimates from then on."""
        self._counted.append(warm.duration)
        self.invocations += warm.count
        self._memory.update(warm.memory_mb)
        if warm.max_memory_mb is not None:
            self._max_memory_mb = max(self._max_memory_mb or 0, warm.max_memory_mb)
        self._seen(first_ms)
        self._seen(last_ms)

    def _flush(self) -> None:
        counted: Counter[float] = Counter()
        for text, number in self._warm_buffer.items():
            counted[float(text)] += number
        self._warm.add_counted(counted)
        self._warm_buffer.clear()

    def _add_report(self, report: Report, *, warm: bool) -> None:
        if report.memory_mb is not None and len(self._memory) < _MOST_VERSIONS:
            self._memory.add(report.memory_mb)
        if report.max_memory_mb is not None:
            self._max_memory_mb = max(self._max_memory_mb or 0, report.max_memory_mb)
        if warm and report.duration_ms is not None:
            self._warm.add(report.duration_ms)

    def _add_cold(self, invocation: Invocation) -> ColdStart | None:
        record, facts = invocation.init_record, self._facts
        report = None if isinstance(invocation.report, Missing) else invocation.report
        at = price(facts.region, (record.architecture if record else None) or facts.architecture)
        cost_usd = None if at is None or report is None else invocation_cost_usd(report, invocation.kind, at)
        found = cold_start(invocation, cost_usd)
        if found is None:
            return None
        self.add_cold(found)
        version = invocation.version or ""
        if version in self._versions or len(self._versions) < _MOST_VERSIONS:
            self._versions[version] += 1
        if record is not None:
            self._observed.add(record.observed_init_ms)
        if cost_usd is None or report is None:
            self._unpriced += 1
        else:
            self._init_cost_usd = _sum(self._init_cost_usd, init_cost_usd(report, found.kind, at))
        self._rank(found.first_total_ms if found.first_total_ms is not None else (found.init_ms or 0.0), found)
        return found

    def _worst_first(self) -> tuple[ColdStart, ...]:
        ranked = sorted(self._slowest, key=lambda one: (-one[0], one[3].at_ms, one[3].request_id))
        return tuple(found for *_, found in ranked)

    def result(self, *, bars: int = 10) -> ColdStartSummary:
        """The summary, with a histogram of `bars` bars."""
        self._flush()
        return ColdStartSummary(
            function=self._function,
            window=self._window,
            invocations=self.invocations,
            cold_starts=self.cold,
            share=self.cold / self.invocations if self.invocations else None,
            init=self.init.result(),
            first_total=self.first_total.result(),
            observed_init=self._observed.result(),
            warm_duration=joined([self._warm.result(), *self._counted]) if self._counted else self._warm.result(),
            init_histogram=self.init.histogram(bars),
            by_kind=dict(self._kinds.most_common()),
            by_version=dict(self._versions.most_common()),
            slowest=self._worst_first(),
            errors=self._errors,
            timeouts=self._timeouts,
            max_memory_mb=self._max_memory_mb,
            memory_mb=tuple(sorted(self._memory)),
            first_ms=self._first_ms,
            last_ms=self._last_ms,
            cost_usd=self.cost_usd,
            init_cost_usd=self._init_cost_usd,
            unpriced=self._unpriced,
            replays=self._replays,
            web_function=self._web_function,
            unread=Unread(self._malformed, self._without_report, self._without_start, self._ignored),
        )
