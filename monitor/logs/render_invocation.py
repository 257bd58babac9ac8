"""One invocation as text: its names, figures, failure and notes."""

from collections.abc import Iterator

from monitor.console.text import Style, clean, format_ms, format_time
from monitor.kernel.missing import Missing
from monitor.records.invocation import InitKind, Invocation
from monitor.records.tracebacks import one_line


def render_invocation(invocation: Invocation, style: Style, *, utc: bool = False) -> str:
    """Name and value pairs."""
    rows = list(invocation_facts(invocation, utc=utc))
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{_dim(name.ljust(width), style)}  {clean(value)}" for name, value in rows)


def heading(text: str, style: Style) -> str:
    """A section's heading."""
    return f"\x1b[1m{text}\x1b[0m" if style.color else text


def _dim(text: str, style: Style) -> str:
    return f"\x1b[2m{text}\x1b[0m" if style.color else text


def _start(invocation: Invocation) -> str:
    kind = invocation.kind
    if kind is None or not kind.inside:
        return f"{kind.value if kind else 'unknown'}, init {format_ms(invocation.init_ms)}"
    before_ms = invocation.failed_init_ms
    before = "" if before_ms is None else f"the first init failed after {format_ms(before_ms)}; "
    again = "" if invocation.init_ms is None else f": {format_ms(invocation.init_ms)}"
    return (
        f"{kind.value}: {before}the init {'failed' if kind is InitKind.FAILED else 'ran'} inside the invocation{again}"
    )


def invocation_facts(invocation: Invocation, *, utc: bool = False) -> Iterator[tuple[str, str]]:
    """Name and value pairs; the values are not cleaned."""
    yield "Request", invocation.request_id or "-"
    yield "Function", f"{invocation.function or '-'}  version {invocation.version or '-'}"
    yield "Time", format_time(invocation.at_ms or None, utc=utc)
    yield "Stream", f"{invocation.group}  {invocation.stream}"
    report = invocation.report
    if isinstance(report, Missing):
        yield "REPORT", report.reason
    else:
        yield "Duration", f"{format_ms(report.duration_ms)}, billed {format_ms(report.billed_ms)}"
        if report.max_memory_mb is not None:
            yield "Memory", f"{report.max_memory_mb} of {report.memory_mb} MB"
    if invocation.cold:
        yield "Cold start", _start(invocation)
    elif invocation.kind is not None:
        yield (
            "Cold start",
            f"no: {invocation.kind.value}, init {format_ms(invocation.init_ms)} before the request arrived",
        )
    else:
        yield "Cold start", "no"
    if invocation.error:
        error = invocation.error
        yield "Failure", f"{error.kind.value}: {error.error_type or ''} {one_line(error.message)}".strip()
    if invocation.tenant_id:
        yield "Tenant", invocation.tenant_id
    if invocation.execution is not None:
        yield "Durable", invocation.execution
    yield "Trace", invocation.trace_id or "none"
    for note in invocation.notes:
        yield "Note", note
