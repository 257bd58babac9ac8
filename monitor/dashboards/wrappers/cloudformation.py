"""Dashboards in CloudFormation templates, as people, SAM, CDK and Serverless write them.

Intrinsic functions are evaluated as far as the template contains their values; what is known only at deployment
becomes a placeholder. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from monitor.dashboards.wrappers.model import Parts, Placeholder, WrappedDashboard, Wrapper
from monitor.kernel.pointer import join

_TYPE = "AWS::CloudWatch::Dashboard"
_SUBSTITUTION = re.compile(r"\$\{(!?)([^${}]*)\}")
_DEEPEST = 60
_LOOP_PARTS = 3


def find(document: Mapping[str, Any]) -> Wrapper | None:
    """The dashboards of a template; None if the document is not one."""
    # Serverless has a template in `resources`, the answer of `aws cloudformation get-template` in `TemplateBody`.
    places = ("", document), ("/resources", document.get("resources")), ("/TemplateBody", document.get("TemplateBody"))
    for pointer, template in places:
        resources = template.get("Resources") if isinstance(template, Mapping) else None
        if isinstance(resources, Mapping) and _is_template(resources):
            parameters = template.get("Parameters") if isinstance(template, Mapping) else None
            is_cdk = "CDKMetadata" in resources or any(
                isinstance(one, Mapping) and "aws:cdk:path" in _mapping(one.get("Metadata"))
                for one in resources.values()
            )
            kind = "a CDK template (CloudFormation)" if is_cdk else "a CloudFormation template"
            return Wrapper(kind, tuple(_dashboards(resources, f"{pointer}/Resources")), _defaults(parameters))
    return None


def _is_template(resources: Mapping[str, Any]) -> bool:
    return any(
        str(name).startswith("Fn::ForEach::") or (isinstance(one, Mapping) and isinstance(one.get("Type"), str))
        for name, one in resources.items()
    )


def _dashboards(resources: Mapping[str, Any], pointer: str) -> Iterator[WrappedDashboard]:
    for name, resource in resources.items():
        # AWS::LanguageExtensions: `Fn::ForEach::Name: [variable, values, {logical id: resource}]`.
        if str(name).startswith("Fn::ForEach::") and isinstance(resource, list) and len(resource) == _LOOP_PARTS:
            yield from _dashboards(_mapping(resource[-1]), join(join(pointer, str(name)), _LOOP_PARTS - 1))
            continue
        if not isinstance(resource, Mapping) or resource.get("Type") != _TYPE:
            continue
        properties = _mapping(resource.get("Properties"))
        place = join(join(pointer, str(name)), "Properties")
        dashboard_name = text_of(properties.get("DashboardName"))
        body = properties.get("DashboardBody")
        known = "" if any(isinstance(one, Placeholder) for one in dashboard_name) else "".join(map(str, dashboard_name))
        if body is None:
            yield WrappedDashboard(str(name), place, known, None, "it has no DashboardBody")
            continue
        place = join(place, "DashboardBody")
        converted = body.get("Fn::ToJsonString") if isinstance(body, Mapping) else None
        if isinstance(converted, Mapping):
            yield WrappedDashboard(str(name), place, known, _resolved(converted, 0))
        else:
            yield WrappedDashboard(str(name), place, known, text_of(body))


def _defaults(parameters: Any) -> dict[str, str | int | float | bool]:
    found: dict[str, str | int | float | bool] = {}
    for name, parameter in _mapping(parameters).items():
        default = _mapping(parameter).get("Default")
        if isinstance(default, str | int | float | bool):
            is_number = _mapping(parameter).get("Type") == "Number" and isinstance(default, str)
            found[str(name)] = _number(default) if is_number else default
    return found


def _number(text: Any) -> str | int | float | bool:
    for convert in (int, float):
        try:
            return convert(text)
        except ValueError:
            continue
    return str(text)


def text_of(value: Any, depth: int = 0) -> Parts:
    """The text of a value, with its intrinsic functions evaluated."""
    if depth > _DEEPEST:
        return (Placeholder("…"),)
    match value:
        case None:
            return ()
        case str():
            return (value,)
        case bool():
            return ("true" if value else "false",)
        case int() | float():
            return (str(value),)
        case {"Fn::Sub": [str() as text, Mapping() as names]}:
            return _substituted(text, names, depth)
        case {"Fn::Sub": str() as text}:
            return _substituted(text, {}, depth)
        case {"Fn::Join": [str() as delimiter, list() as items]}:
            return _joined(delimiter, items, depth)
        case {"Ref": str() as name}:
            return (Placeholder(name),)
        case {"Fn::GetAtt": [*names]}:
            return (Placeholder(".".join(map(str, names))),)
        case {"Fn::GetAtt": str() as name}:
            return (Placeholder(name),)
        case {"Fn::If": [_, first, _]}:
            return text_of(first, depth + 1)
        case {"Fn::Select": [index, items]}:
            return _selected(index, items, depth)
        case Mapping() if len(value) == 1:
            return (Placeholder(str(next(iter(value))).removeprefix("Fn::")),)
    return (Placeholder("…"),)


def _substituted(text: str, names: Mapping[str, Any], depth: int) -> Parts:
    parts: list[str | Placeholder] = []
    position = 0
    for match in _SUBSTITUTION.finditer(text):
        parts.append(text[position : match.start()])
        position = match.end()
        name = match[2].strip()
        if match[1]:
            parts.append(f"${{{match[2]}}}")
        elif name in names:
            parts += text_of(names[name], depth + 1)
        else:
            parts.append(Placeholder(name))
    return (*parts, text[position:])


def _joined(delimiter: str, items: list[Any], depth: int) -> Parts:
    parts: list[str | Placeholder] = []
    for index, item in enumerate(items):
        parts += [delimiter] if index and delimiter else []
        parts += text_of(item, depth + 1)
    return tuple(parts)


def _selected(index: Any, items: Any, depth: int) -> Parts:
    """`Fn::Select`, of a list or of a text that `Fn::Split` divides."""
    match items:
        case {"Fn::Split": [str() as delimiter, source]} if delimiter:
            text = text_of(source, depth + 1)
            if all(isinstance(part, str) for part in text):
                items = "".join(map(str, text)).split(delimiter)
    number = int(index) if str(index).isdigit() else -1
    if isinstance(items, list) and 0 <= number < len(items):
        return text_of(items[number], depth + 1)
    return (Placeholder("Select"),)


def _resolved(value: Any, depth: int) -> Any:
    """A value with nested intrinsic functions as texts with `${…}` (for `Fn::ToJsonString`)."""
    if depth > _DEEPEST:
        return None
    if isinstance(value, list):
        return [_resolved(item, depth + 1) for item in value]
    if not isinstance(value, Mapping):
        return value
    if len(value) == 1 and (next(iter(value)) == "Ref" or str(next(iter(value))).startswith("Fn::")):
        parts = text_of(value)
        return "".join(part if isinstance(part, str) else f"${{{part.name}}}" for part in parts)
    return {str(key): _resolved(item, depth + 1) for key, item in value.items()}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
