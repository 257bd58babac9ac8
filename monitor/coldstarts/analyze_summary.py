"""Cold starts of a function over a window, from its invocations, as they stream by."""

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import count

from monitor.coldstarts.model import ColdStartSummary, Unread
from monitor.kernel.missing import Missing
from monitor.kernel.statistics import Distribution, Quantiles, joined
from monitor.kernel.window import Window
from monitor.records.cold_start import ColdStart, cold_start
from monitor.records.cost import Price, init_cost_usd, price
from monitor.records.invocation import FailureKind, InitKind, Invocation
from monitor.records.record import Report

_SLOWEST = 10
_BUFFER = 4_096
_MOST_VERSIONS = 200


class ColdStarts:
    """The cold starts of one function, taken in one invocation at a time.

    Args:
        function: its name.
        window: what was asked for; only handed on.
        region, architecture: what the cost is reckoned by; an init record's architecture wins.
        slowest: how many of the slowest are kept whole.
    """

    def __init__(
        self,
        function: str,
        *,
        window: Window | None = None,
        region: str | None = None,
        architecture: str | None = None,
        slowest: int = _SLOWEST,
    ) -> None:
        self._function = function
        self._window = window
        self._region = region
        self._architecture = architecture
        self._keep = slowest
        self._order = count()
        self._slowest: list[tuple[float, int, int, ColdStart]] = []
        self._invocations = self._cold = self._errors = self._timeouts = self._unpriced = 0
        self._malformed = self._without_report = self._without_start = 0
        self._init, self._total, self._observed, self._warm = (Quantiles() for _ in range(4))
        self._warm_buffer: list[float] = []
        self._counted: list[Distribution] = []
        self._kinds: Counter[InitKind] = Counter()
        self._versions: Counter[str] = Counter()
        self._memory: set[int] = set()
        self._max_memory_mb: int | None = None
        self._first_ms: int | None = None
        self._last_ms: int | None = None
        self._cost_usd: float | None = None
        self._init_cost_usd: float | None = None

    @property
    def init(self) -> Quantiles:
        """The init durations so far."""
        return self._init

    @property
    def first_total(self) -> Quantiles:
        """What first callers waited, so far."""
        return self._total

    def absorb(self, other: "ColdStarts") -> None:
        """Take in all that `other` has, as this function's: where it turns out later whose that was."""
        for name in ("_invocations", "_cold", "_errors", "_timeouts", "_unpriced", "_malformed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self._without_report += other._without_report
        self._without_start += other._without_start
        other._flush()
        self._init.absorb(other._init)
        self._total.absorb(other._total)
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
        if other._cost_usd is not None:
            self._cost_usd = (self._cost_usd or 0.0) + other._cost_usd
        if other._init_cost_usd is not None:
            self._init_cost_usd = (self._init_cost_usd or 0.0) + other._init_cost_usd
        for rank, *_, found in other._slowest:
            self._rank(rank, replace(found, function=self._function))

    def _seen(self, at_ms: int) -> None:
        self._first_ms = at_ms if self._first_ms is None else min(self._first_ms, at_ms)
        self._last_ms = at_ms if self._last_ms is None else max(self._last_ms, at_ms)

    def _rank(self, rank: float, found: ColdStart) -> None:
        keep = heapq.heappush if len(self._slowest) < self._keep else heapq.heappushpop
        if self._keep:
            # Of two that took as long, the earlier one: whichever was read first.
            keep(self._slowest, (rank, -found.at_ms, -next(self._order), found))

    def add(self, invocation: Invocation) -> ColdStart | None:
        """Take in an invocation; returns the cold start that it is, if it is one."""
        self._invocations += 1
        self._seen(invocation.at_ms)
        self._malformed += invocation.malformed
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
            self._add_report(report, invocation.kind)
        return self._add_cold(invocation) if invocation.cold else None

    def add_warm(self, at_ms: int, duration_ms: float, memory_mb: int, max_memory_mb: int) -> None:
        """Take in a warm invocation that succeeded, of which no more than this is known or matters."""
        self._invocations += 1
        if self._first_ms is None or at_ms < self._first_ms:
            self._first_ms = at_ms
        if self._last_ms is None or at_ms > self._last_ms:
            self._last_ms = at_ms
        if memory_mb not in self._memory and len(self._memory) < _MOST_VERSIONS:
            self._memory.add(memory_mb)
        if self._max_memory_mb is None or max_memory_mb > self._max_memory_mb:
            self._max_memory_mb = max_memory_mb
        buffer = self._warm_buffer
        buffer.append(duration_ms)
        if len(buffer) >= _BUFFER:
            self._flush()

    def add_counted(
        self, duration: Distribution, memory_mb: Iterable[int], max_memory_mb: int | None, first_ms: int, last_ms: int
    ) -> None:
        """Take in warm invocations that were counted elsewhere; percentiles are then estimates."""
        self._counted.append(duration)
        self._invocations += duration.count
        self._memory.update(memory_mb)
        if max_memory_mb is not None:
            self._max_memory_mb = max(self._max_memory_mb or 0, max_memory_mb)
        self._first_ms = first_ms if self._first_ms is None else min(self._first_ms, first_ms)
        self._last_ms = last_ms if self._last_ms is None else max(self._last_ms, last_ms)

    def _flush(self) -> None:
        self._warm.add_all(self._warm_buffer)
        self._warm_buffer.clear()

    def _add_report(self, report: Report, kind: InitKind | None) -> None:
        if report.memory_mb is not None and len(self._memory) < _MOST_VERSIONS:
            self._memory.add(report.memory_mb)
        if report.max_memory_mb is not None:
            self._max_memory_mb = max(self._max_memory_mb or 0, report.max_memory_mb)
        if kind is None and report.duration_ms is not None:
            self._warm.add(report.duration_ms)

    def _add_cold(self, invocation: Invocation) -> ColdStart | None:
        record = invocation.init_record
        architecture = (record.architecture if record else None) or self._architecture
        at = price(self._region, architecture)
        found = cold_start(invocation, at)
        if found is None:
            return None
        self._cold += 1
        version = invocation.version or ""
        if version in self._versions or len(self._versions) < _MOST_VERSIONS:
            self._versions[version] += 1
        if found.init_ms is not None:
            self._init.add(found.init_ms)
        if record is not None:
            self._observed.add(record.observed_init_ms)
        if found.first_total_ms is not None:
            self._total.add(found.first_total_ms)
        self._add_cost(found, invocation, at)
        self._rank(found.first_total_ms if found.first_total_ms is not None else (found.init_ms or 0.0), found)
        return found

    def _add_cost(self, found: ColdStart, invocation: Invocation, at: Price | None) -> None:
        if found.cost_usd is None or isinstance(invocation.report, Missing):
            self._unpriced += 1
            return
        self._cost_usd = (self._cost_usd or 0.0) + found.cost_usd
        init_usd = init_cost_usd(invocation.report, found.kind, at)
        if init_usd is not None:
            self._init_cost_usd = (self._init_cost_usd or 0.0) + init_usd

    def _worst_first(self) -> tuple[ColdStart, ...]:
        ranked = sorted(self._slowest, key=lambda one: (-one[0], one[3].at_ms, one[3].request_id))
        return tuple(found for *_, found in ranked)

    def result(self, *, bars: int = 10) -> ColdStartSummary:
        """The summary of all that was taken in, the histogram in `bars` bars."""
        self._flush()
        return ColdStartSummary(
            function=self._function,
            window=self._window,
            invocations=self._invocations,
            cold_starts=self._cold,
            share=self._cold / self._invocations if self._invocations else None,
            init=self._init.result(),
            first_total=self._total.result(),
            observed_init=self._observed.result(),
            warm_duration=joined([self._warm.result(), *self._counted]) if self._counted else self._warm.result(),
            init_histogram=self._init.histogram(bars),
            by_kind=dict(self._kinds.most_common()),
            by_version=dict(self._versions.most_common()),
            slowest=self._worst_first(),
            errors=self._errors,
            timeouts=self._timeouts,
            max_memory_mb=self._max_memory_mb,
            memory_mb=tuple(sorted(self._memory)),
            first_ms=self._first_ms,
            last_ms=self._last_ms,
            cost_usd=self._cost_usd,
            init_cost_usd=self._init_cost_usd,
            unpriced=self._unpriced,
            unread=Unread(self._malformed, self._without_report, self._without_start),
        )


def summarize(
    invocations: Iterable[Invocation],
    *,
    function: str = "",
    window: Window | None = None,
    region: str | None = None,
    architecture: str | None = None,
    slowest: int = _SLOWEST,
) -> ColdStartSummary:
    """The summary of all `invocations`, taken for one function's; its name is the first one's if not given."""
    found: ColdStarts | None = None
    for invocation in invocations:
        if found is None:
            found = ColdStarts(
                function or invocation.function,
                window=window,
                region=region,
                architecture=architecture,
                slowest=slowest,
            )
        found.add(invocation)
    return (found or ColdStarts(function, window=window)).result()


def summarize_by_function(
    invocations: Iterable[Invocation],
    *,
    window: Window | None = None,
    region: str | None = None,
    architectures: dict[str, str] | None = None,
    slowest: int = _SLOWEST,
) -> tuple[ColdStartSummary, ...]:
    """One summary a function, by name; `architectures` are the functions' where they are known."""
    found: dict[str, ColdStarts] = {}
    for invocation in invocations:
        name = invocation.function
        if name not in found:
            found[name] = ColdStarts(
                name,
                window=window,
                region=region,
                architecture=(architectures or {}).get(name),
                slowest=slowest,
            )
        found[name].add(invocation)
    return tuple(found[name].result() for name in sorted(found))
