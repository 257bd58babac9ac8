"""Find code that would notice that a module is loaded later, or that its source or namespace is another."""

import ast
import re
import sys
from collections.abc import Callable, Collection, Container, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

ALL = "*"
APPLICATION = "application"
_WORTH_READING = re.compile(
    r"\bmodules\b|__dict__|\bvars\b|__subclasses__|\bdelattr\b|\bdel +\w+\.|getsource|getline|linecache"
    r"|\breload\b|__globals__|f_globals|meta_path|path_hooks|__import__|get_objects|get_referrers|settrace|setprofile"
    r"|ModuleType\b|\btype\((?:sys|os|types)\)|__code__|\bdis\b|sys\.monitoring|findsource|module_from_spec|exec_module|LazyLoader"
)
_STAR = re.compile(r"^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]*\(?[ \t]*\*", re.MULTILINE)
_SOURCE = {"getsource", "getsourcelines", "findsource", "getline", "getlines", "__globals__", "f_globals", "__code__"}
_PROCESS = {"get_objects", "get_referrers", "settrace", "setprofile", "meta_path", "path_hooks"}
_TYPE_FORMS = {"Union", "Optional", "Callable", "Type", "type"}
_OWN_KEYS = {"__module__", "__name__", "__package__"}


@dataclass
class Guards:
    """What must stay, and why; a key is a module, `top.*` (a top-level package), APPLICATION, or ALL.

    `unedited` modules keep their source; `eager` modules load when they did; the modules of a top-level package in
    `groups` are loaded all or not at all. `subclasses` are the top-level packages whose code asks classes for their
    subclasses. `exact` says where code asks for modules of exactly Python's type; "" if none does.
    """

    unedited: dict[str, str] = field(default_factory=dict)
    eager: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    subclasses: set[str] = field(default_factory=set)
    exact: str = ""

    def reason_unedited(self, module: str, *, own: bool) -> str:
        """Why the source of a module stays; "" if it need not."""
        return _reason(self.unedited, module, own=own)

    def reason_eager(self, module: str, *, own: bool) -> str:
        """Why a module loads when it did; "" if it need not."""
        return _reason(self.eager, module, own=own)


def _reason(table: Mapping[str, str], module: str, *, own: bool) -> str:
    keys = [module, f"{module.partition('.')[0]}.*", ALL, *([APPLICATION] if own else [])]
    return next((table[key] for key in keys if key in table), "")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A module of the package: its file, its dotted name, and whether it belongs to the application."""

    file: str
    module: str
    is_package: bool
    own: bool


def guards(
    files: Mapping[str, SourceFile],
    text_of: Callable[[str], str],
    loaded: Container[str],
    starred: Callable[[str, str], bool] = lambda _target, _importer: True,
) -> Guards:
    """The guards of a package's modules; `text_of` gives a file's source (ValueError if it has none).

    Of libraries only the files in `loaded` are read: code that neither a start nor an event loads may do what it likes
    with its own modules. Star imports count wherever they stand, if `starred` says of a module and its importer that
    names which load later do not come through.
    """
    found = Guards()
    for name, one in sorted(files.items()):
        text = ""
        try:
            text = text_of(name)
            for level, module in _stars(text):
                target = absolute(one, level, module)
                if starred(target, one.module):
                    found.unedited.setdefault(target, f"{one.file} imports all of its names with a star")
            if (one.own or name in loaded) and _WORTH_READING.search(text):
                _read(ast.parse(text), one, found)
        except (ValueError, SyntaxError, RecursionError):
            if (one.own or name in loaded) and _WORTH_READING.search(text):
                # It may look at any module that it knows.
                scope = ALL if one.own else f"{one.module.partition('.')[0]}.*"
                found.eager.setdefault(scope, unreadable(name))
                found.unedited.setdefault(scope, unreadable(name))
                found.exact = found.exact or unreadable(name)
    return found


def unreadable(file: str) -> str:
    """Why nothing is known of a file that Python cannot parse."""
    return f"{file} is not source for Python {sys.version_info[0]}.{sys.version_info[1]}, which runs monitor"


def _stars(text: str) -> Iterator[tuple[int, str]]:
    """The star imports of a source: the level and the module. A text that only shows one has none."""
    found = [(len(dots), module) for dots, module in _STAR.findall(text)]
    if found:
        with suppress(SyntaxError, ValueError, RecursionError):
            found = [
                (node.level, node.module or "")
                for node in ast.walk(ast.parse(text))
                if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
            ]
    yield from found


def absolute(one: SourceFile, level: int, module: str | None) -> str:
    """The module that `from ..module import` means in a file."""
    package = one.module if one.is_package else one.module.rpartition(".")[0]
    parts = package.split(".") if package else []
    base = ".".join(parts[: len(parts) - level + 1]) if level else ""
    return ".".join(filter(None, (base, module)))


def _scope(nodes: Collection[ast.AST], one: SourceFile) -> str:
    """Which modules a file may mean when it looks for modules whose names only the program knows."""
    if one.own:
        return ALL
    top = one.module.partition(".")[0]
    loggers = {
        id(argument)
        for node in nodes
        if isinstance(node, ast.Call) and _called(node) == "getLogger"
        for argument in node.args
    }
    for node in nodes:
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value.startswith(f"{top}.")
            and id(node) not in loggers
        ):
            return f"{top}.*"
        if isinstance(node, ast.Name) and node.id == "__package__":
            return f"{top}.*"
        if isinstance(node, ast.JoinedStr | ast.BinOp) and any(
            isinstance(inner, ast.Name) and inner.id == "__name__" for inner in ast.walk(node)
        ):
            return f"{top}.*"
    return APPLICATION


def _read(tree: ast.Module, one: SourceFile, found: Guards) -> None:
    where = f"{one.file}:{{}}"
    nodes = list(ast.walk(tree))
    scope = _scope(nodes, one)
    imports = dict(_imported(nodes, one))
    dynamic = _dynamic(nodes)
    keyed: set[int] = set()
    harmless = _harmless_types(nodes)
    plain = _plain_namespaces(nodes)
    for node in nodes:
        line = where.format(getattr(node, "lineno", 0))
        if not found.exact and _is_type_of_modules(node) and id(node) not in harmless:
            found.exact = f"{line} asks for the type of modules"
        if isinstance(node, ast.Attribute) and node.attr == "__subclasses__":
            found.subclasses.add(one.module.partition(".")[0])
        elif isinstance(node, ast.Attribute) and node.attr == "f_globals" and not one.own and id(node) not in plain:
            found.unedited.setdefault(APPLICATION, f"{line} looks for names in the modules of its callers")
        elif isinstance(node, (ast.Attribute, ast.Name)):
            _watchful(node, one, found, line)
        for target in _namespaces(node):
            if _is_own_module(target):
                found.unedited.setdefault(one.module, f"{line} reads or changes its namespace")
            elif isinstance(target, ast.Name) and target.id in imports:
                found.unedited.setdefault(imports[target.id], f"{line} reads or changes its namespace")
            elif _is_dynamic(target, dynamic):
                found.unedited.setdefault(scope, f"{line} reads the namespaces of modules")
        _sys_modules(node, one, found, scope, line, keyed, bool(dynamic))


def _watchful(node: ast.Attribute | ast.Name, one: SourceFile, found: Guards, line: str) -> None:
    """What only the application's own code is asked for: libraries offer such tools without using them."""
    name = node.attr if isinstance(node, ast.Attribute) else node.id
    if not one.own:
        return
    if name in _SOURCE or (name == "reload" and isinstance(node.ctx, ast.Load)):
        found.unedited.setdefault(ALL, f"{line} uses {name}, which shows or repeats the source of modules")
    elif name in _PROCESS or (name == "__import__" and isinstance(node.ctx, ast.Store)):
        found.eager.setdefault(ALL, f"{line} uses {name}, which sees what is loaded")


def _plain_namespaces(nodes: Collection[ast.AST]) -> set[int]:
    """The ids of what is only compared, or asked for a name that no import binds: f_globals["__name__"]."""
    found: list[ast.AST] = []
    for node in nodes:
        key: ast.AST | None = None
        if isinstance(node, ast.Subscript):
            value, key = node.value, node.slice
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            value, key = node.func.value, next(iter(node.args), None)
        elif isinstance(node, ast.Compare):
            if all(isinstance(how, ast.Is | ast.IsNot) for how in node.ops):
                found += [node.left, *node.comparators]
            elif isinstance(node.ops[0], ast.In | ast.NotIn):
                value, key = node.comparators[0], node.left
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value.startswith("__"):
            found.append(value)
    return {id(one) for one in found}


def _is_type_of_modules(node: ast.AST) -> bool:
    """Whether it is ModuleType, or an idiom for it: type(sys)."""
    if isinstance(node, ast.Attribute | ast.Name):
        name = node.id if isinstance(node, ast.Name) else node.attr
        return name == "ModuleType" and isinstance(node.ctx, ast.Load)
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "type"
        and [one.id for one in node.args if isinstance(one, ast.Name)] in (["sys"], ["os"], ["types"])
    )


def _harmless_types(nodes: Collection[ast.AST]) -> set[int]:
    """The ids of what takes a subclass of a type too: isinstance(), a base class, a call, an annotation, an alias."""
    found: list[ast.AST | None] = []
    for node in nodes:
        if isinstance(node, ast.Call):
            found.append(node.func)
            if isinstance(node.func, ast.Name) and node.func.id in ("isinstance", "issubclass", "cast"):
                found += [inner for one in node.args for inner in ast.walk(one)]
        elif isinstance(node, ast.ClassDef):
            found += node.bases
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            found += ast.walk(node)
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value).rpartition(".")[2] in _TYPE_FORMS:
            found += ast.walk(node.slice)
        elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            found += ast.walk(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            found += ast.walk(node.returns)
    return {id(one) for one in found}


def _imported(nodes: Collection[ast.AST], one: SourceFile) -> Iterator[tuple[str, str]]:
    """What the imports of a file bind, as if every name were a module."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (
                    alias.asname or alias.name.partition(".")[0],
                    alias.name if alias.asname else alias.name.partition(".")[0],
                )
        elif isinstance(node, ast.ImportFrom):
            base = absolute(one, node.level, node.module)
            for alias in node.names:
                yield alias.asname or alias.name, f"{base}.{alias.name}"


def _dynamic(nodes: Collection[ast.AST]) -> set[str]:
    """The names to which modules are bound that only the program knows; "()" if there is any such import."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Call) and _called(node) in ("import_module", "__import__"):
            found.add("()")
        if isinstance(node, ast.Assign) and _gives_module(node.value):
            found |= {one.id for one in node.targets if isinstance(one, ast.Name)}
    return found


def _gives_module(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return _called(node) in ("import_module", "__import__") or _is_sys_modules_method(node)
    return isinstance(node, ast.Subscript) and _is_sys_modules(node.value)


def _is_own_module(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Subscript)
        and _is_sys_modules(node.value)
        and isinstance(node.slice, ast.Name)
        and node.slice.id == "__name__"
    )


def _is_dynamic(node: ast.expr, dynamic: set[str]) -> bool:
    return _gives_module(node) or (isinstance(node, ast.Name) and node.id in dynamic)


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _namespaces(node: ast.AST) -> Iterator[ast.expr]:
    """What is asked for its namespace as a whole, or loses a name."""
    if isinstance(node, ast.Attribute) and node.attr == "__dict__":
        yield node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("vars", "delattr"):
        yield from node.args[:1]
    elif isinstance(node, ast.Delete):
        yield from (one.value for one in node.targets if isinstance(one, ast.Attribute))


def _is_sys_modules(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "modules"
        and isinstance(node.value, ast.Name)
        and node.value.id in ("sys", "_sys")
    )


def _is_sys_modules_method(node: ast.Call) -> bool:
    return (
        isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "pop") and _is_sys_modules(node.func.value)
    )


def _sys_modules(
    node: ast.AST, one: SourceFile, found: Guards, scope: str, line: str, keyed: set[int], imports: bool
) -> None:
    """What is looked up in sys.modules. `keyed` are the nodes that a lookup by key has explained."""
    key: ast.expr | None = None
    changes = False
    if isinstance(node, ast.Subscript) and _is_sys_modules(node.value):
        keyed.add(id(node.value))
        key, changes = node.slice, not isinstance(node.ctx, ast.Load)
        sure = imports
    elif isinstance(node, ast.Call) and _is_sys_modules_method(node) and node.args:
        assert isinstance(node.func, ast.Attribute)
        keyed.add(id(node.func.value))
        key, changes, sure = node.args[0], node.func.attr == "pop", False
    elif isinstance(node, ast.Compare) and any(_is_sys_modules(part) for part in node.comparators):
        keyed.update(id(part) for part in node.comparators)
        key, sure = node.left, False
    elif _is_sys_modules(node):
        if id(node) not in keyed:
            _looks(found, scope, f"{line} looks through sys.modules")
        return
    elif isinstance(node, ast.ImportFrom) and node.module == "sys" and any(a.name == "modules" for a in node.names):
        _looks(found, scope, f"{line} looks through sys.modules")
        return
    else:
        return
    if changes and isinstance(key, ast.Name) and key.id == "__name__":
        found.eager.setdefault(one.module, f"{line} changes sys.modules")
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        # The packages that a module lies in are loaded whenever its code runs.
        if not one.module.startswith(f"{key.value}.") and key.value != one.module:
            found.eager.setdefault(key.value, f"{line} looks for it in sys.modules")
    elif not (sure or _is_own_key(key)):
        _looks(found, scope, f"{line} looks for modules in sys.modules")


def _looks(found: Guards, scope: str, reason: str) -> None:
    if scope.endswith(".*"):
        found.groups.setdefault(scope.removesuffix(".*"), reason)
    else:
        found.eager.setdefault(scope, reason)


def _is_own_key(node: ast.expr | None) -> bool:
    if isinstance(node, ast.Name):
        return node.id in _OWN_KEYS
    return isinstance(node, ast.Attribute) and node.attr in _OWN_KEYS
