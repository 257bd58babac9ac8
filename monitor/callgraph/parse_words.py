"""Calls in words: by the name as written, without what they are given, and whether one turns debugging on."""

import ast

_OF_A_SERVICE = (".client", ".resource")
_SHORT = 30


def dotted(node: ast.expr) -> str:
    """`a.b.c` of such an expression, with the calls in it left out; "" for anything else."""
    parts: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Name):
            return ".".join((node.id, *reversed(parts)))
        else:
            return ""


def constant_text(node: ast.expr) -> str:
    """The text of a constant, else ""."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def written(name: str, node: ast.Call) -> str:
    """The call without what it is given, which may be secret; but with the service that a client is made for."""
    first = node.args[0] if node.args and name.endswith(_OF_A_SERVICE) else None
    shown = ""
    if isinstance(first, ast.Constant) and isinstance(first.value, str) and _is_plain(first.value):
        shown = repr(first.value)
    more = len(node.args) + len(node.keywords) > bool(shown)
    return f"{name}({', '.join(filter(None, (shown, '…' if more else '')))})"[:300]


def _is_plain(text: str) -> bool:
    return len(text) <= _SHORT and text.replace("-", "").isalnum() and text.islower()


def sets_debug(name: str, node: ast.Call) -> bool:
    """Whether it sets a logger's level to DEBUG, or asks a framework for its debug mode."""
    last = name.rpartition(".")[2]
    if last == "setLevel":
        return any(map(_is_debug, node.args[:1]))
    wanted = {"level": _is_debug, "debug": _is_true}
    return any((test := wanted.get(keyword.arg or "")) is not None and test(keyword.value) for keyword in node.keywords)


def _is_debug(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return node.value == 10 or (isinstance(node.value, str) and node.value.upper() == "DEBUG")
    return dotted(node) in ("logging.DEBUG", "DEBUG")


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True
