"""Render a package as a tree of folders."""

from dataclasses import dataclass, field

from rich.text import Text
from rich.tree import Tree

from monitor.console.text import Style, clean, format_bytes
from monitor.packages.model import PackageReport

_MOST_IN_A_FOLDER = 25


@dataclass
class _Node:
    zipped_bytes: int = 0
    files: int = 0
    part: str = ""
    children: dict[str, "_Node"] = field(default_factory=dict)


def render_tree(report: PackageReport, style: Style, depth: int = 2, top: int | None = None) -> str:
    """Render each container as Lambda unpacks it, `depth` folders deep, largest first."""
    from monitor.console.text import to_text

    texts = []
    for container in report.containers:
        root = _Node()
        for file in container.files:
            _add(root, file.name.split("/"), file.zipped_bytes, file.part)
        tree = Tree(Text(f"{container.root}  {clean(container.label)}  {format_bytes(container.zipped_bytes)}"))
        _draw(tree, root, depth, top or _MOST_IN_A_FOLDER)
        texts.append(to_text(tree, style))
    return "\n\n".join(texts)


def _add(root: _Node, parts: list[str], size: int, part: str) -> None:
    node = root
    node.zipped_bytes += size
    node.files += 1
    # No package is deeper. The bound limits the cost of a hostile name.
    for name in parts[:30]:
        node = node.children.setdefault(name, _Node(part=part))
        node.zipped_bytes += size
        node.files += 1
        if node.part != part:
            node.part = ""


def _draw(tree: Tree, node: _Node, depth: int, most: int) -> None:
    ordered = sorted(node.children.items(), key=lambda item: (-item[1].zipped_bytes, item[0]))
    for name, child in ordered[:most]:
        folder = "/" if child.children else ""
        count = f"  {child.files} files" if folder else ""
        label = Text(f"{clean(name)}{folder}  {format_bytes(child.zipped_bytes)}{count}")
        if child.part and child.part != node.part and child.part != name:
            label.append(f"  {child.part}", style="dim")
        branch = tree.add(label)
        if folder and depth > 1:
            _draw(branch, child, depth - 1, most)
    left = ordered[most:]
    if left:
        size = format_bytes(sum(child.zipped_bytes for _, child in left))
        tree.add(Text(f"and {len(left)} more  {size}", style="dim"))
