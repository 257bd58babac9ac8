"""How metric math is written: text -> a tree.

Source: CloudWatch User Guide, "Using metric math".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass


class MathError(ValueError):
    """An expression that cannot be read, or is not evaluated here."""


@dataclass(frozen=True, slots=True)
class Node:
    """`kind` is number, text, id, word, sign, call or list."""

    kind: str
    text: str
    children: "tuple[Node, ...]" = ()


_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)|(?P<text>'[^']*'|"[^"]*")|(?P<name>[A-Za-z_]\w*)"""
    r"""|(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/^()\[\],<>]))"""
)
_MAX_DEPTH = 60
_LEVELS = (("OR", "||"), ("AND", "&&"), ("==", "!=", "<=", ">=", "<", ">"), ("+", "-"), ("*", "/"), ("^",))


def parse(text: str) -> Node:
    """The tree of an expression.

    Raises:
        MathError: it cannot be read.
    """
    return _Parser(text).whole()


def ids(text: str) -> set[str]:
    """The ids that an expression uses.

    Raises:
        MathError: it cannot be read.
    """

    def walk(node: Node) -> Iterable[str]:
        if node.kind == "id":
            yield node.text
        for child in node.children:
            yield from walk(child)

    return set(walk(parse(text)))


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if not match:
                raise MathError(f"{text[position:].strip()[:1]!r} has no meaning in metric math")
            position = match.end()
            kind = str(match.lastgroup)
            self._tokens.append((kind, match[kind]))

    def whole(self) -> Node:
        found = self._level(0, 0)
        if self._at < len(self._tokens):
            raise MathError(f"{self._tokens[self._at][1]!r} comes where the expression should end")
        return found

    def _level(self, level: int, depth: int) -> Node:
        if depth > _MAX_DEPTH:
            raise MathError("the expression is nested too deeply")
        if level == len(_LEVELS):
            return self._operand(depth)
        found = self._level(level + 1, depth)
        while self._peek().upper() in _LEVELS[level]:
            sign = self._take().upper()
            found = Node("sign", {"&&": "AND", "||": "OR"}.get(sign, sign), (found, self._level(level + 1, depth)))
        return found

    def _operand(self, depth: int) -> Node:
        if self._at >= len(self._tokens):
            raise MathError("something is missing at the end of the expression")
        kind, text = self._tokens[self._at]
        self._at += 1
        if text == "-":
            return Node("sign", "-", (Node("number", "0"), self._level(4, depth + 1)))
        if kind in ("number", "text"):
            return Node(kind, text)
        if kind == "name" and self._peek() == "(":
            self._take()
            return Node("call", text.upper(), self._list(")", depth))
        if kind == "name":
            return Node("id" if text[0].islower() else "word", text)
        if text == "(":
            found = self._level(0, depth + 1)
            if self._take() != ")":
                raise MathError("a ')' is missing")
            return found
        if text == "[":
            return Node("list", "", self._list("]", depth))
        raise MathError(f"{text!r} comes where a number, an id or a function should")

    def _list(self, closing: str, depth: int) -> tuple[Node, ...]:
        found: list[Node] = []
        if self._peek() == closing:
            self._take()
            return ()
        while True:
            found.append(self._level(0, depth + 1))
            sign = self._take()
            if sign == closing:
                return tuple(found)
            if sign != ",":
                raise MathError(f"a {closing!r} is missing")

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        text = self._peek()
        self._at += 1
        return text
