"""Which engine reads history, and why."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from monitor.aws.connection import Connection
from monitor.aws.logs import LogGroupSource
from monitor.coldstarts.analyze_tally import By, FunctionFacts
from monitor.coldstarts.workflow_insights import USD_A_GB, tally_by_insights
from monitor.coldstarts.workflow_scan import ColdStartReport, Seen, cold_starts, report_of
from monitor.errors import MonitorError
from monitor.kernel.window import Window
from monitor.logs.workflow_reading import Reading

# FilterLogEvents reads some 5 to 10 MB a second in most regions: this is about a minute.
SCAN_UP_TO_BYTES = 500_000_000
SCAN_UP_TO_GROUPS = 20
_DAY_MS = 86_400_000
# The window is scanned for the facts and for the warm ones; a third time only the streams with failed inits.
_QUERIES = 2


@dataclass(frozen=True, slots=True)
class Scan:
    """What Logs Insights is about to scan; None where DescribeLogGroups may not be asked."""

    size_bytes: float | None

    @property
    def cost_usd(self) -> float | None:
        """About what it costs."""
        return None if self.size_bytes is None else self.size_bytes / 1e9 * USD_A_GB


Agree = Callable[[Scan], None]


def read_cold_starts(
    reading: Reading,
    window: Window | None,
    engine: str,
    seen: Seen,
    by: By | None = None,
    assumed: FunctionFacts | None = None,
    agree: Agree = lambda _scan: None,
) -> ColdStartReport:
    """The report by the engine that was asked for (auto, scan, insights); it says which was used, why, and the cost.

    `agree` hears what Insights is about to scan before it does, and raises to prevent it.
    """
    reason = ""
    if engine == "auto":
        engine, reason = choose(reading, window)
    if engine == "scan":
        return replace(cold_starts(reading, window, seen, by, assumed), reason=reason)
    if window is not None and (foreseen := foresee(reading, window)) is not None:
        agree(foreseen)
    found = tally_by_insights(reading, window, seen, by)
    scanned = f"Logs Insights scanned {found.scanned_bytes / 1e6:,.1f} MB, about ${found.cost_usd:.4f}"
    return report_of(found.tally, "insights", "; ".join(text for text in (reason, scanned, *found.notes) if text))


def foresee(reading: Reading, window: Window) -> Scan | None:
    """What Insights is to scan, by DescribeLogGroups' stored bytes; None on the embedded stack, which bills nothing.

    One listing a region and prefix of names, 50 groups a call: not one call a group.
    """
    by_connection: dict[int, tuple[Connection, set[str]]] = {}
    for source in reading.sources:
        if isinstance(source, LogGroupSource) and not source.connection.local:
            by_connection.setdefault(id(source.connection), (source.connection, set()))[1].add(source.target.group)
    if not by_connection:
        return None
    size = 0.0
    try:
        for connection, groups in by_connection.values():
            prefix = _common(min(groups), max(groups))
            parameters = {"logGroupNamePrefix": prefix} if prefix else {}
            for page in connection.pages("logs", "DescribeLogGroups", token="nextToken", **parameters):
                found = (one for one in page.get("logGroups", []) if one["logGroupName"] in groups)
                size += sum(_in_window(one, window) for one in found)
    except MonitorError as error:
        connection.warn_denied(error, "what Logs Insights scans, and its price, is told when it is done")
        return Scan(None)
    return Scan(size * _QUERIES)


def _common(first: str, last: str) -> str:
    """What the names of all groups begin with, from the first and the last of them."""
    differing = (at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other)
    return first[: next(differing, len(first))]


def choose(reading: Reading, window: Window | None) -> tuple[str, str]:
    """The engine for a reading, and the reason in words; "" where there was no choice."""
    sources = [source for source in reading.sources if isinstance(source, LogGroupSource)]
    if not sources or window is None:
        return "scan", ""
    # The embedded stack does not discover Lambda's fields; it is asked the same all the same.
    local = any(source.connection.local for source in sources)
    if len(sources) > SCAN_UP_TO_GROUPS:
        if local:
            return "scan", ""
        return "insights", f"Logs Insights was used: {len(sources)} log groups are many to read"
    size, refusing = 0.0, ""
    for source in sources:
        try:
            held, infrequent = _held(source.connection, source.target.group, window)
        except MonitorError as error:
            # Without logs:DescribeLogGroups nothing is known of the size: reading costs no money.
            source.connection.warn_denied(error, "the log is read, whatever its size")
            return "scan", ""
        size += held
        refusing = source.target.group if infrequent else refusing
    if local:
        return "scan", ""
    if refusing:
        return "insights", f"Logs Insights was used: {refusing} is of the INFREQUENT_ACCESS class, which cannot be read"
    if size > SCAN_UP_TO_BYTES:
        return "insights", f"Logs Insights was used: the window holds about {size / 1e6:,.0f} MB"
    return "scan", ""


def _held(connection: Connection, group: str, window: Window) -> tuple[float, bool]:
    """About how many bytes of a group lie in the window, and whether its class refuses to be read."""
    pages = connection.pages("logs", "DescribeLogGroups", token="nextToken", logGroupNamePrefix=group)
    found = next((one for page in pages for one in page.get("logGroups", []) if one["logGroupName"] == group), None)
    if found is None:
        return 0.0, False
    return _in_window(found, window), found.get("logGroupClass") == "INFREQUENT_ACCESS"


def _in_window(group: dict[str, Any], window: Window) -> float:
    """About how many of a group's bytes lie in the window, as if it had always logged as much."""
    kept_ms = max(window.end_ms - int(group.get("creationTime", 0)), 1)
    if days := group.get("retentionInDays"):
        kept_ms = min(kept_ms, int(days) * _DAY_MS)
    return float(group.get("storedBytes", 0)) * min(1.0, (window.end_ms - window.start_ms) / kept_ms)
