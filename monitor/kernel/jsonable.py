"""The JSON form of models, with every field under its own name."""

import math
from dataclasses import fields, is_dataclass
from enum import Enum

from monitor.kernel.missing import Missing

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def jsonable(value: object) -> Json:
    """Convert a model to values that `json.dumps` accepts.

    A dataclass becomes an object of its fields (with `record_kind` first for a record), an enum its value, a tuple a
    list, a key a string, and Missing becomes {"missing": reason}. NaN and infinities become null, because JSON has
    none. Raises TypeError for any other type.
    """
    if value is None or isinstance(value, bool | int | str):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Missing):
        return {"missing": value.reason}
    if isinstance(value, Enum):
        return jsonable(value.value)
    if isinstance(value, dict):
        return {_key(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [jsonable(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        kind = getattr(value, "record_kind", None)
        document: dict[str, Json] = {} if kind is None else {"record_kind": kind}
        document.update((item.name, jsonable(getattr(value, item.name))) for item in fields(value))
        return document
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _key(key: object) -> str:
    return str(key.value) if isinstance(key, Enum) else str(key)
