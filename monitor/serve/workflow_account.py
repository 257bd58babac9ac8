"""Reads for the page what the commands read, once for all tabs that ask at the same time."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from monitor.aws.connection import Connection
from monitor.aws.dashboards import list_dashboards
from monitor.aws.targets import Located, resolve
from monitor.coldstarts.analyze_report import runtime_changes
from monitor.coldstarts.model import By
from monitor.coldstarts.workflow import choose, foresee, read_cold_starts
from monitor.dashboards.board.model import Board
from monitor.dashboards.board.workflow import RenderRequest, draw
from monitor.dashboards.body import builtin
from monitor.diagnose.analyze import diagnose
from monitor.diagnose.evidence.model import Deployed
from monitor.diagnose.evidence.workflow import gather
from monitor.diagnose.evidence.workflow_configuration import versions
from monitor.diagnose.model import Diagnosis
from monitor.errors import MonitorError, NotFoundError, UsageError
from monitor.kernel import prices
from monitor.kernel.origin import NO_OPTIONS, Origin
from monitor.kernel.target import LogTarget, TargetSelection
from monitor.kernel.window import Window
from monitor.logs.workflow_reading import Reading, open_located
from monitor.metrics.workflow import function_metrics, queries_of
from monitor.records.invocation import ColdStart
from monitor.records.metric import FunctionMetrics
from monitor.records.xray.trace import TraceFilter
from monitor.serve.model import ColdView, FunctionRow, Functions
from monitor.traces.model import ShownInvocation, ShownTrace, TraceList
from monitor.traces.workflow_find import list_traces
from monitor.traces.workflow_show import show_invocation, show_trace
from monitor.traces.workflow_source import open_source

T = TypeVar("T")

_MOST_KEPT = 32
_MOST_CHANGES = 300
_FRESH_S = 5.0
_METRICS_FRESH_S = 15.0
_LIST_FRESH_S = 60.0
_MOST_TRACES = 100
# A follow polls each log at least every five seconds: this many take three quarters of the default calls of an hour.
_MOST_FOLLOWED = 20
# What `foresee` says of a log of 20 MB, which two queries would scan.
_SMALL_BYTES = 40_000_000


@dataclass(frozen=True, slots=True)
class Ask:
    """A window as the page names it, `since` as in --since, and the window at this moment."""

    since: str
    until: str
    window: Window


class Shared:
    """Results by key for a few seconds. A second caller of the same key waits for the first, and reads nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[Any, ...], tuple[float, Any]] = OrderedDict()
        self._reading: dict[tuple[Any, ...], threading.Lock] = {}

    def get(self, key: tuple[Any, ...], read: Callable[[], T], fresh_s: float = _FRESH_S) -> T:
        """The result of `read`, at most `fresh_s` old."""
        with self._lock:
            one_at_a_time = self._reading.setdefault(key, threading.Lock())
        try:
            with one_at_a_time:
                with self._lock:
                    at_s, kept = self._kept.get(key, (-1e9, None))
                if time.monotonic() - at_s < fresh_s:
                    return kept  # type: ignore[no-any-return]
                found = read()
                with self._lock:
                    self._kept[key] = (time.monotonic(), found)
                    self._kept.move_to_end(key)
                    while len(self._kept) > _MOST_KEPT:
                        self._kept.popitem(last=False)
                return found
        finally:
            with self._lock:
                self._reading.pop(key, None)


class Account:
    """The functions that the page shows, in one region. Safe for several threads."""

    def __init__(
        self,
        connection: Connection,
        selection: TargetSelection,
        pace_s: Callable[[float], float] = lambda _cost: 0.0,
        origin: Origin = NO_OPTIONS,
    ) -> None:
        """`pace_s` says how many seconds to keep what cost so many dollars to read.

        Commands that the page shows carry the connection options `origin`.
        """
        self.connection = connection
        self._origin = origin
        self._selection, self._pace_s = selection, pace_s
        self._shared = Shared()
        self._changes: dict[str, dict[tuple[str, int], Deployed]] = {}

    def located(self) -> list[Located]:
        """The targets of the page; found again every minute if there can be new ones."""
        fresh_s = _FRESH_S if self.connection.local else _LIST_FRESH_S
        return self._shared.get(("located",), self._resolve, fresh_s)

    def _resolve(self) -> list[Located]:
        try:
            return resolve([self.connection], self._selection)
        except NotFoundError:
            if self._selection.every:
                # An account without any function is an empty page.
                return []
            raise

    def one(self, name: str) -> LogTarget:
        """The target with this name.

        Raises:
            NotFoundError: it is none of the page.
        """
        for _, target in self.located():
            if target.name == name:
                return target
        raise NotFoundError(f"{name} is not on this page", "`monitor serve` shows the functions that its TARGETs name")

    def reading(self, name: str = "") -> Reading:
        """The log of one target, or of all. With all, functions that are created later join.

        Raises:
            NotFoundError: the target is none of the page.
            UsageError: there are too many to read at once.
        """
        if name:
            return open_located([(self.connection, self.one(name))])
        located = self.located()
        if len(located) > _MOST_FOLLOWED:
            raise UsageError(
                f"{len(located)} functions are too many to follow at once",
                f"open one of them, or give `monitor serve` TARGETs: {_MOST_FOLLOWED} at most are followed together",
            )
        found = open_located(located)
        return replace(found, selection=self._selection, connections=(self.connection,))

    def functions(self, ask: Ask, *, again: bool = False) -> Functions:
        """All targets with their figures. Metrics cost money: they are kept for a while, unless asked for `again`."""
        cost_usd = queries_of(len(self.located())) * prices.METRIC
        fresh_s = _FRESH_S if again else max(_METRICS_FRESH_S, self._pace_s(cost_usd))
        return self._shared.get(("functions", ask.since, ask.until), lambda: self._functions(ask.window), fresh_s)

    def _functions(self, window: Window) -> Functions:
        targets = [target for _, target in self.located()]
        metrics: dict[str, FunctionMetrics] = {}
        problem = ""
        try:
            own = [target for target in targets if target.function is not None]
            if own:
                found = function_metrics(self.connection, own, window)
                metrics = {target.name: row for target, row in zip(own, found, strict=True)}
        except MonitorError as error:
            problem = error.message
        return Functions(window, tuple(_row(target, metrics.get(target.name)) for target in targets), problem)

    def cold(self, name: str, ask: Ask, *, small_only: bool = False) -> ColdView:
        """The cold starts of one target, read from its log; with `small_only` only from a small log.

        Raises:
            UsageError: the log of the window is too large to read it here.
        """
        return self._shared.get(
            ("cold", name, ask.since, ask.until), lambda: self._cold(name, ask.window, small_only), 10.0
        )

    def _cold(self, name: str, window: Window, small_only: bool) -> ColdView:
        target, reading = self.one(name), self.reading(name)
        if small_only:
            _refuse_large(reading, window)
        engine, reason = choose(reading, window)
        if engine == "insights":
            raise UsageError(
                f"the log of {name} is not read here: {reason}",
                f"choose a shorter range, or run `monitor coldstarts {name}`",
            )
        report = read_cold_starts(reading, window, "scan", lambda _read: None, By.HOUR)
        deployments, problem = self._deployments(target)
        return ColdView(window, report, with_runtimes(deployments, report.cold_starts), problem)

    def _deployments(self, target: LogTarget) -> tuple[tuple[Deployed, ...], str]:
        if target.function is None:
            return (), ""
        problem = ""
        try:
            found = self._shared.get(
                ("versions", target.function), lambda: versions(self.connection, str(target.function)), 10.0
            )
        except MonitorError as error:
            at_ms = target.changed_ms
            found = () if at_ms is None else (Deployed("$LATEST", at_ms, ""),)
            problem = f"only the last change is marked: {error.message}"
        # Lambda tells only the last change of $LATEST. The page remembers those that it saw.
        seen = self._changes.setdefault(target.function, {})
        seen.update({(one.version, one.at_ms): one for one in found})
        while len(seen) > _MOST_CHANGES:
            del seen[next(iter(seen))]
        return tuple(sorted(seen.values(), key=lambda one: one.at_ms)), problem

    def traces(self, name: str, ask: Ask, *, cold: bool, faulty: bool) -> TraceList:
        """The newest traces of one function."""
        wanted = TraceFilter(cold=cold, faulty=faulty)
        target = self.one(name)
        return self._shared.get(
            ("traces", name, ask.since, ask.until, cold, faulty),
            lambda: list_traces(
                open_source(self.connection, target.name), ask.window, wanted, limit=_MOST_TRACES, explained=True
            ),
        )

    def trace(self, trace_id: str, name: str, window: Window) -> ShownTrace | ShownInvocation:
        """One trace, with the log of its invocation."""
        return self._shared.get(
            ("trace", trace_id, name),
            lambda: show_trace(self.connection, trace_id, name or None, window, logs=bool(name)),
        )

    def invocation(self, name: str, which: str, window: Window) -> ShownInvocation:
        """One invocation with its trace."""
        return self._shared.get(("invocation", name, which), lambda: show_invocation(self.reading(name), which, window))

    def dashboards(self) -> tuple[list[str], list[str]]:
        """The names of the account's dashboards, and of the built-in templates."""
        found = self._shared.get(("dashboards",), lambda: [one.name for one in list_dashboards(self.connection)], 30.0)
        return found, builtin.names()

    def board(self, name: str, function: str, window: Window | None, now_ms: int) -> Board:
        """A dashboard of the account, or a built-in template for a function, with its data.

        Log widgets are evaluated here, so that nothing is billed by the GB.
        """
        deployed, templates = self.dashboards()
        if name not in deployed and name not in templates:
            raise NotFoundError(f"there is no dashboard {name!r}", "`monitor dashboard list` lists the dashboards")
        functions = (function,) if function and name in templates else ()
        try:
            return draw(self.connection, RenderRequest(name, functions, window=window, engine="scan"), now_ms)
        except UsageError as error:
            if functions or name not in templates:
                raise
            # The hint of the command names an option, which the page does not have.
            raise UsageError(
                error.message, "choose a function in the list of functions, and then Dashboards"
            ) from error

    def diagnosis(self, name: str, ask: Ask) -> Diagnosis:
        """The diagnosis of one function, as `monitor diagnose` makes it."""
        target = self.one(name)
        return self._shared.get(
            ("diagnosis", name, ask.since, ask.until),
            lambda: diagnose(
                gather(self.connection, target.name, ask.window, lambda _state: None, origin=self._origin)
            ),
            30.0,
        )


def _refuse_large(reading: Reading, window: Window) -> None:
    """Refuse to read a log that nobody asked for by itself, if it is not small. The embedded stack's is.

    Raises:
        UsageError: it is larger than 40 MB, or its size is not known.
    """
    foreseen = foresee(reading, window)
    if foreseen is not None and (foreseen.size_bytes is None or foreseen.size_bytes > _SMALL_BYTES):
        raise UsageError("the log is large", "press Enter to read it")


def with_runtimes(deployments: Iterable[Deployed], starts: Sequence[ColdStart]) -> tuple[Deployed, ...]:
    """The deployments, with the first start on each later version of the runtime, which Lambda changes by itself."""
    later = (one for versions in runtime_changes(starts).values() for one in versions[1:])
    runtimes = (Deployed(f"runtime {version}", at_ms) for version, at_ms in later)
    return tuple(sorted((*deployments, *runtimes), key=lambda one: one.at_ms))


def _row(target: LogTarget, metrics: FunctionMetrics | None) -> FunctionRow:
    info = target.info
    return FunctionRow(
        target.name,
        target.function,
        info.runtime or "" if info else "",
        info.memory_mb if info else None,
        info.architecture if info else "",
        target.changed_ms,
        metrics,
    )
