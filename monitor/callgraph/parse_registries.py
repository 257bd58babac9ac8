"""Registries of functions: a dict that decorators of the application fill, and in which calls look one of them up.

`HANDLERS[kind] = function` in the decorator `handles("order")`, and `HANDLERS[event["kind"]](event)`.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from monitor.callgraph.parse_branches import Function
from monitor.callgraph.parse_words import dotted

# Methods of a dict that answer for one key.
_LOOKUPS = frozenset(("get", "pop", "setdefault", "__getitem__", "__contains__"))
# What a decorator may give its function to beside the registry.
_KEEPS_NAME = frozenset(("wraps", "update_wrapper"))
_SHOWN_BY = frozenset(("sorted", "list", "len", "str", "repr"))


@dataclass(slots=True)
class Registries:
    """What one file says of registries, by the last part of their names.

    `filled` has the registry of each decorator (`handles`, `Router.on`). `otherwise` has the names that the file loads
    for anything but a lookup, and so perhaps to call every function of a registry of that name.
    """

    filled: dict[str, str] = field(default_factory=dict)
    otherwise: set[str] = field(default_factory=set)


def registries_of(tree: ast.Module) -> Registries:
    """The registries in a file."""
    found = Registries()
    for name, function in _functions(tree):
        if table := _filled_by(function):
            found.filled[name] = table
    found.otherwise.update(_otherwise(tree))
    return found


def _functions(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    for node in tree.body:
        if isinstance(node, Function):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{one.name}", one) for one in node.body if isinstance(one, Function))


def _filled_by(function: Function) -> str:
    """The registry that a decorator puts its function into; "" for other functions."""
    inner = [one for one in function.body if isinstance(one, Function)]
    for node in (function, *inner):
        parameters = [one.arg for one in node.args.args if one.arg not in ("self", "cls")]
        # What is put in is the function, or a wrapper around it.
        given = {*parameters[:1], *(one.name for one in node.body if isinstance(one, Function))}
        tables = {table for one in node.body if (table := _stored_into(one, given))}
        if parameters and len(tables) == 1 and not _uses_otherwise(node, parameters[0]):
            return tables.pop()
    return ""


def _stored_into(node: ast.stmt, given: set[str]) -> str:
    """The registry in `TABLE[key] = function` and `TABLE.setdefault(key, []).append(function)`."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in given:
        target = node.targets[0]
        return _last(target.value) if len(node.targets) == 1 and isinstance(target, ast.Subscript) else ""
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.func.attr != "append":
        return ""
    if len(call.args) != 1 or not isinstance(call.args[0], ast.Name) or call.args[0].id not in given:
        return ""
    held = call.func.value
    if isinstance(held, ast.Subscript):
        return _last(held.value)
    if isinstance(held, ast.Call) and isinstance(held.func, ast.Attribute) and held.func.attr == "setdefault":
        return _last(held.func.value)
    return ""


def _uses_otherwise(node: Function, parameter: str) -> bool:
    """Whether a decorator calls its function, or gives it to code that may."""
    for statement in node.body:
        if isinstance(statement, Function):
            continue
        for one in ast.walk(statement):
            if not isinstance(one, ast.Call) or dotted(one.func).rpartition(".")[2] in {*_KEEPS_NAME, "append"}:
                continue
            handed = [one.func, *one.args, *(held.value for held in one.keywords)]
            if any(isinstance(part, ast.Name) and part.id == parameter for part in handed):
                return True
    return False


def _otherwise(tree: ast.Module) -> Iterator[str]:
    """The names that are loaded in other ways than a lookup of one key, or to be shown."""
    looked_up: set[int] = set()
    for node, looped in _with_loops(tree, frozenset()):
        of, key = _lookup(node)
        every = isinstance(key, ast.Constant) or (isinstance(key, ast.Name) and key.id in looped)
        if of is not None and not every:
            looked_up.add(id(of))
        if isinstance(node, ast.FormattedValue) and _is_shown(node):
            looked_up |= {id(one) for one in ast.walk(node)}
    for one in ast.walk(tree):
        if isinstance(one, ast.Name | ast.Attribute) and isinstance(one.ctx, ast.Load) and id(one) not in looked_up:
            yield _last(one)


def _with_loops(node: ast.AST, looped: frozenset[str]) -> Iterator[tuple[ast.AST, frozenset[str]]]:
    """Each node below, with the names that loops around it bind: such a name may be every key."""
    loops = (
        node.generators if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) else [node]
    )
    for loop in loops:
        if isinstance(loop, ast.For | ast.AsyncFor | ast.comprehension):
            looped |= {one.id for one in ast.walk(loop.target) if isinstance(one, ast.Name)}
    yield node, looped
    for child in ast.iter_child_nodes(node):
        yield from _with_loops(child, looped)


def _is_shown(node: ast.FormattedValue) -> bool:
    calls = (one for one in ast.walk(node) if isinstance(one, ast.Call))
    return all(
        dotted(one.func) in _SHOWN_BY or (isinstance(one.func, ast.Attribute) and one.func.attr == "join")
        for one in calls
    )


def _lookup(node: ast.AST) -> tuple[ast.expr | None, ast.expr | None]:
    """What is looked up in, and the key."""
    if isinstance(node, ast.Subscript):
        return node.value, node.slice
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _LOOKUPS and node.args:
        return node.func.value, node.args[0]
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn):
        return node.comparators[0], node.left
    if isinstance(node, ast.Call) and dotted(node.func) == "len" and len(node.args) == 1:
        return node.args[0], node.func
    return None, None


def _last(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
