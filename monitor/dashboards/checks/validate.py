"""Validate a dashboard before it is sent: its JSON, the schema, and rules that a schema cannot express."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from monitor.dashboards.body import alarms, layout, template, variables
from monitor.dashboards.body.layout import Box
from monitor.dashboards.body.template import Scope, Template
from monitor.dashboards.checks import charts, logs, schema
from monitor.dashboards.checks import metrics as check_metrics
from monitor.dashboards.checks import variables as check_variables
from monitor.dashboards.checks.located import Located, has_duplicates, line_and_column
from monitor.dashboards.model import FunctionFacts, Problem, Severity
from monitor.dashboards.model_document import Document
from monitor.dashboards.wrappers import find as wrappers
from monitor.errors import UsageError
from monitor.kernel.json_fields import list_of
from monitor.kernel.pointer import join

KINDS = ("metric", "text", "log", "alarm", "explorer", "custom", "chart")
# The console writes these types; the API reference does not describe them.
UNDOCUMENTED_KINDS = frozenset({"serviceMap", "serviceTable", "trace", "insightRule", "metricExplorer"})
_SAMPLE = FunctionFacts("sample-function", "/aws/lambda/sample-function", True, None, None, 512, 30)
SAMPLE_VALUES: dict[str, variables.Value] = {
    "region": "eu-west-1", "account": "123456789012", "dashboard": "sample-dashboard",
}  # fmt: skip
_REGION = re.compile(r"[a-z]{2,3}(-[a-z]+)+-\d{1,2}|\$\{.*")
_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1}


def check_text(
    text: str, *, file: str, name: str, overrides: dict[str, variables.Value] | None = None
) -> list[Problem]:
    """The problems in a template or plain body, each with its line.

    A template is checked as built for one function. Placeholders without a value are kept.
    """
    document, problem = _parse(text)
    if problem:
        if wrapped := wrappers.describe_text(text, file):
            problem = replace(problem, rule="wrapper", message=wrapped[0], instead=wrapped[1], line=1, column=1)
        return [replace(problem, file=file)]
    if misfit := wrappers.misfit(document, file):
        message, instead, pointer = misfit
        return _placed([Problem(Severity.ERROR, "wrapper", pointer, message, instead)], text, file)
    found = _template(text, file, name, overrides or {})
    if has_duplicates(text):
        found += [
            Problem(
                Severity.WARNING,
                "written-twice",
                one,
                "the member is written twice; only the last one counts",
                "remove one",
            )
            for one in Located(text).duplicates
        ]
    return _placed(found, text, file)


def check_file(
    text: str, *, file: str, name: str, overrides: dict[str, variables.Value] | None = None
) -> list[Problem]:
    """The problems in a file: an alarm if it has an AlarmName, otherwise a dashboard."""
    document, problem = _parse(text)
    if problem is None and isinstance(document, dict) and "AlarmName" in document:
        found = _alarm(document, file, name, overrides or {})
        return _placed(found, text, file)
    return check_text(text, file=file, name=name, overrides=overrides)


def check_body(body: Document, *, file: str | None, text: str | None) -> list[Problem]:
    """The problems in a body as sent to CloudWatch; with its `text`, each problem has a line."""
    return _placed([*_body(body)], text, file)


def _parse(text: str) -> tuple[Any, Problem | None]:
    def refuse(word: str) -> None:
        raise ValueError(f"{word} is not valid JSON")

    try:
        return json.loads(text, parse_constant=refuse), None
    except json.JSONDecodeError as error:
        line, column = line_and_column(text, error.pos)
        message, instead = _syntax(text, error)
        return None, Problem(Severity.ERROR, "json", "", message, instead, None, line, column)
    except (ValueError, RecursionError) as error:
        return None, Problem(Severity.ERROR, "json", "", f"not valid JSON: {error}", "correct the syntax", None, 1, 1)


def _syntax(text: str, error: json.JSONDecodeError) -> tuple[str, str]:
    rest = text[error.pos :].lstrip()
    before = text[: error.pos].rstrip()[-1:]
    line = text[text.rfind("\n", 0, error.pos) + 1 :].partition("\n")[0].strip()
    if rest.startswith(("//", "/*", "#")):
        return "not valid JSON: JSON has no comments", "remove the comment"
    if "%{" in line or rest.startswith("${"):
        return "not valid JSON: this is a template of another tool", "render it with that tool (e.g. terraform) first"
    # Python 3.13 reports the position of the comma, earlier versions that of the bracket.
    if (rest[:1] in "}]" and before == ",") or (rest[:1] == "," and rest[1:].lstrip()[:1] in ("}", "]")):
        return "not valid JSON: a comma before the closing bracket", "remove the comma"
    if rest[:1] == "'":
        return "not valid JSON: a string in single quotation marks", 'use double quotation marks: "…"'
    return f"not valid JSON: {error.msg[:1].lower()}{error.msg[1:]}", "correct the syntax"


def _template(text: str, file: str, name: str, overrides: dict[str, variables.Value]) -> list[Problem]:
    try:
        source = template.parse(text, file=file, name=name)
    except UsageError as error:
        return [Problem(Severity.ERROR, "template", "/template", error.message, error.hint)]
    found: list[Problem] = []
    known = template.known_variables(source) | set(overrides)
    kept: dict[str, variables.Value] = {}
    for variable, pointer in variables.names(source.document):
        if variable in known | {"number"} or variable in kept or pointer.startswith("/template/parameters"):
            continue
        kept[variable] = f"${{{variable}}}"
        severity = Severity.ERROR if template.HEAD in source.document else Severity.WARNING
        message = f"the variable ${{{variable}}} has no value"
        instead = f"give --set {variable}=…, or write $${{{variable}}} for a literal ${{{variable}}}"
        found.append(Problem(severity, "variable-value", pointer, message, instead))
    for parameter in source.info.parameters:
        if parameter.default is None:
            kept.setdefault(parameter.name, parameter.name)
    try:
        body = template.build(source, Scope((_SAMPLE,), dict(SAMPLE_VALUES), kept | overrides))
    except UsageError as error:
        return [*found, Problem(Severity.ERROR, "template", "", error.message, error.hint)]
    return [*found, *_unplaced(source), *_body(body)]


def _alarm(document: Document, file: str, name: str, overrides: dict[str, variables.Value]) -> list[Problem]:
    try:
        source = template.from_document(document, file=file, name=name)
        alarm = alarms.build(source, Scope((_SAMPLE,), dict(SAMPLE_VALUES), overrides))
    except UsageError as error:
        return [Problem(Severity.ERROR, "alarm", "", error.message, error.hint)]
    criteria = alarm.get("EvaluationCriteria")
    return list(charts.check_queries(criteria, "/EvaluationCriteria")) if criteria is not None else []


def _unplaced(source: Template) -> Iterator[Problem]:
    """Widgets with only one of x and y. The build would give them a full position, so they are checked before."""
    for index, widget in enumerate(list_of(source.document.get("widgets"))):
        if isinstance(widget, dict) and ("x" in widget) != ("y" in widget):
            missing = "y" if "x" in widget else "x"
            place = join("/widgets", index)
            yield Problem(Severity.ERROR, "place", place, f"{missing} is missing", "give x and y, or neither")


def _body(body: Document) -> Iterator[Problem]:
    # Widgets are checked one by one below, which saves the branches of the schema for other types.
    yield from schema.check({**body, "widgets": []} if isinstance(body.get("widgets"), list) else body)
    widgets = list_of(body.get("widgets"))
    if len(widgets) > 500:
        message = f"there are {len(widgets)} widgets, more than 500"
        yield Problem(Severity.ERROR, "widgets", "/widgets", message, "split the dashboard")
    patterns = tuple(_patterns(body))
    for index, widget in enumerate(widgets):
        yield from _widget(widget, join("/widgets", index), patterns)
    yield from _grid(widgets)
    yield from check_variables.check(body)


def _patterns(body: Document) -> Iterator[str]:
    """The texts that pattern variables replace: CloudWatch replaces them before it reads anything else."""
    for variable in list_of(body.get("variables")):
        if isinstance(variable, dict) and variable.get("pattern"):
            yield str(variable["pattern"])


def _widget(widget: Any, pointer: str, patterns: tuple[str, ...]) -> Iterator[Problem]:
    yield from schema.check(widget, "widgetFrame", pointer)
    if not isinstance(widget, dict) or not isinstance(kind := widget.get("type"), str):
        return
    if kind in UNDOCUMENTED_KINDS:
        message = f"the widget type {kind!r} is written by the console, but not documented"
        yield Problem(Severity.WARNING, "undocumented-type", join(pointer, "type"), message, "keep it if it works")
    elif kind not in KINDS:
        near = get_close_matches(kind, KINDS, n=1)
        instead = f"did you mean {near[0]!r}?" if near else f"documented types: {', '.join(KINDS)}"
        message = f"{kind!r} is not a documented widget type"
        yield Problem(Severity.WARNING, "type", join(pointer, "type"), message, instead)
    properties = widget.get("properties")
    if not isinstance(properties, dict):
        return
    place = join(pointer, "properties")
    if kind == "metric" and charts.is_chart(properties):
        # CloudWatch rejects it with three errors about the members of a metric widget, which hide the cause.
        message = "this metric widget has PromQL queries, which only a chart widget can have"
        yield Problem(Severity.ERROR, "promql", join(pointer, "type"), message, 'write "type": "chart"')
        kind = "chart"
    if kind in KINDS:
        yield from schema.check(properties, kind, place)
    if kind == "metric":
        yield from check_metrics.check(properties, place)
    elif kind == "log":
        yield from logs.check(properties, place)
    elif kind == "chart":
        yield from charts.check(properties, place, patterns)
    elif kind == "explorer":
        yield from _explorer(properties, place)
    region = properties.get("region")
    replaced = any(pattern in str(region) for pattern in patterns)
    if isinstance(region, str) and region and not _REGION.fullmatch(region) and not replaced:
        message = f"{region!r} is not the name of a region"
        yield Problem(Severity.WARNING, "region", join(place, "region"), message, "write e.g. ap-southeast-1")


def _explorer(properties: Document, pointer: str) -> Iterator[Problem]:
    aggregate = properties.get("aggregateBy")
    if isinstance(aggregate, dict) and not (aggregate.get("key") and aggregate.get("func")):
        message = "aggregateBy is empty and has no effect"
        instead = 'write {"key": "InstanceType", "func": "MAX"}, or remove it'
        yield Problem(Severity.WARNING, "aggregate", join(pointer, "aggregateBy"), message, instead)
    metrics = [metric for metric in list_of(properties.get("metrics")) if isinstance(metric, dict)]
    kinds = {str(metric.get("resourceType")) for metric in metrics}
    if len(kinds) > 1:
        message = f"the metrics have several resource types: {', '.join(sorted(kinds))}"
        instead = "use one explorer for each resource type"
        yield Problem(Severity.ERROR, "resource-type", join(pointer, "metrics"), message, instead)


def _grid(widgets: list[Any]) -> Iterator[Problem]:
    boxes: list[tuple[int, Box]] = []
    for index, widget in enumerate(widgets):
        place = layout.box(widget) if isinstance(widget, dict) else None
        if place is None:
            continue
        pointer = join("/widgets", index)
        if place.x < layout.COLUMNS < place.x + place.width:
            message = f"columns {place.x} to {place.x + place.width - 1} exceed the last column of the grid, 23"
            instead = f"write x {max(0, layout.COLUMNS - place.width)} or a smaller width"
            yield Problem(Severity.WARNING, "overhang", pointer, message, instead)
        other = next((number for number, earlier in boxes if earlier.overlaps(place)), None)
        if other is not None:
            message = f"the widget overlaps /widgets/{other}"
            yield Problem(
                Severity.WARNING, "overlap", pointer, message, "move one of them; the console moves them apart"
            )
        boxes.append((index, place))


def _placed(found: Iterable[Problem], text: str | None, file: str | None) -> list[Problem]:
    """Problems with file and line, without duplicates, in the order of the text."""
    problems = list(dict.fromkeys(found))
    if text is None:
        return [replace(problem, file=file) for problem in problems]
    located = Located(text) if any(problem.line is None for problem in problems) else None
    placed = []
    for problem in problems:
        line, column = problem.line, problem.column
        if located and line is None:
            line, column = located.line_and_column(problem.pointer)
        placed.append(replace(problem, file=file, line=line, column=column))
    return sorted(placed, key=lambda problem: (problem.line or 0, problem.column or 0, _ORDER[problem.severity]))
