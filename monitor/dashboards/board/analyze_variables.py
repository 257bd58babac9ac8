"""Apply the default values of dashboard variables, as the console does when it opens a dashboard."""

from typing import Any

from monitor.dashboards.body import rows
from monitor.dashboards.model_document import Document


def apply_defaults(body: Document) -> Document:
    """`body` with every variable replaced by its default value, if it has one."""
    listed = body.get("variables")
    chosen = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    widgets = body.get("widgets")
    for variable in chosen:
        value = variable.get("defaultValue")
        if not isinstance(value, str) or not value or not isinstance(widgets, list):
            continue
        if isinstance(pattern := variable.get("pattern"), str) and pattern and pattern != value:
            widgets = _replaced(widgets, pattern, value)
        elif isinstance(name := variable.get("property"), str) and name:
            widgets = [_with_property(widget, name, value) for widget in widgets]
    return {**body, "widgets": widgets} if isinstance(widgets, list) else body


def _replaced(value: Any, pattern: str, by: str) -> Any:
    if isinstance(value, str):
        return value.replace(pattern, by)
    if isinstance(value, list):
        return [_replaced(item, pattern, by) for item in value]
    if isinstance(value, dict):
        return {key: _replaced(item, pattern, by) for key, item in value.items()}
    return value


def _with_property(widget: Any, name: str, value: str) -> Any:
    properties = widget.get("properties") if isinstance(widget, dict) else None
    if not isinstance(properties, dict):
        return widget
    changed = dict(properties)
    if name in ("region", "stat", "period") and name in changed:
        changed[name] = value
    elif isinstance(listed := changed.get("metrics"), list):
        changed["metrics"] = [_with_dimension(row, name, value) for row in rows.expand_all(listed)]
    return {**widget, "properties": changed}


def _with_dimension(row: Any, name: str, value: str) -> Any:
    if not isinstance(row, list) or rows.is_expression(row):
        return row
    names, options = rows.split(row)
    changed = [
        value if place >= 3 and place % 2 and names[place - 1] == name else one for place, one in enumerate(names)
    ]
    return [*changed, options] if options else changed
