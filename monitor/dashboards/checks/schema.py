"""The JSON Schema of a dashboard body, and its errors in plain words.

dashboard.schema.json follows the CloudWatch API reference ("Dashboard Body Structure and Syntax"). Editors can use it
too.
"""

import json
from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from monitor.dashboards.model import Problem, Severity
from monitor.dashboards.model_document import Document
from monitor.kernel.pointer import join

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

_NAMES = {"object": "an object", "array": "a list", "string": "a string", "integer": "an integer"}
_NAMES |= {"number": "a number", "boolean": "true or false"}
_TEXT_LENGTH = 60


@lru_cache(maxsize=1)
def schema() -> Document:
    """The parsed schema."""
    text = resources.files("monitor.dashboards.checks").joinpath("dashboard.schema.json").read_text(encoding="utf-8")
    document: Document = json.loads(text)
    return document


@lru_cache(maxsize=32)
def _validator(part: str) -> "Draft202012Validator":
    # Imported here: jsonschema takes longer to import than everything else that a deploy needs.
    from jsonschema import Draft202012Validator

    document = schema()
    start = {"$ref": f"#/$defs/{part}"} if part else {key: value for key, value in document.items() if key != "$defs"}
    return Draft202012Validator(_inlined(start, document["$defs"]))


def _inlined(value: Any, definitions: Document) -> Any:
    """A part of the schema with its references inlined: following them takes half of the time of a check.

    No definition refers to itself.
    """
    if isinstance(value, list):
        return [_inlined(item, definitions) for item in value]
    if not isinstance(value, dict):
        return value
    result = {key: _inlined(item, definitions) for key, item in value.items() if key != "$ref"}
    if reference := value.get("$ref"):
        target = _inlined(definitions[str(reference).removeprefix("#/$defs/")], definitions)
        # Keywords next to a reference never occur in its target.
        result = {**target, **result}
    return result


def check(value: Any, part: str = "", pointer: str = "") -> Iterator[Problem]:
    """The problems of a value under the schema or its definition `part`; `pointer` is that of the value."""
    for error in _validator(part).iter_errors(value):
        place = pointer
        for token in error.absolute_path:
            place = join(place, token)
        yield from _problems(error, place)


def _problems(error: "ValidationError", place: str) -> Iterator[Problem]:
    own = error.schema if isinstance(error.schema, dict) else {}
    instead = str(own.get("x-instead", ""))
    keyword = str(error.validator)
    if keyword == "additionalProperties":
        known = list(own.get("properties", {}))
        members: Any = error.instance
        for name in sorted(set(members) - set(known)):
            yield _unknown_member(name, known, join(place, name))
        return
    severity = Severity.ERROR
    if keyword == "enum" and not _nearest(error.instance, error.validator_value):
        # CloudWatch gains values: only what looks like a misspelt one is certain to be rejected.
        severity, instead = Severity.WARNING, instead or "remove it, or keep it if it works"
    elif keyword == "enum":
        instead = f"did you mean {_nearest(error.instance, error.validator_value)!r}?"
    elif keyword == "required" and error.message.startswith("'region'"):
        # The reference requires it, but CloudWatch accepts bodies without it and uses the region of the console.
        severity, instead = Severity.WARNING, 'write "region": "…"; without it the console uses its current region'
    yield Problem(severity, f"schema-{keyword}", place, _message(error, keyword), instead)


def _nearest(value: object, known: Any) -> str:
    """The allowed text that `value` is a misspelling of; "" if there is none."""
    texts = {one.lower(): one for one in known if isinstance(one, str)}
    near = get_close_matches(value.lower(), texts, n=1, cutoff=0.75) if isinstance(value, str) else []
    return texts[near[0]] if near else ""


def _unknown_member(name: str, known: list[str], place: str) -> Problem:
    near = get_close_matches(name, known, n=1)
    instead = f"did you mean {near[0]!r}?" if near else "remove it, or keep it if it works"
    return Problem(Severity.WARNING, "unknown-member", place, f"{name!r} is not a documented member", instead)


def _message(error: "ValidationError", keyword: str) -> str:
    instance: Any = error.instance
    limit: Any = error.validator_value
    value = _short(instance)
    match keyword:
        case "type":
            wanted = limit if isinstance(limit, list) else [limit]
            return f"{value} is not {' or '.join(_NAMES.get(str(name), str(name)) for name in wanted)}"
        case "enum":
            return f"{value} is not one of {', '.join(map(str, limit))}"
        case "required":
            missing = [name for name in limit if name not in instance]
            return f"{', '.join(map(repr, missing))} is missing"
        case "dependentRequired":
            return error.message.replace("is a dependency of", "must be given with")
        case "minimum":
            return f"{value} is less than {limit}"
        case "maximum":
            return f"{value} is more than {limit}"
        case "maxItems":
            return f"the list has {len(instance):,} elements, more than {limit}"
        case "minItems":
            return f"the list has {len(instance):,} elements, fewer than {limit}"
        case "maxLength":
            return f"the string has {len(instance):,} characters, more than {limit}"
        case "anyOf" if isinstance(instance, dict):
            return "the widget has no metrics, annotations or insightRule"
    name = error.schema.get("title") if isinstance(error.schema, dict) else None
    return f"{value} is not a valid {name}" if name else f"{value} is not valid here"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _TEXT_LENGTH else text[: _TEXT_LENGTH - 1] + "…"
