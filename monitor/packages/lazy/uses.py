"""Uses of a module as an attribute of its package, in a file that does not import it.

    import email                             import email
    def date(text):                          def date(text):
        return email.utils.parsedate(text)       return (__import__('email.utils') and email).utils.parsedate(text)

They work because something else has imported the module. Rewritten, they load it themselves.
"""

import ast
from collections.abc import Collection, Iterable

from monitor.packages.lazy.statements import split_lines, unsafe_texts


def used(tree: ast.Module) -> set[str]:
    """What the file names with dots, such as `email.utils`."""
    return {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def roots(tree: ast.Module, modules: Collection[str]) -> list[tuple[ast.Name, tuple[str, ...]]]:
    """The first names of the uses of `modules`, each with the modules that it leads to."""
    found: dict[int, tuple[ast.Name, set[str]]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (name := ast.unparse(node)) in modules:
            root = _root(node)
            assert root is not None  # a dotted name has one
            found.setdefault(id(root), (root, set()))[1].add(name)
    return [(root, tuple(sorted(names))) for root, names in found.values()]


def _root(node: ast.expr) -> ast.Name | None:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node if isinstance(node, ast.Name) else None


def reason_unchanged(source: str, tree: ast.Module, modules: Iterable[str]) -> str:
    """Why the uses of these modules cannot be rewritten; "" if they can."""
    names = {module.partition(".")[0] for module in modules}
    if unsafe := names & unsafe_texts(ast.walk(tree), split_lines(source)):
        return f"{min(unsafe)} is used where no other text can stand"
    places = {"a pattern": ast.MatchValue | ast.MatchClass, "an f-string": ast.JoinedStr}
    for node in ast.walk(tree):
        for place, kinds in places.items():
            if isinstance(node, kinds) and any(isinstance(one, ast.Name) and one.id in names for one in ast.walk(node)):
                return f"line {getattr(node, 'lineno', 0)} has it in {place}"
    return ""
