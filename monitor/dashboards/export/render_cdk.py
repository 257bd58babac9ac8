"""An export as a construct of the CDK, in Python."""

import re
from collections.abc import Iterator
from typing import Any

from monitor.dashboards.export.model import GIVEN, Export, ExportItem, names, parts, pascal, quoted, snake


def render_cdk(export: Export) -> str:
    """A construct whose keyword arguments are the parameters."""
    used = {name for item in export.items for name in (*names(item.name), *names(item.document))}
    required = [one for one in export.parameters if one.default is None]
    optional = [one for one in export.parameters if one.default is not None]
    arguments = [f"{snake(one.name)}: {'float' if one.is_number else 'str'}" for one in required]
    arguments += [f"{snake(one.name)}: {type(one.default).__name__} = {_literal(one.default, 0)}" for one in optional]
    if export.reference:
        arguments.insert(0, "function: lambda_.IFunction")
    head = [
        '"""Dashboards and alarms, written by `monitor dashboard export`."""',
        "",
        f"from aws_cdk import CfnResource, Stack{', aws_lambda as lambda_' if export.reference else ''}",
        "from constructs import Construct",
        "",
        "",
        f"class {pascal(export.title)}(Construct):",
        *_signature(arguments),
        "        super().__init__(scope, id)",
        "        stack = Stack.of(self)",
    ]
    head += [f"        {name} = stack.{name}" for name in GIVEN if name in used]
    head += ["        function_name = function.function_name"] if export.reference else []
    return "\n".join([*head, *(line for item in export.items for line in _item(item, export))])


def _signature(arguments: list[str]) -> Iterator[str]:
    if not arguments:
        yield "    def __init__(self, scope: Construct, id: str) -> None:"
        return
    yield "    def __init__("
    yield "        self,"
    yield "        scope: Construct,"
    yield "        id: str,"
    yield "        *,"
    yield from (f"        {one}," for one in arguments)
    yield "    ) -> None:"


def _item(item: ExportItem, export: Export) -> Iterator[str]:
    kind = "Alarm" if item.is_alarm else "Dashboard"
    yield "        CfnResource("
    yield "            self,"
    yield f'            "{item.id}",'
    yield f'            type="AWS::CloudWatch::{kind}",'
    if item.is_alarm:
        yield f"            properties={_literal(_without_empty(item.document, export), 12)},"
    else:
        yield "            properties={"
        yield f'                "DashboardName": {_literal(item.name, 16)},'
        yield f'                "DashboardBody": stack.to_json_string({_literal(item.document, 16)}),'
        yield "            },"
    yield "        )"


class _Code(str):
    """An expression."""

    __slots__ = ()


def _without_empty(document: dict[str, Any], export: Export) -> dict[str, Any]:
    """An alarm whose actions are left out where the parameter is empty."""
    optional = {one.name for one in export.parameters if one.default == ""}
    found = dict(document)
    for key, value in document.items():
        if key.endswith("Actions") and isinstance(value, list):
            listed = [_argument(one) or _literal(one, 0) for one in value]
            names_ = [name for one in value for name in names(one) if name in optional]
            code = f"[{', '.join(listed)}]"
            found[key] = _Code(f"{code} if {snake(names_[0])} else []") if names_ else value
    return found


def _argument(text: str) -> str:
    found = list(parts(text))
    return snake(found[0][1]) if len(found) == 1 and found[0][0] else ""


def _literal(value: Any, column: int) -> str:
    pad = " " * column
    match value:
        case _Code():
            return str(value)
        case str():
            return _argument(value) or _string(value)
        case dict() if value:
            inner = [f"{pad}    {_literal(key, column)}: {_literal(item, column + 4)}," for key, item in value.items()]
            return "\n".join(["{", *inner, f"{pad}}}"])
        case list() if value:
            inner = [f"{pad}    {_literal(item, column + 4)}," for item in value]
            return "\n".join(["[", *inner, f"{pad}]"])
    return repr(value)


def _string(text: str) -> str:
    found = list(parts(text))
    if not any(is_parameter for is_parameter, _ in found):
        return quoted(text)
    pieces = [
        f"{{{snake(one)}}}" if is_parameter else re.sub(r"([{}])", r"\1\1", quoted(one)[1:-1])
        for is_parameter, one in found
    ]
    return f'f"{"".join(pieces)}"'
