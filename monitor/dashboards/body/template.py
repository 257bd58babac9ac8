"""Templates: dashboard JSON with `${…}` variables, repeated parts, and places left out.

A template is a dashboard body with two members more, neither of which is sent: `template`, its head
(description, name, per, parameters, alarms), and `$schema`. In any list, an object with
`"repeat": "functions"` stands for one element a function: its `each`, or else the object itself.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.dashboards.body import layout, variables
from monitor.dashboards.body.pointer import join
from monitor.dashboards.body.variables import Value
from monitor.dashboards.model import FunctionFacts, Parameter, TemplateInfo
from monitor.errors import UsageError
from monitor.kernel.dashboard import Document

HEAD = "template"
OWN_MEMBERS = frozenset({HEAD, "$schema"})
_HEAD_MEMBERS = frozenset({"description", "name", "per", "parameters", "alarms"})
# What a name or pattern may be made of: CloudWatch takes 255 of these in a dashboard's name.
_NAME_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_MAX_NAME = 255
_DEFAULTS: dict[str, Value] = {"period": 300, "namespace": "LambdaMonitor"}
_FUNCTION_VARIABLES = frozenset({"function", "log_group", "log_source"})


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was read. `folder` is where the alarms beside it lie; None for a text without a file."""

    info: TemplateInfo
    document: Document
    file: str
    folder: Path | None


@dataclass(frozen=True, slots=True)
class Scope:
    """What a template is built for: the functions, and the values that do not depend on one."""

    functions: tuple[FunctionFacts, ...]
    values: dict[str, Value]
    overrides: dict[str, Value]


def read(path: Path) -> Template:
    """The template, or the plain dashboard body, in a file.

    Raises:
        UsageError: the file cannot be read, is no JSON object, or has a head that monitor does not know.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "give a JSON file, in UTF-8") from error
    return parse(text, file=str(path), name=path.stem, folder=path.parent)


def parse(text: str, *, file: str, name: str, folder: Path | None = None) -> Template:
    """The template in `text`; `name` is used where its head has none.

    Raises:
        UsageError: as for `read`.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} is not JSON: {error}", "`monitor dashboard validate` shows where") from error
    return from_document(document, file=file, name=name, folder=folder)


def from_document(document: Any, *, file: str, name: str, folder: Path | None = None) -> Template:
    """The template in a parsed document.

    Raises:
        UsageError: it is no object, or has a head that monitor does not know.
    """
    if not isinstance(document, dict):
        raise UsageError(f"{file} holds no JSON object", 'a dashboard is {"widgets": […]}')
    return Template(_info(document, file, name), document, file, folder)


def build(template: Template, scope: Scope) -> Document:
    """The dashboard's body: repeated parts written out, variables filled, every widget with a place.

    Raises:
        UsageError: a variable has no value, or a `repeat` is not of functions.
    """
    body = {key: value for key, value in template.document.items() if key not in OWN_MEMBERS}
    filled = _expand(body, template, scope, _values(template, scope, _only(scope)), "")
    widgets = filled.get("widgets")
    if isinstance(widgets, list):
        filled["widgets"] = layout.pack(widgets)
    return dict(filled)


def dashboard_name(template: Template, scope: Scope) -> str:
    """The name that a template gives its dashboard, with what CloudWatch does not take replaced by `-`."""
    name = str(variables.fill(template.info.dashboard_name, _values(template, scope, _only(scope)), "/template/name"))
    return "".join(char if char in _NAME_CHARACTERS else "-" for char in name)[:_MAX_NAME]


def is_valid_name(name: str) -> bool:
    """Whether CloudWatch takes `name` for a dashboard."""
    return 0 < len(name) <= _MAX_NAME and set(name) <= _NAME_CHARACTERS


def uses(template: Template, variable: str) -> bool:
    """Whether a template has `${variable}` anywhere outside its head's parameters."""
    return any(name == variable for name, _ in variables.names(_without_parameters(template)))


def _without_parameters(template: Template) -> Document:
    return {**template.document, HEAD: template.info.dashboard_name}


def _repeats(value: Any) -> bool:
    if isinstance(value, dict):
        return value.get("repeat") == "functions" or any(map(_repeats, value.values()))
    return isinstance(value, list) and any(map(_repeats, value))


def needs_function(template: Template) -> bool:
    """Whether a template names the function, or repeats something for each."""
    return any(name in _FUNCTION_VARIABLES for name, _ in variables.names(_without_parameters(template))) or _repeats(
        template.document
    )


def known_variables(template: Template) -> set[str]:
    """The names that have a value in every deploy: the built-in ones and the template's parameters."""
    facts = FunctionFacts("f", "/aws/lambda/f", namespace="n", service="s", memory_mb=128, timeout_s=3)
    scope = Scope((facts,), {"region": "", "account": "", "dashboard": ""}, {})
    return set(_values(template, scope, facts)) | {parameter.name for parameter in template.info.parameters}


def settable(template: Template) -> set[str]:
    """The names that --set changes something by: those known, and any other that the template writes as `${…}`."""
    used = {name for name, _ in variables.names({**template.document, HEAD: template.info.dashboard_name})}
    return known_variables(template) | used


def _only(scope: Scope) -> FunctionFacts | None:
    return scope.functions[0] if len(scope.functions) == 1 else None


def _values(template: Template, scope: Scope, function: FunctionFacts | None) -> dict[str, Value]:
    """Later ones win: what the template defaults to, what was found, what was given by --set."""
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
    values["partition"] = _partition(str(values.get("region", "")))
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
    """How a Logs Insights query names the functions' groups, and, where a group is shared, their streams."""
    groups = list(dict.fromkeys(function.log_group for function in functions))
    filters = ""
    if any(not function.has_own_log_group for function in functions):
        streams = (
            # Lambda's own group holds nothing else; in a shared one streams are YYYY/MM/DD/function[version][id].
            f"@log like '{function.log_group}'"
            if function.has_own_log_group
            else f"@logStream like '/{function.name}['"
            for function in functions
        )
        filters = f"| filter {' or '.join(streams)}\n"
    return {"log_source": " | ".join(f"SOURCE '{group}'" for group in groups), "log_filter": filters}


def _partition(region: str) -> str:
    """The second part of every ARN in a region."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def _bin(period: Value) -> str:
    """A period in seconds as Logs Insights writes it: 300 is 5m."""
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
            raise UsageError(f"{place}/repeat is {item['repeat']!r}", 'only "functions" can be repeated')
        repeated = item.get("each", {key: part for key, part in item.items() if key != "repeat"})
        for number, function in enumerate(scope.functions, 1):
            own = _values(template, scope, function) | {"number": number}
            result.append(_expand(repeated, template, scope, own, place))
    return result


def _info(document: Document, file: str, name: str) -> TemplateInfo:
    head = document.get(HEAD, {})
    if not isinstance(head, dict):
        raise UsageError(f"{file}: template is no object", 'write "template": {"description": …, "name": …}')
    for key in head:
        if key not in _HEAD_MEMBERS:
            raise UsageError(f"{file}: template has no member {key!r}", f"known are {', '.join(sorted(_HEAD_MEMBERS))}")
    per = head.get("per", "deployment")
    if per not in ("function", "deployment"):
        raise UsageError(f"{file}: template/per is {per!r}", 'write "function" or "deployment"')
    return TemplateInfo(
        name=name,
        description=str(head.get("description", "")),
        dashboard_name=str(head.get("name", variables.keep(name))),
        per_function=per == "function",
        parameters=tuple(_parameters(head.get("parameters", {}), file)),
        alarms=tuple(str(alarm) for alarm in head.get("alarms", ())),
    )


def _parameters(table: Any, file: str) -> list[Parameter]:
    if not isinstance(table, dict) or not all(isinstance(entry, dict) for entry in table.values()):
        raise UsageError(f"{file}: template/parameters is no table", 'write {"name": {"default": …, "description": …}}')
    return [Parameter(name, entry.get("default"), str(entry.get("description", ""))) for name, entry in table.items()]
