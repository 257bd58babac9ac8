"""Saved evidence, read back into the values that it was written from: by their fields' types, and nothing else.

`--save` writes `{"format": …, "version": 1, "evidence": {…}}`, the evidence in the JSON form of every model. A field
that is not in the file keeps its default; one that no model has is passed over: files of a later minor version remain
readable.
"""

import json
import math
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Union

from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.errors import UsageError
from monitor.kernel.missing import Missing

FORMAT = "monitor-evidence"
VERSION = 1
_DEEPEST = 400
_MOST_VALUES = 3_000_000
# Moments are shown as dates: those that no date can be made of are damage. The year 9000, in ms.
_MOMENTS = frozenset(("gathered_at_ms", "at_ms", "start_ms", "end_ms"))
_LATEST_MS = 221_845_392_000_000
_HINT = "give a file that `monitor diagnose TARGET --save FILE` wrote"


def is_evidence(head: str) -> bool:
    """Whether a file that begins so was saved by `--save`, so that it is no log."""
    return head.lstrip().startswith("{") and f'"{FORMAT}"' in head[:200]


def parse_evidence(text: str, path: str) -> FunctionEvidence:
    """The evidence in a saved file's text; `path` is for the message.

    Raises:
        UsageError: it is no such file, of a later version, or damaged.
    """
    try:
        document = json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UsageError(f"{path} is no saved evidence", _HINT)
    if document.get("version") != VERSION:
        version = str(document.get("version"))[:40]
        raise UsageError(f"{path} is of version {version}, and only {VERSION} is known", _HINT)
    try:
        found = _Reader().read(FunctionEvidence, document.get("evidence"), "evidence", 0)
    except _UnreadableError as error:
        raise UsageError(f"{path} cannot be read: {error}", _HINT) from None
    except RecursionError:
        raise UsageError(f"{path} cannot be read: it is nested deeper than any evidence", _HINT) from None
    evidence: FunctionEvidence = found
    return evidence


class _UnreadableError(Exception):
    """What is wrong, and where."""


class _Reader:
    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def read(self, wanted: Any, value: object, where: str, depth: int) -> Any:
        """`value` as what the annotation `wanted` says."""
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            raise _UnreadableError("it holds more, or deeper, than any evidence")
        origin = typing.get_origin(wanted)
        if origin in (Union, types.UnionType):
            return self._union(typing.get_args(wanted), value, where, depth)
        if origin is tuple:
            return self._tuple(typing.get_args(wanted), value, where, depth)
        if origin is not None and issubclass(origin, Mapping):
            return self._mapping(typing.get_args(wanted), value, where, depth)
        if wanted in (object, Any):
            return value
        if isinstance(wanted, type) and is_dataclass(wanted):
            return self._dataclass(wanted, value, where, depth)
        return _plain(wanted, value, where)

    def _union(self, wanted: tuple[Any, ...], value: object, where: str, depth: int) -> Any:
        if value is None and type(None) in wanted:
            return None
        if Missing in wanted and isinstance(value, dict) and value.keys() == {"missing"}:
            return Missing(_plain(str, value["missing"], where))
        others = [one for one in wanted if one not in (type(None), Missing)]
        if len(others) == 1:
            return self.read(others[0], value, where, depth)
        # What is left are unions of plain values, as an annotation's `str | float | bool`.
        for one in sorted(others, key=lambda kind: kind is not bool):
            try:
                return self.read(one, value, where, depth)
            except _UnreadableError:
                continue
        raise _UnreadableError(f"{where} is of no known kind")

    def _tuple(self, wanted: tuple[Any, ...], value: object, where: str, depth: int) -> Any:
        if not isinstance(value, list):
            raise _UnreadableError(f"{where} is not a list")
        if len(wanted) == 2 and wanted[1] is Ellipsis:
            return tuple(self.read(wanted[0], one, where, depth + 1) for one in value)
        if len(wanted) != len(value):
            raise _UnreadableError(f"{where} is not of {len(wanted)} values")
        return tuple(self.read(kind, one, where, depth + 1) for kind, one in zip(wanted, value, strict=True))

    def _mapping(self, wanted: tuple[Any, ...], value: object, where: str, depth: int) -> Any:
        if not isinstance(value, dict):
            raise _UnreadableError(f"{where} is not an object")
        key, held = wanted
        return {_plain(key, name, where): self.read(held, one, where, depth + 1) for name, one in value.items()}

    def _dataclass(self, wanted: Any, value: object, where: str, depth: int) -> Any:
        if not isinstance(value, dict):
            raise _UnreadableError(f"{where} is not an object")
        arguments: dict[str, Any] = {}
        for name, kind, required in _shape(wanted):
            if name in value:
                read = self.read(kind, value[name], f"{where}.{name}"[-120:], depth + 1)
                if kind is int and name in _MOMENTS and not 0 <= read <= _LATEST_MS:
                    raise _UnreadableError(f"{where}.{name} is no moment")
                arguments[name] = read
            elif required:
                raise _UnreadableError(f"{where} has no {name}")
        return wanted(**arguments)


@cache
def _shape(wanted: Any) -> tuple[tuple[str, Any, bool], ...]:
    """A dataclass's fields: name, annotation, and whether there is no default."""
    hints = typing.get_type_hints(wanted)
    return tuple(
        (one.name, hints[one.name], one.default is MISSING and one.default_factory is MISSING)
        for one in fields(wanted)
        if one.init
    )


def _plain(wanted: Any, value: object, where: str) -> Any:
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        try:
            return wanted(value)
        except ValueError:
            raise _UnreadableError(f"{where} is none of {', '.join(str(one.value) for one in wanted)}") from None
    if wanted is float:
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
        if number is None or not math.isfinite(number) or abs(number) > 1e18:
            raise _UnreadableError(f"{where} is not a number")
        return float(number)
    if wanted is int and isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63:
        return value
    if wanted in (str, bool) and isinstance(value, wanted):
        return value
    raise _UnreadableError(f"{where} is not {_NAMES.get(wanted, wanted)}")


_NAMES: dict[Any, str] = {int: "a whole number", str: "a text", bool: "true or false"}
