"""Typed values from JSON of any shape.

`…_of` takes a value, and returns None or an empty value if the value has another type. `need_…` takes an object and the
name of a member, and raises FieldError.
"""

import json
import math
from typing import Any

# The deepest import tree of an init record takes 244 levels. Python 3.13 decodes many thousands of levels, which code
# that walks the value could not handle.
_DEEPEST = 250
# json.loads creates a new decoder for each call with an option. This one is created once.
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)
_TOO_DEEP = f"nested more than {_DEEPEST} deep"


def load_object(text: str) -> dict[str, Any] | str:
    """The JSON object in `text`, or a string with the reason why there is none. NaN and infinities become null."""
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        return _TOO_DEEP
    except ValueError as error:
        return f"not JSON: {error}"
    if not isinstance(value, dict):
        return "not a JSON object"
    return value if is_shallow(text) or not _is_too_deep(value) else _TOO_DEEP


def is_shallow(text: str) -> bool:
    """Whether a JSON text has so few brackets that it cannot be nested too deeply."""
    return len(text) <= 2 * _DEEPEST or text.count("{") + text.count("[") <= _DEEPEST


def _is_too_deep(value: dict[str, Any]) -> bool:
    level: list[Any] = [value]
    for _ in range(_DEEPEST):
        inner: list[Any] = []
        for holder in level:
            items = holder.values() if isinstance(holder, dict) else holder
            inner += [item for item in items if isinstance(item, dict | list)]
        if not inner:
            return False
        level = inner
    return True


def text_of(value: object) -> str | None:
    """The value if it is a string."""
    return value if isinstance(value, str) else None


def number_of(value: object) -> float | None:
    """The value if it is a finite number. Booleans are not numbers."""
    if type(value) is float:
        # The most common case.
        return value if math.isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def figure_of(value: object) -> float | None:
    """The value if it can be a duration or a size: at least 0, and less than 10¹⁵."""
    number = number_of(value)
    return number if number is not None and 0 <= number < 1e15 else None


def whole_of(value: object) -> int | None:
    """The integer part of a number with fewer than 16 digits."""
    number = number_of(value)
    return int(number) if number is not None and abs(number) < 1e15 else None


def object_of(value: object) -> dict[str, Any]:
    """The value if it is a JSON object; an empty object otherwise."""
    return value if isinstance(value, dict) else {}


def texts_of(value: object) -> tuple[str, ...]:
    """The strings in a list."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def list_of(value: object) -> list[Any]:
    """The value if it is a JSON array; an empty list otherwise."""
    return value if isinstance(value, list) else []


class FieldError(ValueError):
    """A document lacks a member, or the member has another type."""


def need_object(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """The member `name`, which must be an object."""
    return as_object(holder.get(name), name)


def as_object(value: object, name: str) -> dict[str, Any]:
    """`value`, which must be an object. The error message calls it `name`."""
    if not isinstance(value, dict):
        raise FieldError(f"{name} is not an object")
    return value


def need_list(holder: dict[str, Any], name: str) -> list[Any]:
    """The member `name`, which must be a list if present."""
    value = holder.get(name, [])
    if not isinstance(value, list):
        raise FieldError(f"{name} is not a list")
    return value


def need_text(holder: dict[str, Any], name: str) -> str:
    """The member `name`, which must be a string."""
    value = holder.get(name)
    if not isinstance(value, str):
        raise FieldError(f"{name} is not a string")
    return value


def need_figure(holder: dict[str, Any], name: str) -> float:
    """The member `name`, which must be a duration or a size (see `figure_of`)."""
    value = figure_of(holder.get(name))
    if value is None:
        raise FieldError(f"{name} is not a number")
    return value
