"""The JSON Schema of what `jsonable` makes of a model."""

import dataclasses
import types
import typing
from enum import Enum
from typing import Any

from monitor.kernel.missing import Missing

_PLAIN = {str: "string", bool: "boolean", int: "integer"}
_MISSING = {
    "description": "Why a part is not known.",
    "type": "object",
    "properties": {"missing": {"type": "string"}},
    "required": ["missing"],
    "additionalProperties": False,
}


def json_schema(model: Any) -> dict[str, Any]:
    """The schema, with each dataclass once under `$defs`."""
    definitions: dict[str, Any] = {}
    schema = _of(model, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "$defs": dict(sorted(definitions.items())),
    }


def _of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_of(one, definitions) for one in arguments]}
    if origin in (tuple, list, set, frozenset) or str(origin).endswith("Sequence'>"):
        return _array(origin, arguments, definitions)
    if origin is dict or str(origin).endswith("Mapping'>"):
        return {"type": "object", "additionalProperties": _of(arguments[1], definitions)}
    if kind is None or kind is type(None):
        return {"type": "null"}
    if kind is Any or kind is object:
        return {}
    if kind is float:
        # NaN and infinities, which JSON does not have, are null.
        return {"type": ["number", "null"]}
    if kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [one.value for one in kind]}
    return _definition(kind, definitions)


def _array(origin: Any, arguments: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    if origin is not tuple or arguments[-1] is Ellipsis:
        return {"type": "array", "items": _of(arguments[0], definitions)}
    items = [_of(one, definitions) for one in arguments]
    return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}


def _definition(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    name = kind.__name__
    if kind is Missing:
        definitions[name] = _MISSING
    elif name not in definitions:
        definitions[name] = {}
        hints = typing.get_type_hints(kind)
        properties = {one.name: _of(hints[one.name], definitions) for one in dataclasses.fields(kind)}
        if getattr(kind, "record_kind", None) is not None:
            properties = {"record_kind": {"const": kind.record_kind}, **properties}
        definitions[name] = {
            "description": (kind.__doc__ or "").split("\n\n")[0].strip(),
            "type": "object",
            "properties": properties,
            "required": [*properties],
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{name}"}
