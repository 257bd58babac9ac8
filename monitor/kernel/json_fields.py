"""Reading values out of JSON that may be anything.

`…_of` takes a value and answers None, or an empty one, for what is not of its type. `need_…` takes an object and the
name of a member, and raises FieldError.
"""

import json
import math
from typing import Any

# An init record's deepest tree takes 244 levels. More is no log line, and Python 3.13 reads many thousands,
# which whatever walks them later could not.
_DEEPEST = 250
# Made once: json.loads makes a new one at every call that has an option.
_DECODER = json.JSONDecoder(parse_constant=lambda _: None)
_TOO_DEEP = f"nested more than {_DEEPEST} deep"


def load_object(text: str) -> dict[str, Any] | str:
    """The JSON object that `text` is, or, as a text, why it is none. NaN and infinities become null."""
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
    """Whether a JSON text certainly is not nested too deep to be read: it has too few brackets for that."""
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
    """A text."""
    return value if isinstance(value, str) else None


def number_of(value: object) -> float | None:
    """A finite number; true and false are none."""
    if type(value) is float:
        # Nearly all of them.
        return value if math.isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def figure_of(value: object) -> float | None:
    """A duration or a size: a number of zero or more, and less than the 10¹⁵ that no measurement reaches."""
    number = number_of(value)
    return number if number is not None and 0 <= number < 1e15 else None


def whole_of(value: object) -> int | None:
    """A number without its fraction, of less than 16 digits."""
    number = number_of(value)
    return int(number) if number is not None and abs(number) < 1e15 else None


def object_of(value: object) -> dict[str, Any]:
    """A JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def texts_of(value: object) -> tuple[str, ...]:
    """The texts of a list."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def list_of(value: object) -> list[Any]:
    """A JSON array; an empty one for anything else."""
    return value if isinstance(value, list) else []


class FieldError(ValueError):
    """Why a document cannot be read: a member that it needs is absent, or not of its type."""


def need_object(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """An object."""
    return as_object(holder.get(name), name)


def as_object(value: object, name: str) -> dict[str, Any]:
    """`value`, which the message calls `name`, where it is an object."""
    if not isinstance(value, dict):
        raise FieldError(f"{name} is not an object")
    return value


def need_list(holder: dict[str, Any], name: str) -> list[Any]:
    """A list; an empty one where it is absent."""
    value = holder.get(name, [])
    if not isinstance(value, list):
        raise FieldError(f"{name} is not a list")
    return value


def need_text(holder: dict[str, Any], name: str) -> str:
    """A text."""
    value = holder.get(name)
    if not isinstance(value, str):
        raise FieldError(f"{name} is not a text")
    return value


def need_figure(holder: dict[str, Any], name: str) -> float:
    """A duration or a size, as `figure_of` takes it."""
    value = figure_of(holder.get(name))
    if value is None:
        raise FieldError(f"{name} is not a number")
    return value
