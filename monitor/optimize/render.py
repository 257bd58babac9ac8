"""Render an optimization: text for a terminal, Markdown for a pull request, and a page."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from monitor.console.text import Style, clean, format_ms
from monitor.optimize.model import Gain, Optimization, Step
from monitor.packages.render import wrapped

_TEMPLATE = Path(__file__).with_name("templates") / "optimize.html.j2"
_MOST = 20


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    items_: tuple[str, ...]


def render_text(found: Optimization, style: Style, *, details: bool = False) -> str:
    """The steps, the whole gain, and what was refused; with `details` all of it."""
    lines = [_title(found), ""]
    width = max(len(step.title) for step in found.steps)
    for step in found.steps:
        lines.append(f"{'+' if step.kept else '-'} {step.title.ljust(width)}  {_result(step)}")
        if step.cpu is not None and step.wall is not None:
            lines.append(f"  {' ' * width}  wall {_saved(step.wall)}; CPU {_saved(step.cpu)}")
    lines += ["", *_summary(found)]
    for section in _sections(found, None if details else _MOST):
        lines += ["", section.title, *(f"  {item}" for item in section.items_)]
    return "\n".join(part for line in lines for part in (wrapped(clean(line), style.width) if line else [""]))


def render_markdown(found: Optimization) -> str:
    """For a pull request."""
    lines = [f"## {_escaped(_title(found))}", "", *(_escaped(line) for line in _summary(found)), ""]
    lines += ["| step | result | wall time saved | CPU time saved |", "|---|---|---|---|"]
    lines += [f"| {' | '.join(map(_escaped, row))} |" for row in _rows(found)]
    for section in _sections(found, _MOST):
        lines += ["", f"### {_escaped(section.title)}", "", *(f"- {_escaped(item)}" for item in section.items_)]
    return "\n".join(lines)


def render_html(found: Optimization) -> str:
    """As a page without scripts."""
    from monitor.console.page import page_template, source_hash, style_sheet

    css = style_sheet(_TEMPLATE.with_name("optimize.css"))
    return page_template(_TEMPLATE).render(
        title=_title(found),
        css=css,
        style_hash=source_hash(css),
        summary=_summary(found),
        rows=_rows(found),
        sections=_sections(found, None),
    )


def _title(found: Optimization) -> str:
    events = "1 event" if found.events == 1 else f"{found.events} events"
    return f"{found.package}: {found.handler} on Python {found.python}, {events}, {found.turns} turns"


def _summary(found: Optimization) -> list[str]:
    lines = []
    if found.wall is not None and found.cpu is not None:
        for what, gain in (("init and first invocation", found.wall), ("CPU time of these", found.cpu)):
            lines.append(
                f"{what}: {format_ms(gain.before_ms)} before, {format_ms(gain.after_ms)} after ({_share(gain)})"
            )
    checked = "results, output, exceptions and X-Ray segments are the same, also with every import forced"
    if found.tests:
        checked += f"; `{found.tests}` ends the same"
    if found.ignored:
        checked += f"; not compared: {', '.join(found.ignored)}"
    lines.append(checked)
    if found.budget_ms is not None and found.wall is not None:
        word = "within" if found.within_budget else "OVER"
        lines.append(f"{word} the budget of {format_ms(found.budget_ms)}")
    lines += [f"note: {note}" for note in found.notes]
    if found.out:
        lines.append(f"wrote {found.out}")
    if found.choice:
        lines.append(f"wrote {found.choice}: `monitor package build DIR --optimizations {found.choice}` applies it")
    return lines


def _rows(found: Optimization) -> list[tuple[str, str, str, str]]:
    return [
        (
            step.title,
            _result(step),
            _saved(step.wall) if step.wall is not None else "-",
            _saved(step.cpu) if step.cpu is not None else "-",
        )
        for step in found.steps
    ]


def _result(step: Step) -> str:
    if not step.kept:
        return f"not done: {step.reason}"
    if not step.lazy:
        return "done"
    imports = "1 import runs" if len(step.lazy) == 1 else f"{len(step.lazy)} imports run"
    modules = "1 module is" if len(step.unloaded) == 1 else f"{len(step.unloaded)} modules are"
    return f"done: {imports} later, {modules} not loaded"


def _saved(gain: Gain) -> str:
    return f"{format_ms(gain.saved_ms)} ({format_ms(gain.low_ms)} to {format_ms(gain.high_ms)})"


def _share(gain: Gain) -> str:
    return f"{gain.after_ms / gain.before_ms:.2f} of it" if gain.before_ms else "-"


def _sections(found: Optimization, most: int | None) -> list[_Section]:
    lazy = [f"{one.file}:{one.line}: {one.text}" for step in found.steps if step.kept for one in step.lazy]
    refused = {one.module: one.reason for step in found.steps for one in step.refused}
    sections = []
    if lazy:
        sections.append(_Section("Imports that run later", _cut(lazy, most)))
    if refused:
        items = [f"{module}: {reason}" for module, reason in sorted(refused.items())]
        sections.append(_Section("Left as it is, and why", _cut(items, most)))
    return sections


def _cut(items: Iterable[str], most: int | None) -> tuple[str, ...]:
    items = tuple(items)
    if most is None or len(items) <= most:
        return items
    return (*items[:most], f"and {len(items) - most} more: --details or -o json")


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>|])", r"\\\1", clean(text))
