"""Dashboards in Terraform's JSON: configuration (`.tf.json`, CDKTF), plans and states (`terraform show -json`)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from monitor.dashboards.wrappers.model import Parts, Placeholder, WrappedDashboard, Wrapper
from monitor.kernel.pointer import join

_TYPE = "aws_cloudwatch_dashboard"
_INTERPOLATION = re.compile(r"\$\$\{|\$\{([^{}]*)\}")
_DEEPEST = 40
UNKNOWN = "its value is known only after apply"
EXPRESSION = "its value is an expression, which only Terraform evaluates"


def find(document: Mapping[str, Any]) -> Wrapper | None:
    """The dashboards of a configuration, plan or state; None if the document is none of them."""
    for member, kind in (("planned_values", "a Terraform plan"), ("values", "a Terraform state")):
        root = _mapping(document.get(member)).get("root_module")
        if isinstance(root, Mapping) and "format_version" in document:
            return Wrapper(kind, tuple(_of_module(root, f"/{member}/root_module", 0)))
    if isinstance(document.get("resources"), list) and "terraform_version" in document:
        return Wrapper("a Terraform state", tuple(_of_state(document["resources"])))
    resource = document.get("resource")
    if isinstance(resource, Mapping | list):
        found = tuple(_of_configuration(resource))
        is_known = found or any(member in document for member in ("provider", "terraform", "variable", "module"))
        return Wrapper("a Terraform configuration", found) if is_known else None
    return None


def _of_module(module: Mapping[str, Any], pointer: str, depth: int) -> Iterator[WrappedDashboard]:
    for index, resource in enumerate(_list(module.get("resources"))):
        if isinstance(resource, Mapping) and resource.get("type") == _TYPE and resource.get("mode") != "data":
            values = _mapping(resource.get("values"))
            address = str(resource.get("address") or resource.get("name") or index)
            yield _known(address, values, f"{pointer}/resources/{index}/values")
    if depth < _DEEPEST:
        for index, child in enumerate(_list(module.get("child_modules"))):
            yield from _of_module(_mapping(child), f"{pointer}/child_modules/{index}", depth + 1)


def _of_state(resources: list[Any]) -> Iterator[WrappedDashboard]:
    for index, resource in enumerate(resources):
        if not isinstance(resource, Mapping) or resource.get("type") != _TYPE:
            continue
        address = ".".join(str(resource[part]) for part in ("module", "type", "name") if resource.get(part))
        for number, instance in enumerate(_list(resource.get("instances"))):
            key = _mapping(instance).get("index_key")
            attributes = _mapping(_mapping(instance).get("attributes"))
            name = address if key is None else f"{address}[{key!r}]"
            yield _known(name, attributes, f"/resources/{index}/instances/{number}/attributes")


def _known(name: str, values: Mapping[str, Any], pointer: str) -> WrappedDashboard:
    """A dashboard of a plan or state, in which every text is literal."""
    body = values.get("dashboard_body")
    dashboard_name = str(values.get("dashboard_name") or "")
    place = join(pointer, "dashboard_body")
    if not isinstance(body, str):
        return WrappedDashboard(name, place, dashboard_name, None, UNKNOWN)
    return WrappedDashboard(name, place, dashboard_name, (body,))


def _of_configuration(resource: Any) -> Iterator[WrappedDashboard]:
    blocks = resource if isinstance(resource, list) else [resource]
    for number, block in enumerate(blocks):
        pointer = f"/resource/{number}" if isinstance(resource, list) else "/resource"
        kinds = _mapping(block).get(_TYPE)
        for index, group in enumerate(kinds if isinstance(kinds, list) else [kinds]):
            place = f"{pointer}/{_TYPE}/{index}" if isinstance(kinds, list) else f"{pointer}/{_TYPE}"
            for name, written in _mapping(group).items():
                if str(name).startswith("//"):
                    continue
                yield _configured(str(name), written, join(place, str(name)))


def _configured(name: str, written: Any, pointer: str) -> WrappedDashboard:
    """A dashboard of a configuration, whose texts may contain `${…}`."""
    if isinstance(written, list) and written:
        written, pointer = written[0], join(pointer, 0)
    attributes = _mapping(written)
    parts = _interpolated(str(attributes.get("dashboard_name") or ""))
    dashboard_name = "" if any(isinstance(one, Placeholder) for one in parts) else "".join(map(str, parts))
    place = join(pointer, "dashboard_body")
    body = attributes.get("dashboard_body")
    if not isinstance(body, str):
        return WrappedDashboard(name, place, dashboard_name, None, "it has no dashboard_body")
    if body.lstrip().startswith("${") and not body.lstrip().startswith("${{"):
        return WrappedDashboard(name, place, dashboard_name, None, EXPRESSION)
    return WrappedDashboard(name, place, dashboard_name, _interpolated(body))


def _interpolated(text: str) -> Parts:
    parts: list[str | Placeholder] = []
    position = 0
    for match in _INTERPOLATION.finditer(text):
        parts.append(text[position : match.start()])
        parts.append("${" if match[1] is None else Placeholder(match[1].strip()))
        position = match.end()
    return (*parts, text[position:])


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
