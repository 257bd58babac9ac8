"""The plan of a measurement, its result with a curve over the memory sizes, and what was restored."""

from collections.abc import Iterator, Sequence

from monitor.console.fitting import FittingColumn, fitting_table
from monitor.console.plot import render_columns
from monitor.console.text import Style, clean, format_counted, format_ms
from monitor.kernel.missing import Missing
from monitor.measure.analyze import VARIABLE
from monitor.measure.model import Measurement, Plan, Restored, SizeResult

_COLUMNS = (
    FittingColumn("cold starts", "cold starts", 6),
    FittingColumn("init", "init", 2),
    FittingColumn("first invocation", "first invocation", 3),
    FittingColumn("total", "total", 1),
    FittingColumn("min", "min", 7),
    FittingColumn("max", "max", 8),
    FittingColumn("extensions", "extensions", 5),
    FittingColumn("memory used", "memory used", 9),
    FittingColumn("USD/million", "USD/million", 4),
)


def render_plan(plan: Plan) -> str:
    """What is changed, how often the function is invoked, and the most that it can cost."""
    return "\n".join(_plan(plan))


def _plan(plan: Plan) -> Iterator[str]:
    sizes = ", ".join(str(size) for size in plan.sizes_mb)
    yield f"{clean(plan.function)}  {clean(plan.region)}  {clean(plan.architecture)}"
    yield f"  measures  {format_counted(plan.starts, 'cold start')} at each of {sizes} MB"
    if plan.alias:
        yield (
            f"  changes   $LATEST: the variable {VARIABLE} and the memory size are set {plan.invocations} times;"
            " a version is published each time"
        )
        yield f"            alias {clean(plan.alias)} is created, and points to one of these versions after the other"
        yield "            $LATEST is restored before the first invocation; alias and versions are deleted at the end"
    else:
        yield f"  changes   $LATEST: the variable {VARIABLE} and the memory size are set {plan.invocations} times"
        yield f"            both are restored at the end: no variable, {plan.memory_mb} MB"
    yield (f"  invokes   the real function {format_counted(plan.invocations, 'time')}, with all its usual side effects")
    cost = "unknown: no price is known for this Region" if plan.most_usd is None else f"at most ${plan.most_usd:.4f}"
    told = f" (if each took 10 s of init and the timeout of {plan.timeout_s} s)" if plan.most_usd is not None else ""
    yield f"  costs     {cost}{told}"
    yield from (f"  note: {clean(note)}" for note in plan.notes)


def render_measurement(found: Measurement, style: Style) -> str:
    """One row for each memory size, the curve of init and first invocation, and where more memory stops helping."""
    rows = [(f"{size.memory_mb} MB", _cells(size)) for size in found.sizes]
    where = f"{found.function}:{found.alias}" if found.alias else found.function
    parts = [f"{clean(where)}  {clean(found.region)}  {clean(found.architecture)}  (medians)"]
    parts.append(fitting_table("memory", _COLUMNS, rows, style))
    curve = [(f"{size.memory_mb} MB", size.total_ms) for size in found.sizes if size.total_ms is not None]
    if len(curve) > 1:
        parts.append(render_columns("init and first invocation", curve, style, format_ms))
    parts.append("\n".join(_remarks(found)))
    return "\n\n".join(part for part in parts if part)


def _remarks(found: Measurement) -> Iterator[str]:
    enough = found.enough_memory_mb
    if not isinstance(enough, Missing):
        yield f"more memory than {enough} MB does not help: no larger size starts at least 5% faster"
    elif len(found.sizes) > 1:
        yield f"where more memory stops helping is not known: {clean(enough.reason)}"
    reasons = dict.fromkeys(
        one.reason
        for size in found.sizes
        for one in (size.extension_init_ms, size.extension_after_response_ms)
        if isinstance(one, Missing)
    )
    yield from (f"note: the time of extensions is not known: {clean(reason)}" for reason in reasons)
    yield from (f"note: {clean(note)}" for note in found.notes)


def _cells(size: SizeResult) -> tuple[str, ...]:
    cost = size.cost_usd_per_million
    return (
        f"{size.cold_starts} of {size.starts}",
        format_ms(size.init_ms),
        format_ms(size.first_call_ms),
        format_ms(size.total_ms),
        format_ms(size.total_min_ms),
        format_ms(size.total_max_ms),
        _extensions(size),
        f"{size.max_memory_mb} MB" if size.max_memory_mb else "-",
        f"{cost:.2f}" if cost is not None else "-",
    )


def _extensions(size: SizeResult) -> str:
    """What extensions add to a start, `-` if it is not known."""
    init_ms, after_ms = size.extension_init_ms, size.extension_after_response_ms
    if isinstance(init_ms, Missing) or isinstance(after_ms, Missing):
        return "-"
    if init_ms == after_ms == 0.0:
        return "none"
    share = f" ({(init_ms + after_ms) / size.total_ms:.0%})" if size.total_ms else ""
    return format_ms(init_ms + after_ms) + share


def render_restored(found: Sequence[Restored]) -> str:
    """One line for each function, and its notes."""
    lines = []
    for one in found:
        done = ", ".join(one.done) or "nothing to restore"
        lines.append(f"{clean(one.function)}  {clean(one.region)}  {clean(done)}")
        lines += [f"  note: {clean(note)}" for note in one.notes]
    return "\n".join(lines)
