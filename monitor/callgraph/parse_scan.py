"""One Python file as scopes: what each function, and the file itself, imports, names, and calls.

The file's text is looked at and not kept: of a call's arguments only what cannot be a secret is.
"""

import ast
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from monitor.callgraph.parse_branches import (
    Branch,
    Branches,
    Function,
    Names,
    attribute_of,
    branches_of,
    first_line,
    names_without,
    table_of,
)
from monitor.callgraph.parse_registries import Registries, registries_of
from monitor.callgraph.parse_routes import Registered, route_of
from monitor.callgraph.parse_words import constant_text, dotted, sets_debug, written

MODULE = "<module>"
_IMPORTS_BY_NAME = ("importlib.import_module", "import_module", "__import__")
_LONGEST_STATEMENT = 300
_RUN_BY_MAKING = ("__init__", "__new__", "__post_init__")


@dataclass(frozen=True, slots=True)
class Imported:
    """An import statement's module, in the scope that it stands in; `binds` are name -> what the name stands for.

    `guarded`: it stands in an `if` or a `try`. `end_line` is the last line of the statement.
    """

    module: str
    line: int
    statement: str
    scope: str
    for_types: bool
    binds: dict[str, str]
    guarded: bool = False
    end_line: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """A call by its name as written (`boto3.client`, `session.resource`); `statement` without its secrets."""

    name: str
    line: int
    statement: str
    sets_debug: bool
    conditional: bool


@dataclass(frozen=True, slots=True)
class Dynamic:
    """Code that names what it uses only while it runs: `getattr(on, name)`, `eval(…)`."""

    line: int
    statement: str
    on: str


@dataclass(frozen=True, slots=True)
class Decorator:
    """A decorator by its name as written, and its first argument if that is a text: the path of a route."""

    name: str
    argument: str


@dataclass(slots=True)
class Scope(Names):
    """What a function's body (or the file's own lines, class bodies among them) loads and calls.

    `body` is the line and the indentation of a function's first statement behind its docstring, where it begins one.
    `definition` has the names in its decorators, defaults and annotations, `definition_rest` those without defaults
    that a call makes. `branches` say what it does for some events only, if it is called with the event.
    `without_parts` has the names of a function without the tables that it puts into `self`, and the routes that it
    registers.
    """

    body: tuple[int, int] | None = None
    definition: Names = field(default_factory=Names)
    definition_rest: Names = field(default_factory=Names)
    decorators: list[Decorator] = field(default_factory=list)
    dynamic: list[Dynamic] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    stands_for: dict[str, str] = field(default_factory=dict)
    branches: Branches | None = None
    without_parts: Names | None = None


@dataclass(slots=True)
class FileScan:
    """A file's scopes by name (`f`, `Class.method`), its imports, and the names that it says are its interface.

    `classes` has the names of each class's body, `class_rest` those without what is in `attributes`: the attributes
    there that a call makes (`Class.name`), and such defaults of parameters (`function(name)`). `values` has the
    names of what is assigned to a name at the top of the file, `tables` the entries of each dict there that is
    written out (`Class.name`: in a class, or in `self`), `refers` what a name there is made by or taken from,
    `loose` the names of its other lines, `registered` the routes that calls make, `registries` the tables that
    decorators fill. `assigned` has the line of each name there that is assigned once, and the text of its value if
    that is a call; `made` has those of calls. `binds` are all names that it binds anywhere, but for star imports.
    `lines` are those that a patch can name.
    """

    scopes: dict[str, Scope] = field(default_factory=lambda: {MODULE: Scope()})
    imports: list[Imported] = field(default_factory=list)
    exported: set[str] = field(default_factory=set)
    classes: dict[str, Names] = field(default_factory=dict)
    attributes: dict[str, Names] = field(default_factory=dict)
    class_rest: dict[str, Names] = field(default_factory=dict)
    bases: dict[str, list[str]] = field(default_factory=dict)
    values: dict[str, Names] = field(default_factory=dict)
    tables: dict[str, list[Branch]] = field(default_factory=dict)
    refers: dict[str, str] = field(default_factory=dict)
    loose: Names = field(default_factory=Names)
    registered: list[Registered] = field(default_factory=list)
    registries: Registries = field(default_factory=Registries)
    assigned: dict[str, tuple[int, str] | None] = field(default_factory=dict)
    made: dict[str, tuple[int, str] | None] = field(default_factory=dict)
    binds: set[str] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)


def scan(tree: ast.Module, package: str) -> FileScan:
    """The scopes of a parsed file in `package` ("" for the top), which relative imports count from."""
    scanner = _Scanner(package)
    scanner.postponed = any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
        for node in tree.body
    )
    scanner.statements(tree.body)
    scanner.found.binds = set(_bound_names(tree))
    scanner.found.registries = registries_of(tree)
    return scanner.found


def _bound_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
            yield node.name or ""
        elif isinstance(node, ast.MatchMapping):
            yield node.rest or ""


class _Scanner(ast.NodeVisitor):
    def __init__(self, package: str) -> None:
        self.found = FileScan()
        self.postponed = False
        self._package = package
        self._scope = MODULE
        self._classes: list[str] = []
        self._for_types = False
        self._conditional = False
        self._tries = False
        self._entered: set[str] = set()
        self._part: Names | None = None
        self._rest: Names | None = None

    @property
    def _parts(self) -> Iterator[Names]:
        """Where the names of the line go: to its scope, and in a file's own lines to the part that they belong to."""
        yield self._here
        if self._scope == MODULE:
            yield self.found.loose if self._part is None else self._part
            if self._rest is not None:
                yield self._rest

    @contextmanager
    def _part_of(self, part: Names) -> Iterator[None]:
        before, self._part = self._part, part
        yield
        self._part = before

    @property
    def _here(self) -> Scope:
        return self.found.scopes.setdefault(self._scope, Scope())

    def statements(self, body: list[ast.stmt]) -> None:
        for node in body:
            self.visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            # `import a.b` binds a, and a.b is what it loads.
            first = alias.name.partition(".")[0]
            binds = {alias.asname: alias.name} if alias.asname else {first: first}
            statement = f"import {alias.name}" + (f" as {alias.asname}" if alias.asname else "")
            self._import(alias.name, node, statement, binds)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if module == "__future__":
            return
        if node.level:
            parts = self._package.split(".") if self._package else []
            base = parts[: len(parts) - node.level + 1] if node.level <= len(parts) else []
            module = ".".join([*base, *([module] if module else [])])
        binds = {alias.asname or alias.name: f"{module}.{alias.name}" for alias in node.names if alias.name != "*"}
        self._import(module, node, ast.unparse(node), binds)

    def _import(self, module: str, node: ast.stmt | ast.expr, statement: str, binds: dict[str, str]) -> None:
        if not module:
            return
        guarded = self._conditional or self._tries
        self.found.imports.append(
            Imported(
                module,
                node.lineno,
                _shortened(statement),
                self._scope,
                self._for_types,
                binds,
                guarded,
                node.end_lineno or node.lineno,
            )
        )
        self._here.stands_for.update(binds)

    def visit_If(self, node: ast.If) -> None:
        test = ast.unparse(node.test)
        if (runs := _while_running(node.test)) is not None:
            for body, is_run in ((node.body, runs), (node.orelse, not runs)):
                before, self._for_types = self._for_types, self._for_types or not is_run
                self.statements(body)
                self._for_types = before
            return
        if self._scope == MODULE and test.replace('"', "'") in ("__name__ == '__main__'", "'__main__' == __name__"):
            self._within("<main>", node.body, node.lineno)
        else:
            self.visit(node.test)
            self._maybe(node.body)
        self._maybe(node.orelse)

    def visit_Try(self, node: ast.Try) -> None:
        before, self._tries = self._tries, True
        self.generic_visit(node)
        self._tries = before

    def _maybe(self, body: list[ast.stmt]) -> None:
        before, self._conditional = self._conditional, True
        self.statements(body)
        self._conditional = before

    def _within(self, scope: str, body: list[ast.stmt], above_line: int) -> None:
        before = self._scope, self._classes, self._conditional
        self._scope, self._classes, self._conditional = scope, [], False
        # Where two functions have one name, what is put into one of them is not in the other.
        self._here.body = None if scope in self._entered else first_line(body, above_line)
        self._entered.add(scope)
        self.statements(body)
        self._scope, self._classes, self._conditional = before

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def _function(self, node: Function) -> None:
        name = ".".join((*self._classes, node.name))
        scope = self.found.scopes.setdefault(name, Scope()) if self._scope == MODULE else self._here
        before = self._rest
        self._rest = scope.definition_rest if self._scope == MODULE else None
        with self._part_of(scope.definition):
            self._defined(node)
        self._rest = before
        if self._scope == MODULE:
            scope.decorators += [
                Decorator(dotted(one), constant_text(one.args[0]) if isinstance(one, ast.Call) and one.args else "")
                for one in node.decorator_list
            ]
            # Of two functions of one name, which one is called is not known.
            scope.branches = branches_of(node) if name not in self._entered else None
            if apart := [*self._tables_of_self(node), *self._routes_in(node)]:
                scope.without_parts = names_without(node, apart)
            self._within(name, node.body, node.lineno)
        else:
            # A function inside a function belongs to the outer one.
            self.statements(node.body)

    def _routes_in(self, node: Function) -> Iterator[ast.stmt]:
        """The statements of a function that register routes: it makes the application (`create_app`)."""
        for one in node.body:
            if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call) and (route := route_of(one.value)):
                self.found.registered.append(Registered(route[0]))
                self.found.registered[-1].names.read(route[1])
                yield one

    def _tables_of_self(self, node: Function) -> Iterator[ast.stmt]:
        for one in node.body if self._classes else ():
            target = one.targets[0] if isinstance(one, ast.Assign) and len(one.targets) == 1 else None
            if isinstance(target, ast.Attribute) and dotted(target.value) == "self" and isinstance(one, ast.Assign):
                name = ".".join((*self._classes, target.attr))
                if entries := self._add_table(name, one.value):
                    self.found.values[name].loads |= {load for entry in entries for load in entry.names.loads}
                    self.found.values[name].attributes |= {held for entry in entries for held in entry.names.attributes}
                    yield one

    def _add_table(self, name: str, value: ast.expr) -> list[Branch]:
        """The entries, if it is a table; of a name that is assigned twice, they are not known."""
        entries = table_of(value) if name not in self.found.tables else []
        self.found.tables[name] = entries
        self.found.values.setdefault(name, Names())
        return entries

    def _defined(self, node: Function) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
            # A bare decorator is a call as well: of what it names.
            if isinstance(decorator, ast.Name | ast.Attribute) and (name := dotted(decorator)):
                self._here.calls.append(Call(name, decorator.lineno, f"@{name}", False, self._conditional))
        arguments = node.args
        for name, default in defaults_of(arguments):
            before = self._rest
            key = f"{'.'.join((*self._classes, node.name))}({name})"
            if self._scope == MODULE and isinstance(default, ast.Call) and dotted(default.func):
                self._made([key], default, dotted(default.func))
                self._rest = self.found.attributes.setdefault(key, Names())
            self.visit(default)
            self._rest = before
        # A decorator may ask for the annotations, even for postponed ones: FastAPI's and pydantic's do.
        for annotation in _annotations(node):
            self._annotation(annotation, bool(node.decorator_list))

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(default)
        before = self._scope
        if self._scope == MODULE:
            self._scope = f"<lambda:{node.lineno}>"
        self.visit(node.body)
        self._scope = before

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        body = Names()
        name = ".".join((*self._classes, node.name))
        if self._scope == MODULE:
            body = self.found.classes.setdefault(name, body)
            self.found.bases[name] = [dotted(base) for base in node.bases]
        # Where a class is used, its decorators and bases are, too.
        before = self._rest
        self._rest = self.found.class_rest.setdefault(name, Names()) if self._scope == MODULE else None
        with self._part_of(body):
            for part in (*node.decorator_list, *node.bases, *node.keywords):
                self.visit(part)
            self._classes.append(node.name)
            self.statements(node.body)
            self._classes.pop()
        self._rest = before

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if self._scope == MODULE:
            target = node.target
            # A variable's annotation goes with its value.
            plain = isinstance(target, ast.Name) and node.value is not None and not self._classes
            part = self.found.values.setdefault(target.id, Names()) if plain and isinstance(target, ast.Name) else None
            with self._part_of(part) if part is not None else nullcontext():
                self._annotation(node.annotation, bool(self._classes))
        self._assign([node.target], node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        with self._configuring(configured_name(node)):
            self._assign(node.targets, node.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        with self._configuring(configured_name(node)):
            self.generic_visit(node)

    @contextmanager
    def _configuring(self, name: str) -> Iterator[None]:
        """A line that sets up a value which a call made (`session.headers[…] = …`) belongs to the value."""
        own = self._scope == MODULE and not self._classes and self.found.made.get(name) is not None
        with self._part_of(self.found.values[name]) if own else nullcontext():
            yield

    def _assign(self, targets: list[ast.expr], value: ast.expr | None) -> None:
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        for target in targets:
            self.visit(target)
        if value is None:
            return
        plain = self._scope == MODULE and not self._classes and names and len(names) == len(targets)
        value_names = Names()
        table = ""
        if self._scope == MODULE and self._classes and len(names) == len(targets) == 1:
            table = ".".join((*self._classes, names[0]))
            table = table if self._add_table(table, value) else ""
        part = self.found.values[table] if table else value_names if plain else None
        before = self._rest
        if table or self._is_made_attribute(names, targets, value):
            self._rest = self.found.attributes.setdefault(".".join((*self._classes, *names)), Names())
        with self._part_of(part) if part is not None else nullcontext():
            self.visit(value)
        self._rest = before
        for name in names if plain else ():
            held = self.found.values.setdefault(name, Names())
            held.loads |= value_names.loads
            held.attributes |= value_names.attributes
            self._add_table(name, value)
        if "__all__" in names:
            self.found.exported.update(_texts(value))
        made_by = dotted(value.func) if isinstance(value, ast.Call) else ""
        if plain:
            self._made(names, value, made_by)
            if isinstance(value, ast.Call | ast.Attribute):
                self.found.refers.update(dict.fromkeys(names, dotted(value)))
        if made_by:
            self._here.stands_for.update(dict.fromkeys(names, made_by))

    def _is_made_attribute(self, names: list[str], targets: list[ast.expr], value: ast.expr) -> bool:
        if self._scope != MODULE or not self._classes or not (len(names) == len(targets) == 1):
            return False
        made_by = dotted(value.func) if isinstance(value, ast.Call) else ""
        self._made([".".join((*self._classes, names[0]))], value, made_by)
        return bool(made_by)

    def _made(self, names: list[str], value: ast.expr, made_by: str) -> None:
        for name in names:
            again = name in self.found.made or len(names) > 1 or self._conditional or self._tries
            call = isinstance(value, ast.Call) and made_by
            text = written(made_by, value) if isinstance(value, ast.Call) else ""
            self.found.assigned[name] = None if again else (value.lineno, text)
            self.found.made[name] = self.found.assigned[name] if call else None

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name) and node.target.id == "__all__":
            self.found.exported.update(_texts(node.value))
        self.generic_visit(node)

    def _annotation(self, annotation: ast.expr, asked_for: bool) -> None:
        if self.postponed and not asked_for:
            return
        self.visit(annotation)
        if asked_for and isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
            try:
                self.visit(ast.parse(annotation.value[:500], mode="eval").body)
            except (SyntaxError, ValueError):
                return

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            for part in self._parts:
                part.loads.add(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.ctx, ast.Load):
            self._attribute(node.value, node.attr)
        self.generic_visit(node)

    def _attribute(self, of: ast.expr, name: str) -> None:
        for part in self._parts:
            part.attributes.add(attribute_of(of, name))

    def visit_Call(self, node: ast.Call) -> None:
        if name := dotted(node.func):
            call = Call(name, node.lineno, written(name, node), sets_debug(name, node), self._conditional)
            self._here.calls.append(call)
            if name in ("__all__.append", "__all__.extend"):
                self.found.exported.update(text for argument in node.args for text in _texts(argument))
            if not any(isinstance(part, ast.Call) for part in ast.walk(node.func)):
                self._by_name(name, node)
        first, dot, rest = name.partition(".")
        route = route_of(node, self._here.stands_for.get(first, "") + dot + rest) if self._scope == MODULE else None
        if route is None:
            self.generic_visit(node)
            return
        self.found.registered.append(Registered(route[0]))
        for child in ast.iter_child_nodes(node):
            if child is route[1] or (isinstance(child, ast.keyword) and child.value is route[1]):
                before, self._rest = self._rest, None
                with self._part_of(self.found.registered[-1].names):
                    self.visit(child)
                self._rest = before
            else:
                self.visit(child)

    def _by_name(self, name: str, node: ast.Call) -> None:
        """A call that uses something by a name that is a text: the text where it stands there, else dynamic code."""
        if name == "getattr" and len(node.args) > 1 and (text := constant_text(node.args[1])):
            self._attribute(node.args[0], text)
        elif name in _IMPORTS_BY_NAME and node.args and (text := constant_text(node.args[0])):
            if not text.startswith("."):
                self._import(text, node, written(name, node), {})
        elif name in ("getattr", "eval", "exec", "globals", *_IMPORTS_BY_NAME):
            on = dotted(node.args[0]) if name == "getattr" and node.args else ""
            self._here.dynamic.append(Dynamic(node.lineno, written(name, node), on))


def _shortened(statement: str) -> str:
    """A statement that is shown, without its last names where it is long."""
    if len(statement) <= _LONGEST_STATEMENT:
        return statement
    head = statement[: _LONGEST_STATEMENT - len(", …")]
    return f"{head.rpartition(',')[0] or head}, …"


def _while_running(test: ast.expr) -> bool | None:
    """What a condition is outside of type checkers; None if that is not known."""
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return False
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            found = _while_running(inner)
            return None if found is None else not found
        case ast.BoolOp(op=op, values=values):
            decides = isinstance(op, ast.Or)
            parts = [_while_running(one) for one in values]
            return decides if decides in parts else None if None in parts else not decides
    return None


def configured_name(node: ast.stmt) -> str:
    """The name of what a statement sets up: `session` of `session.mount(…)` and `session.verify = …`; else ""."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        inner: ast.expr = node.targets[0]
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        inner = node.value.func
    else:
        return ""
    if isinstance(inner, ast.Name):
        return ""
    while isinstance(inner, ast.Attribute | ast.Subscript):
        inner = inner.value
    return inner.id if isinstance(inner, ast.Name) else ""


def runs_by_calling(scanned: FileScan, name: str) -> Iterator[str]:
    """The scopes that run when `name`, a function or class of the file, is called."""
    if name in scanned.classes:
        yield from (f"{name}.{method}" for method in _RUN_BY_MAKING if f"{name}.{method}" in scanned.scopes)
    elif name in scanned.scopes and name != MODULE:
        yield name


def runs_at_import(scanned: FileScan) -> set[str]:
    """The scopes that run while the file is imported: its own lines, and what they call by name in the same file."""
    found: set[str] = set()
    waiting = [MODULE]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            calls = scanned.scopes[name].calls if name in scanned.scopes else ()
            waiting += [other for call in calls for other in runs_by_calling(scanned, call.name)]
    return found


def defaults_of(arguments: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    """The parameters that have a default."""
    plain = [*arguments.posonlyargs, *arguments.args]
    held = [*zip(plain[len(plain) - len(arguments.defaults) :], arguments.defaults, strict=True)]
    held += [
        (one, default) for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default
    ]
    yield from ((one.arg, default) for one, default in held)


def _texts(value: ast.expr) -> Iterator[str]:
    """The texts in an expression: of a list, and of lists that are added up."""
    for one in ast.walk(value):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def _annotations(node: Function) -> Iterator[ast.expr]:
    arguments = node.args
    for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
        if one is not None and one.annotation is not None:
            yield one.annotation
    if node.returns is not None:
        yield node.returns
