"""Build a template's dashboards and alarms with its variables as parameters."""

from collections.abc import Iterator, Sequence
from typing import Any

from monitor.dashboards.body import alarms, template, variables
from monitor.dashboards.body.template import Scope, Template
from monitor.dashboards.body.variables import Value
from monitor.dashboards.export.model import GIVEN, Export, ExportItem, ExportParameter, names, pascal, token
from monitor.dashboards.model import FunctionFacts
from monitor.errors import UsageError

FUNCTION = "function_name"
# Their values are worked out from others, or checked as numbers, when a dashboard is built.
_FIXED = frozenset({"period", "bin", "template", "log_group", "log_source", "log_filter", "number", "dashboard"})
_DESCRIPTIONS = {
    FUNCTION: "Name of the function",
    "namespace": "Namespace of ColdStart and ObservedInitDuration",
    "service": "Value of their dimension service, which is the function's name where nothing else was set",
    "timeout_ms": "Timeout of the function in milliseconds",
    "memory_mb": "Memory of the function in MB",
}


def export(
    sources: Sequence[Template],
    alarm_sources: Sequence[Template],
    functions: Sequence[str],
    overrides: dict[str, Value],
    reference: str = "",
) -> Export:
    """The dashboards of `sources` and the alarms of `alarm_sources`.

    `functions` are defaults of the parameters for function names. `overrides` are values that stay fixed. `reference`
    names the function in place of a parameter.

    Raises:
        UsageError: a template cannot be built.
    """
    targets = [FUNCTION] if len(functions) < 2 else [f"{FUNCTION}_{number}" for number in range(1, len(functions) + 1)]
    if reference and len(targets) > 1:
        raise UsageError("--reference names one function", "give --function once, or leave --reference out")
    items: list[ExportItem] = []
    notes: list[str] = []
    for source, is_alarm in (*((one, False) for one in sources), *((one, True) for one in alarm_sources)):
        for number, scope in enumerate(_scopes(source, targets, overrides), 1):
            item = _item(source, scope, is_alarm=is_alarm, number=number if len(targets) > 1 else 0)
            if is_alarm and alarms.is_log(item.document):
                notes.append(f"the alarm {source.info.name} watches a log query, which has no resource: it is left out")
            else:
                items.append(item)
    used = dict.fromkeys(name for item in items for name in (*names(item.name), *names(item.document)))
    defaults = dict(zip(targets, functions, strict=False))
    declared = {one.name: one for source in (*sources, *alarm_sources) for one in source.info.parameters}
    parameters = tuple(
        _parameter(name, declared, defaults)
        for name in used
        if name not in GIVEN and not (reference and name == FUNCTION)
    )
    title = sources[0].info.name if sources else "alarms"
    return Export(title, tuple(items), parameters, reference, tuple(dict.fromkeys(notes)))


def _scopes(source: Template, targets: Sequence[str], overrides: dict[str, Value]) -> Iterator[Scope]:
    kept = {one.name for one in source.info.parameters} | {"namespace", "service", "timeout_ms", "memory_mb"}
    fixed: dict[str, Value] = {name: token(name) for name in GIVEN}
    tokens: dict[str, Value] = {name: token(name) for name in kept - _FIXED}
    facts = [FunctionFacts(token(name), f"/aws/lambda/{token(name)}") for name in targets]
    for group in [(one,) for one in facts] if source.info.per_function else [tuple(facts)]:
        yield Scope(group, fixed, {**tokens, **overrides})


def _item(source: Template, scope: Scope, *, is_alarm: bool, number: int) -> ExportItem:
    end = str(number) if number and source.info.per_function else ""
    identifier = f"{pascal(source.info.name)}{'Alarm' if is_alarm else 'Dashboard'}{end}"
    if is_alarm:
        document = alarms.build(source, scope)
        return ExportItem(identifier, str(document["AlarmName"]), document, is_alarm=True)
    known: dict[str, Any] = {**scope.values, **scope.overrides, "template": source.info.name}
    if len(scope.functions) == 1:
        known["function"] = scope.functions[0].name
    name = str(variables.fill(source.info.dashboard_name, known, "/template/name"))
    built = template.build(source, Scope(scope.functions, {**scope.values, "dashboard": name}, scope.overrides))
    return ExportItem(identifier, name, built)


def _parameter(name: str, declared: dict[str, Any], defaults: dict[str, str]) -> ExportParameter:
    base = FUNCTION if name.startswith(FUNCTION) else name
    found = declared.get(name)
    default = defaults.get(name, found.default if found is not None else None)
    if name == "namespace" and default is None:
        default = "LambdaMonitor"
    description = found.description if found is not None and found.description else _DESCRIPTIONS.get(base, name)
    return ExportParameter(name, default, description)
