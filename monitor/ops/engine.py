"""Which engine reads history, and why."""

from dataclasses import replace

from monitor.analyze.tally import By, FunctionFacts
from monitor.aws.connection import Connection
from monitor.aws.logs import LogGroupSource
from monitor.errors import MonitorError
from monitor.model.window import Window
from monitor.ops.coldstarts import ColdStartReport, Seen, cold_starts, report_of
from monitor.ops.insights import tally_by_insights
from monitor.ops.reading import Reading

# FilterLogEvents reads some 5 to 10 MB a second in most regions: this is about a minute.
SCAN_UP_TO_BYTES = 500_000_000
SCAN_UP_TO_GROUPS = 20
_DAY_MS = 86_400_000


def read_cold_starts(
    reading: Reading,
    window: Window | None,
    engine: str,
    seen: Seen,
    by: By | None = None,
    assumed: FunctionFacts | None = None,
) -> ColdStartReport:
    """The report by the engine that was asked for (auto, scan, insights); it says which was used, why, and the cost."""
    reason = ""
    if engine == "auto":
        engine, reason = choose(reading, window)
    if engine == "scan":
        return replace(cold_starts(reading, window, seen, by, assumed), reason=reason)
    found = tally_by_insights(reading, window, seen, by)
    scanned = f"Logs Insights scanned {found.scanned_bytes / 1e6:,.1f} MB, about ${found.cost_usd:.4f}"
    return report_of(found.tally, "insights", "; ".join(text for text in (reason, scanned, *found.notes) if text))


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
            source.connection.go_without(error, "the log is read, whatever its size")
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
    kept_ms = max(window.end_ms - int(found.get("creationTime", 0)), 1)
    if days := found.get("retentionInDays"):
        kept_ms = min(kept_ms, int(days) * _DAY_MS)
    share = min(1.0, (window.end_ms - window.start_ms) / kept_ms)
    return float(found.get("storedBytes", 0)) * share, found.get("logGroupClass") == "INFREQUENT_ACCESS"
