"""Traces in a terminal: the waterfall of one, the table of many."""

from collections.abc import Iterable, Sequence
from datetime import tzinfo

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from monitor.model.trace import TraceSummary
from monitor.model.waterfall import Figures, Mark, Problem, Waterfall
from monitor.render.text import Style, clean, clean_lines, clip, format_ms, format_time, pad, to_text
from monitor.render.trace_rows import waterfall_lines

_MAX_FUNCTIONS = 5
_MAX_FRAMES = 6
_MAX_MESSAGE_LINES = 12


def render_waterfall(
    waterfall: Waterfall,
    figures: Sequence[Figures],
    style: Style,
    *,
    utc: bool = False,
    tz: tzinfo | None = None,
    max_rows: int | None = None,
) -> str:
    """One trace: what its invocations spent time on, its spans on a time axis, its exceptions.

    `max_rows` keeps the rows that matter most (failed, critical, long) and says how many it left
    out. Readable from 60 cells of width.
    """
    lines = _headline(waterfall, style, utc, tz)
    for one in figures[:_MAX_FUNCTIONS]:
        lines += _figure_lines(one, style)
    if len(figures) > _MAX_FUNCTIONS:
        lines.append(Text(f"and {len(figures) - _MAX_FUNCTIONS} more invocations", style="dim"))
    lines += [Text()] if waterfall.rows else []
    lines += waterfall_lines(waterfall, style, max_rows)
    for problem in waterfall.problems:
        lines += [Text(), *_problem_lines(problem, style)]
    lines += _absence_lines(waterfall)
    return to_text(Group(*lines), style)


def render_list(
    items: Iterable[tuple[TraceSummary, Figures | None]],
    style: Style,
    *,
    utc: bool = False,
    tz: tzinfo | None = None,
) -> str:
    """A table of traces, a line each; columns that do not fit the width are left out, least needed first.

    The figures are those of the function asked for; None where the trace was not read.
    """
    # The date is the first thing that a narrow terminal has no room for.
    date = style.width >= 100
    rows = [_list_cells(summary, figures, _time(summary, figures, utc, tz, date)) for summary, figures in items]
    if not rows:
        return "no traces"
    widths = {key: max(len(key), *(cell_len(row[key]) for row in rows)) for key in rows[0]}
    shown: list[str] = []
    room = style.width
    for key in ("TRACE ID", "TOTAL", "TIME", "STATUS", "INIT", "HANDLER", "DOWNSTREAM", "REQUEST ID", "URL"):
        gap = 2 if shown else 0
        if key == "URL" and room >= 20 + gap:  # worth a clipped column, all else is shown whole
            widths[key] = min(widths[key], room - gap)
        if widths[key] + gap <= room or not shown:
            shown.append(key)
            room -= widths[key] + gap
    order = [key for key in rows[0] if key in shown]
    lines = [Text("  ".join(_cell(key, key, widths, style) for key in order), style="bold")]
    for row in rows:
        line = Text("  ").join(
            Text(_cell(key, row[key], widths, style), style=_list_style(key, row[key])) for key in order
        )
        lines.append(line)
    for line in lines:
        line.no_wrap, line.overflow = True, "crop"
    return to_text(Group(*lines), style)


def _cell(key: str, value: str, widths: dict[str, int], style: Style) -> str:
    right = key in ("TOTAL", "INIT", "HANDLER", "DOWNSTREAM")
    return pad(value, widths[key], right=right, ellipsis=style.ellipsis)


def _time(summary: TraceSummary, figures: Figures | None, utc: bool, tz: tzinfo | None, date: bool) -> str:
    start_ms = summary.start_ms if summary.start_ms is not None else (figures.start_ms if figures else None)
    return format_time(start_ms, utc=utc, tz=tz, date=date)


def _list_cells(summary: TraceSummary, figures: Figures | None, time: str) -> dict[str, str]:
    restored = figures.restore_ms if figures else None
    init = figures.init_ms if figures and restored is None else restored
    return {
        "TIME": time,
        "TRACE ID": clean(summary.id),
        "TOTAL": format_ms(summary.duration_ms),
        "INIT": format_ms(init),
        "HANDLER": format_ms(figures.handler_ms if figures else None),
        "DOWNSTREAM": format_ms(figures.downstream_ms if figures else None),
        "STATUS": _list_status(summary),
        "REQUEST ID": clean(figures.request_id) if figures else "",
        "URL": clean(f"{summary.method} {summary.url}".strip()),
    }


def _list_status(summary: TraceSummary) -> str:
    flags = [
        (summary.has_throttle, "throttle"),
        (summary.has_fault, "fault"),
        (summary.has_error, "error"),
        (summary.partial, "partial"),
    ]
    words = [word for holds, word in flags if holds][:1] or ["ok"]
    return " ".join([*([str(summary.status)] if summary.status is not None else []), *words])


def _list_style(key: str, value: str) -> str:
    if key == "STATUS" and "ok" not in value:
        return "yellow" if value.endswith(("error", "partial")) else "red"
    return "dim" if value == "-" or key in ("REQUEST ID", "URL") else ""


def _headline(waterfall: Waterfall, style: Style, utc: bool, tz: tzinfo | None) -> list[Text]:
    words = [clean(waterfall.trace_id) or "(no trace id)"]
    if not waterfall.rows:
        return _flowed([(words[0], "bold")], "", "", style)
    words.append(format_time(waterfall.start_ms, utc=utc, tz=tz))
    running = any(row.depth == 0 and Mark.IN_PROGRESS in row.marks for row in waterfall.rows)
    words.append(f"{format_ms(waterfall.total_ms)} so far" if running else format_ms(waterfall.total_ms))
    reported_ms = waterfall.reported_ms
    if reported_ms is not None and reported_ms > waterfall.total_ms * 1.01 + 1:
        early = any(Mark.EARLY in row.marks for row in waterfall.rows)
        why = "with the init before the request" if early else "segments are missing"
        words.append(f"(X-Ray counts {format_ms(reported_ms)}: {why})")
    return _flowed([(word, "bold") for word in words], "  ", "", style)


def _figure_lines(figures: Figures, style: Style) -> list[Text]:
    facts = [("total", figures.total_ms), ("queue", figures.queue_ms), ("environment", figures.environment_ms)]
    facts += [("restore", figures.restore_ms), ("init", figures.init_ms), ("handler", figures.handler_ms)]
    facts += [("downstream", figures.downstream_ms), ("overhead", figures.overhead_ms)]
    facts += [("init before the request", figures.early_init_ms)]
    # Without the function's segment nobody knows whether it was warm.
    seen = figures.cold or figures.handler_ms is not None
    words = [("cold", "bold cyan") if figures.cold else ("warm", "dim")] if seen else []
    words += [(f"{name} {format_ms(value)}", "") for name, value in facts if value is not None]
    words += [(mark.value, "red") for mark in figures.marks]
    if figures.request_id:
        words.append((f"request {clean(figures.request_id)}", "dim"))
    name = Text(clip(clean(figures.function), style.width, style.ellipsis), style="bold")
    return [name, *_flowed(words, " · " if style.unicode else ", ", "  ", style)]


def _flowed(words: Sequence[tuple[str, str]], separator: str, indent: str, style: Style) -> list[Text]:
    """Words with their styles, broken into lines only between words."""
    lines = [Text(indent, overflow="fold")]
    for word, word_style in words:
        used = lines[-1].cell_len
        if used > len(indent) and used + len(separator) + cell_len(word) > style.width:
            lines.append(Text(indent, overflow="fold"))
        elif used > len(indent):
            lines[-1].append(separator)
        lines[-1].append(word, style=word_style)
    return lines


def _problem_lines(problem: Problem, style: Style) -> list[Text]:
    exception = problem.exception
    message = clean_lines(exception.message)
    title = ": ".join(part for part in (clean(exception.type), message[0] if message else "") if part)
    lines = [Text(title, style="bold red", overflow="fold")]
    lines += [Text(line, style="red", overflow="fold") for line in message[1:_MAX_MESSAGE_LINES]]
    where = ", ".join(clean(name) for name in problem.spans[:4])
    more = f" and {len(problem.spans) - 4} more spans" if len(problem.spans) > 4 else ""
    remote = ", raised by the called service" if exception.remote else ""
    lines.append(Text(f"  in {where}{more}{remote}", overflow="fold"))
    for frame in exception.stack[:_MAX_FRAMES]:
        place = clean(frame.path) + ("" if frame.line is None else f":{frame.line}")
        text = f"  at {clean(frame.label)} ({place})" if frame.label else f"  at {place}"
        lines.append(Text(clip(text, style.width, style.ellipsis), style="dim"))
    left_out = max(0, len(exception.stack) - _MAX_FRAMES) + exception.truncated
    if left_out:
        lines.append(Text(f"  and {left_out} more {'frame' if left_out == 1 else 'frames'}", style="dim"))
    return lines


def _absence_lines(waterfall: Waterfall) -> list[Text]:
    lines = [
        Text(f"  {absence.kind.value}: {clean(absence.what)}: {clean(absence.reason)}")
        for absence in waterfall.absent[:10]
    ]
    if len(waterfall.absent) > 10:
        lines.append(Text(f"  and {len(waterfall.absent) - 10} more"))
    return [Text(), Text("What the documents lack", style="bold"), *lines] if lines else []
