"""YAML texts, with the short forms of CloudFormation's intrinsic functions."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from monitor.templates.nodes import Node

if TYPE_CHECKING:
    import yaml

# Aliases can multiply a small text without end.
_MOST_NODES = 200_000
_DEEPEST = 100


class YamlError(ValueError):
    """The text is not YAML, or too large once its aliases are expanded."""


def parse(text: str) -> Node | None:
    """The document in `text`; None if the text has none.

    Raises:
        YamlError: the text is not YAML.
    """
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise YamlError(_reason(error)) from error
    if root is None:
        return None
    return _Builder(root, yaml.SafeLoader("")).node(root, 0, shared=False)


def _reason(error: Exception) -> str:
    """What is wrong and where, in one line."""
    problem, mark = getattr(error, "problem", None), getattr(error, "problem_mark", None)
    if problem and mark:
        return f"line {mark.line + 1}: {problem}"
    return str(error).partition("\n")[0]


class _Builder:
    def __init__(self, root: "yaml.Node", loader: Any) -> None:
        self._loader = loader
        self._count = 0
        self._uses: Counter[int] = Counter()
        self._seen: set[int] = set()
        self._note(root, 0)

    def _note(self, node: "yaml.Node", depth: int) -> None:
        """Count how often each value is used: more than once is an anchor and its aliases."""
        self._uses[id(node)] += 1
        if self._uses[id(node)] > 1 or depth > _DEEPEST:
            return
        for child in self._children(node):
            self._note(child, depth + 1)

    def _children(self, node: "yaml.Node") -> "list[yaml.Node]":
        import yaml

        if isinstance(node, yaml.MappingNode):
            return [value for _, value in node.value]
        return list(node.value) if isinstance(node, yaml.SequenceNode) else []

    def node(self, node: "yaml.Node", depth: int, *, shared: bool) -> Node:
        import yaml

        self._count += 1
        if self._count > _MOST_NODES or depth > _DEEPEST:
            raise YamlError("the document is too large or too deeply nested")
        shared = shared or self._uses[id(node)] > 1
        start, end, line = node.start_mark.index, node.end_mark.index, node.start_mark.line + 1
        tag = node.tag if node.tag.startswith("!") else ""
        if isinstance(node, yaml.MappingNode):
            members = tuple((self._key(key), self.node(item, depth + 1, shared=shared)) for key, item in node.value)
            return Node(
                "mapping", start, end, line, tag, "{" if node.flow_style else "", members=members, is_shared=shared
            )
        if isinstance(node, yaml.SequenceNode):
            items = tuple(self.node(one, depth + 1, shared=shared) for one in node.value)
            return Node("sequence", start, end, line, tag, "[" if node.flow_style else "", None, (), items, shared)
        style = getattr(node, "style", None) or ""
        return Node("scalar", start, end, line, tag, style, self._scalar(node), is_shared=shared)

    def _key(self, key: "yaml.Node") -> Node:
        value = str(getattr(key, "value", ""))
        style = getattr(key, "style", None) or ""
        return Node(
            "scalar", key.start_mark.index, key.end_mark.index, key.start_mark.line + 1, style=style, value=value
        )

    def _scalar(self, node: "yaml.Node") -> Any:
        if node.tag.startswith("!"):
            return node.value
        try:
            found = self._loader.construct_object(node)
        except Exception:  # noqa: BLE001 - a date that is none, say: its text is enough
            return node.value
        return found if isinstance(found, str | int | float | bool) or found is None else node.value
