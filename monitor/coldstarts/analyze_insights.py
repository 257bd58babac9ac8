"""The Logs Insights queries about cold starts, and how their rows are read.

There are three queries. FACTS returns the log lines about an init or a failure. They are few, and are parsed and paired
by the code that also reads a scanned log. WARM counts the warm invocations on the server. LINES returns all platform
lines of the streams in which an init may have run inside an invocation (a suppressed init), which the first two queries
do not show. Text REPORT lines and JSON platform.report events are both matched: `@type = "REPORT"` misses the latter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from monitor.kernel.statistics import Distribution
from monitor.records.event import LogEvent
from monitor.records.message import parse_fact
from monitor.records.record import Exited, InitReport, InitStart, Report, Start, TimedOut
from monitor.records.stream import owner

_REPORTS = '(@type = "REPORT" or type = "platform.report")'
# `status` is missing in text for a success, and "success" in JSON.
_COLD_OR_FAILED = (
    "(@message like /Init Duration:|Restore Duration:|Status: / or ispresent(record.metrics.initDurationMs)"
    ' or ispresent(record.metrics.restoreDurationMs) or (type = "platform.report" and record.status != "success"))'
)
_WINDOW = "| filter toMillis(@timestamp) >= {start_ms} and toMillis(@timestamp) < {end_ms}"
_LINES = (
    "fields @timestamp, @message, @logStream, @log\n{window}\n| filter {what}\n| sort @timestamp asc\n| limit 10000"
)
_FACT_LINES = (
    f"({_REPORTS} and {_COLD_OR_FAILED})"
    ' or type in ["platform.initStart", "platform.initReport", "platform.restoreStart", "platform.restoreReport",'
    ' "platform.fault"]'
    " or @message like /^(INIT_START|INIT_REPORT|RESTORE_START|RESTORE_REPORT) /"
    " or @message like /Task timed out after|Runtime exited|Process exited/"
    ' or @message like /"monitor_init"/'
)
_PLATFORM_LINES = (
    '@message like /^(START |REPORT |INIT_|RESTORE_|RequestId: |XRAY |\\[ERROR\\] )|Task timed out|"platform\\.|'
    '"monitor_init"|"errorType"/'
)
_STREAM_PARTS = "| parse @logStream /^\\d+\\/\\d+\\/\\d+\\/(?<fn>[^\\[]*)\\[(?<ver>[^\\]]*)\\]/"
MOST_STREAMS = 50
# Insights returns lines of the same millisecond in any order. Lambda writes them in this order.
_ORDER = (InitStart, InitReport, Start, Report, TimedOut, Exited)


def facts_query(start_ms: int, end_ms: int) -> str:
    """The lines about an init or a failure."""
    return _LINES.format(window=_WINDOW.format(start_ms=start_ms, end_ms=end_ms), what=_FACT_LINES)


def lines_query(start_ms: int, end_ms: int, streams: Sequence[str]) -> str:
    """All platform lines of the given streams, 50 at most."""
    what = f"@logStream in [{_listed(streams)}] and ({_PLATFORM_LINES})"
    return _LINES.format(window=_WINDOW.format(start_ms=start_ms, end_ms=end_ms), what=what)


def warm_query(start_ms: int, end_ms: int, without: Sequence[str]) -> str:
    """The successful warm invocations, counted by log group, function and version."""
    other = f"\n| filter @logStream not in [{_listed(without)}]" if without else ""
    return (
        f"filter {_REPORTS} and not {_COLD_OR_FAILED}\n{_WINDOW.format(start_ms=start_ms, end_ms=end_ms)}{other}\n"
        f"{_STREAM_PARTS}\n"
        "| fields coalesce(@duration, record.metrics.durationMs) as ms,"
        " coalesce(@maxMemoryUsed / 1000000, record.metrics.maxMemoryUsedMB) as used,"
        " coalesce(@memorySize / 1000000, record.metrics.memorySizeMB) as size\n"
        "| stats count(*) as n, min(ms) as low, pct(ms, 50) as p50, pct(ms, 90) as p90, pct(ms, 95) as p95,"
        " pct(ms, 99) as p99, max(ms) as high, avg(ms) as mean, max(used) as most, min(size) as small,"
        " max(size) as large, min(toMillis(@timestamp)) as first, max(toMillis(@timestamp)) as last by @log, fn, ver"
    )


def _listed(streams: Sequence[str]) -> str:
    # The API's pattern for stream names allows neither quotes nor backslashes.
    return ", ".join(f'"{name}"' for name in streams if '"' not in name and "\\" not in name)


@dataclass(frozen=True, slots=True)
class WarmCount:
    """Warm invocations of one function and version, counted by the server."""

    group: str
    function: str
    version: str
    count: int
    duration: Distribution
    max_memory_mb: int | None
    memory_mb: tuple[int, ...]
    first_ms: int | None
    last_ms: int | None


def warm_count(row: Mapping[str, str]) -> WarmCount:
    """Parse a row of the WARM query."""
    group, name = row.get("@log", "").rpartition(":")[2], row.get("fn", "")
    count = int(_number(row.get("n")) or 0)
    low, p50, p90, p95, p99, high, mean = (
        _number(row.get(key)) for key in ("low", "p50", "p90", "p95", "p99", "high", "mean")
    )
    most, first, last = (_number(row.get(key)) for key in ("most", "first", "last"))
    sizes = {round(size) for size in (_number(row.get("small")), _number(row.get("large"))) if size is not None}
    return WarmCount(
        group,
        name or owner(group, "")[0],
        row.get("ver", ""),
        count,
        Distribution(count, low, p50, p90, p95, p99, high, mean, exact=False),
        None if most is None else round(most),
        tuple(sorted(sizes)),
        None if first is None else int(first),
        None if last is None else int(last),
    )


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def in_order(events: Iterable[LogEvent]) -> list[LogEvent]:
    """Sort the events of one stream by time, and within a millisecond in the order in which Lambda writes them."""
    return sorted(events, key=lambda event: (event.timestamp_ms, _rank(event.message)))


def _rank(message: str) -> int:
    record = parse_fact(message)
    return next((at for at, kind in enumerate(_ORDER) if isinstance(record, kind)), len(_ORDER) // 2)


def hides_an_init(events: Sequence[LogEvent]) -> bool:
    """Whether a stream's FACTS do not show which invocation an init belongs to: it failed, or has no duration."""
    starts = reports = 0
    for event in events:
        record = parse_fact(event.message)
        if isinstance(record, TimedOut | Exited) or (isinstance(record, InitReport) and record.status is not None):
            return True
        if isinstance(record, Report):
            if record.failed:
                return True
            reports += record.init_ms is not None or record.restore_ms is not None
        starts += isinstance(record, InitStart)
    return starts > reports


def with_starts(events: Sequence[LogEvent]) -> list[LogEvent]:
    """FACTS with a START before each REPORT: the query leaves it out, since it follows from the duration."""
    found: list[LogEvent] = []
    for event in events:
        record = parse_fact(event.message)
        if isinstance(record, Report) and record.request_id:
            version = owner(event.group, event.stream)[1] or "$LATEST"
            at_ms = event.timestamp_ms - round(record.duration_ms or 0.0)
            start = f"START RequestId: {record.request_id} Version: {version}"
            found.append(LogEvent(at_ms, start, event.stream, event.group))
        found.append(event)
    return in_order(found)
