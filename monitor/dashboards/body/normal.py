"""The normal form of a dashboard body, so that only real differences count.

The console rewrites bodies: key order, shorthand rows, defaults left out or written out, `6.0` for `6`. Two bodies that
look and behave the same have the same normal form and the same digest.
"""

import hashlib
import json
from typing import Any

from monitor.dashboards.body import layout, rows
from monitor.dashboards.model_document import Document
from monitor.kernel.json_fields import list_of

# Default values, which mean the same as leaving the member out (CloudWatch API reference, dashboard body structure).
_DEFAULTS: dict[str, dict[str, Any]] = {
    "metric": {
        "view": "timeSeries",
        "stacked": False,
        "liveData": False,
        "period": 300,
        "stat": "Average",
        "timezone": "+0000",
        "legend": {"position": "bottom"},
    },
    "log": {"view": "table", "stacked": False},
    "text": {"background": "solid"},
}
_ROW_DEFAULTS = {"visible": True, "yAxis": "left"}
_VARIABLE_DEFAULTS = {"visible": True}
_DIGEST_LENGTH = 16


def normal(body: Document) -> Document:
    """The normal form of a body: rows and defaults written out, a position for every widget, in reading order."""
    result = {key: _plain(value) for key, value in body.items() if key not in ("widgets", "variables")}
    result["widgets"] = sorted(map(widget, layout.pack(list_of(body.get("widgets")))), key=_reading_order)
    if variables := list_of(body.get("variables")):
        result["variables"] = [_without(_plain(variable), _VARIABLE_DEFAULTS) for variable in variables]
    return result


def widget(value: Any) -> Any:
    """The normal form of a widget."""
    if not isinstance(value, dict):
        return value
    kind = value.get("type")
    properties = value.get("properties")
    result = _plain(value)
    place = layout.box(value)
    if place:
        result |= {"x": place.x, "y": place.y, "width": place.width, "height": place.height}
    if isinstance(properties, dict):
        result["properties"] = _properties(str(kind), properties)
    return result


def digest(body: Document) -> str:
    """16 hex digits, equal for bodies with the same normal form."""
    text = json.dumps(normal(body), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]


def _properties(kind: str, properties: Document) -> Document:
    result: Document = {**_DEFAULTS.get(kind, {}), **_plain(properties)}
    if kind == "metric" and isinstance(metrics := properties.get("metrics"), list):
        result["metrics"] = [_row(row, result.get("region")) for row in rows.expand_all(metrics)]
    return result


def _row(row: Any, region: Any) -> Any:
    if not isinstance(row, list) or not row or not isinstance(row[-1], dict):
        return _plain(row)
    options = _without(_plain(row[-1]), _ROW_DEFAULTS | ({"region": region} if region else {}))
    names = [_plain(element) for element in row[:-1]]
    return [*names, options] if options or not names else names


def _without(value: Any, defaults: Document) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: item for key, item in value.items() if key not in defaults or defaults[key] != item}


def _plain(value: Any) -> Any:
    """`value` with whole floats as integers: JSON does not distinguish 6.0 from 6, `json.dumps` does."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _reading_order(value: Any) -> tuple[int, int, str]:
    place = layout.box(value) if isinstance(value, dict) else None
    return (place.y, place.x, "") if place else (1 << 30, 0, json.dumps(value, sort_keys=True))
