"""Resolve the names of a module: which loads mean a name of the module, and whether they run while it is imported.

The rules are those of Python's symbol tables ("Naming and binding" in the language reference). A name that this file
cannot place for certain is reported as eager, which keeps its import where it is.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_COMPREHENSION = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_IDENTIFIER = re.compile(r"[^\W\d]\w*")


@dataclass
class Scope:
    """A scope while it is read. `eager` scopes run while the module is imported."""

    kind: str
    parent: "Scope | None"
    bound: set[str] = field(default_factory=set)
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)
    loads: list[ast.Name] = field(default_factory=list)

    @property
    def eager(self) -> bool:
        """Whether the code of this scope runs while the module is imported."""
        if self.kind == "function":
            return False
        return self.parent is None or self.parent.eager


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a module.

    `eager` are used while the module is imported (at `eager_loads`); `deferred` holds the loads in functions;
    `annotations` are named in annotations that can be resolved later; `unplaced` are names whose meaning depends on
    what ran before; `bindings` says at which statements of the module's own scope a name is bound.
    """

    eager: frozenset[str]
    eager_loads: tuple[ast.Name, ...]
    deferred: dict[str, tuple[ast.Name, ...]]
    annotations: frozenset[str]
    unplaced: frozenset[str]
    bindings: dict[str, tuple[ast.AST, ...]]


def resolve(tree: ast.Module) -> Names:
    """The names of the module `tree`."""
    reader = _Reader(tree)
    eager: list[ast.Name] = []
    deferred: dict[str, list[ast.Name]] = {}
    unplaced = set(reader.unplaced)
    for scope in reader.scopes:
        for load in scope.loads:
            if scope.kind == "class" and load.id in scope.bound:
                unplaced.add(load.id)
            elif not _is_global(scope, load.id):
                continue
            elif scope.eager:
                eager.append(load)
            else:
                deferred.setdefault(load.id, []).append(load)
    return Names(
        frozenset(load.id for load in eager),
        tuple(eager),
        {name: tuple(loads) for name, loads in deferred.items()},
        frozenset(reader.annotations),
        frozenset(unplaced),
        {name: tuple(nodes) for name, nodes in reader.bindings.items()},
    )


def _is_global(scope: Scope, name: str) -> bool:
    if scope.kind == "module" or name in scope.globals:
        return True
    if name in scope.bound or name in scope.nonlocals:
        return False
    above = scope.parent
    while above is not None and above.kind != "module":
        if above.kind != "class" and name in above.bound | above.nonlocals:
            return name in above.globals
        above = above.parent
    return True


def is_type_checking(test: ast.expr) -> bool:
    """Whether this is the condition of a block that never runs."""
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


class _Reader(ast.NodeVisitor):
    """Walks a module once; every visit method belongs to one kind of scope or binding."""

    def __init__(self, tree: ast.Module) -> None:
        self.scopes: list[Scope] = []
        self.annotations: set[str] = set()
        self.unplaced: set[str] = set()
        self.bindings: dict[str, list[ast.AST]] = {}
        self._futures = any(
            isinstance(node, ast.ImportFrom)
            and node.module == "__future__"
            and any(alias.name == "annotations" for alias in node.names)
            for node in tree.body
        )
        self._statement: ast.AST = tree
        self._scope = self._open("module", None)
        for node in tree.body:
            self.visit(node)

    def _open(self, kind: str, parent: Scope | None) -> Scope:
        scope = Scope(kind, parent)
        self.scopes.append(scope)
        return scope

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.stmt):
            before, self._statement = self._statement, node
            super().visit(node)
            self._statement = before
        else:
            super().visit(node)

    def _bind(self, name: str, scope: Scope | None = None) -> None:
        scope = scope or self._scope
        scope.bound.add(name)
        if scope.kind == "module" or name in scope.globals:
            self.bindings.setdefault(name, []).append(self._statement)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._scope.loads.append(node)
        else:
            self._bind(node.id)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self._scope.loads.append(ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target))
            self.unplaced.add(node.target.id)
        self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> None:
        self._scope.globals |= set(node.names)
        # Names that a function declares global before it binds them: both orders count.
        for name in self._scope.bound & self._scope.globals:
            self.bindings.setdefault(name, []).append(node)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self._scope.nonlocals |= set(node.names)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._bind(alias.asname or alias.name.partition(".")[0])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module != "__future__":
            for alias in node.names:
                if alias.name != "*":
                    self._bind(alias.asname or alias.name)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._bind(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.name:
            self._bind(node.name)
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name:
            self._bind(node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self._bind(node.rest)
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        scope = self._scope
        while scope.kind == "comprehension" and scope.parent is not None:
            scope = scope.parent
        self._bind(node.target.id, scope)
        self.visit(node.value)

    def visit_If(self, node: ast.If) -> None:
        if is_type_checking(node.test):
            self.visit(node.test)
            for child in node.orelse:
                self.visit(child)
        else:
            self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.target)
        if node.value is not None:
            self.visit(node.value)
        if self._scope.kind in ("module", "class"):
            self._annotation(node.annotation)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._bind(node.name)
        for decorator in node.decorator_list:
            self.visit(decorator)
        self._parameters(node.args)
        if node.returns is not None:
            self._annotation(node.returns)
        self._type_parameters(node)
        self._inside("function", node.args, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._parameters(node.args)
        self._inside("function", node.args, [node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._bind(node.name)
        for child in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(child)
        self._type_parameters(node)
        self._inside("class", None, node.body)

    def visit_TypeAlias(self, node: ast.AST) -> None:
        """`type X = …` (3.12) is evaluated later, in a scope of its own: its names stay eager."""
        self._bind(node.name.id)  # type: ignore[attr-defined]
        self._all_unplaced(node)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        # The first iterable is evaluated in the scope around the comprehension.
        self.visit(node.generators[0].iter)
        outer, self._scope = self._scope, self._open("comprehension", self._scope)
        for index, generator in enumerate(node.generators):
            self.visit(generator.target)
            if index:
                self.visit(generator.iter)
            for test in generator.ifs:
                self.visit(test)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.visit(part)
        self._scope = outer

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def _parameters(self, arguments: ast.arguments) -> None:
        for default in (*arguments.defaults, *arguments.kw_defaults):
            if default is not None:
                self.visit(default)
        for argument in _arguments(arguments):
            if argument.annotation is not None:
                self._annotation(argument.annotation)

    def _annotation(self, node: ast.expr) -> None:
        if self._futures:
            self.annotations |= {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        else:
            self.visit(node)
        for one in ast.walk(node):
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                self.annotations |= set(_IDENTIFIER.findall(one.value))

    def _type_parameters(self, node: ast.AST) -> None:
        for parameter in getattr(node, "type_params", ()):
            self.unplaced.add(parameter.name)
            self._all_unplaced(parameter)

    def _all_unplaced(self, node: ast.AST) -> None:
        self.unplaced |= {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}

    def _inside(self, kind: str, arguments: ast.arguments | None, body: list[ast.stmt] | list[ast.expr]) -> None:
        outer, self._scope = self._scope, self._open(kind, self._scope)
        if arguments is not None:
            self._scope.bound |= {argument.arg for argument in _arguments(arguments)}
        for child in body:
            self.visit(child)
        self._scope = outer


def _arguments(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    if arguments.vararg:
        yield arguments.vararg
    if arguments.kwarg:
        yield arguments.kwarg
