"""What a function that takes the event does for some events only: branches that compare the event with a constant, and
tables of functions that the event selects from.

The first parameter of such a function is the event. Truth tests (`if event.get("image")`) are guards, and no branches,
but for the keys by which AWS's own events differ (`if "Records" in event`).
"""

import ast
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from monitor.callgraph.parse_words import constant_text, dotted

Function = ast.FunctionDef | ast.AsyncFunctionDef
# These calls hand on what they are given.
_READERS = ("json.loads", "loads", "str", "int", "dict", "urlparse", "unquote")
_LOOKUPS = ("get", "pop", "__getitem__")
_SHORT = 40
# What every event of one source has, and no event of others (AWS Lambda developer guide, the pages of each service).
_KEYS_OF_SOURCES = frozenset(
    (
        *("httpMethod", "requestContext", "routeKey", "rawPath", "resource", "Records", "records", "detail-type"),
        *("detail", "source", "triggerSource", "awslogs", "RequestType", "authorizationToken", "methodArn", "bot"),
    )
)


@dataclass(slots=True)
class Names:
    """The names that code loads, and its attributes: (`a`, `c`) for `a.b.c`, ("", `c`) for `f()[0].c`."""

    loads: set[str] = field(default_factory=set)
    attributes: set[tuple[str, str]] = field(default_factory=set)

    def read(self, node: ast.AST) -> None:
        """Add the names in an expression or a statement."""
        for one in ast.walk(node):
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load):
                self.loads.add(one.id)
            elif isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Load):
                self.attributes.add(attribute_of(one.value, one.attr))
            elif isinstance(one, ast.Call) and dotted(one.func) == "getattr" and (text := _second_text(one)):
                self.attributes.add(attribute_of(one.args[0], text))


@dataclass(frozen=True, slots=True)
class Branch:
    """One alternative: what it loads, and where it begins or by which key it is found.

    `body` is the line and the indentation of its first statement, where that begins a line of its own. A
    `fallback` is taken where no other alternative is.
    """

    label: str
    names: Names = field(default_factory=Names)
    body: tuple[int, int] | None = None
    fallback: bool = False


@dataclass(slots=True)
class Branches:
    """A function's names outside of its branches, its choices (each a list of branches, of which a call takes one), the
    tables that the event selects from (`TABLE`, `module.TABLE`), and what is called with the event."""

    always: Names = field(default_factory=Names)
    choices: list[list[Branch]] = field(default_factory=list)
    tables: set[str] = field(default_factory=set)
    passes: set[str] = field(default_factory=set)


def attribute_of(value: ast.expr, name: str) -> tuple[str, str]:
    """The attribute with the first name of what it is taken from, "" if that is not known."""
    plain = not any(isinstance(part, ast.Call | ast.Subscript) for part in ast.walk(value))
    return (dotted(value).partition(".")[0] if plain else "", name)


def table_of(value: ast.expr) -> list[Branch]:
    """The entries of a dict that is written out with constant keys; empty for anything else."""
    if not isinstance(value, ast.Dict) or not all(isinstance(key, ast.Constant) for key in value.keys):
        return []
    found = []
    for key, entry in zip(value.keys, value.values, strict=True):
        branch = Branch(f"key {ast.unparse(key)[:_SHORT]}" if key else "")
        branch.names.read(entry)
        found.append(branch)
    return found


def branches_of(function: Function) -> Branches:
    """The branches in a function whose first parameter is the event."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    if arguments and arguments[0].arg in ("self", "cls"):
        del arguments[0]
    reader = _Reader({arguments[0].arg} if arguments else set())
    reader.body(function.body)
    return reader.found


def names_without(function: Function, apart: Collection[ast.stmt]) -> Names:
    """The names of a function's body without those of some of its statements."""
    reader = _Reader(set())
    reader.body(one for one in function.body if one not in apart)
    return reader.found.always


class _Reader:
    """Reads statements in their order; `event` are the names that hold the event or a part of it."""

    def __init__(self, event: set[str]) -> None:
        self.found = Branches()
        self._event = event
        # Where the names of a statement go: to the branch that it is in, and to what follows a choice without an else.
        self._into = self.found.always
        self._after: list[Names] = []

    def body(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.If) and self._selects(node.test):
            self._choice(node)
        elif isinstance(node, ast.Match) and self._is_event(node.subject):
            self._read(node.subject)
            for case in node.cases:
                self._read(case.pattern)
            choice = [self._branch(case.pattern, case.body, case.guard) for case in node.cases]
            last = node.cases[-1]
            complete = isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None
            if complete:
                choice[-1] = replace(choice[-1], fallback=True)
            self._end(choice, complete=complete)
        elif isinstance(node, ast.If | ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith | ast.Try):
            self._compound(node)
        else:
            self._simple(node)

    def _choice(self, node: ast.If) -> None:
        choice: list[Branch] = []
        rest: list[ast.stmt] = [node]
        while len(rest) == 1 and isinstance(rest[0], ast.If) and self._selects(rest[0].test):
            one = rest[0]
            self._read(one.test)
            choice.append(self._branch(one.test, one.body))
            rest = one.orelse
        if rest:
            choice.append(replace(self._branch(rest[0], rest, above_line=rest[0].lineno - 1), fallback=True))
        self._end(choice, complete=bool(rest))

    def _branch(
        self, at: ast.AST, body: Iterable[ast.stmt], guard: ast.expr | None = None, above_line: int | None = None
    ) -> Branch:
        statements = list(body)
        line = getattr(at, "lineno", 0)
        # What the guard of a case needs cannot be put into its body.
        place = None if guard is not None else first_line(statements, line if above_line is None else above_line)
        branch = Branch(f"line {line}", body=place)
        before, self._into = self._into, branch.names
        if guard is not None:
            self._read(guard)
        self.body(statements)
        self._into = before
        return branch

    def _end(self, choice: list[Branch], *, complete: bool) -> None:
        if self._into is not self.found.always:
            # Inside a branch, all alternatives belong to it.
            for one in choice:
                self._into.loads |= one.names.loads
                self._into.attributes |= one.names.attributes
            return
        self.found.choices.append(choice)
        if not complete:
            choice.append(Branch(f"after {choice[-1].label}", after := Names(), fallback=True))
            self._after.append(after)

    def _compound(self, node: ast.stmt) -> None:
        if isinstance(node, ast.For | ast.AsyncFor) and self._is_event(node.iter):
            self._event |= _targets(node.target)
        for _, value in ast.iter_fields(node):
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, ast.stmt):
                    self._statement(part)
                elif isinstance(part, ast.ExceptHandler):
                    if part.type is not None:
                        self._read(part.type)
                    self.body(part.body)
                elif isinstance(part, ast.AST):
                    self._read(part)

    def _simple(self, node: ast.stmt) -> None:
        value = getattr(node, "value", None)
        if isinstance(node, ast.Assign | ast.AnnAssign) and value is not None and self._is_event(value):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                self._event |= _targets(target)
        if isinstance(node, ast.Return | ast.Assign) and isinstance(value, ast.IfExp) and self._selects(value.test):
            self._read(value.test)
            parts = [ast.copy_location(ast.Expr(part), part) for part in (value.body, value.orelse)]
            taken, otherwise = (self._branch(part, [part]) for part in parts)
            self._end([taken, replace(otherwise, fallback=True)], complete=True)
            return
        self._read(node)

    def _read(self, node: ast.AST) -> None:
        """Take in the names of code, without the tables that the event selects from."""
        names = Names()
        names.read(node)
        for one in ast.walk(node):
            if isinstance(one, ast.Call) and self._is_given_event(one) and (called := dotted(one.func)):
                self.found.passes.add(called)
            if self._into is self.found.always and (table := self._looked_up(one)):
                self.found.tables.add(table)
                name, dot, attribute = table.partition(".")
                names.loads.discard(name)
                names.attributes -= {(name, attribute), (name, "get")} if dot else {(name, "get")}
        for into in (self._into, *self._after):
            into.loads |= names.loads
            into.attributes |= names.attributes

    def _is_given_event(self, call: ast.Call) -> bool:
        first = call.args[0] if call.args else None
        return isinstance(first, ast.Name) and first.id in self._event

    def _looked_up(self, node: ast.AST) -> str:
        """The table in `TABLE[event["x"]]` and `TABLE.get(event["x"])`; "" for anything else."""
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and self._is_event(node.slice):
            table: ast.expr = node.value
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _LOOKUPS
            and node.args
            and self._is_event(node.args[0])
        ):
            table = node.func.value
        else:
            return ""
        name = dotted(table) if isinstance(table, ast.Name | ast.Attribute) else ""
        return name if name.count(".") < 2 and not self._is_event(table) else ""

    def _selects(self, test: ast.expr) -> bool:
        """Whether a test compares the event with constants."""
        if isinstance(test, ast.BoolOp):
            return any(map(self._selects, test.values))
        if isinstance(test, ast.UnaryOp):
            return self._selects(test.operand)
        if self._is_key_of_source(test):
            return True
        if isinstance(test, ast.Call):
            func = test.func
            return (
                isinstance(func, ast.Attribute)
                and func.attr in ("startswith", "endswith")
                and self._is_event(func.value)
                and all(map(_is_constant, test.args))
            )
        if not isinstance(test, ast.Compare) or len(test.ops) != 1:
            return False
        left, right = test.left, test.comparators[0]
        if isinstance(test.ops[0], ast.Eq | ast.NotEq):
            pairs: Iterable[tuple[ast.expr, ast.expr]] = ((left, right), (right, left))
        elif isinstance(test.ops[0], ast.In | ast.NotIn):
            # `"key" in event` is a guard.
            pairs = ((left, right),)
        else:
            return False
        return any(self._is_event(one) and _is_constant(other) for one, other in pairs)

    def _is_key_of_source(self, test: ast.expr) -> bool:
        """Whether a test asks for a key by which AWS's events differ: `"Records" in event`, `event.get("Records")`."""
        key, of = "", None
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.In | ast.NotIn):
            key, of = constant_text(test.left), test.comparators[0]
        elif isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and test.args:
            key, of = (constant_text(test.args[0]) if test.func.attr == "get" else ""), test.func.value
        elif isinstance(test, ast.Subscript):
            key, of = constant_text(test.slice), test.value
        return key in _KEYS_OF_SOURCES and of is not None and self._is_event(of)

    def _is_event(self, node: ast.expr) -> bool:
        """Whether an expression is the event, or a part of it."""
        if isinstance(node, ast.Name):
            return node.id in self._event
        if isinstance(node, ast.Attribute | ast.Subscript | ast.NamedExpr | ast.FormattedValue):
            return self._is_event(node.value)
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and self._is_event(node.func.value):
                return True
            return dotted(node.func) in _READERS and any(map(self._is_event, node.args))
        if isinstance(node, ast.BoolOp | ast.JoinedStr):
            return any(map(self._is_event, node.values))
        if isinstance(node, ast.Tuple):
            return any(map(self._is_event, node.elts))
        return False


def first_line(body: Sequence[ast.stmt], above_line: int) -> tuple[int, int] | None:
    """Where a statement can be put in: before the first one behind the docstring, if it begins a line of its own."""
    documented = len(body) > 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    first = body[documented]
    line = min([first.lineno, *(one.lineno for one in getattr(first, "decorator_list", ()))])
    before = (body[0].end_lineno or body[0].lineno) if documented else above_line
    return (line, first.col_offset) if line > before else None


def _is_constant(node: ast.expr) -> bool:
    """A text or a number, or several of them, or a name in capitals or of an enumeration."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return bool(node.elts) and all(map(_is_constant, node.elts))
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str | int) and node.value not in ("", True, False)
    return bool(name := dotted(node)) and name.rpartition(".")[2].isupper()


def _second_text(call: ast.Call) -> str:
    return constant_text(call.args[1]) if len(call.args) > 1 else ""


def _targets(target: ast.expr) -> set[str]:
    """The names that an assignment to `target` binds."""
    if isinstance(target, ast.Name):
        return {target.id}
    parts = target.elts if isinstance(target, ast.Tuple | ast.List) else ()
    return set().union(*map(_targets, parts))
