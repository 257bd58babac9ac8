"""Where in a JSON text a JSON pointer points, and which members are written twice."""

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]

from monitor.dashboards.body.pointer import join

_BLANK = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(r"[^\s,\]}]+")


class Located:
    """A valid JSON text with the offset of every value (of its key, for a member) by pointer."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: dict[str, int] = {}
        self.doubled: list[str] = []
        try:
            self._value(_skip(text, 0), "")
        except RecursionError:
            # Nested beyond all sense: whatever was not reached is said to be where its parent is.
            self._found.setdefault("", 0)

    def line_and_column(self, pointer: str) -> tuple[int, int]:
        """Where `pointer` is, both from 1; for what is not there (a missing member), where its parent is."""
        return line_and_column(self._text, self._found[self._nearest(pointer)])

    def _nearest(self, pointer: str) -> str:
        while pointer and pointer not in self._found:
            parent, _, token = pointer.rpartition("/")
            # An element that a template wraps as {"repeat": …, "each": …}.
            if (wrapped := f"{parent}/each/{token}") in self._found:
                return wrapped
            pointer = parent
        return pointer

    def _value(self, position: int, pointer: str) -> int:
        """Note the value at `position`; the position after it."""
        self._found.setdefault(pointer, position)
        char = self._text[position]
        if char == '"':
            return int(scanstring(self._text, position + 1)[1])
        if char in "{[":
            return self._container(position, pointer, "}" if char == "{" else "]")
        match = _PLAIN.match(self._text, position)
        return match.end() if match else position + 1

    def _container(self, position: int, pointer: str, closing: str) -> int:
        text, index = self._text, 0
        position = _skip(text, position + 1)
        while text[position] != closing:
            if closing == "}":
                key, end = scanstring(text, position + 1)
                child = join(pointer, key)
                if child in self._found:
                    self.doubled.append(child)
                self._found[child] = position
                position = _skip(text, _skip(text, end) + 1)
            else:
                child = join(pointer, index)
                index += 1
            position = _skip(text, self._value(position, child))
            if text[position] == ",":
                position = _skip(text, position + 1)
        return position + 1


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """An offset's line and column, both from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def has_doubled(text: str) -> bool:
    """Whether an object in a valid JSON text has a member twice; quick, it says no more."""
    doubled = False

    def hook(pairs: list[tuple[str, object]]) -> None:
        nonlocal doubled
        doubled = doubled or len({key for key, _ in pairs}) < len(pairs)

    json.loads(text, object_pairs_hook=hook)
    return doubled


def _skip(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position
