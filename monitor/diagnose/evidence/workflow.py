"""Gathers the evidence for `monitor diagnose`: reads all sources in parallel, and continues without those that fail."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextvars import copy_context
from dataclasses import replace
from typing import TypeVar

from monitor.aws.connection import Connection
from monitor.aws.targets import one_function
from monitor.diagnose.evidence import model_sources as sources
from monitor.diagnose.evidence import workflow_configuration as configurations
from monitor.diagnose.evidence.model import Deployed, FunctionEvidence, Settings, SourceState, is_missing
from monitor.diagnose.evidence.model_sources import ABSENT, FAILED, LOST, READ, REFUSED
from monitor.diagnose.evidence.workflow_log import NO_IMPORTS, LogFacts, read_log
from monitor.diagnose.evidence.workflow_read import SOURCES, Found, NothingError, Subject, Work, said_of
from monitor.errors import MonitorError, NotFoundError, RefusedError, UsageError
from monitor.kernel.function import FunctionInfo
from monitor.kernel.missing import Missing
from monitor.kernel.origin import NO_OPTIONS, Origin
from monitor.kernel.window import Window
from monitor.logs.model_saved import SavedFiles
from monitor.logs.workflow_reading import open_saved, open_target

T = TypeVar("T")
Tell = Callable[[SourceState], None]
Still = Callable[[Sequence[str]], None]
Answers = queue.SimpleQueue[tuple[SourceState, MonitorError | BaseException | None]]
_PATIENCE_S = 10.0
_STOPPING_S = 1.0


def gather(
    connection: Connection,
    target: str,
    window: Window,
    tell: Tell,
    still: Still = lambda _names: None,
    *,
    origin: Origin = NO_OPTIONS,
) -> FunctionEvidence:
    """Read all sources of one function. `origin` are the connection options, which commands in the result carry.

    `tell` is called with each source as soon as it is done, and `still` with the names of the others after ten seconds
    without a result. Both are called from this thread.

    Raises:
        UsageError: the target is not one function.
        NotFoundError: there is no such function, and it left no log behind.
        MonitorError: not one source could be read: the first one's reason.
    """
    name, qualifier = one_function(connection, target)
    states: list[SourceState] = []

    def done(state: SourceState) -> None:
        states.append(state)
        tell(state)

    errors: list[MonitorError] = []
    function, settings, changed = _configuration(connection, name, qualifier, done, errors)
    info = None if is_missing(function) else function
    pythonpath = () if is_missing(settings) else settings.pythonpath
    handler = "" if is_missing(settings) else settings.handler or ""
    subject = Subject(connection, target, name, qualifier, window, info, pythonpath, changed, handler)
    found = Found()
    _all_at_once(subject, found, done, still, errors)
    _derived(found, done)
    if not any(state.state == READ and state.name in _WORTH_HAVING for state in states):
        raise _first(errors) or NotFoundError(
            f"{target} was not found in {connection.where}", "check the name and --region"
        )
    deployments = found.deployments or ((changed,) if changed else ())
    hinted = tuple(replace(one, hint=origin.carried_in_hint(one.hint)) for one in states)
    return replace(_evidence(subject, found, hinted, function, settings, deployments), origin=origin)


# Concurrency and metrics return a result for functions that never existed.
_WORTH_HAVING = frozenset((sources.CONFIGURATION, sources.LOG, sources.PACKAGE, sources.TRACES, sources.METRICS))


def _first(errors: list[MonitorError]) -> MonitorError | None:
    real = [error for error in errors if not isinstance(error, NothingError)]
    return real[0] if real else None


def _configuration(
    connection: Connection, name: str, qualifier: str | None, done: Tell, errors: list[MonitorError]
) -> tuple[FunctionInfo | Missing, Settings | Missing, Deployed | None]:
    started = time.monotonic()
    try:
        info, settings, changed = configurations.configuration(connection, name, qualifier)
    except MonitorError as error:
        if isinstance(error, NotFoundError):
            # A deleted function leaves its log behind. A function that never existed is reported first.
            open_target(connection, f"{name}:{qualifier}" if qualifier else name)
        errors.append(error)
        done(_failed(sources.CONFIGURATION, error, started))
        return Missing(error.message), Missing(error.message), None
    said = f"{info.runtime or info.package_type}, {info.architecture}, {info.memory_mb} MB"
    done(SourceState(sources.CONFIGURATION, READ, said, _since(started)))
    return info, settings, changed


def _all_at_once(subject: Subject, found: Found, done: Tell, still: Still, errors: list[MonitorError]) -> None:
    """Run each source in a thread of its own.

    Daemon threads and a queue: Ctrl-C does not wait for calls in progress, except to stop a Logs Insights query.
    """
    answers: Answers = queue.SimpleQueue()
    threads = {
        # In a copy of this context each: where warnings go is known by context (`monitor mcp`).
        name: threading.Thread(
            target=copy_context().run, args=(_run, name, work, subject, found, answers), daemon=True, name=name
        )
        for name, work in SOURCES.items()
    }
    for thread in threads.values():
        thread.start()
    try:
        _collect(answers, done, still, errors)
    except BaseException:
        subject.clock.cancel()
        found.log_done.set()
        threads[sources.TRACES].join(_STOPPING_S)
        raise


def _collect(answers: Answers, done: Tell, still: Still, errors: list[MonitorError]) -> None:
    """Tell of each source as it is done, until all are."""
    waiting = list(SOURCES)
    while waiting:
        try:
            state, error = answers.get(timeout=_PATIENCE_S)
        except queue.Empty:
            still(waiting)
            continue
        waiting.remove(state.name)
        if error is not None and not isinstance(error, MonitorError):
            raise error
        if error is not None:
            errors.append(error)
        done(state)


def _run(name: str, work: Work, subject: Subject, found: Found, answers: Answers) -> None:
    started = time.monotonic()
    try:
        said = work(subject, found)
        answers.put((SourceState(name, READ, said, _since(started)), None))
    except MonitorError as error:
        answers.put((_failed(name, error, started), error))
    except BaseException as error:  # noqa: BLE001 - a defect: told in the thread that can tell it
        answers.put((SourceState(name, FAILED, str(error), _since(started)), error))
    finally:
        if name == sources.LOG:
            found.log_done.set()


def _since(started: float) -> float:
    return (time.monotonic() - started) * 1000


def _failed(name: str, error: MonitorError, started: float) -> SourceState:
    if isinstance(error, NothingError | NotFoundError | UsageError):
        state = ABSENT
    else:
        state = REFUSED if isinstance(error, RefusedError) else FAILED
    return SourceState(name, state, error.message, _since(started), LOST[name], error.hint)


def _derived(found: Found, done: Tell) -> None:
    """Tell of what comes with another source, where it is not there: imports with the log, code with the package."""
    if not is_missing(found.log) and is_missing(found.log.imports):
        done(SourceState(sources.IMPORTS, ABSENT, NO_IMPORTS, 0.0, LOST[sources.IMPORTS]))
    if not is_missing(found.package) and is_missing(found.code):
        done(SourceState(sources.CODE, ABSENT, found.code.reason, 0.0, LOST[sources.CODE]))


def _evidence(
    subject: Subject,
    found: Found,
    states: tuple[SourceState, ...],
    function: FunctionInfo | Missing,
    settings: Settings | Missing,
    deployments: tuple[Deployed, ...],
) -> FunctionEvidence:
    evidence = FunctionEvidence(
        name=subject.target,
        region=subject.connection.region,
        window=subject.window,
        gathered_at_ms=_now_ms(),
        sources=states,
        function=function,
        settings=settings,
        starts=Missing(next((one.detail for one in states if one.name == sources.LOG), "not read")),
        package=_reasoned(found.package, sources.PACKAGE, states),
        code=_reasoned(found.code, sources.PACKAGE, states),
        libraries=found.libraries,
        traces=found.traces,
        metrics=_reasoned(found.metrics, sources.METRICS, states),
        concurrency=_reasoned(found.concurrency, sources.CONCURRENCY, states),
        deployments=deployments,
    )
    return evidence if is_missing(found.log) else _with_log(evidence, found.log)


def _reasoned(part: T | Missing, name: str, states: tuple[SourceState, ...]) -> T | Missing:
    """A part, or why its source has none."""
    if is_missing(part):
        return Missing(next((one.detail for one in states if one.name == name and one.state != READ), part.reason))
    return part


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _with_log(evidence: FunctionEvidence, log: LogFacts) -> FunctionEvidence:
    return replace(
        evidence,
        starts=log.starts,
        cold_starts=log.cold_starts,
        by_memory=log.by_memory,
        minutes=log.minutes,
        failures=log.failures,
        logging=log.logging,
        imports=log.imports,
        late_imports=log.late_imports,
        latest=log.latest,
    )


def evidence_of_log(files: SavedFiles, window: Window | None, tell: Tell) -> FunctionEvidence:
    """The evidence in the lines of a file (stdin for "-"); nothing else is known of the function.

    Raises:
        UsageError: it cannot be read, or contains no invocation.
    """
    started = time.monotonic()
    reading = open_saved(files, window, known_only=True)
    log = read_log(reading.all_events(), "", window, {})
    if not log.starts.invocations:
        name = reading.sources[0].name
        raise UsageError(
            f"{name} contains no log events of an invocation",
            "give the output of `aws logs tail` or `monitor tail -o raw`, or a file written by `--save`",
        )
    states = [SourceState(sources.LOG, READ, "; ".join((said_of(log), *reading.notices)), _since(started))]
    for name, lost in LOST.items():
        if name not in (sources.LOG, sources.IMPORTS):
            states.append(SourceState(name, sources.SKIPPED, "not in a file of log lines", 0.0, lost))
    found = Found(log=log)
    _derived(found, states.append)
    for state in states:
        tell(state)
    absent = Missing("not in a file of log lines")
    evidence = FunctionEvidence(
        name=log.starts.function,
        region="",
        window=window,
        gathered_at_ms=_now_ms(),
        sources=tuple(states),
        function=absent,
        settings=absent,
        starts=log.starts,
        package=absent,
        code=absent,
        metrics=absent,
        concurrency=absent,
    )
    return _with_log(evidence, log)
