"""JSON texts."""

import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]

from monitor.templates.nodes import Node

_BLANK = re.compile(r"[ \t\n\r]*")
_PLAIN = re.compile(r"[^\s,\]}]+")


def parse(text: str) -> Node:
    """The value in `text`.

    Raises:
        ValueError: it is not JSON, or nested too deeply.
    """
    start = 1 if text.startswith("\ufeff") else 0
    try:
        json.loads(text[start:])
        return _Parser(text).node(start)
    except RecursionError as error:
        raise ValueError("it is too deeply nested") from error


class _Parser:
    """Reads a text that is known to be JSON."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._line_at = 0
        self._line = 1

    def node(self, position: int) -> Node:
        position = self._skip(position)
        line = self._line_of(position)
        sign = self._text[position]
        if sign == "{":
            return self._mapping(position, line)
        if sign == "[":
            return self._sequence(position, line)
        if sign == '"':
            value, end = scanstring(self._text, position + 1)
            return Node("scalar", position, end, line, style='"', value=value)
        match = _PLAIN.match(self._text, position)
        assert match is not None
        return Node("scalar", position, match.end(), line, value=json.loads(match[0]))

    def _mapping(self, start: int, line: int) -> Node:
        members: list[tuple[Node, Node]] = []
        position = self._skip(start + 1)
        while self._text[position] != "}":
            key = self.node(position)
            value = self.node(self._skip(key.end) + 1)
            members.append((key, value))
            position = self._next(value.end)
        return Node("mapping", start, position + 1, line, style="{", members=tuple(members))

    def _sequence(self, start: int, line: int) -> Node:
        items: list[Node] = []
        position = self._skip(start + 1)
        while self._text[position] != "]":
            items.append(self.node(position))
            position = self._next(items[-1].end)
        return Node("sequence", start, position + 1, line, style="[", items=tuple(items))

    def _next(self, position: int) -> int:
        position = self._skip(position)
        return self._skip(position + 1) if self._text[position] == "," else position

    def _skip(self, position: int) -> int:
        match = _BLANK.match(self._text, position)
        return match.end() if match else position

    def _line_of(self, position: int) -> int:
        self._line += self._text.count("\n", self._line_at, position)
        self._line_at = position
        return self._line
