"""Reads everything that a diagnosis needs from a function's log, in one pass and in bounded memory."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from monitor.coldstarts.analyze_tally import MOST_LISTED, Tally
from monitor.coldstarts.model import By, ColdStartGroup, ColdStartSummary, FunctionFacts
from monitor.coldstarts.workflow_imports import LoggedProfiles
from monitor.diagnose.evidence.analyze_init_logging import FirstLines
from monitor.diagnose.evidence.analyze_late_imports import LateImportTable
from monitor.diagnose.evidence.analyze_latest import FEWEST_SINCE, Latest
from monitor.diagnose.evidence.analyze_traffic import Aftermath, Minutes
from monitor.diagnose.evidence.model import (
    Deployed,
    FailureCount,
    InitLogging,
    LateImport,
    LatestChange,
    Minute,
    is_missing,
)
from monitor.kernel.missing import Missing
from monitor.kernel.window import Window
from monitor.records.event import LogEvent
from monitor.records.executions import Executions
from monitor.records.imports import ImportProfile, ImportProfiles, tree_of_record
from monitor.records.invocation import ColdStart, Invocation
from monitor.records.message import parse_fact, parse_message
from monitor.records.pairing import Pairing
from monitor.records.record import InitRecordEvent, LateImports, Record, Start

INIT_RECORDS, IMPORT_PROFILES = "init records", "import profiles"
NO_IMPORTS = "the log contains neither init records nor import profiles"
# A saved tree is about 100 KB of JSON. More of them add little.
_TREES = 20


@dataclass(frozen=True, slots=True)
class LogFacts:
    """The contents of a log; every part can be empty. `sampled` has the X-Ray ids of cold starts."""

    events: int
    starts: ColdStartSummary
    cold_starts: tuple[ColdStart, ...]
    by_memory: tuple[ColdStartGroup, ...]
    minutes: tuple[Minute, ...]
    failures: tuple[FailureCount, ...]
    logging: InitLogging | None
    imports: ImportProfile | Missing
    late_imports: tuple[LateImport, ...]
    sampled: frozenset[str] = frozenset()
    latest: LatestChange | None = None


def read_log(
    events: Iterable[LogEvent],
    name: str,
    window: Window | None,
    facts: Mapping[str, FunctionFacts],
    changed: Deployed | None = None,
) -> LogFacts:
    """The facts in the log of `name`; `facts` has region and architecture of the functions.

    `changed` is the configuration and when it last changed. If enough starts follow a change in the window, only these
    are judged.
    """
    pass_ = _Pass(lambda: _Sums(Tally(window=window, functions=facts, by=By.MEMORY)), Latest(changed, window))
    for event in events:
        pass_.take(event)
    return pass_.result(name)


class _Sums:
    """Counts of the whole log, or of what follows the latest change."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.aftermath = Aftermath()
        self.first_lines = FirstLines()
        self.late = LateImportTable()
        self.records, self.profiles = ImportProfiles(), ImportProfiles()

    def add(self, invocation: Invocation, marked: Invocation) -> None:
        """Count an invocation; `marked`, the same one, is a replay if it resumes a durable execution."""
        self.tally.add(invocation)
        self.aftermath.add(marked)
        self.first_lines.settle(marked)

    def note(self, record: Record | None) -> None:
        if isinstance(record, LateImports):
            self.late.add(record)
        elif isinstance(record, InitRecordEvent) and record.init_record.imports is not None:
            self.records.add(tree_of_record(record.init_record), record.init_record.imports)

    def summary(self, name: str | None = None) -> ColdStartSummary | None:
        """The function's with the most invocations, or that of `name`."""
        found = (one for one in self.tally.summaries() if name is None or one.function == name)
        return max(found, key=lambda one: one.invocations, default=None)

    def imports(self, name: str) -> ImportProfile | Missing:
        if self.records.count:
            return self.records.result(name, INIT_RECORDS)
        if self.profiles.count:
            return self.profiles.result(name, IMPORT_PROFILES)
        return Missing(NO_IMPORTS)


class _Pass:
    def __init__(self, sums: Callable[[], _Sums], latest: Latest) -> None:
        self._make, self._latest = sums, latest
        self._whole = sums()
        self._since = sums() if latest.change else None
        self._pairing = Pairing()
        self._minutes = Minutes()
        self._executions = Executions()
        self._lines = LoggedProfiles()
        self._sampled: set[str] = set()
        self._events = 0

    def take(self, event: LogEvent) -> None:
        self._events += 1
        if self._latest.take(event):
            self._since = self._make()
        counted = self._counting(event.timestamp_ms, event.stream)
        message = event.message
        if message.startswith("import time:"):
            for tree in self._lines.take(event):
                for sums in counted:
                    sums.profiles.add(tree)
            return
        record: Record | None
        opened = [sums.first_lines for sums in counted if sums.first_lines.is_open(event)]
        if opened:
            record = parse_message(message)
            for lines in opened:
                lines.add(event, record)
        elif '"monitor_imports"' in message:
            record = parse_message(message)
        else:
            record = parse_fact(message)
        if isinstance(record, Start):
            for tree in self._lines.start(event):
                for sums in counted:
                    sums.profiles.add(tree)
        for sums in counted:
            sums.note(record)
        if record is not None:
            self._settle(self._pairing.add(event, record))

    def _counting(self, at_ms: int, stream: str) -> Sequence[_Sums]:
        if self._since is not None and self._latest.holds(at_ms, stream):
            return self._whole, self._since
        return (self._whole,)

    def _settle(self, invocations: Iterable[Invocation]) -> None:
        for invocation in invocations:
            marked = self._executions.marked(invocation)
            for sums in self._counting(invocation.at_ms, invocation.stream):
                sums.add(invocation, marked)
            self._minutes.add(marked)
            self._note_trace(marked)

    def _note_trace(self, invocation: Invocation) -> None:
        """Every REPORT of a traced function names a trace; X-Ray has those that were sampled."""
        report = invocation.report
        left_out = not is_missing(report) and report.sampled is False
        if invocation.cold and invocation.trace_id and not left_out and len(self._sampled) < MOST_LISTED:
            self._sampled.add(invocation.trace_id)

    def result(self, name: str) -> LogFacts:
        self._settle(self._pairing.finish())
        whole = self._whole
        for tree in self._lines.rest():
            for sums in filter(None, (whole, self._since)):
                sums.profiles.add(tree)
        every = whole.summary()
        if every is None:
            every = Tally(functions={name: FunctionFacts()}).summaries()[0]
        cold = [one for one in whole.tally.listed() if one.function in (every.function, "")]
        judged, starts, change = self._judged(every, cold)
        return LogFacts(
            events=self._events,
            starts=starts,
            cold_starts=tuple(_lightened(cold, change)),
            by_memory=whole.tally.groups(),
            minutes=self._minutes.result(),
            failures=judged.aftermath.result(),
            logging=judged.first_lines.result(),
            imports=judged.imports(name),
            late_imports=judged.late.result(starts.cold_starts),
            sampled=frozenset(self._sampled),
            latest=change,
        )

    def _judged(
        self, every: ColdStartSummary, cold: Sequence[ColdStart]
    ) -> tuple[_Sums, ColdStartSummary, LatestChange | None]:
        """What is judged: what follows the change, where that leaves something out and enough starts remain."""
        change, since = self._latest.change, self._since
        starts = since.summary(every.function) if since is not None else None
        if change is None or since is None or starts is None or starts.cold_starts < FEWEST_SINCE:
            return self._whole, every, None
        left_out = every.cold_starts - starts.cold_starts
        # Where an older version starts last, traffic went back to it, or goes to both.
        if left_out <= 0 or not change.holds(cold[-1].at_ms, cold[-1].version):
            return self._whole, every, None
        return since, starts, replace(change, left_out=left_out)


def _lightened(cold_starts: Iterable[ColdStart], change: LatestChange | None) -> Iterable[ColdStart]:
    """Those, but only the first few that are judged with their import trees."""
    kept = 0
    for one in cold_starts:
        record = one.init_record
        is_judged = change is None or change.holds(one.at_ms, one.version)
        if record is not None and record.imports is not None and record.imports.tree:
            kept += is_judged
            if kept > _TREES or not is_judged:
                light = replace(record, imports=replace(record.imports, tree=()))
                yield replace(one, init_record=light)
                continue
        yield one
