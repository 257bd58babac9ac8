"""Reading values out of JSON that may be anything: each gives None for what is not of its type."""

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
    brackets = text.count("{") + text.count("[")
    return _TOO_DEEP if brackets > _DEEPEST and _is_too_deep(value) else value


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
