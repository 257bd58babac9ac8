"""Renders the results of `monitor local run`, `invoke` and `status`."""

from collections.abc import Sequence
from statistics import median
from typing import Any

from monitor.console.text import Style, clean, format_counted, format_ms
from monitor.records.invocation import InitKind
from monitor.records.invoke_result import InvocationResult


def render_run(name: str, results: Sequence[InvocationResult], style: Style) -> str:
    """The counts, and the medians of init and durations.

    A cold start takes its init and then its first call. An init that failed is repeated inside the first call.
    """
    cold = [result.report for result in results if result.is_cold and result.report]
    warm = [result.report for result in results if result.report and not result.is_cold]
    failed = sum(result.function_error is not None for result in results)
    starts = [result.kind for result in results if result.is_cold]
    inside = [f"{starts.count(kind)} {kind.value}" for kind in InitKind if kind.inside and kind in starts]
    counts = [format_counted(len(results), "invocation"), format_counted(len(starts), "cold start")]
    counts[-1] += f" ({', '.join(inside)})" if inside else ""
    lines = [f"{clean(name)}: {', '.join([*counts, format_counted(failed, 'error')])}"]
    inits = [report.init_ms for report in cold if report.init_ms is not None]
    if inits:
        lines.append(f"  {'init':<22} median {format_ms(median(inits))}, {_range(inits, style)}")
    after = [report for report in cold if report.init_ms is not None]
    inside_call = [report for report in cold if report.init_ms is None]
    groups = (("first invocation", after), ("first call, with init", inside_call), ("warm call", warm))
    for label, reports in groups:
        durations = [report.duration_ms for report in reports if report.duration_ms is not None]
        if durations:
            lines.append(f"  {label:<22} median {format_ms(median(durations))}, {_range(durations, style)}")
    if ended := [result for result in results if result.kind is InitKind.SUPPRESSED]:
        waits = [result.elapsed_ms for result in ended]
        lines.append(f"  {'the caller waited':<22} median {format_ms(median(waits))}, {_range(waits, style)}")
        lines.append("  Lambda ended the init, after a failure or 10 s, and ran it again inside the first call")
    return "\n".join(lines)


def _range(values: Sequence[float], style: Style) -> str:
    if len(values) == 1:
        return "1 value"
    return f"{format_ms(min(values))} {style.dash} {format_ms(max(values))}"


def render_stacks(stacks: Sequence[dict[str, Any]]) -> str:
    """Two lines for each running stack (`endpoint`, `pid`, `functions`); marks the one that `--local` uses."""
    lines = []
    for stack in stacks:
        functions = ", ".join(map(clean, stack["functions"]))
        meant = "; the newest: --local uses this one" if len(stacks) > 1 and stack.get("is_default") else ""
        lines.append(f"up at {stack['endpoint']} (process {stack['pid']}){meant}")
        lines.append(f"  functions: {functions or 'none yet; `monitor local run` deploys the example'}")
    return "\n".join(lines)


def report_line(result: InvocationResult) -> str:
    """The figures of one invocation, for stderr."""
    failed = f"{result.function_error}, " if result.function_error else ""
    report = result.report
    if report is None:
        return f"{failed}response after {format_ms(result.elapsed_ms)}"
    init = f", init {format_ms(report.init_ms)}" if report.init_ms is not None else ""
    return f"{failed}{format_ms(report.duration_ms)}{init}, {report.max_memory_mb} of {report.memory_mb} MB"
