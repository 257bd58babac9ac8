"""Checks of dashboard variables: unique ids, valid defaults, and an effect on the dashboard."""

import json
import re
from collections.abc import Iterator
from typing import Any

from monitor.dashboards.body import rows
from monitor.dashboards.model import Problem, Severity
from monitor.dashboards.model_document import Document
from monitor.kernel.expressions.metric_search import ExpressionError, parse_search
from monitor.kernel.patterns import regular_expression
from monitor.kernel.pointer import join

_NAME_CHARACTER = re.compile(r"[A-Za-z0-9_-]")
# A repeated group can backtrack for a very long time.
_SLOW = re.compile(r"\)\s*[*+{]")
_ALARM = re.compile(r'arn:[^"]*:alarm:[^"]*')
_PLAIN = re.compile(r"[\w-]+")


def check(body: Document) -> Iterator[Problem]:
    """The problems in the variables of a body."""
    variables, widgets = body.get("variables"), body.get("widgets")
    if not isinstance(variables, list) or not isinstance(widgets, list):
        return
    # Alarms are named after what they watch, so their names may contain the value of a variable.
    text = _ALARM.sub("", json.dumps(widgets, ensure_ascii=False))
    names = set(_names(widgets))
    seen: set[str] = set()
    for index, variable in enumerate(variables):
        if not isinstance(variable, dict):
            continue
        place = join("/variables", index)
        name = variable.get("id")
        if isinstance(name, str) and name in seen:
            yield Problem(
                Severity.ERROR,
                "variable-id",
                join(place, "id"),
                f"{name!r} is already the id of a variable",
                "choose another id",
            )
        seen.add(str(name))
        yield from _default(variable, place)
        yield from _search(variable, place)
        yield from _effect(variable, place, text, names)


def _default(variable: Document, place: str) -> Iterator[Problem]:
    values, default = variable.get("values"), variable.get("defaultValue")
    if default is None or not isinstance(values, list) or variable.get("inputType") == "input":
        return
    known = [value.get("value") for value in values if isinstance(value, dict)]
    if default not in known:
        yield Problem(
            Severity.ERROR,
            "variable-default",
            join(place, "defaultValue"),
            f"{default!r} is not one of the variable's values",
            f"write one of {', '.join(map(str, known[:8]))}",
        )


def _search(variable: Document, place: str) -> Iterator[Problem]:
    search = variable.get("search")
    if not isinstance(search, str):
        return
    try:
        dimensions = parse_search(search).dimensions
    except ExpressionError as error:
        yield Problem(Severity.ERROR, "variable-search", join(place, "search"), str(error), error.instead)
        return
    source = variable.get("populateFrom")
    if dimensions and isinstance(source, str) and source not in dimensions:
        yield Problem(
            Severity.WARNING,
            "variable-search",
            join(place, "populateFrom"),
            f"the search has no dimension {source!r}",
            f"write one of {', '.join(dimensions)}",
        )


def _effect(variable: Document, place: str, text: str, names: set[str]) -> Iterator[Problem]:
    if variable.get("type") == "property":
        member = variable.get("property")
        if isinstance(member, str) and member not in names and not re.search(rf"\b{re.escape(member)}\s*=", text):
            yield Problem(
                Severity.WARNING,
                "variable-unused",
                join(place, "property"),
                f"no widget has the property or dimension {member!r}: the variable has no effect",
                "give the name of a dimension or property of the widgets",
            )
        return
    pattern = variable.get("pattern")
    if variable.get("type") != "pattern" or not isinstance(pattern, str):
        return
    place = join(place, "pattern")
    plain = re.fullmatch(_PLAIN, pattern)
    if not plain:
        try:
            compiled = regular_expression(pattern)
        except re.error as error:
            yield Problem(
                Severity.WARNING, "variable-pattern", place, f"not a regular expression: {error}", "correct the pattern"
            )
            return
        # A repeated group can take very long on a text that does not match: such a pattern is not tried.
        if _SLOW.search(pattern) or compiled.search(text):
            return
    found = list(re.finditer(re.escape(pattern), text)) if plain else []
    if not found:
        yield Problem(
            Severity.WARNING,
            "variable-unused",
            place,
            f"{pattern!r} does not occur in the widgets: the variable has no effect",
            "write the text that the variable replaces",
        )
    # A placeholder may be part of longer words (us-east-1a); the default value itself should not.
    elif pattern == variable.get("defaultValue") and (
        inside := next((one for one in found if _in_word(one, text)), None)
    ):
        around = text[max(0, inside.start() - 15) : inside.end() + 15]
        yield Problem(
            Severity.WARNING,
            "variable-pattern",
            place,
            f"{pattern!r} is also part of longer words ({around!r}), which the variable changes too",
            "use a property variable, or a text that occurs only as a whole word",
        )


def _in_word(match: re.Match[str], text: str) -> bool:
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    # The letter of an escape sequence before it (\n) is not part of the word.
    escaped = before.isalpha() and text[match.start() - 2 : match.start() - 1] == "\\"
    return bool((_NAME_CHARACTER.match(before) and not escaped) or _NAME_CHARACTER.match(after))


def _names(value: Any) -> Iterator[str]:
    """The names of all members, and of all dimensions in metric rows."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            if key == "metrics" and isinstance(item, list):
                for row in rows.expand_all(item):
                    if isinstance(row, list):
                        yield from rows.split(row)[0][2::2]
            yield from _names(item)
            if key in ("expression", "search") and isinstance(item, str):
                yield from re.findall(r"[\w./-]+", item)
    elif isinstance(value, list):
        for item in value:
            yield from _names(item)
