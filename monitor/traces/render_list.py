"""Many traces in a terminal: a table of those that are known, or lines as they come."""

from collections.abc import Iterable, Mapping
from datetime import tzinfo

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from monitor.console.links import link_text
from monitor.console.text import Style, clean, clip, format_count, format_ms, format_time, pad, to_text
from monitor.kernel.console_pages import trace_page
from monitor.records.invocation import InitKind
from monitor.records.xray.trace import TraceSummary
from monitor.traces.model import Figures, Sampling

# What a narrow terminal keeps, the most needed first; and the order in which columns stand.
_NEED = ("TRACE ID", "TOTAL", "TIME", "STATUS", "INIT", "HANDLER", "DOWNSTREAM", "REQUEST ID", "URL")
_ORDER = ("TIME", "TRACE ID", "TOTAL", "INIT", "HANDLER", "DOWNSTREAM", "STATUS", "REQUEST ID", "URL")
_RIGHT = {"TOTAL", "INIT", "HANDLER", "DOWNSTREAM"}
# For lines whose followers are not known yet.
_USUAL = {"TRACE ID": 35, "TOTAL": 8, "STATUS": 12, "INIT": 8, "HANDLER": 8, "DOWNSTREAM": 10, "REQUEST ID": 36}
_WIDE = 100
_LEAST_URL = 20


def render_list(
    items: Iterable[tuple[TraceSummary, Figures | None]],
    style: Style,
    *,
    utc: bool = False,
    tz: tzinfo | None = None,
    region: str = "",
) -> str:
    """A table of traces of a region, a line each; columns that do not fit the width are left out, least needed first.

    The figures are those of the function asked for; None where the trace was not read.
    """
    rows = [_cells(summary, figures, style, utc, tz) for summary, figures in items]
    if not rows:
        return "no traces"
    widths = {key: max(len(key), *(cell_len(row[key]) for row in rows)) for key in _ORDER}
    columns = _fitting(widths, style)
    lines = [_head(columns, style), *(_line(row, columns, style, region) for row in rows)]
    return to_text(Group(*lines), style)


class LineRenderer:
    """Traces one at a time, in columns of usual widths."""

    def __init__(self, style: Style, *, utc: bool = False, tz: tzinfo | None = None) -> None:
        self._style, self._utc, self._tz = style, utc, tz
        time = len(format_time(0.0, utc=utc, tz=tz, date=style.width >= _WIDE))
        self._columns = _fitting({**_USUAL, "TIME": time, "URL": style.width}, style)

    def head(self) -> str:
        """The names of the columns."""
        return to_text(_head(self._columns, self._style), self._style)

    def line(self, summary: TraceSummary, figures: Figures | None, lacking: str = "") -> str:
        """One trace; `lacking` is told below it."""
        row = _cells(summary, figures, self._style, self._utc, self._tz)
        lines = [_line(row, self._columns, self._style)]
        if lacking:
            text = clip(f"  incomplete: {clean(lacking)}", self._style.width, self._style.ellipsis)
            lines.append(Text(text, style="yellow"))
        return to_text(Group(*lines), self._style)


def render_sampling(sampling: Sampling) -> str:
    """How many of the window's invocations have a trace, and why not all."""
    traces = f"{format_count(sampling.traces)} {'trace' if sampling.traces == 1 else 'traces'}"
    rule = "Lambda samples the first request of each second and 5% of the rest"
    if sampling.invocations is None:
        return f"{traces} in the window; CloudWatch's metrics do not tell of how many invocations ({rule})"
    invocations = format_count(sampling.invocations)
    if sampling.share is None:
        return f"{traces}, and {invocations} invocations in CloudWatch's metrics, which are minutes late ({rule})"
    return f"{traces} of about {invocations} invocations ({sampling.share:.0%}): {rule}"


def _fitting(widths: Mapping[str, int], style: Style) -> dict[str, int]:
    """The columns that fit, in their order, with their widths."""
    chosen: dict[str, int] = {}
    room = style.width
    for key in _NEED:
        gap = 2 if chosen else 0
        width = widths[key]
        if key == "URL" and room >= _LEAST_URL + gap:  # worth a clipped column, all else is shown whole
            width = min(width, room - gap)
        if width + gap <= room or not chosen:
            chosen[key] = width
            room -= width + gap
    return {key: chosen[key] for key in _ORDER if key in chosen}


def _head(columns: Mapping[str, int], style: Style) -> Text:
    return _whole(Text("  ".join(_cell(key, key, columns, style) for key in columns), style="bold"))


def _line(row: Mapping[str, str], columns: Mapping[str, int], style: Style, region: str = "") -> Text:
    pages = {"TRACE ID": trace_page(region, row["TRACE ID"])}
    cells = [
        link_text(_cell(key, row[key], columns, style), pages.get(key, ""), style, _style(key, row[key]))
        for key in columns
    ]
    return _whole(Text("  ").join(cells))


def _whole(line: Text) -> Text:
    line.no_wrap, line.overflow = True, "crop"
    return line


def _cell(key: str, value: str, columns: Mapping[str, int], style: Style) -> str:
    return pad(value, columns[key], right=key in _RIGHT, ellipsis=style.ellipsis)


def _cells(
    summary: TraceSummary, figures: Figures | None, style: Style, utc: bool, tz: tzinfo | None
) -> dict[str, str]:
    start_ms = summary.start_ms if summary.start_ms is not None else (figures.start_ms if figures else None)
    return {
        # The date is the first thing that a narrow terminal has no room for.
        "TIME": format_time(start_ms, utc=utc, tz=tz, date=style.width >= _WIDE),
        "TRACE ID": clean(summary.id),
        "TOTAL": format_ms(summary.duration_ms),
        "INIT": _init(figures),
        "HANDLER": format_ms(figures.handler_ms if figures else None),
        "DOWNSTREAM": format_ms(figures.downstream_ms if figures else None),
        "STATUS": _status(summary),
        "REQUEST ID": clean(figures.request_id) if figures else "",
        "URL": clean(f"{summary.method} {summary.url}".strip()),
    }


def _init(figures: Figures | None) -> str:
    """The init's duration, or a remark if the handler's time includes it."""
    if figures is None:
        return "-"
    if figures.kind is not None and figures.kind.inside:
        return "failed" if figures.kind is InitKind.FAILED else "inside"
    return format_ms(figures.init_ms if figures.restore_ms is None else figures.restore_ms)


def _status(summary: TraceSummary) -> str:
    if summary.start_ms is None and summary.duration_ms is None:
        return "not found"  # an id alone
    flags = [
        (summary.has_throttle, "throttle"),
        (summary.has_fault, "fault"),
        (summary.has_error, "error"),
        (summary.partial, "partial"),
    ]
    words = [word for holds, word in flags if holds][:1] or ["ok"]
    return " ".join([*([str(summary.status)] if summary.status is not None else []), *words])


def _style(key: str, value: str) -> str:
    if key == "STATUS" and "ok" not in value:
        return "yellow" if value.endswith(("error", "partial")) else "red"
    return "dim" if value == "-" or key in ("REQUEST ID", "URL") else ""
