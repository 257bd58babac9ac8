"""Find the imports of a module that could run later, and say why the others cannot."""

import ast
import io
import re
import tokenize
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from monitor.packages.lazy.scopes import Names, is_type_checking, resolve

MARK = "__lazy__"
_OWN = re.compile(r"__lazy_\w*__")
_CODING = re.compile(r"^[ \t\f]*#.*?coding[:=]")
_ATTRIBUTE_FUNCTIONS = {"__getattr__", "__dir__"}
_TYPES = {"bool", "bytes", "dict", "float", "frozenset", "int", "list", "object", "set", "str", "tuple", "type"}
_WHOLE_NAMESPACE = {"globals", "eval", "exec"}
_SEEN = {"get", "keys"}
_WHOLE_NAMESPACE_AT_IMPORT = {"locals", "vars", "dir"}


@dataclass(frozen=True, slots=True)
class ImportStatement:
    """An import in a module's own scope.

    `targets` are the modules that it may load (with `from a import b`: `a`, and `a.b` if that is a module). `reason`
    says why it must stay where it is; "" if it can run later. `used` says whether a function of the module uses one of
    its names. `end` is the last line, `column` where the statement begins on the first one, in bytes.
    """

    line: int
    column: int
    end: int
    names: tuple[str, ...]
    targets: tuple[str, ...]
    text: str
    reason: str = ""
    used: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A module that was read: its imports, and what rewriting them needs.

    `views` are the calls of globals() that ask for names, `codes` the texts that eval() runs: both can see names that
    load later, and are rewritten too.
    """

    source: str
    tree: ast.Module
    names: Names
    imports: tuple[ImportStatement, ...]
    place: "Place | None"
    chained: bool
    refusal: str = ""
    views: tuple[ast.Call, ...] = ()
    codes: tuple[ast.expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where the line that installs the loaders goes without moving another line.

    `how` is "free" (a blank line or a comment), "after" or "before" (joined to a simple statement).
    """

    line: int
    how: str


def read(source: str, module: str, *, is_package: bool, starred: frozenset[str] = frozenset()) -> Reading:
    """Read the module named `module`; `starred` are the names that its own `from x import *` bring.

    Raises:
        ValueError: the source is not Python of this version.
    """
    try:
        return _read(source, ast.parse(source), module, is_package=is_package, starred=starred)
    except (SyntaxError, RecursionError) as error:
        # Formulas that programs wrote can be nested more deeply than a walk over them.
        raise ValueError(str(error)) from None


def _read(source: str, tree: ast.Module, module: str, *, is_package: bool, starred: frozenset[str]) -> Reading:
    names = resolve(tree)
    lines = split_lines(source)
    nodes = list(ast.walk(tree))
    views, codes = _views(nodes), _codes(nodes)
    whole = _reason_for_all(source, nodes, names, {id(one.func) for one in views} | set(codes))
    found = list(_imports(tree.body, guarded=False))
    ids = {id(node) for node, _ in found}
    place = _place(tree, lines, ids)
    unsafe = unsafe_texts(nodes, lines)
    whole = whole or next((f"{name}() is called in an f-string" for name in ("eval", "globals") if name in unsafe), "")
    package = module if is_package else module.rpartition(".")[0]
    imports = []
    for node, guarded in found:
        bound = _bound(node)
        reason = whole or _shape(node, lines)
        if not reason and guarded:
            reason = "a `try` handles its failure"
        for name in bound if not reason else ():
            reason = reason or _reason_for_name(name, node, names, unsafe, starred, ids)
        if not reason and place is None:
            reason = "no line is free for the loaders"
        imports.append(
            ImportStatement(
                node.lineno,
                node.col_offset,
                node.end_lineno or node.lineno,
                bound,
                _targets(node, package),
                ast.unparse(node),
                reason,
                any(name in names.deferred for name in bound),
            )
        )
    chained = bool(_ATTRIBUTE_FUNCTIONS & names.bindings.keys())
    return Reading(source, tree, names, _together(imports), place, chained, whole, tuple(views), tuple(codes.values()))


def _is_call_of(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _views(nodes: Iterable[ast.AST]) -> list[ast.Call]:
    """The calls of globals() that are asked for single names, or for all of them: nothing keeps the dict."""
    found: list[ast.expr] = []
    for node in nodes:
        if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Del):
            found.append(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SEEN:
            found.append(node.func.value)
        elif isinstance(node, ast.Compare):
            found += [
                one for how, one in zip(node.ops, node.comparators, strict=True) if isinstance(how, ast.In | ast.NotIn)
            ]
        elif isinstance(node, ast.For | ast.comprehension):
            found.append(node.iter)
    return [one for one in found if isinstance(one, ast.Call) and _is_call_of(one, "globals") and not one.args]


def _codes(nodes: Iterable[ast.AST]) -> dict[int, ast.expr]:
    """The texts that eval() runs, by the id of the name `eval`."""
    return {
        id(node.func): node.args[0]
        for node in nodes
        if isinstance(node, ast.Call)
        and _is_call_of(node, "eval")
        and node.args
        and not isinstance(node.args[0], ast.Starred | ast.GeneratorExp | ast.NamedExpr | ast.Yield | ast.YieldFrom)
    }


def split_lines(source: str) -> list[str]:
    """The lines as the parser counts them: a form feed or a Unicode separator ends none."""
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _imports(body: list[ast.stmt], *, guarded: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """The imports of the module's scope, each with whether a handler of a `try` around it can catch its error.

    An import may fail with any exception, and on another machine than this one. So every handler counts.
    """
    for node in body:
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and node.module != "__future__"):
            yield node, guarded
        elif isinstance(node, ast.If):
            if not is_type_checking(node.test):
                yield from _imports(node.body, guarded=guarded)
            yield from _imports(node.orelse, guarded=guarded)
        elif isinstance(node, ast.Try) and not node.finalbody:
            yield from _imports(node.body, guarded=True)
            yield from _imports(node.orelse, guarded=guarded)


def _bound(node: ast.Import | ast.ImportFrom) -> tuple[str, ...]:
    if isinstance(node, ast.Import):
        return tuple(dict.fromkeys(_alias_name(alias) for alias in node.names))
    return tuple(dict.fromkeys(alias.asname or alias.name for alias in node.names))


def _module_of(name: str, node: ast.AST) -> str:
    """The module that an `import` statement binds to `name`; "" if there is not exactly one."""
    if not isinstance(node, ast.Import):
        return ""
    found = {alias.name if alias.asname else name for alias in node.names if name == _alias_name(alias)}
    return found.pop() if len(found) == 1 else ""


def _alias_name(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]


def _targets(node: ast.Import | ast.ImportFrom, package: str) -> tuple[str, ...]:
    if isinstance(node, ast.Import):
        return tuple(alias.name for alias in node.names)
    parts = package.split(".") if package else []
    base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
    module = ".".join(filter(None, (base, node.module)))
    return (module, *(f"{module}.{alias.name}" for alias in node.names if alias.name != "*"))


def _reason_for_all(source: str, nodes: Sequence[ast.AST], names: Names, rewritten: Collection[int]) -> str:
    """Why no import of this module may move: its code can see its namespace as a whole.

    `rewritten` are the ids of names whose calls are rewritten.
    """
    if _OWN.search(source):
        return "the module is transformed already"
    for name in sorted(_WHOLE_NAMESPACE):
        loads = [*(load for load in names.eager_loads if load.id == name), *names.deferred.get(name, ())]
        if any(id(load) not in rewritten for load in loads):
            return f"the module calls {name}()"
    harmless = {
        id(node.func) for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args
    }
    for load in names.eager_loads:
        if load.id in _WHOLE_NAMESPACE_AT_IMPORT and id(load) not in harmless:
            return f"the module calls {load.id}() while it is imported"
    for node in nodes:
        if isinstance(node, ast.Subscript) and _is_sys_modules(node.value) and not isinstance(node.slice, ast.Constant):
            return f"line {node.lineno} reads a module from sys.modules"
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("vars", "dir")
            and any(isinstance(one, ast.Name) and one.id == "__name__" for one in ast.walk(node))
        ):
            return f"line {node.lineno} lists the names of the module"
    return ""


def _is_sys_modules(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "modules" and isinstance(node.value, ast.Name)


def _shape(node: ast.Import | ast.ImportFrom, lines: list[str]) -> str:
    """Why the statement cannot be put behind `def …():` on its own line."""
    if any(alias.name == "*" for alias in node.names):
        return "the names of a star import are not known"
    first = lines[node.lineno - 1].encode()
    last = lines[(node.end_lineno or node.lineno) - 1].encode()
    before, after = first[: node.col_offset].strip(), last[node.end_col_offset :].strip()
    if before or (after and not after.startswith(b"#")):
        return "another statement is on its line"
    return ""


def _reason_for_name(
    name: str,
    node: ast.AST,
    names: Names,
    unsafe: frozenset[str],
    starred: frozenset[str],
    imports: Collection[int],
) -> str:
    if name.startswith("__"):
        return f"{name} is a private name"
    if name in names.eager:
        return f"{name} is used while the module is imported"
    if name in names.unplaced:
        return f"what {name} means depends on what ran before"
    if name in names.annotations:
        return f"{name} is named in annotations, which can be resolved at run time"
    if name in unsafe:
        return f"{name} is used in an f-string in a way that cannot be rewritten"
    if name in starred:
        return f"{name} also comes from a star import"
    for other in names.bindings.get(name, ()):
        # `import a.b` and `import a.c` bind the same module; everything else depends on the order.
        same = id(other) in imports and (module := _module_of(name, other)) and module == _module_of(name, node)
        if other is not node and not same:
            return f"{name} is bound by several statements"
    return ""


def unsafe_texts(nodes: Iterable[ast.AST], lines: list[str]) -> frozenset[str]:
    """Names whose loads are not at the place that the parser says (f-strings up to 3.11), or whose text is shown."""
    found: set[str] = set()
    seen: set[tuple[int, int]] = set()
    encoded = [line.encode() for line in lines]
    for node in nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            text = encoded[node.lineno - 1][node.col_offset : node.end_col_offset]
            if text != node.id.encode() or (node.lineno, node.col_offset) in seen:
                found.add(node.id)
            seen.add((node.lineno, node.col_offset))
        elif isinstance(node, ast.JoinedStr):
            found |= _shown(node)
        elif type(node).__name__ in ("TemplateStr", "Interpolation"):
            found |= {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    return frozenset(found)


def _shown(node: ast.JoinedStr) -> set[str]:
    """The names in `{name=}`: the parser puts the text of the expression in front of it."""
    found: set[str] = set()
    before = ""
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            inner = {one.id for one in ast.walk(part.value) if isinstance(one, ast.Name)}
            if before.rstrip().endswith("="):
                found |= inner
            before = ""
        else:
            before = part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else ""
    return found


def _place(tree: ast.Module, lines: list[str], imports: set[int]) -> Place | None:
    """The first place before any statement that runs foreign code; None if there is none."""
    body = tree.body
    at = 0
    if ast.get_docstring(tree, clean=False) is not None:
        at = 1
    while at < len(body) and isinstance(body[at], ast.ImportFrom) and body[at].module == "__future__":  # type: ignore[attr-defined]
        at += 1
    head = body[at - 1] if at else None
    last = next((one.lineno for one in body[at:] if id(one) not in imports and not _runs_nothing(one)), len(lines) + 1)
    blank = _blank_lines(lines[:last])
    previous = head.end_lineno or 0 if head is not None else 0
    node: ast.stmt | None = None
    for node in body[at:]:
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
        for line in range(previous + 1, first):
            if line in blank and not (line <= 2 and _is_special(lines[line - 1])):
                return Place(line, "free")
        if id(node) not in imports and not _runs_nothing(node):
            break
        previous = node.end_lineno or node.lineno
    else:
        node = None
    if head is not None and _ends_line(head, lines):
        return Place(head.end_lineno or head.lineno, "after")
    if node is not None and _is_simple(node) and _starts_line(node, lines):
        return Place(node.lineno, "before")
    if node is None:
        return Place(len(lines) + 1, "free")
    return None


def _runs_nothing(node: ast.stmt) -> bool:
    """Whether a statement runs no code but its own: a plain function, a constant."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        values = [*node.decorator_list, *node.args.defaults, *node.args.kw_defaults]
        return all(value is None or isinstance(value, ast.Constant) for value in values) and not _annotated(node)
    return isinstance(node, ast.Pass) or (
        isinstance(node, ast.Expr | ast.Assign) and isinstance(node.value, ast.Constant)
    )


def _annotated(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function has annotations that could run code: all but the names of Python's own types."""
    found = [node.returns, *(one.annotation for one in ast.walk(node.args) if isinstance(one, ast.arg))]
    return not all(
        one is None or isinstance(one, ast.Constant) or (isinstance(one, ast.Name) and one.id in _TYPES)
        for one in found
    )


def _is_special(line: str) -> bool:
    return line.startswith("#!") or _CODING.match(line) is not None


def _blank_lines(lines: list[str]) -> set[int]:
    """The lines that hold nothing or only a comment, and belong to no string or statement.

    `lines` may end in the middle of a statement.
    """
    filled: set[int] = set()
    free: set[int] = set()
    with suppress(tokenize.TokenError, SyntaxError):
        for token in tokenize.generate_tokens(io.StringIO("".join(lines)).readline):
            if token.type in (tokenize.NL, tokenize.COMMENT):
                free.add(token.start[0])
            elif token.type not in (tokenize.INDENT, tokenize.DEDENT, tokenize.NEWLINE, tokenize.ENDMARKER):
                filled.update(range(token.start[0], token.end[0] + 1))
    return free - filled


def _is_simple(node: ast.stmt) -> bool:
    compound = (
        ast.If, ast.For, ast.While, ast.With, ast.Try, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef,
        ast.AsyncFor, ast.AsyncWith, ast.TryStar, ast.Match,
    )  # fmt: skip
    return not isinstance(node, compound)


def _starts_line(node: ast.stmt, lines: list[str]) -> bool:
    return not lines[node.lineno - 1].encode()[: node.col_offset].strip()


def _ends_line(node: ast.stmt, lines: list[str]) -> bool:
    after = lines[(node.end_lineno or 1) - 1].encode()[node.end_col_offset :].strip()
    return not after or after.startswith(b"#")


def _together(imports: list[ImportStatement]) -> tuple[ImportStatement, ...]:
    """Statements that bind the same name move together or not at all."""
    stuck: Mapping[str, str] = {name: one.reason for one in imports if one.reason for name in one.names}
    result = []
    for one in imports:
        reason = one.reason or next((stuck[name] for name in one.names if name in stuck), "")
        result.append(replace(one, reason=reason))
    return tuple(result)
