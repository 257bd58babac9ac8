"""A parsed YAML or JSON text with the position of every value, so that an edit changes nothing but what it names."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MERGE = "<<"


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a text, from offset `start` to offset `end`.

    `kind` is "mapping", "sequence" or "scalar". `tag` is a short form of CloudFormation (`!Sub`), or empty. `style` is
    `'`, `"`, `|` or `>` for a scalar with such marks, and `{` or `[` for a collection in flow style (all of JSON);
    empty otherwise. `is_shared`: an anchor with aliases, or below one.
    """

    kind: str
    start: int
    end: int
    line: int
    tag: str = ""
    style: str = ""
    value: str | int | float | bool | None = None
    members: tuple[tuple["Node", "Node"], ...] = ()
    items: tuple["Node", ...] = ()
    is_shared: bool = False

    @property
    def is_flow(self) -> bool:
        """Whether it is a collection between brackets."""
        return self.style in ("{", "[")

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written: `Key:` and a line end."""
        return self.kind == "scalar" and self.start == self.end

    def pair(self, name: str) -> "tuple[Node, Node] | None":
        """The key and value of a member; the last one where the name is written twice."""
        return next((pair for pair in reversed(self.members) if str(pair[0].value) == name), None)

    def merged(self, name: str) -> "Node | None":
        """The value of a member that a merge key (`<<: *anchor`) brings."""
        for key, value in self.members:
            if str(key.value) == MERGE and key.style == "":
                for one in value.items or (value,):
                    if found := one.get(name) or one.merged(name):
                        return found
        return None

    def get(self, *path: str) -> "Node | None":
        """The value at a path of members; None where there is none."""
        found: Node | None = self
        for name in path:
            pair = found.pair(name) if found is not None else None
            found = pair[1] if pair else None
        return found

    def descendants(self) -> "Iterator[Node]":
        """Itself and every value below it."""
        yield self
        for _, value in self.members:
            yield from value.descendants()
        for item in self.items:
            yield from item.descendants()


def plain(node: Node) -> Any:
    """The value as JSON would have it: short forms as long ones (`!Sub x` is {"Fn::Sub": x}), merge keys merged."""
    if node.kind == "mapping":
        value: Any = {}
        for key, item in node.members:
            if str(key.value) == MERGE and key.style == "":
                for one in item.items or (item,):
                    merged = plain(one)
                    value = {**merged, **value} if isinstance(merged, dict) else value
        value |= {str(key.value): plain(item) for key, item in node.members if str(key.value) != MERGE or key.style}
    elif node.kind == "sequence":
        value = [plain(item) for item in node.items]
    else:
        value = node.value
    return _long_form(node.tag, value)


_PLAIN = {"!Ref": "Ref", "!Condition": "Condition"}


def _long_form(tag: str, value: Any) -> Any:
    if not tag.startswith("!") or tag == "!":
        return value
    if tag == "!GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {_PLAIN.get(tag, f"Fn::{tag[1:]}"): value}
