"""The values of templates, as texts and numbers."""

from collections.abc import Mapping
from typing import Any

from monitor.kernel.missing import Missing
from monitor.templates.model import Number, Text


def text(value: Any) -> str:
    """A scalar as CloudFormation writes it into a text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def as_text(value: Any, default: Text) -> Text:
    """A text, Missing, or the default where nothing is set."""
    match value:
        case None:
            return default
        case Missing():
            return value
        case str() | int() | float():
            return text(value)
        case Mapping() if len(value) == 1:
            return Missing(f"{next(iter(value))} is evaluated at deployment")
    return Missing("it is not a text")


def known_text(value: Any) -> str:
    """A text; an empty one for anything else."""
    return value if isinstance(value, str) else ""


def as_number(value: Any, default: int) -> Number:
    """A whole number, Missing, or the default where nothing is set."""
    match value:
        case None:
            return default
        case Missing():
            return value
        case int() | float() if not isinstance(value, bool):
            return int(value)
        case str() if value.strip().isdigit():
            return int(value)
    return Missing("it is not a number")


def as_texts(value: Any) -> tuple[Text, ...]:
    """A list of texts; one Missing for a list that is not known."""
    if isinstance(value, Missing):
        return (value,)
    return tuple(as_text(one, Missing("it is not a text")) for one in value) if isinstance(value, list) else ()


def as_variables(value: Any) -> dict[str, Text] | Missing:
    """Environment variables."""
    if isinstance(value, Missing):
        return value
    return {str(name): as_text(one, "") for name, one in mapping(value).items() if one is not None}


def as_first(value: Any, default: str) -> Text:
    """The first element of a list as a text."""
    if isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, Missing) else as_text(value or None, default)


def mapping(value: Any) -> Mapping[str, Any]:
    """An object; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}
