"""Reads the sources of a diagnosis, with one function for each source."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from monitor.aws.connection import Connection
from monitor.coldstarts.model import FunctionFacts
from monitor.coldstarts.workflow import facts_of
from monitor.diagnose.evidence import model_sources as sources
from monitor.diagnose.evidence import workflow_configuration as configurations
from monitor.diagnose.evidence.analyze_traces import lightened
from monitor.diagnose.evidence.model import Concurrency, Deployed, LibraryModule, SourceFacts, is_missing
from monitor.diagnose.evidence.workflow_log import LogFacts, read_log
from monitor.diagnose.evidence.workflow_package import look_inside
from monitor.errors import MonitorError, NotFoundError
from monitor.kernel.clock import CancellableClock
from monitor.kernel.function import FunctionInfo
from monitor.kernel.missing import Missing
from monitor.kernel.target import LogTarget
from monitor.kernel.window import Window
from monitor.logs.workflow_reading import open_target
from monitor.metrics.workflow import function_metrics
from monitor.packages.model import PackageReport
from monitor.records.imports import ImportProfile
from monitor.records.metric import FunctionMetrics
from monitor.records.xray.trace import Trace, TraceFilter
from monitor.traces.workflow_find import list_traces
from monitor.traces.workflow_source import open_source

# Traces are read of the slowest cold starts and of the newest: two calls of BatchGetTraces.
_MOST_TRACES = 10


class NothingError(MonitorError):
    """There is nothing to read; that is a finding, not a failure."""


@dataclass
class Found:
    """What the sources brought; each thread sets its own part."""

    log: LogFacts | Missing = field(default_factory=lambda: Missing("not read"))
    package: PackageReport | Missing = field(default_factory=lambda: Missing("not read"))
    code: SourceFacts | Missing = field(default_factory=lambda: Missing("not read"))
    libraries: tuple[LibraryModule, ...] = ()
    traces: tuple[Trace, ...] = ()
    metrics: FunctionMetrics | Missing = field(default_factory=lambda: Missing("not read"))
    concurrency: Concurrency | Missing = field(default_factory=lambda: Missing("not read"))
    deployments: tuple[Deployed, ...] = ()
    log_done: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Subject:
    """What is diagnosed; `info` is None where the configuration may not be read."""

    connection: Connection
    target: str
    name: str
    qualifier: str | None
    window: Window
    info: FunctionInfo | None
    pythonpath: tuple[str, ...] = ()
    changed: Deployed | None = None
    handler: str = ""
    clock: CancellableClock = field(default_factory=CancellableClock)


# A source's work: sets its part of what was found, and says in a few words what it read.
Work = Callable[[Subject, Found], str]


def _log(subject: Subject, found: Found) -> str:
    reading = open_target(subject.connection, subject.target)
    facts = {
        subject.name: FunctionFacts(subject.connection.region, subject.info.architecture if subject.info else None)
    }
    events = reading.events(subject.window)
    log = read_log(events, subject.name, subject.window, facts_of(reading) or facts, subject.changed)
    if not log.events:
        raise NothingError(reading.nothing().message, reading.nothing().hint)
    found.log = log
    return said_of(log)


def said_of(log: LogFacts) -> str:
    """What a log held, in a few words."""
    starts = log.starts
    since = f" since the latest change, {log.latest.left_out:,} before it" if log.latest else ""
    return f"{log.events:,} lines, {starts.invocations:,} invocations, {starts.cold_starts:,} of them cold{since}"


def _package(subject: Subject, found: Found) -> str:
    def imports() -> ImportProfile | None:
        found.log_done.wait()
        if is_missing(found.log) or is_missing(found.log.imports):
            return None
        return found.log.imports

    report, found.code, found.libraries = look_inside(
        subject.connection, subject.target, imports, subject.pythonpath, subject.handler
    )
    found.package = report
    requests = sum(one.reading.requests for one in report.containers)
    size_mb = report.zipped_bytes / 1_048_576
    return f"{size_mb:,.1f} MB zipped, {sum(len(one.files) for one in report.containers):,} files, {requests} requests"


def _traces(subject: Subject, found: Found) -> str:
    source = open_source(subject.connection, subject.target, subject.clock)
    found.log_done.wait()
    subject.clock.sleep(0.0)  # ends here where the command was interrupted
    log = found.log
    if is_missing(log):
        listed = list_traces(source, subject.window, TraceFilter(cold=True), limit=_MOST_TRACES)
        ids = [one.summary.id for one in listed.items]
    else:
        ids = _chosen(log)
    read = source.traces(ids, subject.window) if ids else ()
    found.traces = tuple(lightened(trace) for trace in read if trace.roots)
    if not found.traces:
        active = subject.info is not None and subject.info.tracing == "Active"
        if active:
            raise NothingError("no cold start in the window was sampled", "try a longer --since")
        raise NothingError("active tracing is off")
    return f"{len(found.traces)} of cold starts"


def _chosen(log: LogFacts) -> list[str]:
    """The trace ids of the slowest and of the newest cold starts that were sampled."""
    change = log.latest
    judged = [one for one in log.cold_starts if change is None or change.holds(one.at_ms, one.version)]
    traced = [one for one in judged if one.trace_id in log.sampled]
    slowest = sorted(traced, key=lambda one: -(one.first_total_ms or one.init_ms or 0.0))[: _MOST_TRACES // 2]
    newest = sorted(traced, key=lambda one: -one.at_ms)
    ids = dict.fromkeys(str(one.trace_id) for one in (*slowest, *newest))
    return list(ids)[:_MOST_TRACES]


def _metrics(subject: Subject, found: Found) -> str:
    name = f"{subject.name}:{subject.qualifier}" if subject.qualifier else subject.name
    target = LogTarget(name, "", subject.connection.region, subject.name, info=subject.info)
    metrics = next(function_metrics(subject.connection, [target], subject.window))
    if metrics.invocations is None:
        raise NothingError("CloudWatch has no data in the window", "metrics appear 1 to 3 minutes late")
    found.metrics = metrics
    return f"{metrics.invocations:,.0f} invocations, {metrics.throttles or 0:,.0f} throttles"


def _concurrency(subject: Subject, found: Found) -> str:
    known, failed = configurations.concurrency(subject.connection, subject.name)
    found.concurrency = known
    said = {
        "reserved": "none reserved" if known.reserved is None else f"{known.reserved} reserved",
        "provisioned": f"{sum(known.provisioned.values())} provisioned",
        "account": f"account limit {known.account_limit}",
    }
    texts = [text for what, text in said.items() if what not in known.unknown]
    refused = next((one for one in failed if not isinstance(one, NotFoundError)), None)
    if refused is not None:
        # What could be asked stays; that the rest could not must not pass for "there is none".
        refused.message = f"{', '.join(texts)}; {', '.join(known.unknown)}: {refused.message}"
        raise refused
    return ", ".join([*texts, *(f"{what} unknown" for what in known.unknown)])


def _deployments(subject: Subject, found: Found) -> str:
    found.deployments = configurations.versions(subject.connection, subject.name)
    published = sum(one.version != "$LATEST" for one in found.deployments)
    return f"{published} published versions"


SOURCES: dict[str, Work] = {
    sources.LOG: _log,
    sources.PACKAGE: _package,
    sources.TRACES: _traces,
    sources.METRICS: _metrics,
    sources.CONCURRENCY: _concurrency,
    sources.DEPLOYMENTS: _deployments,
}
