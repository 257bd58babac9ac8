"""Functions and types of Terraform's language.

https://developer.hashicorp.com/terraform/language/functions
"""

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.kernel.missing import Missing
from monitor.templates.hcl import Expression
from monitor.templates.intrinsics import first_missing
from monitor.templates.values import mapping, text


@dataclass(frozen=True, slots=True)
class Absent(Missing):
    """An attribute or element that is not there: an error of Terraform, which `try` catches."""


class Elements(list[Any]):
    """A set: a list whose elements are their own keys."""


def elements(value: Any) -> list[tuple[str, Any]] | None:
    """The keys and values that a for_each or `for` takes; None where it takes none."""
    if isinstance(value, Mapping):
        return sorted(value.items())
    if isinstance(value, list):
        return [(as_key(one) if not isinstance(one, Missing | Mapping | list) else "", one) for one in value]
    return None


def as_key(value: Any) -> str:
    """A key of an object or map, or a number in a path, as a text."""
    return text(value)


def as_bool(value: Any) -> "bool | Missing":
    """A condition."""
    if isinstance(value, bool | Missing):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    return Missing("a condition is neither true nor false")


def is_equal(first: Any, second: Any) -> "bool | Missing":
    """Terraform's `==`: values of different types differ."""
    if missing := first_missing(first) or first_missing(second):
        return missing
    kinds = [bool if isinstance(one, bool) else int if isinstance(one, float) else type(one) for one in (first, second)]
    return kinds[0] is kinds[1] and bool(first == second)


def converted(value: Any, kind: Expression | None, evaluate: Callable[[Expression], Any]) -> Any:
    """A value as the type of its variable has it: defaults of optional attributes, sets, texts."""
    if kind is None or value is None or isinstance(value, Missing):
        return value
    inner = kind.items[0] if kind.kind == "call" and kind.items else None
    match str(kind.value), value:
        case "string", str() | int() | float():
            return text(value)
        case "set", list():
            return _toset([converted(one, inner, evaluate) for one in value])
        case "list", list():
            return [converted(one, inner, evaluate) for one in value]
        case "map", Mapping():
            return {name: converted(one, inner, evaluate) for name, one in value.items()}
        case "object", Mapping() if inner is not None and inner.kind == "object":
            return {str(name): _attribute(value.get(name), one, evaluate) for name, one in inner.members}
    return value


def _attribute(value: Any, kind: Expression, evaluate: Callable[[Expression], Any]) -> Any:
    """An attribute of an object: `optional(TYPE, DEFAULT)` where it is left out."""
    if kind.kind == "call" and kind.value == "optional" and kind.items:
        own, *default = kind.items
        value = evaluate(default[0]) if value is None and default else value
        return converted(value, own, evaluate)
    return converted(value, kind, evaluate)


def _toset(values: Any) -> Elements | Missing:
    missing = first_missing(values)
    if missing:
        return missing
    return Elements({text(one): one for one in sorted(values, key=text)}.values())


def _merge(*objects: Any) -> Any:
    return {name: item for one in objects for name, item in dict(one or {}).items()}


def _concat(*lists: Any) -> Any:
    return [item for one in lists for item in list(one)]


def _join(separator: Any, items: Any) -> Any:
    return first_missing(items) or separator.join(map(text, items))


def _lookup(table: Any, key: Any, default: Any = None) -> Any:
    return dict(table).get(as_key(key), default)


def _coalesce(*values: Any) -> Any:
    return next((one for one in values if one not in (None, "")), Absent("coalesce() has no value"))


def _replace(value: str, old: str, new: str) -> str:
    if old.startswith("/") and old.endswith("/") and len(old) > 1:
        raise ValueError("a regular expression")
    return value.replace(old, new)


def _format(template: str, *values: Any) -> str:
    verbs = re.findall(r"%(.?)", template)
    if not set(verbs) <= {"s", "d", "v", "%"}:
        raise ValueError("a verb that is not understood")
    simple = re.sub(r"%(.)", lambda match: "%%" if match[1] == "%" else "%s", template)
    return simple % tuple(map(text, values))


def _element(items: Any, index: Any) -> Any:
    return items[int(index) % len(items)]


def _flatten(items: Any) -> Any:
    if missing := next((one for one in items if isinstance(one, Missing)), None):
        return missing
    return [inner for one in items for inner in (_flatten(one) if isinstance(one, list) else [one])]


def _distinct(items: Any) -> Any:
    return first_missing(items) or [one for at, one in enumerate(items) if one not in items[:at]]


def _title(value: str) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in value.split(" "))


def _contains(items: Any, value: Any) -> Any:
    found = [is_equal(one, value) for one in items]
    return True if True in found else first_missing(found) or False


def _substr(value: str, start: int, length: int) -> str:
    start = start + len(value) if start < 0 else start
    return value[start:] if length < 0 else value[start : start + length]


def _zipmap(keys: Any, values: Any) -> Any:
    return first_missing(keys) or {as_key(key): value for key, value in zip(keys, values, strict=True)}


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abspath": lambda path: path,
    "basename": lambda path: posixpath.basename(path.rstrip("/")),
    "coalesce": _coalesce,
    "compact": lambda items: [one for one in items if one not in (None, "")],
    "concat": _concat,
    "contains": _contains,
    "dirname": lambda path: posixpath.dirname(path) or ".",
    "distinct": _distinct,
    "element": _element,
    "endswith": lambda value, end: value.endswith(end),
    "flatten": _flatten,
    "format": _format,
    "join": _join,
    "keys": lambda table: sorted(mapping(table)),
    "length": len,
    "lookup": _lookup,
    "lower": lambda one: one.lower(),
    "merge": _merge,
    "replace": _replace,
    "split": lambda separator, value: value.split(separator),
    "startswith": lambda value, start: value.startswith(start),
    "substr": _substr,
    "title": _title,
    "tolist": list,
    "tomap": dict,
    "toset": _toset,
    "tostring": lambda one: None if one is None else text(one),
    "trimprefix": lambda value, prefix: value.removeprefix(prefix),
    "trimspace": lambda value: value.strip(),
    "trimsuffix": lambda value, suffix: value.removesuffix(suffix),
    "upper": lambda one: one.upper(),
    "values": lambda table: [one for _, one in sorted(mapping(table).items())],
    "zipmap": _zipmap,
}
