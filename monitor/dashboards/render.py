"""Dashboards as text: lists, outlines, problems and plans."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich.table import Column
from rich.text import Text

from monitor.console.links import link_text
from monitor.console.text import Style, clean, clip, format_bytes, format_time, new_table, to_text
from monitor.dashboards.model import (
    Action,
    Change,
    ChangeKind,
    DashboardView,
    Outcome,
    Plan,
    PlannedItem,
    Problem,
    Severity,
    TemplateInfo,
)
from monitor.kernel.console_pages import dashboard_page
from monitor.kernel.dashboard import DashboardInfo
from monitor.kernel.json_fields import list_of

_SIGNS = {ChangeKind.ADDED: "+", ChangeKind.REMOVED: "-", ChangeKind.CHANGED: "~", ChangeKind.MOVED: ">"}
_COLORS = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.DELETE: "red",
    Action.REFUSE: "bold red",
    Action.UNCHANGED: "dim",
    ChangeKind.ADDED: "green",
    ChangeKind.REMOVED: "red",
    ChangeKind.CHANGED: "yellow",
    ChangeKind.MOVED: "cyan",
}
_DONE = {Action.CREATE: "created", Action.UPDATE: "updated", Action.DELETE: "deleted"}
_FEW_DETAILS = 6
_LABEL = 11
_UNBROKEN = 10_000


def render_list(dashboards: Sequence[DashboardInfo], style: Style, *, utc: bool = False, region: str = "") -> str:
    """A table of dashboards of a region: name, size of the body, last change."""
    if not dashboards:
        return "no dashboards"
    table = new_table("dashboard", Column("body", justify="right", no_wrap=True), Column("last modified", no_wrap=True))
    for one in dashboards:
        time = format_time(one.last_modified_ms, utc=utc).rpartition(".")[0] or style.dash
        name = link_text(clean(one.name), dashboard_page(region, one.name), style)
        table.add_row(name, format_bytes(one.size_bytes), time)
    return to_text(table, style)


def render_templates(templates: Sequence[TemplateInfo], style: Style) -> str:
    """The templates with their variables and alarms."""
    blocks = []
    for one in templates:
        per = "one dashboard for each function" if one.per_function else "one dashboard for all functions"
        lines = _colored(one.name, "bold", style)
        lines += _colored(f"  {one.description}", "", style)
        lines += _colored(f"  {per}, named {one.dashboard_name}", "", style)
        if one.alarms:
            lines += _colored(f"  alarms: {', '.join(one.alarms)}", "", style)
        for parameter in one.parameters:
            default = "…" if parameter.default is None else parameter.default
            lines += _hanging(f"  --set {parameter.name}={default}  ", parameter.description, "", style)
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def render_view(view: DashboardView, style: Style) -> str:
    """The outline of a dashboard: its widgets in reading order, with position and content."""
    widgets = [widget for widget in list_of(view.body.get("widgets")) if isinstance(widget, dict)]
    head = [f"{view.name}  ({view.origin})"]
    if view.marker:
        deployed = f"deployed by monitor from {view.marker['template']}, project {view.marker['project']}"
        head.append(f"{deployed}; changed since" if view.is_changed else deployed)
    for variable in list_of(view.body.get("variables")):
        if isinstance(variable, dict):
            replaced = variable.get("property") or variable.get("pattern")
            head.append(f"variable {variable.get('id')}: {variable.get('type')} {replaced}")
    table = new_table(
        Column("at", no_wrap=True), Column("size", no_wrap=True), Column("type", no_wrap=True), Column("shows", ratio=1)
    )
    for widget in sorted(widgets, key=lambda one: (_number(one, "y"), _number(one, "x"))):
        table.add_row(
            f"{_number(widget, 'x')},{_number(widget, 'y')}",
            f"{_number(widget, 'width', 6)}×{_number(widget, 'height', 6)}",
            clean(str(widget.get("type"))),
            Text(clean(clip(_shows(widget), 200, style.ellipsis)), overflow="fold"),
        )
    body = to_text(table, style) if widgets else "no widgets"
    return "\n".join([*(to_text(Text(clean(line)), style) for line in head), "", body])


def render_problems(problems: Sequence[Problem], style: Style) -> str:
    """Problems in the format of compilers, `file:line:column: error: message`, each with a suggested fix below."""
    return "\n".join(line for problem in problems for line in _problem(problem, style))


def render_problems_github(problems: Iterable[Problem]) -> str:
    """Problems as workflow commands of GitHub Actions, one a line."""
    return "\n".join(
        f"::{problem.severity.value} file={_property(problem.file or '')},line={problem.line or 1},"
        f"col={problem.column or 1},title={_property(problem.rule)}::{_message(problem)}"
        for problem in problems
    )


def render_plan(plan: Plan, style: Style, *, full: bool = False) -> str:
    """The action and the differences of each dashboard and alarm; `full` shows every detail."""
    lines = [line for item in plan.items for line in _item(item, style, full)]
    return "\n".join([*lines, _summary(plan)] if lines else [_summary(plan)])


def render_outcomes(outcomes: Sequence[Outcome], style: Style) -> str:
    """The outcome of each item, with the messages from CloudWatch."""
    lines: list[str] = []
    for outcome in outcomes:
        if outcome.error:
            lines += _labeled("failed", f"{outcome.kind} {outcome.name}: {outcome.error}", style, "bold red")
            lines += _labeled("", outcome.hint, style) if outcome.hint else []
            continue
        color = _COLORS[outcome.action]
        lines += _labeled(_DONE[outcome.action], f"{outcome.kind} {outcome.name}", style, color)
        for message in outcome.messages:
            lines += _labeled("", f"CloudWatch says: {message}", style, "yellow")
    return "\n".join(lines)


def _item(item: PlannedItem, style: Style, full: bool) -> list[str]:
    lines = _labeled(item.action.value, f"{item.kind} {item.name}", style, _COLORS[item.action])
    notes = [f"from {item.template}"] if item.template and item.template != item.name else []
    if item.action is Action.CREATE and item.document is not None and item.kind == "dashboard":
        # The last widget is monitor's marker.
        count = len(item.document.get("widgets", [])) - 1
        notes.append(f"{count} widget{'' if count == 1 else 's'}")
    if notes:
        lines += _labeled("", ", ".join(notes), style, "dim")
    if item.reason:
        lines += _labeled("", item.reason, style)
    lines += [line for problem in item.problems for line in _problem(problem, style, indent="  ")]
    if item.action is not Action.CREATE:
        lines += [line for change in item.changes for line in _change(change, style, full)]
    return lines


def _change(change: Change, style: Style, full: bool) -> list[str]:
    lines = _colored(f"  {_SIGNS[change.kind]} {change.what}", _COLORS[change.kind], style)
    shown = change.details if full else change.details[:_FEW_DETAILS]
    lines += [line for detail in shown for line in _colored(f"      {detail}", "", style)]
    if len(shown) < len(change.details):
        lines += _colored(f"      and {len(change.details) - len(shown)} more", "dim", style)
    return lines


def _problem(problem: Problem, style: Style, indent: str = "") -> list[str]:
    place = ":".join(str(part) for part in (problem.file, problem.line, problem.column) if part is not None)
    where = f"{place}: " if place else ""
    color = "red" if problem.severity is Severity.ERROR else "yellow"
    pointer = f"{problem.pointer}: " if problem.pointer else ""
    # Never wrapped: editors read the position at the start of a line.
    unbroken = Style(_UNBROKEN, style.color, style.unicode)
    lines = _colored(f"{indent}{where}{problem.severity.value}: {pointer}{problem.message}", color, unbroken)
    if problem.instead:
        lines += _colored(f"{indent}    {problem.instead}", "", style)
    return lines


def _summary(plan: Plan) -> str:
    words = {
        Action.CREATE: "to create",
        Action.UPDATE: "to update",
        Action.DELETE: "to delete",
        Action.REFUSE: "refused",
        Action.UNCHANGED: "unchanged",
    }
    counts = {action: sum(item.action is action for item in plan.items) for action in words}
    if not plan.pending and not plan.refused:
        return "no changes"
    return ", ".join(f"{count} {words[action]}" for action, count in counts.items() if count)


def _labeled(label: str, text: str, style: Style, color: str = "") -> list[str]:
    return _hanging(f"{label:<{_LABEL}}", text, color, style)


def _colored(text: str, color: str, style: Style) -> list[str]:
    bare = text.lstrip()
    return _hanging(" " * (len(text) - len(bare)), bare, color, style)


def _hanging(start: str, text: str, color: str, style: Style) -> list[str]:
    """`start` and the text, wrapped with a hanging indent."""
    room = Style(max(20, style.width - len(start)), style.color, style.unicode)
    first, *rest = to_text(Text(clean(text), style=color, overflow="fold"), room).split("\n")
    bare = start.rstrip()
    shown = to_text(Text(clean(bare), style=color), style) if bare else ""
    return [shown + " " * (len(start) - len(bare)) + first, *(" " * len(start) + line for line in rest)]


def _shows(widget: dict[str, Any]) -> str:
    properties = widget.get("properties")
    if not isinstance(properties, dict):
        return ""
    if title := properties.get("title"):
        return str(title)
    for key in ("markdown", "query"):
        if isinstance(text := properties.get(key), str):
            return next((line.strip("#* ") for line in text.splitlines() if line.strip("#* ")), "")
    return json.dumps(properties.get("metrics") or properties.get("alarms") or "", ensure_ascii=False)


def _number(widget: dict[str, Any], key: str, default: int = 0) -> int:
    value = widget.get(key, default)
    return value if isinstance(value, int) else default


def _message(problem: Problem) -> str:
    text = f"{problem.pointer}: {problem.message}" + (f" ({problem.instead})" if problem.instead else "")
    return clean(text).replace("%", "%25")


def _property(text: str) -> str:
    return clean(text).replace("%", "%25").replace(",", "%2C").replace(":", "%3A")
