"""Edits of a text by position: everything that an edit does not name stays as it is, to the byte."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from monitor.templates.nodes import Node

# Plain scalars that YAML reads as the text that they are.
_PLAIN = re.compile(r"[A-Za-z_/][\w./@-]*(?::[\w./@-]+)*")
# The value of a key that is an alias on the same line.
_ALIAS = re.compile(r"[ \t]*:[ \t]+\*")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


class EditError(ValueError):
    """The text has a form in which an edit is not safe; the message says which."""


@dataclass(frozen=True, slots=True)
class Edit:
    """`new` takes the place of `old` at offset `start`. One of the two may be empty.

    Of several edits at one offset the one with the lowest `order` comes first: a value may end where its parent ends.
    """

    start: int
    old: str
    new: str
    order: int = 0

    @property
    def end(self) -> int:
        """The offset after what is replaced."""
        return self.start + len(self.old)


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text with the edits, which do not overlap."""
    parts: list[str] = []
    position = 0
    for edit in in_order(edits):
        assert edit.start >= position
        assert text[edit.start : edit.end] == edit.old
        parts += [text[position : edit.start], edit.new]
        position = edit.end
    return "".join((*parts, text[position:]))


def in_order(edits: Iterable[Edit]) -> list[Edit]:
    """Edits in the order of the text."""
    return sorted(edits, key=lambda one: (one.start, one.order))


def newline_of(text: str) -> str:
    """The line end that a text uses."""
    return "\r\n" if "\r\n" in text else "\n"


@dataclass(frozen=True, slots=True)
class Raw:
    """A value as it is written in the text already: copied, not encoded."""

    text: str


class NodeEditor:
    """Makes edits of a YAML or JSON text."""

    def __init__(self, text: str, *, is_json: bool) -> None:
        self._text = text
        self._is_json = is_json
        self._newline = newline_of(text)

    def replace(self, node: Node, value: str) -> Edit:
        """Another value for a scalar on one line, in its style of quotes.

        Raises:
            EditError: it is shared by an alias, or spread over lines.
        """
        old = self.written(node)
        quoted = _single_quoted(value) if node.style == "'" else _double_quoted(value) if node.style == '"' else ""
        return Edit(node.start, old, quoted or self._encoded(value))

    def written(self, node: Node) -> str:
        """How a value is written, on one line.

        Raises:
            EditError: it is shared by an alias, or spread over lines.
        """
        found = self._text[node.start : node.end]
        if node.is_shared:
            raise EditError(f"line {node.line} belongs to an anchor that other values use")
        if "\n" in found or "\r" in found:
            raise EditError(f"the value at line {node.line} is spread over several lines")
        return found

    def put(self, mapping: Node, name: str, value: Any) -> Edit:
        """A new last member of a mapping. `value`: a text, Raw, or lists and dicts of these.

        Raises:
            EditError: the mapping is shared by an alias, an intrinsic function, or merges a list or mapping so named.
        """
        self._check(mapping, "mapping")
        if isinstance(value, dict | list) and (merged := mapping.merged(name)) is not None:
            raise EditError(f"its {name} comes from the anchor at line {merged.line}")
        if mapping.is_flow:
            keys = [key for key, _ in mapping.members]
            return self._put_flow(mapping, f"{self._key(name)}: {self._flow(value)}", keys)
        column = self._column(mapping.members[0][0].start)
        return self._after(self._end(mapping), column, self._block(name, value, column))

    def append(self, sequence: Node, value: Any) -> Edit:
        """A new last item of a list.

        Raises:
            EditError: the list is shared by an alias, has an alias as an item, or is an intrinsic function.
        """
        self._check(sequence, "sequence")
        _check_items(sequence)
        if sequence.is_flow:
            return self._put_flow(sequence, self._flow(value), list(sequence.items))
        column = self._column(sequence.start)
        # A list may stand in the column of its key.
        return self._after(self._end(sequence), column + 1, f"{' ' * column}- {self._inline(value)}")

    def fill(self, key: Node, node: Node, value: Any) -> Edit:
        """A mapping or list in the place of a null value, written or left out (`Key:` and nothing after it)."""
        if not node.is_empty:
            return Edit(node.start, self.written(node), self._flow(value))
        column = self._column(key.start) + self._step
        return self._after(key.end, column, self._members(value, column))

    @property
    def _step(self) -> int:
        """How far one level is indented."""
        match = re.search(r"^( +)\S", self._text, re.MULTILINE)
        return min(len(match[1]), 8) if match else 2

    def _check(self, node: Node, kind: str) -> None:
        if node.is_shared:
            raise EditError(f"line {node.line} belongs to an anchor that other values use")
        if node.tag or node.kind != kind:
            raise EditError(f"the value at line {node.line} is not a plain {'list' if kind == 'sequence' else kind}")

    def _put_flow(self, node: Node, written: str, before: list[Node]) -> Edit:
        if node.members and _is_alias(*node.members[-1]):
            raise EditError(f"the last value of line {node.members[-1][0].line} is an alias")
        ends = [max(key.end, value.end) for key, value in node.members] or [item.end for item in node.items]
        if not ends:
            return Edit(node.start + 1, "", written)
        last = before[-1]
        line = self._text[self._line_start(last.start) : last.start]
        if self._text.count("\n", node.start, last.start) and not line.strip():
            written = written.replace("\n", f"{self._newline}{line}")
            return Edit(ends[-1], "", f",{self._newline}{line}{written}")
        return Edit(ends[-1], "", f", {written}")

    def _after(self, position: int, column: int, lines: str) -> Edit:
        """New lines after the line of an offset; a comment at its end stays there."""
        end = self._text.find("\n", position)
        end = len(self._text) if end < 0 else end
        if self._text[end - 1 : end] == "\r":
            end -= 1
        return Edit(end, "", f"\n{lines}".replace("\n", self._newline), -column)

    def _end(self, node: Node) -> int:
        """Where the content of a value ends, without what comes between it and the next one."""
        if node.is_flow or node.kind == "scalar":
            return node.start + len(self._text[node.start : node.end].rstrip())
        if node.items:
            _check_items(node)
            return self._end(node.items[-1])
        key, value = node.members[-1]
        if not _is_alias(key, value):
            return max(self._end(value), key.end)
        if not _ALIAS.match(self._text, key.end):
            raise EditError(f"the alias of line {key.line} is not on the line of its key")
        return key.end

    def _block(self, name: str, value: Any, column: int) -> str:
        head = f"{' ' * column}{self._key(name)}:"
        if isinstance(value, dict | list):
            return f"{head}\n{self._members(value, column + self._step)}"
        return f"{head} {self._inline(value)}"

    def _members(self, value: Any, column: int) -> str:
        if isinstance(value, list):
            return "\n".join(f"{' ' * column}- {self._inline(one)}" for one in value)
        return "\n".join(self._block(name, one, column) for name, one in value.items())

    def _inline(self, value: Any) -> str:
        return self._flow(value) if isinstance(value, dict | list) else self._encoded(value)

    def _flow(self, value: Any) -> str:
        if isinstance(value, list):
            return f"[{', '.join(self._flow(one) for one in value)}]"
        if isinstance(value, dict):
            return f"{{{', '.join(f'{self._key(name)}: {self._flow(one)}' for name, one in value.items())}}}"
        return self._encoded(value)

    def _encoded(self, value: Any) -> str:
        if isinstance(value, Raw):
            return value.text
        is_plain = not self._is_json and _PLAIN.fullmatch(value) and value.lower() not in _WORDS
        return value if is_plain else _double_quoted(value)

    def _key(self, name: str) -> str:
        return self._encoded(name)

    def _column(self, position: int) -> int:
        return position - self._line_start(position)

    def _line_start(self, position: int) -> int:
        return self._text.rfind("\n", 0, position) + 1


def _is_alias(key: Node, value: Node) -> bool:
    """Whether the value of a key is an alias, which has the place of its anchor: before the key."""
    return value.start < key.start


def _check_items(sequence: Node) -> None:
    """An item that is an alias has the place of its anchor: outside of the list, or in an item before it.

    Raises:
        EditError: the list has such an item.
    """
    position = sequence.start
    for item in sequence.items:
        if item.start < position:
            raise EditError(f"the list at line {sequence.line} has an alias as an item")
        position = item.end


def _double_quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _single_quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
