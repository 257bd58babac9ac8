"""An export as a template of CloudFormation or SAM, in YAML."""

from collections.abc import Iterator
from typing import Any

from monitor.dashboards.export.model import (
    GIVEN,
    Export,
    ExportItem,
    ExportParameter,
    parts,
    pascal,
    quoted,
    readable_json,
)
from monitor.dashboards.model_document import Document

_PSEUDO = {"region": "AWS::Region", "account": "AWS::AccountId", "partition": "AWS::Partition"}


def render_cloudformation(export: Export, *, sam: bool) -> str:
    """The template. Bodies are text of JSON in Fn::Sub, so that they can be read and changed."""
    lines = ['AWSTemplateFormatVersion: "2010-09-09"']
    lines += ["Transform: AWS::Serverless-2016-10-31"] if sam else []
    lines += [f"Description: {quoted(f'Dashboards and alarms: {export.title}')}", ""]
    if export.parameters:
        lines += ["Parameters:", *(line for one in export.parameters for line in _parameter(one)), ""]
    optional = [one for one in export.parameters if _is_optional(one)]
    if optional:
        lines.append("Conditions:")
        lines += [f'  Has{pascal(one.name)}: !Not [!Equals [!Ref {pascal(one.name)}, ""]]' for one in optional]
        lines.append("")
    lines.append("Resources:")
    for item in export.items:
        lines += _alarm(item, export) if item.is_alarm else _dashboard(item, export)
    return "\n".join(lines)


def resource_properties(document: Document, export: Export) -> dict[str, Any]:
    """The properties of an alarm, with intrinsic functions in their long forms."""
    optional = {one.name for one in export.parameters if _is_optional(one)}
    return {key: _value(item, export, optional) for key, item in document.items()}


def _parameter(one: ExportParameter) -> Iterator[str]:
    yield f"  {pascal(one.name)}:"
    yield f"    Type: {'Number' if one.is_number else 'String'}"
    if one.default is not None:
        yield f"    Default: {one.default if one.is_number else quoted(str(one.default))}"
    yield f"    Description: {quoted(one.description)}"


def _is_optional(one: ExportParameter) -> bool:
    return one.default == ""


def _dashboard(item: ExportItem, export: Export) -> Iterator[str]:
    yield f"  {item.id}:"
    yield "    Type: AWS::CloudWatch::Dashboard"
    yield "    Properties:"
    yield f"      DashboardName: {_scalar(item.name, export)}"
    yield "      DashboardBody: !Sub |"
    text = readable_json(item.document)
    numbers = {one.name for one in export.parameters if one.is_number}
    for line in text.split("\n"):
        yield f"        {_body_line(line, export, numbers)}"


def _body_line(line: str, export: Export, numbers: set[str]) -> str:
    """A line of the body: a number that is a parameter stands without quotes."""
    return "".join(_pieces(line, export, numbers))


def _pieces(line: str, export: Export, numbers: set[str]) -> Iterator[str]:
    found = list(parts(line))
    for index, (is_parameter, text) in enumerate(found):
        if not is_parameter:
            before = index > 0 and _is_bare(found, index - 1, numbers)
            after = index + 1 < len(found) and _is_bare(found, index + 1, numbers)
            text = text[1:] if before else text
            text = text[:-1] if after else text
            yield text.replace("${", "${!")
        else:
            yield f"${{{_reference(text, export)}}}"


def _is_bare(found: list[tuple[bool, str]], index: int, numbers: set[str]) -> bool:
    """Whether a parameter is a number that is a whole value: `"…"` around it, and nothing else."""
    if found[index][1] not in numbers or not found[index][0] or not 0 < index < len(found) - 1:
        return False
    before, after = found[index - 1], found[index + 1]
    is_value = before[1].endswith(': "') or before[1].strip() == '"'
    return not before[0] and not after[0] and is_value and after[1].startswith('"')


def _reference(name: str, export: Export) -> str:
    if name in GIVEN:
        return _PSEUDO[name]
    return export.reference if export.reference and name == "function_name" else pascal(name)


def _alarm(item: ExportItem, export: Export) -> Iterator[str]:
    yield f"  {item.id}:"
    yield "    Type: AWS::CloudWatch::Alarm"
    yield "    Properties:"
    for key, value in resource_properties(item.document, export).items():
        yield from _member(key, value, 6)


def _member(key: str, value: Any, column: int) -> Iterator[str]:
    pad = " " * column
    if isinstance(value, list) and value:
        yield f"{pad}{key}:"
        for one in value:
            first, *rest = _block(one, column + 4)
            yield f"{pad}  - {first.lstrip()}"
            yield from rest
    elif isinstance(value, dict) and value and not _is_function(value):
        yield f"{pad}{key}:"
        yield from _block(value, column + 2)
    else:
        yield f"{pad}{key}: {_flow(value)}"


def _block(value: Any, column: int) -> list[str]:
    if isinstance(value, dict) and value and not _is_function(value):
        return [line for key, item in value.items() for line in _member(key, item, column)]
    return [f"{' ' * column}{_flow(value)}"]


def _flow(value: Any) -> str:
    match value:
        case {"Ref": str() as name}:
            return f"!Ref {name}"
        case {"Fn::Sub": str() as text}:
            return f"!Sub {quoted(text)}"
        case {"Fn::If": [str() as name, first, second]}:
            return f"!If [{name}, {_flow(first)}, {_flow(second)}]"
        case list():
            return f"[{', '.join(map(_flow, value))}]"
        case str():
            return quoted(value)
    return quoted(value)


def _is_function(value: dict[str, Any]) -> bool:
    return len(value) == 1 and (next(iter(value)) == "Ref" or next(iter(value)).startswith("Fn::"))


def _value(value: Any, export: Export, optional: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _value(item, export, optional) for key, item in value.items()}
    if isinstance(value, list):
        whole = [next(parts(one)) for one in value if isinstance(one, str)]
        if len(value) == 1 and whole and whole[0][0] and whole[0][1] in optional:
            name = pascal(whole[0][1])
            return {"Fn::If": [f"Has{name}", [{"Ref": name}], {"Ref": "AWS::NoValue"}]}
        return [_value(item, export, optional) for item in value]
    return _text(value, export) if isinstance(value, str) else value


def _text(text: str, export: Export) -> Any:
    found = list(parts(text))
    if len(found) == 1:
        return {"Ref": _reference(found[0][1], export)} if found[0][0] else text
    pieces = (f"${{{_reference(one, export)}}}" if is_it else one.replace("${", "${!") for is_it, one in found)
    return {"Fn::Sub": "".join(pieces)}


def _scalar(text: str, export: Export) -> str:
    return _flow(_text(text, export))
