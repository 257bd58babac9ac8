"""CloudFormation templates in YAML, and the line of each value."""

from dataclasses import dataclass, field
from typing import Any

from monitor.kernel.pointer import join
from monitor.templates import yaml_nodes
from monitor.templates.nodes import Node, plain
from monitor.templates.yaml_nodes import YamlError

__all__ = ["YamlDocument", "YamlError", "parse"]


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
    root = yaml_nodes.parse(text)
    if root is None:
        return YamlDocument(None)
    document = YamlDocument(plain(root))
    _locate(document, root, "")
    return document


def _locate(document: YamlDocument, node: Node, pointer: str) -> None:
    document.lines.setdefault(pointer, node.line)
    if node.style == "|":
        document.blocks.add(pointer)
    for key, value in node.members:
        _locate(document, value, join(pointer, str(key.value)))
    for index, item in enumerate(node.items):
        _locate(document, item, join(pointer, index))
