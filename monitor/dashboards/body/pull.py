"""Turn a dashboard of the account into a template that builds the same body."""

import re
from typing import Any

from monitor.dashboards.body import marker, normal, rows, template, variables
from monitor.dashboards.body.template import Scope
from monitor.dashboards.model import FunctionFacts
from monitor.dashboards.model_document import Document
from monitor.errors import UsageError
from monitor.kernel.json_fields import list_of

_FUNCTION_DIMENSIONS = frozenset({"FunctionName", "function_name"})
_LOG_GROUP = re.compile(r"/aws/lambda/([A-Za-z0-9_-]+)")
_REGION = re.compile(r"[a-z]{2,3}(?:-[a-z]+)+-\d{1,2}")
_WORD = "A-Za-z0-9_-"


def functions(body: Document) -> tuple[str, ...]:
    """The functions that a body shows, found in its dimensions and log groups."""
    found: dict[str, None] = {}
    for widget in list_of(body.get("widgets")):
        properties = widget.get("properties", {}) if isinstance(widget, dict) else {}
        if not isinstance(properties, dict):
            continue
        for row in rows.expand_all(list_of(properties.get("metrics"))):
            names = rows.split(row)[0] if isinstance(row, list) else []
            pairs = zip(names[2::2], names[3::2], strict=False)
            found |= dict.fromkeys(value for name, value in pairs if name in _FUNCTION_DIMENSIONS)
        if isinstance(query := properties.get("query"), str):
            found |= dict.fromkeys(_LOG_GROUP.findall(query))
    return tuple(found)


def to_template(
    name: str, body: Document, *, function: str | None, region: str, account: str | None
) -> Document | None:
    """A template that builds `body` again, or None if no template does.

    `function`, `region` and `account` are replaced by variables where they occur as whole words. A variable that would
    not build the same body is left out.
    """
    bare = marker.unmarked(body)
    regions = {
        widget["properties"]["region"]
        for widget in list_of(bare.get("widgets"))
        if isinstance(widget, dict)
        and isinstance(widget.get("properties"), dict)
        and _REGION.fullmatch(str(widget["properties"].get("region")))
    }
    wanted: dict[str, str] = {}
    if function:
        wanted["function"] = function
    if regions == {region}:
        wanted["region"] = region
    if account:
        wanted["account"] = account
    kept = _escaped(bare)
    result = _headed(name, kept, {})
    chosen: dict[str, str] = {}
    if not _builds(result, bare, chosen):
        return None
    for variable, value in wanted.items():
        attempt = {**chosen, variable: value}
        candidate = _headed(name, _replaced(kept, attempt), attempt)
        if candidate.get("widgets") != result.get("widgets") and _builds(candidate, bare, attempt):
            result, chosen = candidate, attempt
    return result


def _headed(name: str, body: Document, chosen: dict[str, str]) -> Document:
    head: Document = {"description": f"Pulled from the dashboard {name}.", "name": name}
    if "function" in chosen:
        head = {**head, "name": name.replace(chosen["function"], "${function}"), "per": "function"}
    return {template.HEAD: head, **body}


def _builds(candidate: Document, body: Document, chosen: dict[str, str]) -> bool:
    scope = Scope(
        (FunctionFacts(chosen["function"], f"/aws/lambda/{chosen['function']}"),) if "function" in chosen else (),
        {name: value for name, value in chosen.items() if name != "function"},
        {},
    )
    try:
        source = template.from_document(candidate, file="the pulled template", name="pulled")
        return normal.digest(template.build(source, scope)) == normal.digest(body)
    except UsageError:
        return False


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return variables.escape(value)
    if isinstance(value, dict):
        return {variables.escape(key): _escaped(item) for key, item in value.items()}
    return [_escaped(item) for item in value] if isinstance(value, list) else value


def _replaced(value: Any, chosen: dict[str, str]) -> Any:
    if isinstance(value, str):
        return _replace(value, chosen)
    if isinstance(value, dict):
        return {key: _replaced(item, chosen) for key, item in value.items()}
    return [_replaced(item, chosen) for item in value] if isinstance(value, list) else value


def _replace(text: str, chosen: dict[str, str]) -> str:
    for variable, value in chosen.items():
        text = re.sub(rf"(?<![{_WORD}])(?<!\$\{{){re.escape(value)}(?![{_WORD}])", f"${{{variable}}}", text)
    return text
