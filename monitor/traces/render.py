"""One trace in a terminal: what its invocations spent time on, its waterfall, its exceptions."""

from collections.abc import Sequence
from datetime import tzinfo

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from monitor.console.line_text import lines_to_text
from monitor.console.text import Style, clean, clean_lines, clip, format_ms, format_time, to_text
from monitor.traces.model import Figures, Mark, Problem, Waterfall
from monitor.traces.render_rows import waterfall_lines

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
    rest: list[Text] = []
    for problem in waterfall.problems:
        rest += [Text(), *_problem_lines(problem, style)]
    rest += _absence_lines(waterfall)
    head = to_text(Group(*lines), style)
    rows = lines_to_text(waterfall_lines(waterfall, style, max_rows), style)
    whole = f"{head}\n\n{rows}" if waterfall.rows else f"{head}\n{rows}"
    return f"{whole}\n{to_text(Group(*rest), style)}" if rest else whole


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
    words = [(figures.state, "bold cyan" if figures.cold else "dim")] if figures.state else []
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
