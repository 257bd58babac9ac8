"""Python source whose imports or calls at init are put off: moved into the functions that use them.

What the words of a finding propose, done by its file and line, so that it can be tried before anybody edits a file.
"""

import ast
from collections.abc import Collection, Iterator

from monitor.kernel.patch import NoFitError

_LATER = """
class _Later:
    def __init__(self, make):
        object.__setattr__(self, "_made", [])
        object.__setattr__(self, "_make", make)

    def _it(self):
        if not self._made:
            self._made.append(self._make())
        return self._made[0]

    def __getattr__(self, name):
        return getattr(self._it(), name)

    def __setattr__(self, name, value):
        setattr(self._it(), name, value)

    def __call__(self, *args, **kwargs):
        return self._it()(*args, **kwargs)

    def __getitem__(self, key):
        return self._it()[key]
"""
_MAKE = "_make_"
_DEFER_MODELS = """
import pydantic as _pydantic
_pydantic.BaseModel.model_config = {**_pydantic.BaseModel.model_config, "defer_build": True}
"""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def defer(source: str, imports: Collection[int], calls: Collection[int] = ()) -> str:
    """The source with the module-level imports on these lines moved into what uses them.

    `calls` are lines of assignments (`NAME = boto3.client(…)`) whose value is then made at its first use; imports move
    into those as well. The text of all else is as it was, but for comments and layout.

    Raises:
        NoFitError: there is no such statement, or its name is used while the file is imported.
    """
    tree = parsed(source)
    moved = [node for node in tree.body if is_import(node) and node.lineno in imports]
    later = [node for node in tree.body if _holds(node, calls)]
    if len(moved) < len(set(imports)) or len(later) < len(set(calls)):
        raise NoFitError("the import is inside a function, a class or an if")
    for node in later:
        if not _is_plain_assignment(node):
            raise NoFitError(f"line {node.lineno} is not an assignment to one name")
    bound = {name for node in moved for name in binds(node)}
    if "*" in bound:
        raise NoFitError("it is a star import, which a function cannot contain")
    kept = [node for node in tree.body if node not in moved]
    if any(bound & names for node in kept if node not in later for names in at_import(node)):
        raise NoFitError(f"{', '.join(sorted(bound))} is used while the file is imported")
    tree.body = [new for node in kept for new in (_deferred(node, moved) if node in later else [node])]
    for function in functions(tree):
        needed = [node for node in moved if binds(node) & (loads(function) - own_names(function))]
        if needed:
            at = 1 if ast.get_docstring(function, clean=False) is not None else 0
            function.body[at:at] = needed
    if later:
        at = after_head(tree.body)
        tree.body[at:at] = ast.parse(_LATER).body
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def parsed(source: str) -> ast.Module:
    """The tree of a module.

    Raises:
        NoFitError: it is not valid in this version of Python.
    """
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise NoFitError(f"it is not valid in this version of Python: {error}") from None


def without_collection(source: str) -> str:
    """The source of a handler's file with the garbage collector paused around it, and frozen at its end.

    Raises:
        NoFitError: it is not valid in this version of Python.
    """
    tree = parsed(source)
    at = after_head(tree.body)
    tree.body[at:at] = ast.parse("import gc as _gc\n_gc.disable()").body
    tree.body += ast.parse("_gc.freeze()\n_gc.enable()").body
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def with_deferred_models(source: str) -> str:
    """The source of a handler's file with pydantic's models built at their first use: all inherit the setting.

    Raises:
        NoFitError: it is not valid in this version of Python.
    """
    tree = parsed(source)
    at = after_head(tree.body)
    tree.body[at:at] = ast.parse(_DEFER_MODELS).body
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def is_import(node: ast.stmt) -> bool:
    """Whether a statement is an import, and not one from __future__."""
    return isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and node.module != "__future__")


def _holds(node: ast.stmt, lines: Collection[int]) -> bool:
    return any(node.lineno <= line <= (node.end_lineno or node.lineno) for line in lines)


def _is_plain_assignment(node: ast.stmt) -> bool:
    if isinstance(node, ast.AnnAssign):
        return isinstance(node.target, ast.Name) and node.value is not None
    return isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)


def _deferred(node: ast.stmt, moved: list[ast.stmt]) -> list[ast.stmt]:
    """`NAME = VALUE` as `NAME = _Later(make)`, with the imports that VALUE needs inside of make."""
    assert isinstance(node, ast.Assign | ast.AnnAssign)
    assert node.value is not None
    target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
    assert isinstance(target, ast.Name)
    needed = [ast.unparse(one) for one in moved if binds(one) & loads(node)]
    inside = "\n    ".join([*needed, f"return {ast.unparse(node.value)}"])
    make = f"{_MAKE}{target.id}"
    return ast.parse(f"def {make}():\n    {inside}\n{target.id} = _Later({make})").body


def binds(node: ast.stmt) -> set[str]:
    """The names that an import binds."""
    assert isinstance(node, ast.Import | ast.ImportFrom)
    return {alias.asname or alias.name.partition(".")[0] for alias in node.names}


def own_names(function: Function) -> set[str]:
    """The names that a function binds itself: they are not the module's in any line of it."""
    stored = {one.id for one in ast.walk(function) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    return stored | {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)}


def loads(node: ast.AST) -> set[str]:
    """The names in some code."""
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def at_import(node: ast.stmt) -> Iterator[set[str]]:
    """The names that a module-level statement loads while it is run: not those of its functions' bodies."""
    if isinstance(node, Function):
        for part in (*node.decorator_list, node.args, *([node.returns] if node.returns else ())):
            yield loads(part)
    elif isinstance(node, ast.ClassDef):
        for base in (*node.decorator_list, *node.bases, *node.keywords):
            yield loads(base)
        for inner in node.body:
            yield from at_import(inner)
    elif isinstance(node, ast.If | ast.Try | ast.With):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                yield from at_import(child)
            else:
                yield loads(child)
    else:
        yield loads(node)


def functions(tree: ast.Module) -> Iterator[Function]:
    """The outermost functions: of the module, and of its classes."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        for child in ast.iter_child_nodes(waiting.pop()):
            if isinstance(child, Function):
                if not child.name.startswith(_MAKE):
                    yield child
            elif not isinstance(child, ast.expr):
                waiting.append(child)


def after_head(body: list[ast.stmt]) -> int:
    """Behind the docstring and the imports from __future__."""
    at = 0
    for node in body:
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not (is_text or is_future):
            break
        at += 1
    return at
