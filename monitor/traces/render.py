"""One trace as text: the figures of its invocations, its waterfall at any width, its exceptions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from monitor.console.line_text import lines_to_text
from monitor.console.text import Style, clean, clean_lines, clip, clip_start, format_ms, format_time, pad, to_text
from monitor.records.xray.trace import SpanKind
from monitor.traces.model import Figures, Mark, Problem, Row, Waterfall

_MAX_FUNCTIONS = 5
_MAX_FRAMES = 6
_MAX_MESSAGE_LINES = 12
_DURATION = 8
_COLORS = {
    SpanKind.INIT: "cyan",
    SpanKind.RESTORE: "cyan",
    SpanKind.IMPORT: "cyan",
    SpanKind.PHASE: "cyan",
    SpanKind.INVOCATION: "green",
    SpanKind.HANDLER: "green",
    SpanKind.LOCAL: "green",
    SpanKind.DOWNSTREAM: "blue",
    SpanKind.INFERRED: "blue",
    SpanKind.DWELL: "magenta",
    SpanKind.OVERHEAD: "yellow",
}
NO_PLACE = {Mark.EARLY: "before the request", Mark.CLOCK: "clock is off by a week or more"}


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
        why = "including the init before the request" if early else "segments are missing"
        words.append(f"(X-Ray reports {format_ms(reported_ms)}: {why})")
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
    return [Text(), Text("Missing from the trace", style="bold"), *lines] if lines else []


@dataclass(frozen=True, slots=True)
class _Columns:
    name: int
    bar: int
    self_time: bool
    status: int
    indent: int


def waterfall_lines(waterfall: Waterfall, style: Style, max_rows: int | None = None) -> list[Text]:
    """The axis, a line for each row (or for how many were left out), and the legend."""
    rows = named_rows(waterfall.rows)
    if not rows:
        return [Text("the trace has no spans")]
    columns = _columns(rows, style)
    lines = [_axis(waterfall.total_ms, columns)]
    for row in _shortened(rows, max_rows):
        if isinstance(row, Row):
            lines.append(_line(row, waterfall.total_ms, columns, style))
        else:
            lines.append(Text(f"  {row} more {'span' if row == 1 else 'spans'}", style="dim"))
    lines.append(_legend(rows, style))
    for line in lines:
        line.no_wrap, line.overflow = True, "crop"
    return lines


def named_rows(rows: Sequence[Row]) -> list[Row]:
    """Lambda gives an invocation's two segments one name: the inner one is shown as `function`."""
    named: list[Row] = []
    above: list[Row] = []
    for row in rows:
        del above[row.depth :]
        owners = (one.name for one in above[-2:] if one.kind is SpanKind.SERVICE)
        above.append(row)
        named.append(replace(row, name="function") if row.kind is SpanKind.FUNCTION and row.name in owners else row)
    return named


def _columns(rows: Sequence[Row], style: Style) -> _Columns:
    """Divide the width: status and duration first, then names, and the rest for bars."""
    self_time = style.width >= 110
    status = min(max(len("STATUS"), *(len(status_of(row)[0]) for row in rows)), 11 if style.width < 80 else 15)
    room = style.width - status - _DURATION - 6 - (self_time and _DURATION + 2)
    deepest = max(row.depth for row in rows)
    most = room * (45 if style.width < 120 else 50) // 100
    indent = 2 if deepest * 2 <= most // 2 else 1
    longest = max(row.depth * indent + cell_len(_label(row)) for row in rows)
    name = max(12, min(longest, most))
    return _Columns(name, max(8, room - name), self_time, status, indent)


def _axis(total_ms: float, columns: _Columns) -> Text:
    """Round times above the bars, as many as have room."""
    line = [" "] * columns.bar
    for at_ms, label in axis_ticks(total_ms, max(2, columns.bar // 12), columns.bar):
        cell = round(at_ms / total_ms * (columns.bar - 1)) if total_ms else 0
        if cell + len(label) <= columns.bar and not "".join(line[max(0, cell - 2) : cell + len(label)]).strip():
            line[cell : cell + len(label)] = label
    heads = [pad("SPAN", columns.name), "".join(line), pad("TIME", _DURATION, right=True)]
    heads += [pad("SELF", _DURATION, right=True)] if columns.self_time else []
    return Text("  ".join([*heads, "STATUS"]), style="dim")


def _tick_label(at_ms: float) -> str:
    if at_ms < 1000:
        return f"{at_ms:g} ms"
    return f"{at_ms / 1000:g} s" if at_ms < 60_000 else format_ms(at_ms)


def axis_ticks(total_ms: float, wanted: int, most: int = 1000) -> Iterator[tuple[float, str]]:
    """0 and the multiples of the smallest step of 1, 2, 5, 10, … that makes about `wanted` of them, with labels."""
    yield 0.0, "0"
    least_ms = total_ms / max(1, wanted)
    steps = [digit * 10.0**power for power in range(-3, 10) for digit in (1, 2, 5)]
    step = next((step for step in steps if step >= least_ms), steps[-1])
    if step > total_ms:
        step = steps[max(0, steps.index(step) - 1)]
    for count in range(1, 1 + int(min(total_ms / step, most))):
        yield count * step, _tick_label(count * step)


def _line(row: Row, total_ms: float, columns: _Columns, style: Style) -> Text:
    line = Text()
    indent = " " * min(row.depth * columns.indent, columns.name // 2)
    name_width = columns.name - len(indent)
    name = clean(row.name) if Mark.DERIVED not in row.marks else f"({row.name})"
    name_style = "bold" if row.critical else ("dim" if Mark.DERIVED in row.marks else "")
    line.append(indent)
    if row.detail and cell_len(name) + 2 < name_width:
        line.append(name, style=name_style)
        line.append(pad(f" {clean(row.detail)}", name_width - cell_len(name), ellipsis=style.ellipsis), "dim")
    else:
        if row.kind is SpanKind.IMPORT:
            # The end of a module's name is what tells it from the row above.
            name = clip_start(name, name_width, style.ellipsis)
        line.append(pad(name, name_width, ellipsis=style.ellipsis), style=name_style)
    line.append("  ").append_text(_bar(row, total_ms, columns.bar, style))
    line.append("  " + pad(format_ms(row.duration_ms), _DURATION, right=True, ellipsis=style.ellipsis))
    if columns.self_time:
        line.append("  " + pad(format_ms(row.self_ms), _DURATION, right=True, ellipsis=style.ellipsis), "dim")
    status, status_style = status_of(row)
    if status:
        line.append("  ").append(pad(status, columns.status, ellipsis=style.ellipsis).rstrip(), status_style)
    return line


def _bar(row: Row, total_ms: float, width: int, style: Style) -> Text:
    if row.offset_ms is None:
        note = next((text for mark, text in NO_PLACE.items() if mark in row.marks), "")
        return Text(pad(note, width, ellipsis=style.ellipsis), style="dim")
    scale = width / total_ms if total_ms > 0 else 0.0
    first = min(width - 1, int(row.offset_ms * scale))
    end_ms = total_ms if row.duration_ms is None else row.offset_ms + row.duration_ms
    last = min(width, max(first + 1, round(end_ms * scale)))
    sign = _sign(row, style)
    bar = sign * (last - first)
    if row.duration_ms is None:
        bar = bar[:-1] + ">"
    bar_style = "red" if _failed(row) else _COLORS.get(row.kind, "")
    return Text(" " * first).append(bar, style=bar_style).append(" " * (width - last))


def _sign(row: Row, style: Style) -> str:
    if _is_gap(row):
        return "·" if style.unicode else "."
    if row.critical:
        return "█" if style.unicode else "#"
    return "░" if style.unicode else "-"


def _is_gap(row: Row) -> bool:
    # The handler of the new layout is derived too, but it is bounded by spans, so it is drawn like one.
    return Mark.DERIVED in row.marks and row.kind is SpanKind.SERVICE


def _legend(rows: Sequence[Row], style: Style) -> Text:
    full, light, gap = ("█", "░", "·") if style.unicode else ("#", "-", ".")
    words = [f"{full} critical path", f"{light} other spans"]
    if any(map(_is_gap, rows)):
        words.append(f"{gap} time without a span")
    return Text("   ".join(words), style="dim")


def _failed(row: Row) -> bool:
    return Mark.FAULT in row.marks or Mark.THROTTLE in row.marks


def status_of(row: Row) -> tuple[str, str]:
    """What went wrong, if anything, with the HTTP status; and its color."""
    words = [str(row.status)] if row.status is not None else []
    if _failed(row):
        words.append("throttle" if Mark.THROTTLE in row.marks else "fault")
        return " ".join(words), "red"
    if Mark.ERROR in row.marks:
        return " ".join([*words, "error"]), "yellow"
    if Mark.IN_PROGRESS in row.marks:
        return "in progress", "yellow"
    return " ".join(words), "dim"


def _label(row: Row) -> str:
    label = f"{row.name} {row.detail}" if row.detail else row.name
    return clean(label[:200])


def _shortened(rows: Sequence[Row], max_rows: int | None) -> Iterator[Row | int]:
    """The most important rows with their parents, and the number of rows left out in between."""
    if max_rows is None or len(rows) <= max_rows:
        yield from rows
        return
    parents: list[int | None] = []
    above: list[int] = []
    for index, row in enumerate(rows):
        del above[row.depth :]
        parents.append(above[-1] if above else None)
        above.append(index)
    shown: set[int] = set()
    for index in sorted(range(len(rows)), key=lambda i: _weight(rows[i]), reverse=True):
        if len(shown) >= max_rows:
            break
        current: int | None = index
        while current is not None and current not in shown:
            shown.add(current)
            current = parents[current]
    hidden = 0
    for index, row in enumerate(rows):
        if index not in shown:
            hidden += 1
            continue
        if hidden:
            yield hidden
            hidden = 0
        yield row
    if hidden:
        yield hidden


def _weight(row: Row) -> tuple[bool, bool, bool, float]:
    noticed = bool({Mark.FAULT, Mark.ERROR, Mark.THROTTLE} & set(row.marks))
    # Hundreds of imports must not hide the handler.
    is_step = row.kind is not SpanKind.IMPORT
    return noticed, is_step, row.critical, row.duration_ms or 0.0
