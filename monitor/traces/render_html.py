"""A trace as one HTML file: no outside references, every text escaped, works without its script too."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Template

from monitor.console.page import TIMES_SCRIPT, asset, page_template, page_time, source_hash, style_sheet
from monitor.console.text import format_ms
from monitor.records.xray.trace import SpanKind
from monitor.traces.model import Figures, Mark, Row, ShownTrace, Waterfall
from monitor.traces.render import NO_PLACE, axis_ticks, named_rows, status_of
from monitor.traces.render_detail import Section, exception_text, sections

_TEMPLATES = Path(__file__).parent / "templates"
_TICKS = 8
_LAST_TICK = 91.0
_FULL_STEPS = 8
# Rows narrower than this could be neither seen nor clicked.
_LEAST_PERCENT = 0.15
_CLASSES = {
    SpanKind.INIT: "init",
    SpanKind.RESTORE: "init",
    SpanKind.IMPORT: "init",
    SpanKind.PHASE: "init",
    SpanKind.INVOCATION: "handler",
    SpanKind.HANDLER: "handler",
    SpanKind.LOCAL: "handler",
    SpanKind.DOWNSTREAM: "downstream",
    SpanKind.INFERRED: "downstream",
    SpanKind.DWELL: "queue",
    SpanKind.OVERHEAD: "overhead",
}


@dataclass(frozen=True, slots=True)
class _Line:
    """One row of the page; percentages are of the axis."""

    name: str
    detail: str
    depth: int
    indent: float
    kind: str
    left: float
    width: float
    note: str
    duration: str
    self_time: str
    status: str
    status_kind: str
    critical: bool
    derived: bool
    open_ended: bool
    sections: tuple[Section, ...]


@cache
def _template() -> Template:
    return page_template(_TEMPLATES / "trace.html.j2")


def render_html(shown: ShownTrace, *, utc: bool = False, log: Sequence[str] = ()) -> str:
    """The page of a trace; unless `utc`, its time is shown in the reader's zone.

    `log` holds the invocation's lines, already harmless and without color.

    A content security policy lets only the page's own script run, told by its hash: text that a function logged or
    annotated stays text even if an escape were missing.
    """
    waterfall = shown.waterfall
    script = asset(_TEMPLATES / "trace.js") + TIMES_SCRIPT
    total_ms = waterfall.total_ms
    return _template().render(
        policy=f"default-src 'none'; style-src 'unsafe-inline'; script-src {source_hash(script)}; img-src data:",
        style=style_sheet(_TEMPLATES / "trace.css"),
        script=script,
        title=waterfall.trace_id or "trace",
        start=page_time(waterfall.start_ms),
        fixed=utc,
        total=format_ms(total_ms),
        notes=shown.notes,
        figures=[_figures(one) for one in shown.figures[:20]],
        more_figures=max(0, len(shown.figures) - 20),
        ticks=_ticks(total_ms) if total_ms > 0 else [],
        lines=list(_lines(shown, waterfall)),
        problems=[(exception_text(one.exception), ", ".join(one.spans[:8])) for one in waterfall.problems],
        absent=[f"{one.kind.value}: {one.what}: {one.reason}" for one in waterfall.absent[:50]],
        log=list(log),
    )


def _figures(figures: Figures) -> dict[str, object]:
    facts = [
        ("total", figures.total_ms),
        ("queue", figures.queue_ms),
        ("environment", figures.environment_ms),
        ("restore", figures.restore_ms),
        ("init", figures.init_ms),
        ("handler", figures.handler_ms),
        ("downstream", figures.downstream_ms),
        ("overhead", figures.overhead_ms),
        ("init before the request", figures.early_init_ms),
    ]
    return {
        "function": figures.function,
        "state": figures.state,
        "facts": [(name, format_ms(value)) for name, value in facts if value is not None],
        "marks": [mark.value for mark in figures.marks],
        "request_id": figures.request_id,
    }


def _lines(shown: ShownTrace, waterfall: Waterfall) -> Iterator[_Line]:
    spans = {span.id: span for span in shown.trace.spans()}
    total_ms = waterfall.total_ms
    for row in named_rows(waterfall.rows):
        left, width = _place(row, total_ms)
        status, _ = status_of(row)
        failed = Mark.FAULT in row.marks or Mark.THROTTLE in row.marks
        warned = Mark.ERROR in row.marks or Mark.IN_PROGRESS in row.marks
        yield _Line(
            name=row.name,
            detail=row.detail,
            depth=row.depth,
            indent=_indent(row.depth),
            kind=_CLASSES.get(row.kind, "service"),
            left=left,
            width=width,
            note=next((text for mark, text in NO_PLACE.items() if mark in row.marks and row.offset_ms is None), ""),
            duration=format_ms(row.duration_ms),
            self_time=format_ms(row.self_ms),
            status=status,
            status_kind="bad" if failed else ("warn" if warned else ""),
            critical=row.critical,
            derived=Mark.DERIVED in row.marks,
            open_ended=row.duration_ms is None,
            sections=sections(row, spans.get(row.span_id) if row.span_id else None),
        )


def _ticks(total_ms: float) -> list[tuple[float, str]]:
    """Where the axis is labeled, in percent; the last label has to end before the axis does."""
    found = ((at_ms / total_ms * 100, label) for at_ms, label in axis_ticks(total_ms, _TICKS))
    return [(left, label) for left, label in found if left <= _LAST_TICK]


def _indent(depth: int) -> float:
    """Imports nest some twenty deep: from a depth on, steps are small."""
    return round(min(depth, _FULL_STEPS) + max(0, depth - _FULL_STEPS) * 0.3, 1)


def _place(row: Row, total_ms: float) -> tuple[float, float]:
    if row.offset_ms is None or total_ms <= 0:
        return 0.0, 100.0 if row.offset_ms is not None else 0.0
    left = min(100.0 - _LEAST_PERCENT, row.offset_ms / total_ms * 100)
    width = 100.0 - left if row.duration_ms is None else row.duration_ms / total_ms * 100
    return round(left, 3), round(min(100.0 - left, max(_LEAST_PERCENT, width)), 3)
