"""A series over time as a chart of blocks, or of ASCII: one column a period, or several joined where it is narrow."""

from collections.abc import Callable, Sequence

from monitor.console.text import Style, clean, format_time
from monitor.records.metric import MetricSeries

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_ASCII = " .:#"
_HEIGHT = 6


def render_plot(
    series: MetricSeries, window: tuple[int, int], period_s: int, style: Style, shown: Callable[[float], str],
    *, height: int = _HEIGHT, utc: bool = False,
) -> str:  # fmt: skip
    """The chart: from zero to the greatest value, with both on the axis and the window's ends below.

    A period without a data point is left blank, which a zero is not: it has a mark on the axis.
    """
    high = max((value for _, value in series.points), default=0.0)
    labels = [shown(high), shown(0.0)]
    margin = max(len(label) for label in labels)
    columns = _columns(series.points, window, period_s, max(10, style.width - margin - 2))
    lines = [clean(series.label)]
    if not series.points:
        return f"{lines[0]}: no data"
    steps = _EIGHTHS if style.unicode else _ASCII
    bar = "│" if style.unicode else "|"
    for row in range(height, 0, -1):
        label = labels[0] if row == height else labels[1] if row == 1 else ""
        cells = "".join(_cell(value, high, row, height, steps) for value in columns)
        lines.append(f"{label:>{margin}} {bar}{cells}".rstrip())
    ends = [format_time(at_ms, utc=utc)[:16] for at_ms in window]
    gap = max(1, len(columns) - len(ends[0]) - len(ends[1]))
    lines.append(f"{'':{margin}}  {ends[0]}{' ' * gap}{ends[1]}")
    return "\n".join(lines)


def render_columns(
    title: str, values: Sequence[tuple[str, float]], style: Style, shown: Callable[[float], str], *,
    height: int = _HEIGHT,
) -> str:  # fmt: skip
    """A chart of named values side by side, each with its name below; from zero to the greatest value."""
    high = max((value for _, value in values), default=0.0)
    labels = [shown(high), shown(0.0)]
    margin = max(len(label) for label in labels)
    wide = max((len(name) for name, _ in values), default=1)
    room = max(1, (style.width - margin - 2) // (wide + 2))
    steps = _EIGHTHS if style.unicode else _ASCII
    bar = "│" if style.unicode else "|"
    lines = [clean(title)]
    for row in range(height, 0, -1):
        label = labels[0] if row == height else labels[1] if row == 1 else ""
        cells = "  ".join(_cell(value, high, row, height, steps) * wide for _, value in values[:room])
        lines.append(f"{label:>{margin}} {bar}{cells}".rstrip())
    names = "  ".join(f"{clean(name):>{wide}}" for name, _ in values[:room])
    return "\n".join([*lines, f"{'':{margin}}  {names}"])


def _columns(
    points: Sequence[tuple[int, float]], window: tuple[int, int], period_s: int, width: int
) -> list[float | None]:
    """The greatest value of each column's periods: a spike must not disappear on a narrow terminal."""
    start_ms, end_ms = window
    periods = max(1, -(-(end_ms - start_ms) // (period_s * 1000)))
    count = min(width, periods)
    columns: list[float | None] = [None] * count
    for at_ms, value in points:
        place = (at_ms - start_ms) // (period_s * 1000) * count // periods
        if 0 <= place < count:
            known = columns[place]
            columns[place] = value if known is None else max(known, value)
    # Few periods are drawn wider, so that they can be seen.
    wide = max(1, min(8, width // count))
    return [value for value in columns for _ in range(wide)]


def _cell(value: float | None, high: float, row: int, height: int, steps: str) -> str:
    if value is None:
        return " "
    full = len(steps) - 1
    filled = round(value / high * height * full) if high > 0 else 0
    if row == 1:
        filled = max(filled, 1)
    return steps[max(0, min(full, filled - (row - 1) * full))]
