"""CloudFormation templates in YAML, with short forms of intrinsic functions (`!Sub`), and the line of each value."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from monitor.dashboards.body.pointer import join

if TYPE_CHECKING:
    from yaml import Node

# Aliases can multiply a small text without end.
_MOST_NODES = 200_000
_DEEPEST = 100
_PLAIN = {"!Ref": "Ref", "!Condition": "Condition"}


class YamlError(ValueError):
    """The text is not YAML, or too large once its aliases are expanded."""


@dataclass(slots=True)
class YamlDocument:
    """A parsed text. `lines` has the line of each value by JSON pointer; a literal block starts one line later."""

    value: Any
    lines: dict[str, int] = field(default_factory=dict)
    blocks: set[str] = field(default_factory=set)


def parse(text: str) -> YamlDocument:
    """The first document in `text`.

    Raises:
        YamlError: the text is not YAML.
    """
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise YamlError(str(error).partition("\n")[0]) from error
    document = YamlDocument(None)
    if root is not None:
        builder = _Builder(document, yaml.SafeLoader(""))
        document.value = builder.value(root, "", 0)
    return document


class _Builder:
    def __init__(self, document: YamlDocument, loader: Any) -> None:
        self._document = document
        self._loader = loader
        self._count = 0

    def value(self, node: "Node", pointer: str, depth: int) -> Any:
        from yaml import MappingNode, SequenceNode

        self._count += 1
        if self._count > _MOST_NODES or depth > _DEEPEST:
            raise YamlError("the document is too large or too deeply nested")
        self._document.lines.setdefault(pointer, node.start_mark.line + 1)
        if isinstance(node, MappingNode):
            plain: Any = dict(self._members(node, pointer, depth))
        elif isinstance(node, SequenceNode):
            plain = [self.value(one, join(pointer, index), depth + 1) for index, one in enumerate(node.value)]
        else:
            if getattr(node, "style", None) == "|":
                self._document.blocks.add(pointer)
            plain = self._scalar(node)
        return _function(node.tag, plain)

    def _members(self, node: Any, pointer: str, depth: int) -> Iterator[tuple[str, Any]]:
        for key, item in node.value:
            name = str(getattr(key, "value", ""))
            yield name, self.value(item, join(pointer, name), depth + 1)

    def _scalar(self, node: Any) -> Any:
        if node.tag.startswith("!"):
            return node.value
        try:
            found = self._loader.construct_object(node)
        except Exception:  # noqa: BLE001 - a date that is none, say: its text is enough
            return node.value
        return found if isinstance(found, str | int | float | bool) or found is None else node.value


def _function(tag: str, value: Any) -> Any:
    """A short form as the long one: `!Sub x` is {"Fn::Sub": x}."""
    if not tag.startswith("!") or tag == "!":
        return value
    if tag == "!GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {_PLAIN.get(tag, f"Fn::{tag[1:]}"): value}
