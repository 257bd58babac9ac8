"""The comparison of two diagnoses as text."""

from rich.cells import cell_len

from monitor.coldstarts.model import Difference
from monitor.console.text import Style, clean, format_ms, format_time, pad
from monitor.diagnose.model_change import DiagnosisChange, FindingMark, Moved
from monitor.diagnose.report.paragraphs import Paragraphs

_FIGURE = 10
_WIDEST = 34


def render_changes(changed: DiagnosisChange, style: Style, *, utc: bool = False) -> str:
    """Figures, parts of the median start, imports, and findings that are gone, new or still there."""
    page = Paragraphs(style)
    before, after = (format_time(at_ms, utc=utc)[:16] for at_ms in (changed.before_ms, changed.after_ms))
    name = clean(changed.after_name)
    page.prose(f"{name}: {before} and {after}", look="bold")
    _table(page, "", changed.figures, style)
    _table(page, "Parts of the median start", changed.slices, style)
    imports = tuple(Moved(one.package, one.before_ms, one.after_ms) for one in changed.imports)
    _table(page, "Imports, by package", imports, style)
    for title, marks in (("Gone", changed.gone), ("New", changed.new), ("Still there", changed.kept)):
        _findings(page, title, marks)
    for text in changed.notes:
        page.blank()
        page.prose(f"note: {clean(text)}", look="dim")
    return str(page)


def _table(page: Paragraphs, title: str, rows: tuple[Moved, ...], style: Style) -> None:
    if not rows:
        return
    if title:
        page.head(title)
    else:
        page.blank()
    width = min(max(cell_len(clean(one.label)) for one in rows), _WIDEST, style.width - 3 * (_FIGURE + 1) - 2)
    for one in rows:
        figures = " ".join(pad(text, _FIGURE, right=True) for text in _figures(one))
        page.row([(f"  {pad(clean(one.label), max(8, width))} {figures}", "")])
        if one.difference is not None:
            page.prose(_verdict(one.difference), 4, look="dim")


def _figures(one: Moved) -> tuple[str, str, str]:
    change = "" if one.before is None or one.after is None else _with_sign(one.after - one.before, one.unit)
    return _figure(one.before, one.unit), _figure(one.after, one.unit), change


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if unit == "share":
        return f"{value:.1%}"
    return format_ms(value) if unit == "ms" else f"{value:,.1f} {unit}"


def _with_sign(change: float, unit: str) -> str:
    text = _figure(abs(change), unit)
    if text == _figure(0.0, unit):
        return "="
    return ("+" if change > 0 else "-") + text


def _verdict(found: Difference) -> str:
    if found.is_more_than_noise is None:
        return f"not known: {clean(found.why)}"
    p_value = "p < 0.0001" if (found.p_value or 0.0) < 0.0001 else f"p = {found.p_value:.4f}"
    verdict = "more than noise" if found.is_more_than_noise else "not more than noise"
    return f"{verdict} ({clean(found.test)}, {p_value})"


def _findings(page: Paragraphs, title: str, marks: tuple[FindingMark, ...]) -> None:
    if not marks:
        return
    page.head(title)
    for one in marks:
        saving = f" ({format_ms(one.likely_ms)})" if one.likely_ms is not None else ""
        page.prose(f"{clean(one.title)}{saving}  [{clean(one.rule)}]", 2)
