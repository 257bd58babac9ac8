"""Templates: dashboard JSON with `${…}` variables, repeated elements and optional positions.

A template is a dashboard body with two additional members that are not sent: `template`, its head (description, name,
per, parameters, alarms), and `$schema`. In any list, an object with `"repeat": "functions"` is replaced by one element
for each function: its `each`, or the object itself.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.dashboards.body import layout, variables
from monitor.dashboards.body.variables import Value
from monitor.dashboards.model import FunctionFacts, Parameter, TemplateInfo
from monitor.dashboards.model_document import Document
from monitor.dashboards.wrappers import find as wrappers
from monitor.errors import UsageError
from monitor.kernel.encodings import decode_text
from monitor.kernel.pointer import join

HEAD = "template"
OWN_MEMBERS = frozenset({HEAD, "$schema"})
_HEAD_MEMBERS = frozenset({"description", "name", "per", "parameters", "alarms", "tags"})
# The characters of a dashboard name; CloudWatch accepts up to 255.
_NAME_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_MAX_NAME = 255
_DEFAULTS: dict[str, Value] = {"period": 300, "namespace": "LambdaMonitor"}
_FUNCTION_VARIABLES = frozenset({"function", "log_group", "log_source"})


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template. `folder` contains its alarms; None for a text that does not come from a file."""

    info: TemplateInfo
    document: Document
    file: str
    folder: Path | None


@dataclass(frozen=True, slots=True)
class Scope:
    """The functions that a template is built for, and the values that do not depend on a function."""

    functions: tuple[FunctionFacts, ...]
    values: dict[str, Value]
    overrides: dict[str, Value]


def read(path: Path) -> Template:
    """The template or plain dashboard body in a file.

    Raises:
        UsageError: the file cannot be read, is not a JSON object, or has an invalid head or no list of widgets.
    """
    try:
        text = decode_text(path.read_bytes())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}", "give a JSON file in UTF-8") from error
    found = parse(text, file=str(path), name=path.stem, folder=path.parent)
    if not isinstance(found.document.get("widgets", []), list):
        raise UsageError(f"{path}: widgets is not a list", 'write {"widgets": [ … ]}')
    return found


def parse(text: str, *, file: str, name: str, folder: Path | None = None) -> Template:
    """The template in `text`; `name` is used if its head has no name.

    Raises:
        UsageError: as for `read`.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        if wrapped := wrappers.describe_text(text, file):
            raise UsageError(f"{file}: {wrapped[0]}", wrapped[1]) from error
        raise UsageError(f"{file} is not JSON: {error}", "`monitor dashboard validate` shows where") from error
    return from_document(document, file=file, name=name, folder=folder)


def from_document(document: Any, *, file: str, name: str, folder: Path | None = None) -> Template:
    """The template in a parsed document.

    Raises:
        UsageError: it is not an object, or has an invalid head.
    """
    if found := wrappers.misfit(document, file):
        message, hint, _ = found
        raise UsageError(f"{file}: {message}", hint)
    return Template(_info(document, file, name), document, file, folder)


def build(template: Template, scope: Scope) -> Document:
    """The body of the dashboard: elements repeated, variables replaced, and a position for every widget.

    Raises:
        UsageError: a variable has no value, or a `repeat` is not "functions".
    """
    body = {key: value for key, value in template.document.items() if key not in OWN_MEMBERS}
    filled = _expand(body, template, scope, _values(template, scope, _only(scope)), "")
    widgets = filled.get("widgets")
    if isinstance(widgets, list):
        filled["widgets"] = layout.pack(widgets)
    return dict(filled)


def dashboard_name(template: Template, scope: Scope) -> str:
    """The name of the dashboard; characters that CloudWatch does not accept are replaced by `-`."""
    name = str(variables.fill(template.info.dashboard_name, _values(template, scope, _only(scope)), "/template/name"))
    return "".join(char if char in _NAME_CHARACTERS else "-" for char in name)[:_MAX_NAME]


def is_valid_name(name: str) -> bool:
    """Whether CloudWatch accepts `name` as the name of a dashboard."""
    return 0 < len(name) <= _MAX_NAME and set(name) <= _NAME_CHARACTERS


def uses(template: Template, variable: str) -> bool:
    """Whether a template uses `${variable}` outside of its parameters."""
    return any(name == variable for name, _ in variables.names(_without_parameters(template)))


def _without_parameters(template: Template) -> Document:
    return {**template.document, HEAD: [template.info.dashboard_name, *map(list, template.info.tags)]}


def _repeats(value: Any) -> bool:
    if isinstance(value, dict):
        return value.get("repeat") == "functions" or any(map(_repeats, value.values()))
    return isinstance(value, list) and any(map(_repeats, value))


def needs_function(template: Template) -> bool:
    """Whether a template uses the function, or repeats an element for each function."""
    return any(name in _FUNCTION_VARIABLES for name, _ in variables.names(_without_parameters(template))) or _repeats(
        template.document
    )


def known_variables(template: Template) -> set[str]:
    """The variables that have a value in every deploy: the built-in ones and the parameters of the template."""
    facts = FunctionFacts("f", "/aws/lambda/f", namespace="n", service="s", memory_mb=128, timeout_s=3)
    scope = Scope((facts,), {"region": "", "account": "", "dashboard": ""}, {})
    return set(_values(template, scope, facts)) | {parameter.name for parameter in template.info.parameters}


def settable(template: Template) -> set[str]:
    """The variables that --set can change: the known ones, and any other `${…}` in the template."""
    used = {name for name, _ in variables.names(_without_parameters(template))}
    return known_variables(template) | used


def _only(scope: Scope) -> FunctionFacts | None:
    return scope.functions[0] if len(scope.functions) == 1 else None


def _values(template: Template, scope: Scope, function: FunctionFacts | None) -> dict[str, Value]:
    """Values by increasing precedence: defaults of the template, values found in the account, values of --set."""
    values: dict[str, Value] = {
        parameter.name: parameter.default for parameter in template.info.parameters if parameter.default is not None
    }
    for name, default in _DEFAULTS.items():
        values.setdefault(name, default)
    values |= {"template": template.info.name, **scope.values}
    values |= _log_values(scope.functions)
    if function:
        values["service"] = function.name
        values |= _found(function) | _log_values((function,))
    elif namespace := next((one.namespace for one in scope.functions if one.namespace), None):
        values["namespace"] = namespace
    values |= scope.overrides
    values["partition"] = partition(str(values.get("region", "")))
    values["bin"] = _bin(values["period"])
    return values


def _found(function: FunctionFacts) -> dict[str, Value]:
    found = {
        "function": function.name,
        "log_group": function.log_group,
        "namespace": function.namespace,
        "service": function.service,
        "memory_mb": function.memory_mb,
        "timeout_ms": None if function.timeout_s is None else function.timeout_s * 1000,
    }
    return {name: value for name, value in found.items() if value is not None}


def _log_values(functions: tuple[FunctionFacts, ...]) -> dict[str, Value]:
    """SOURCE clauses for the log groups of the functions, and a filter on their streams if a group is shared."""
    groups = list(dict.fromkeys(function.log_group for function in functions))
    filters = ""
    if any(not function.has_own_log_group for function in functions):
        streams = (
            # /aws/lambda/NAME has one function; streams of a shared group are YYYY/MM/DD/function[version][id].
            f"@log like '{function.log_group}'"
            if function.has_own_log_group
            else f"@logStream like '/{function.name}['"
            for function in functions
        )
        filters = f"| filter {' or '.join(streams)}\n"
    return {"log_source": " | ".join(f"SOURCE '{group}'" for group in groups), "log_filter": filters}


def partition(region: str) -> str:
    """The partition of a region, the second field of its ARNs."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _bin(period: Value) -> str:
    """A period in seconds in the notation of Logs Insights: 300 is 5m."""
    if not isinstance(period, int) or isinstance(period, bool):
        return str(period)
    for seconds, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if period % seconds == 0 and period:
            return f"{period // seconds}{unit}"
    return f"{period}s"


def _expand(value: Any, template: Template, scope: Scope, values: dict[str, Value], pointer: str) -> Any:
    if isinstance(value, dict):
        return {
            str(variables.fill(key, values, pointer)): _expand(item, template, scope, values, join(pointer, key))
            for key, item in value.items()
        }
    if not isinstance(value, list):
        return variables.fill(value, values, pointer)
    result: list[Any] = []
    for index, item in enumerate(value):
        place = join(pointer, index)
        if not isinstance(item, dict) or "repeat" not in item:
            result.append(_expand(item, template, scope, values, place))
            continue
        if item["repeat"] != "functions":
            raise UsageError(f"{place}/repeat is {item['repeat']!r}", 'the only valid value is "functions"')
        repeated = item.get("each", {key: part for key, part in item.items() if key != "repeat"})
        for number, function in enumerate(scope.functions, 1):
            own = _values(template, scope, function) | {"number": number}
            result.append(_expand(repeated, template, scope, own, place))
    return result


def _info(document: Document, file: str, name: str) -> TemplateInfo:
    head = document.get(HEAD, {})
    if not isinstance(head, dict):
        raise UsageError(f"{file}: template is not an object", 'write "template": {"description": …, "name": …}')
    for key in head:
        if key not in _HEAD_MEMBERS:
            raise UsageError(f"{file}: unknown member template/{key}", f"members: {', '.join(sorted(_HEAD_MEMBERS))}")
    per = head.get("per", "deployment")
    if per not in ("function", "deployment"):
        raise UsageError(f"{file}: template/per is {per!r}", 'write "function" or "deployment"')
    return TemplateInfo(
        name=name,
        description=str(head.get("description", "")),
        dashboard_name=str(head.get("name", variables.escape(name))),
        per_function=per == "function",
        parameters=tuple(_parameters(head.get("parameters", {}), file)),
        alarms=_alarms(head.get("alarms", []), file),
        tags=tuple(_tags(head.get("tags", {}), file)),
    )


def _alarms(names: Any, file: str) -> tuple[str, ...]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UsageError(f"{file}: template/alarms is not a list of strings", 'write ["cold-starts"]')
    return tuple(names)


def _tags(table: Any, file: str) -> Iterator[tuple[str, str]]:
    if not isinstance(table, dict) or not all(isinstance(value, str) for value in table.values()):
        raise UsageError(f"{file}: template/tags is not an object of strings", 'write {"team": "payments"}')
    yield from table.items()


def tags(template: Template, scope: Scope) -> tuple[tuple[str, str], ...]:
    """The tags of the dashboard, with variables replaced."""
    values = _values(template, scope, _only(scope))
    return tuple(
        (str(variables.fill(key, values, "/template/tags")), str(variables.fill(value, values, "/template/tags")))
        for key, value in template.info.tags
    )


def _parameters(table: Any, file: str) -> list[Parameter]:
    if not isinstance(table, dict) or not all(isinstance(entry, dict) for entry in table.values()):
        raise UsageError(
            f"{file}: template/parameters is not an object of objects",
            'write {"name": {"default": …, "description": …}}',
        )
    return [Parameter(name, entry.get("default"), str(entry.get("description", ""))) for name, entry in table.items()]
