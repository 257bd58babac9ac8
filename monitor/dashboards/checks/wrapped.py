"""Validate the dashboards in the file of another tool, with the lines of that file."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from monitor.dashboards.body import template, variables
from monitor.dashboards.body.template import Scope
from monitor.dashboards.checks.validate import SAMPLE_VALUES, check_body
from monitor.dashboards.model import Problem, Severity
from monitor.dashboards.wrappers import find, read
from monitor.dashboards.wrappers.model import WrappedDashboard
from monitor.dashboards.wrappers.read import WrappedFile
from monitor.errors import UsageError
from monitor.kernel.pointer import tokens


def check_wrapped(
    text: str, *, file: str, name: str = "", overrides: dict[str, variables.Value] | None = None
) -> list[Problem]:
    """The problems in the dashboards of a file, or in the one called `name`."""
    try:
        source = read.parse(text, file)
        dashboards = find.choose(source.wrapper, name, file)
    except UsageError as error:
        return [Problem(Severity.ERROR, "wrapper", "", error.message, error.hint, file, 1, 1)]
    return [problem for one in dashboards for problem in _check(source, one, overrides or {})]


def _check(
    source: WrappedFile, dashboard: WrappedDashboard, overrides: dict[str, variables.Value]
) -> Iterator[Problem]:
    line, column = source.line_and_column(dashboard.pointer)
    try:
        built_from, bare = read.to_template(source, dashboard)
    except UsageError as error:
        # What only the other tool knows is not a mistake.
        severity = Severity.WARNING if dashboard.body is None and dashboard.reason else Severity.ERROR
        yield Problem(severity, "wrapper", dashboard.pointer, error.message, error.hint, source.file, line, column)
        return
    known = read.known_values(str(SAMPLE_VALUES["region"]), str(SAMPLE_VALUES["account"]), "aws")
    used = {one for one, _ in variables.names(built_from.document)}
    kept = {one: f"${{{one}}}" for one in used} | known
    values = {**SAMPLE_VALUES, **kept, **source.wrapper.defaults, **overrides}
    try:
        body = template.build(built_from, Scope((), {}, values))
    except UsageError as error:
        yield Problem(
            Severity.ERROR, "template", dashboard.pointer, error.message, error.hint, source.file, line, column
        )
        return
    written = _text_of(dashboard)
    for problem in check_body(body, file=source.file, text=written):
        if _is_open(built_from.document, problem.pointer, bare - known.keys() - overrides.keys()):
            continue
        inner = source.inner_line(dashboard.pointer, problem.line) if problem.line and written else None
        at = inner or (line, column)
        yield replace(problem, pointer=dashboard.pointer + problem.pointer, line=at[0], column=at[1])


def _text_of(dashboard: WrappedDashboard) -> str | None:
    """The text of a body in which placeholders take no line of their own, or None if it cannot be parsed."""
    if not isinstance(dashboard.body, tuple):
        return None
    text = "".join(part if isinstance(part, str) else "0" for part in dashboard.body)
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return None
    return text


def _is_open(document: Any, pointer: str, bare: frozenset[str]) -> bool:
    """Whether a value, or one around it, is a placeholder for something other than text, which only its tool knows."""
    value = document
    for token in tokens(pointer):
        if isinstance(value, str):
            break
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and token.isdigit() and int(token) < len(value):
            value = value[int(token)]
        else:
            return False
    return isinstance(value, str) and value.startswith("${") and value[2:-1] in bare
