"""Source of a library whose imports are put off: into the functions that use them, and to the first use by others.

This is how a finding is tried, on a copy of the package that lives as long as the trial.
"""

import ast
from collections.abc import Collection
from typing import TYPE_CHECKING

from monitor.diagnose.trials.defer import after_head, at_import, functions, is_import, loads, own_names, parsed
from monitor.kernel.patch import NoFitError

if TYPE_CHECKING:
    from typing_extensions import TypeIs

# What other files take from the module is imported when they ask for it (PEP 562).
_GETATTR = """
def __getattr__(name, _before=globals().get("__getattr__"), _later={later!r}):
    if name in _later:
        exec(_later[name], globals())
        return globals()[name]
    if _before is not None:
        return _before(name)
    raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}")
"""
# A class that gives the name to an attribute gets a function that imports it when it is called.
_FORWARD = """
def {name}(*args, **kwargs):
    {statement}
    return {name}(*args, **kwargs)
"""


def defer_in_library(source: str, lines: Collection[int], modules: Collection[str]) -> str:
    """The source with the module-level imports on these lines put off; `modules` are what they import.

    Raises:
        NoFitError: there is no such statement at the top of the file, it is a star import, or its name is called or
            inherited from while the file is imported.
    """
    tree = parsed(source)
    moved = _moved(tree, lines)
    statements = {name: _one(node, alias) for node in moved for name, alias in _aliases(node)}
    if "*" in statements:
        raise NoFitError("it imports a star, whose names are not known")
    deleted = [node for node in tree.body if isinstance(node, ast.Delete)]
    kept = [node for node in tree.body if node not in moved and node not in deleted]
    named = _methods(kept) & statements.keys()
    if needed := _used(_as_run(kept)) & statements.keys():
        raise NoFitError(f"{', '.join(sorted(needed))} is used while the file is imported")
    for function in functions(ast.Module(kept, [])):
        wanted = sorted((loads(function) - own_names(function)) & statements.keys())
        at = 1 if ast.get_docstring(function, clean=False) is not None else 0
        function.body[at:at] = [node for name in wanted for node in ast.parse(statements[name]).body]
    forward = [_FORWARD.format(name=name, statement=statements[name]) for name in sorted(named)]
    gone = {name for node in deleted for name in loads(node)}
    later = {name: text for name, text in statements.items() if name not in named | gone}
    # A name that is not bound any more cannot be deleted.
    kept += [node for one in deleted for node in _without(one, gone & statements.keys() - named)]
    for module in modules:
        # A package has its modules as attributes once they are imported.
        later.setdefault(module.rpartition(".")[2], f"import importlib; importlib.import_module({module!r})")
    at = after_head(kept)
    kept[at:at] = ast.parse("\n".join(forward)).body
    tree.body = [*kept, *ast.parse(_GETATTR.format(later=later)).body]
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _moved(tree: ast.Module, lines: Collection[int]) -> list[ast.stmt]:
    moved = [node for node in tree.body if is_import(node) and node.lineno in lines]
    if len(moved) < len(set(lines)):
        raise NoFitError("the import is not at the top of the file: it stands in a function, a class, a try or an if")
    return moved


def _aliases(node: ast.stmt) -> list[tuple[str, ast.alias]]:
    assert isinstance(node, ast.Import | ast.ImportFrom)
    return [(alias.asname or alias.name.partition(".")[0], alias) for alias in node.names]


def _one(node: ast.stmt, alias: ast.alias) -> str:
    """The statement for one of its names."""
    if isinstance(node, ast.ImportFrom):
        return ast.unparse(ast.ImportFrom(node.module, [alias], node.level))
    return ast.unparse(ast.Import([alias]))


def _without(node: ast.Delete, names: Collection[str]) -> list[ast.stmt]:
    """The `del` statement without these names."""
    targets = [part for one in node.targets for part in (one.elts if isinstance(one, ast.Tuple) else [one])]
    left = [one for one in targets if not (isinstance(one, ast.Name) and one.id in names)]
    return [ast.Delete(left)] if left else []


def _methods(body: list[ast.stmt]) -> set[str]:
    """The names that a class gives to its attributes as they are: `plot = _plot`."""
    values = (one.value for node in body if isinstance(node, ast.ClassDef) for one in node.body if _is_alias(one))
    return {value.id for value in values if isinstance(value, ast.Name)}


def _is_alias(node: ast.stmt) -> "TypeIs[ast.Assign]":
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Name)


def _as_run(body: list[ast.stmt]) -> list[ast.stmt]:
    """The statements without annotations, if they are never evaluated."""
    if not any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in body):
        return body
    copy = [ast.parse(ast.unparse(node)).body[0] for node in body]
    for node in (part for one in copy for part in ast.walk(one)):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant("")
    return copy


def _used(body: list[ast.stmt]) -> set[str]:
    """The names that are needed while the file is imported, in any other way."""
    found: set[str] = set()
    for node in body:
        if not isinstance(node, ast.ClassDef):
            found |= {name for held in at_import(node) for name in held}
            continue
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            found |= loads(part)
        for inner in node.body:
            found |= set() if _is_alias(inner) else {name for held in at_import(inner) for name in held}
    return found
