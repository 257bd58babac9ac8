"""Line numbers of JSON pointers in a JSON text, and duplicate members."""

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]

from monitor.kernel.pointer import join

_BLANK = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(r"[^\s,\]}]+")


class Located:
    """A valid JSON text with the offset of every value (for a member, of its key) by pointer."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: dict[str, int] = {}
        self.duplicates: list[str] = []
        try:
            self._value(_skip(text, 0), "")
        except RecursionError:
            # Too deeply nested: what was not reached gets the position of its parent.
            self._found.setdefault("", 0)

    def line_and_column(self, pointer: str) -> tuple[int, int]:
        """The line and column of `pointer`, both from 1; for a missing member those of its parent."""
        return line_and_column(self._text, self._found[self._nearest(pointer)])

    def _nearest(self, pointer: str) -> str:
        while pointer and pointer not in self._found:
            parent, _, token = pointer.rpartition("/")
            # In a template the element can be wrapped: {"repeat": …, "each": …}.
            if (wrapped := f"{parent}/each/{token}") in self._found:
                return wrapped
            pointer = parent
        return pointer

    def _value(self, position: int, pointer: str) -> int:
        """Record the value at `position`; the position after it."""
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
                    self.duplicates.append(child)
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
    """The line and column of an offset, both from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def has_duplicates(text: str) -> bool:
    """Whether an object in a valid JSON text has a duplicate member; faster than `Located`, which finds where."""
    found = False

    def hook(pairs: list[tuple[str, object]]) -> None:
        nonlocal found
        found = found or len({key for key, _ in pairs}) < len(pairs)

    json.loads(text, object_pairs_hook=hook)
    return found


def _skip(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position
