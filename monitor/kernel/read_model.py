"""Dataclasses from JSON, by the types of their fields.

msgspec decodes them. This module adds `Missing`, whose JSON form is an object like that of any dataclass, and refuses
numbers that no measurement can have.
"""

import typing
from collections.abc import Iterable
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from itertools import repeat
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from monitor.kernel.missing import Missing

Model = TypeVar("Model")

# A larger number is an error in the file, and sums of such numbers would overflow.
_LARGEST = 1e18
# Times in ms that are printed as dates. The latest is in the year 9000.
_TIMES = frozenset(("gathered_at_ms", "at_ms", "start_ms", "end_ms"))
_LATEST_MS = 221_845_392_000_000
# The user's own code writes these into a trace, and any number is valid there.
_NOT_OURS = frozenset(("annotations", "metadata"))
# The maximum depth of nested objects and lists. The deepest import tree takes about 250.
_DEEPEST = 400


class NotReadableError(Exception):
    """The JSON does not match the model; the message says what is wrong and where."""


def read_model(raw: bytes | Raw, model: type[Model], where: str) -> Model:
    """Decode `raw` as a dataclass, whose fields can be `… | Missing`. Error messages call it `where`.

    Raises:
        NotReadableError: a value has another type than its field, a field without a default is missing, a number is
            out of range, or the JSON is nested too deeply.
    """
    members = _decode(raw, dict[str, Raw], where)
    hints = typing.get_type_hints(model)
    arguments = {}
    for one in fields(model):  # type: ignore[arg-type]  # a dataclass
        if one.name in members:
            arguments[one.name] = _member(members[one.name], hints[one.name], f"{where}.{one.name}")
        elif one.default is MISSING and one.default_factory is MISSING:
            raise NotReadableError(f"Object missing required field `{one.name}` - at `{where}`")
    value = model(**arguments)
    damage = _damage(value)
    if damage:
        raise NotReadableError(damage)
    return value


def members_of(raw: bytes) -> dict[str, bytes]:
    """The members of a JSON object, not yet decoded. Raises NotReadableError."""
    return {name: bytes(member) for name, member in _decode(raw, dict[str, Raw], "").items()}


def _member(raw: Raw, kind: Any, where: str) -> Any:
    kinds = typing.get_args(kind)
    if Missing not in kinds:
        return _decode(raw, kind, where)
    if bytes(memoryview(raw)[:40]).lstrip(b"{ \t\r\n").startswith(b'"missing"'):
        return Missing(_decode(raw, dict[str, str], where)["missing"])
    return _decode(raw, typing.Union[tuple(one for one in kinds if one is not Missing)], where)  # noqa: UP007


def _decode(raw: bytes | Raw, kind: Any, where: str) -> Any:
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$")
        raise NotReadableError(f"{what} - at `{where}{path or '`'}") from None
    except msgspec.DecodeError as error:
        raise NotReadableError(str(error)) from None
    except RecursionError:
        raise NotReadableError("Nested too deeply") from None


def _damage(model: object) -> str | None:
    """The first value of the right type that is impossible: a time, a number, or a depth out of range.

    This iterates, because the model can be nested more deeply than Python can recurse.
    """
    waiting: list[tuple[str, int, object]] = [("", 0, model)]
    while waiting:
        name, depth, holder = waiting.pop()
        if isinstance(holder, (tuple, list)):
            inner: Iterable[tuple[str, object]] = zip(repeat(name), holder, strict=False)
        elif isinstance(holder, dict):
            inner = zip(repeat(name), holder.values(), strict=False)
        else:
            kind: Any = type(holder)
            inner = [(checked, getattr(holder, member)) for member, checked in _members(kind)]
        for name, item in inner:
            if isinstance(item, (int, float)):
                if name and not _is_possible(name, item):
                    return f"Number out of range - at `{name}`"
            elif item is not None and type(item) is not str:
                waiting.append((name, depth + 1, item))
        if depth > _DEEPEST:
            return "Nested too deeply"
    return None


def _is_possible(name: str, number: float) -> bool:
    if name in _TIMES and isinstance(number, int):
        return 0 <= number <= _LATEST_MS
    return -_LARGEST <= number <= _LARGEST


@cache
def _members(kind: type) -> tuple[tuple[str, str], ...]:
    """The fields of a dataclass that can contain numbers, each with the name to check them by ("": no check)."""
    if not is_dataclass(kind):
        return ()
    hints = typing.get_type_hints(kind)
    holding = (one.name for one in fields(kind) if hints[one.name] not in (str, bool, str | None))
    return tuple((name, "" if name in _NOT_OURS else name) for name in holding)
