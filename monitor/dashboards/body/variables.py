"""`${…}` variables in templates.

A text that consists of one variable becomes the value itself (`"${period}"` is the number 300); within a longer text
the value is inserted as text. `$${` is a literal `${`. Dynamic labels of CloudWatch (`${MAX}`,
`${PROP('Dim.FunctionName')}`) are kept, unless a value of that name is given.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from monitor.errors import UsageError
from monitor.kernel.pointer import join

Value = str | int | float | bool

_VARIABLE = re.compile(r"\$\$\{|\$\{([^{}]*)\}")
# CloudWatch User Guide, "Use dynamic labels".
_DYNAMIC_LABEL = re.compile(r"PROP\(.*\)|[A-Z][A-Z_]*")


def names(value: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """(variable, JSON pointer of the text or object that contains it) for every `${…}` in `value`."""
    if isinstance(value, str):
        found = (match[1] for match in _VARIABLE.finditer(value) if match[1] is not None)
        yield from ((name, pointer) for name in found if not _DYNAMIC_LABEL.fullmatch(name))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from names(key, pointer)
            yield from names(item, join(pointer, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from names(item, join(pointer, index))


def fill(value: Any, values: Mapping[str, Value], pointer: str = "") -> Any:
    """`value` with every variable replaced, in keys too.

    Raises:
        UsageError: a variable has no value; the hint names the most similar variable.
    """
    if isinstance(value, str):
        return _fill_text(value, values, pointer)
    if isinstance(value, dict):
        return {
            str(_fill_text(key, values, pointer)): fill(item, values, join(pointer, key)) for key, item in value.items()
        }
    if isinstance(value, list):
        return [fill(item, values, join(pointer, index)) for index, item in enumerate(value)]
    return value


def escape(text: str) -> str:
    """`text` escaped so that `fill` returns the original; dynamic labels need no escape."""
    return re.sub(r"\$\{(?!(?:PROP\([^{}]*\)|[A-Z][A-Z_]*)\})", "$${", text)


def _fill_text(text: str, values: Mapping[str, Value], pointer: str) -> Value:
    if "${" not in text:
        return text
    whole = _VARIABLE.fullmatch(text)
    if whole and whole[1] is not None:
        return _value(whole[1], values, pointer)
    return _VARIABLE.sub(lambda match: "${" if match[1] is None else _text(_value(match[1], values, pointer)), text)


def _value(name: str, values: Mapping[str, Value], pointer: str) -> Value:
    if name in values:
        return values[name]
    if _DYNAMIC_LABEL.fullmatch(name):
        return f"${{{name}}}"
    near = get_close_matches(name, values, n=1)
    meant = f"did you mean ${{{near[0]}}}? " if near else ""
    raise UsageError(
        f"${{{name}}} at {pointer or '/'} has no value",
        f"{meant}give --set {name}=…, or write $${{{name}}} for a literal ${{{name}}}",
    )


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
