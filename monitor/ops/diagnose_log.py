"""All that a diagnosis wants of a function's log, in one pass and in bounded memory."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from monitor.analyze.import_profile import ImportProfiles
from monitor.analyze.imports import tree_of_record
from monitor.analyze.init_logging import FirstLines
from monitor.analyze.invocations import Pairing
from monitor.analyze.late_imports import LateImportTable
from monitor.analyze.tally import MOST_LISTED, By, FunctionFacts, Tally
from monitor.analyze.traffic import Aftermath, Minutes
from monitor.model.coldstart import ColdStart, ColdStartGroup, ColdStartSummary
from monitor.model.event import LogEvent
from monitor.model.evidence import FailureCount, InitLogging, LateImport, Minute
from monitor.model.imports import ImportProfile
from monitor.model.invocation import Invocation, Missing
from monitor.model.record import InitRecordEvent, LateImports, Record
from monitor.model.window import Window
from monitor.ops.imports import LoggedProfiles
from monitor.parse.record import parse_fact, parse_message

INIT_RECORDS, IMPORT_PROFILES = "init records", "import profiles"
NO_IMPORTS = "the log holds no init record and no import profile"
# A saved tree is about 100 KB of JSON: more of them would say little more.
_TREES = 20


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What a log held; every part may be empty. `events` were read; `sampled` are the cold starts' ids in X-Ray."""

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


def read_log(
    events: Iterable[LogEvent],
    name: str,
    window: Window | None,
    facts: Mapping[str, FunctionFacts],
    seen: Callable[[int], None] = lambda _count: None,
) -> LogFacts:
    """The facts of the log of `name`; `facts` are what is known of the functions beside it, `seen` is told of lines."""
    pass_ = _Pass(Tally(window=window, functions=facts, by=By.MEMORY))
    for event in events:
        seen(1)
        pass_.take(event)
    return pass_.result(name)


class _Pass:
    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._pairing = Pairing()
        self._minutes, self._aftermath = Minutes(), Aftermath()
        self._first_lines = FirstLines()
        self._late = LateImportTable()
        self._lines = LoggedProfiles()
        self._records, self._profiles = ImportProfiles(), ImportProfiles()
        self._sampled: set[str] = set()
        self._events = 0

    def take(self, event: LogEvent) -> None:
        self._events += 1
        message = event.message
        if message.startswith("import time:"):
            for tree in self._lines.take(event):
                self._profiles.add(tree)
            return
        record: Record | None
        if self._first_lines.is_open(event):
            record = parse_message(message)
            self._first_lines.add(event, record)
        elif '"monitor_imports"' in message:
            record = parse_message(message)
        else:
            record = parse_fact(message)
        if isinstance(record, LateImports):
            self._late.add(record)
        elif isinstance(record, InitRecordEvent) and record.init_record.imports is not None:
            self._records.add(tree_of_record(record.init_record))
        if record is not None:
            self._settle(self._pairing.add(event, record))

    def _settle(self, invocations: Iterable[Invocation]) -> None:
        for invocation in invocations:
            self._tally.add(invocation)
            self._minutes.add(invocation)
            self._aftermath.add(invocation)
            self._first_lines.settle(invocation)
            self._note_trace(invocation)

    def _note_trace(self, invocation: Invocation) -> None:
        """Every REPORT of a traced function names a trace; X-Ray has those that were sampled."""
        report = invocation.report
        left_out = not isinstance(report, Missing) and report.sampled is False
        if invocation.cold and invocation.trace_id and not left_out and len(self._sampled) < MOST_LISTED:
            self._sampled.add(invocation.trace_id)

    def result(self, name: str) -> LogFacts:
        self._settle(self._pairing.finish())
        for tree in self._lines.rest():
            self._profiles.add(tree)
        summaries = self._tally.summaries()
        starts = max(summaries, key=lambda one: one.invocations, default=None)
        if starts is None:
            starts = Tally(functions={name: FunctionFacts()}).summaries()[0]
        cold = [one for one in self._tally.listed() if one.function in (starts.function, "")]
        return LogFacts(
            events=self._events,
            starts=starts,
            cold_starts=tuple(_lightened(cold)),
            by_memory=self._tally.groups(),
            minutes=self._minutes.result(),
            failures=self._aftermath.result(),
            logging=self._first_lines.result(),
            imports=self._imports(name),
            late_imports=self._late.result(starts.cold_starts),
            sampled=frozenset(self._sampled),
        )

    def _imports(self, name: str) -> ImportProfile | Missing:
        if self._records.count:
            return self._records.result(name, INIT_RECORDS)
        if self._profiles.count:
            return self._profiles.result(name, IMPORT_PROFILES)
        return Missing(NO_IMPORTS)


def _lightened(cold_starts: Iterable[ColdStart]) -> Iterable[ColdStart]:
    """Those, but only the first few with their import trees."""
    kept = 0
    for one in cold_starts:
        record = one.init_record
        if record is not None and record.imports is not None and record.imports.tree:
            kept += 1
            if kept > _TREES:
                light = replace(record, imports=replace(record.imports, tree=()))
                yield replace(one, init_record=light)
                continue
        yield one
