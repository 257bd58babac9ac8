"""Patches of an application's own files, made while their text is read: evidence keeps them, and no other text.

They have context lines, so that `git apply` takes them as they are. A patch whose lines may contain a secret is not
made.
"""

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from monitor.callgraph.model import UnusedImport
from monitor.callgraph.parse_branches import first_line
from monitor.callgraph.parse_scan import configured_name, defaults_of
from monitor.diagnose.evidence.model import ModuleCall, ModuleUse, SourcePatch
from monitor.diagnose.evidence.parse_unused_patches import without_unused
from monitor.kernel.patch import can_patch, lines_of, make_patch
from monitor.kernel.secrets import without_secrets

_CONTEXT, _LEAST_CONTEXT = 3, 1
# A literal beside a name that goes with secrets, and literals as long and as random as keys are.
_MAY_BE_SECRET = re.compile(
    r"(?i)(?:passw|secret|token|credential|api_?key|private_?key)[^\n]*(?:['\"]|[(=:]\n[ +-]\s*['\"]|=\s*\d)"
    r"|://[^/\s]*@|['\"][A-Za-z0-9+/=_-]{24,}['\"]"
)
# Literals that name where a secret is: a variable of the environment, a service.
_NAMES_NO_SECRET = re.compile(
    r"\b(?:environ(?:\.get)?|getenv)[\[(](['\"])[A-Z][A-Z0-9_]{0,60}\1[\])]|(['\"])secretsmanager\2"
)
_MAKERS = ("boto3", "botocore")


def source_patches(
    texts: Mapping[str, str],
    uses: Sequence[ModuleUse],
    calls: Sequence[ModuleCall],
    unused: Sequence[UnusedImport] = (),
) -> Iterator[SourcePatch]:
    """A patch for the imports of one module in a file that can wait, for each import that only values made at import
    need, for each SDK client made at import, and for the imports of one library that nothing uses."""
    for file, text in sorted(texts.items()):
        if not can_patch(file):
            continue
        mine = [use for use in uses if use.file == file and use.at_import]
        for group in _groups([use for use in mine if not use.makes]):
            if patch := _patch(file, text, _with_lazy_imports(text, group)):
                yield SourcePatch(file, tuple(sorted({use.line for use in group})), patch)
        others = {name: other for name, other in texts.items() if name != file}
        lines = {call.line for call in calls if call.file == file and call.name.startswith(_MAKERS)}
        for use in mine:
            if use.makes and (patch := _patch(file, text, _with_lazy_values(text, use, others))):
                yield SourcePatch(file, (use.line,), patch)
                of_sdk = [made.line for made in use.makes if made.line in lines]
                lines -= set(of_sdk)
                if of_sdk:
                    yield SourcePatch(file, tuple(of_sdk), patch, makes_client=True)
        for line in sorted(lines):
            if patch := _patch(file, text, with_lazy_value(text, line, file, others, _MAKERS)):
                yield SourcePatch(file, (line,), patch, makes_client=True)
        for library, held in _by_library(one for one in unused if one.file == file).items():
            if patch := _patch(file, text, without_unused(text, held)):
                yield SourcePatch(file, tuple(sorted({one.line for one in held})), patch, removes=library)


def _by_library(unused: Iterable[UnusedImport]) -> dict[str, list[UnusedImport]]:
    groups: dict[str, list[UnusedImport]] = {}
    for one in unused:
        groups.setdefault(one.module.partition(".")[0], []).append(one)
    return groups


def _groups(uses: Sequence[ModuleUse]) -> Iterator[list[ModuleUse]]:
    """The uses of each module, and of each top-level package; each set of lines once."""
    seen: set[tuple[int, ...]] = set()
    keys = [(use, (use.statement, use.module, use.module.partition(".")[0])) for use in uses]
    for level in range(3):
        groups: dict[str, list[ModuleUse]] = {}
        for use, names in keys:
            groups.setdefault(names[level], []).append(use)
        for group in groups.values():
            lines = tuple(sorted({use.line for use in group}))
            if lines not in seen and all(use.bodies for use in group):
                seen.add(lines)
                yield group


def _with_lazy_imports(text: str, uses: Sequence[ModuleUse]) -> str:
    return _with_added(text, uses, {use.line for use in uses})


def _with_added(text: str, uses: Iterable[ModuleUse], moved: Collection[int]) -> str:
    """The text with each import before the bodies that it goes to, and without the lines that are moved."""
    lines = lines_of(text)
    added: dict[int, str] = {}
    for use in uses:
        for line, indent in use.bodies:
            added[line] = f"{added.get(line, '')}{' ' * indent}{use.statement}\n"
    after = "".join(
        added.get(number, "") + ("" if number in moved else line) for number, line in enumerate(lines, start=1)
    )
    return after if text.startswith("\n") else after.lstrip("\n")


def _patch(file: str, before: str, after: str | None) -> str:
    """The patch, with as much context as shows no secret; "" if there is none."""
    if after is None or after == before:
        return ""
    for context in (_CONTEXT, _LEAST_CONTEXT):
        patch = make_patch(file, before, after, context)
        if not _MAY_BE_SECRET.search(_NAMES_NO_SECRET.sub("", patch)) and without_secrets(patch) == patch:
            return patch
    return ""


def _with_lazy_values(text: str, use: ModuleUse, others: Mapping[str, str]) -> str | None:
    """The text with each value that needs an import made on first use, and the import in the functions that use it
    themselves; None if that cannot be."""
    if any(made.file != use.file for made in use.makes):
        return None
    names = _names_of(use)
    # Where functions make them, the import goes to those.
    moved = frozenset() if names & _loaded_by_lines(text) else frozenset((use.line,))
    after: str | None = _with_added(text, [use], moved)
    # What is made of another value comes first: its function then reads the other one.
    for made in reversed(use.makes):
        top = use.module.partition(".")[0]
        tops = _MAKERS if top in _MAKERS else (top,)
        if made.name.endswith(")"):
            after = _with_lazy_default(after, made.name, tops, names) if after is not None else None
            continue
        if "." in made.name:
            after = _with_lazy_attribute(after, made.name, others, tops, names) if after is not None else None
            continue
        line = _line_of(after, made.name) if after is not None else 0
        after = with_lazy_value(after, line, use.file, others, tops, names) if after is not None and line else None
    return after if after is not None and _is_bound_everywhere(after, use) else None


def _loaded_by_lines(text: str) -> set[str]:
    """The names that a file loads while it is imported, but for those of functions that it calls."""
    walked = (one for statement in ast.parse(text).body for one in _walk(statement, in_function=False, in_text=False))
    return {node.id for node, in_function, _ in walked if isinstance(node, ast.Name) and not in_function}


def _names_of(use: ModuleUse) -> set[str]:
    """What the import binds; nothing of a statement that is too long to be kept whole."""
    try:
        return {name for node in ast.parse(use.statement).body for name in _bound(node)}
    except SyntaxError:
        return set()


def _is_bound_everywhere(text: str, use: ModuleUse) -> bool:
    """Whether each function that loads what the import binds imports it, now that the file does not."""
    names = _names_of(use)
    for statement in ast.parse(text).body:
        if names & _bound(statement):
            return False
        for node in _outermost_functions(statement):
            loaded = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)}
            if names & loaded - {name for one in ast.walk(node) for name in _bound(one)}:
                return False
    return True


def _outermost_functions(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        yield node
        return
    for child in ast.iter_child_nodes(node):
        yield from _outermost_functions(child)


def _line_of(text: str, name: str) -> int:
    """The line where a name at the top of a file is assigned; 0 if it is not."""
    for node in ast.parse(text).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return node.lineno
    return 0


def with_lazy_value(
    text: str,
    line: int,
    file: str,
    others: Mapping[str, str],
    libraries: Collection[str],
    imported: Collection[str] = (),
) -> str | None:
    """The text with `NAME = boto3.…` on that line made on first use, by the same call; None if it cannot be.

    The assignment becomes a cached function, and each use of NAME in a function calls it. NAME must be used in
    functions of this file alone. Imports of the libraries that only the call needs go with it. Functions that
    use the `imported` names import them themselves.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    node = next((one for one in tree.body if one.lineno <= line <= (one.end_lineno or one.lineno)), None)
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        target = node.target
    else:
        return None
    if not isinstance(target, ast.Name) or node.value is None:
        return None
    name = target.id
    value = ast.get_source_segment(text, node.value)
    setup = [one for one in tree.body if configured_name(one) == name]
    places = _places(tree, (node, *setup), name)
    if value is None or not places or _is_used_elsewhere(name, file, others):
        return None
    maker = _free_name(text, f"_{name.strip('_').lower()}")
    lines = lines_of(text)
    for number, column in sorted(places, reverse=True):
        raw = lines[number - 1].encode()
        if raw[column : column + len(name.encode())] != name.encode():
            return None
        lines[number - 1] = (raw[:column] + f"{maker}()".encode() + raw[column + len(name.encode()) :]).decode()
    for one in reversed(setup):
        lines[one.lineno - 1 : one.end_lineno or one.lineno] = [""] * ((one.end_lineno or one.lineno) - one.lineno + 1)
    first, last = node.lineno, node.end_lineno or node.lineno
    moved = _moved_imports(tree, (node, *setup), libraries, imported)
    inside = "".join(f"    {ast.unparse(one)}\n" for one in moved)
    set_up = [ast.get_source_segment(text, one) or "" for one in setup]
    rest = [f"{name} = {value}", *set_up, f"return {name}"] if setup else [f"return {value}"]
    made = f"@functools.cache\ndef {maker}():\n{inside}" + "".join(f"    {_indented(one)}\n" for one in rest)
    lines[first - 1 : last] = ["\n" * _blank_above(lines, first) + made + "\n" * _blank_below(lines, last)]
    _take_out(lines, moved)
    after = _with_functools("".join(lines), tree)
    try:
        ast.parse(after)
    except SyntaxError:
        return None
    return after


def _with_lazy_attribute(
    text: str, name: str, others: Mapping[str, str], libraries: Collection[str], imported: Collection[str]
) -> str | None:
    """The text with `NAME = redis.…` in a class made on first use, once for each object; None if it cannot be.

    Only methods of the class may read it, as `self.NAME`, and the class has neither bases nor decorators.
    """
    tree = ast.parse(text)
    owner, _, attribute = name.rpartition(".")
    held = next((one for one in tree.body if isinstance(one, ast.ClassDef) and one.name == owner), None)
    if held is None or held.bases or held.keywords or held.decorator_list:
        return None
    node = next((one for one in held.body if isinstance(one, ast.Assign) and _is_named(one, attribute)), None)
    inside = {id(one) for one in ast.walk(held)}
    reads = [one for one in ast.walk(tree) if isinstance(one, ast.Attribute) and one.attr == attribute]
    plain = all(id(one) in inside and isinstance(one.ctx, ast.Load) and _is_self(one.value) for one in reads)
    mentioned = re.compile(rf"\.\s*{re.escape(attribute)}\b|['\"]{re.escape(attribute)}['\"]")
    texts = any(isinstance(one, ast.Constant) and one.value == attribute for one in ast.walk(tree))
    if node is None or not plain or texts or any(map(mentioned.search, others.values())):
        return None
    value = ast.get_source_segment(text, node.value)
    lines = lines_of(text)
    first, last, indent = node.lineno, node.end_lineno or node.lineno, " " * node.col_offset
    behind = lines[last - 1].encode()[node.end_col_offset :]
    if value is None or lines[first - 1][: node.col_offset] != indent or behind.strip():
        return None
    moved = _moved_imports(tree, (node,), libraries, imported)
    body = [*map(ast.unparse, moved), f"return {_indented(value)}"]
    made = [f"{indent}@functools.cached_property\n", f"{indent}def {attribute}(self):\n"]
    made += [f"{indent}    {one}\n" for one in body]
    above = "" if held.body[0] is node or not lines[first - 2].strip() else "\n"
    below = "" if held.body[-1] is node or not lines[last : last + 1] or not lines[last].strip() else "\n"
    lines[first - 1 : last] = [above + "".join(made) + below]
    _take_out(lines, moved)
    return _with_functools("".join(lines), tree)


def _with_lazy_default(text: str, name: str, libraries: Collection[str], imported: Collection[str]) -> str | None:
    """The text with the default `NAME=redis.…` of a function's parameter made on first use; None if it cannot be."""
    tree = ast.parse(text)
    function, _, parameter = name[:-1].partition("(")
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    found = [one for one in tree.body if isinstance(one, kinds) and one.name == function]
    if len(found) != 1:
        return None
    node = found[0]
    default = next((value for one, value in defaults_of(node.args) if one == parameter), None)
    body = first_line(node.body, default.end_lineno or default.lineno) if default is not None else None
    lines = lines_of(text)
    if default is None or body is None or not lines[body[0] - 1].startswith(" " * body[1]):
        return None
    value = ast.get_source_segment(text, default)
    maker = _free_name(text, f"_{parameter.strip('_').lower()}")
    moved = _moved_imports(tree, (default,), libraries, imported)
    inside = "".join(f"    {ast.unparse(one)}\n" for one in moved)
    indent = " " * body[1]
    lines.insert(body[0] - 1, f"{indent}if {parameter} is None:\n{indent}    {parameter} = {maker}()\n")
    first, last = default.lineno, default.end_lineno or default.lineno
    head = lines[first - 1].encode()[: default.col_offset].decode()
    tail = lines[last - 1].encode()[default.end_col_offset :].decode()
    lines[first - 1 : last] = [f"{head}None{tail}"]
    made = f"@functools.cache\ndef {maker}():\n{inside}    return {_indented(value or '')}\n\n\n"
    lines.insert(node.lineno - 1, made)
    _take_out(lines, moved)
    return _with_functools("".join(lines), tree)


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _is_named(node: ast.Assign, name: str) -> bool:
    return len(node.targets) == 1 and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name


def _indented(source: str) -> str:
    """The lines of a statement behind the first one four spaces further in, unless they are inside a text."""
    texts = (one for one in ast.walk(ast.parse(source)) if isinstance(one, ast.Constant) and isinstance(one.value, str))
    if any(one.end_lineno != one.lineno for one in texts):
        return source
    return source.replace("\n", "\n    ").replace("\n    \n", "\n\n")


def _blank_above(lines: Sequence[str], first: int) -> int:
    """How many blank lines a function needs above it."""
    above = 0
    while above < 2 and first - 2 - above >= 0 and not lines[first - 2 - above].strip():
        above += 1
    return 2 - above


def _blank_below(lines: Sequence[str], last: int) -> int:
    below = 0
    while below < 2 and last + below < len(lines) and not lines[last + below].strip():
        below += 1
    return 0 if last + below >= len(lines) else 2 - below


def _free_name(text: str, wanted: str) -> str:
    while re.search(rf"\b{re.escape(wanted)}\b", text):
        wanted += "_client"
    return wanted


def _places(tree: ast.Module, making: Collection[ast.stmt], name: str) -> list[tuple[int, int]]:
    """Where functions read the name, as (line, byte); empty if anything else does, or if one of them binds it."""
    places: list[tuple[int, int]] = []
    for statement in tree.body:
        if statement in making:
            continue
        for node, in_function, in_text in _walk(statement, in_function=False, in_text=False):
            if isinstance(node, ast.Global | ast.Nonlocal) and name in node.names:
                return []
            if isinstance(node, ast.arg) and node.arg == name:
                return []
            if isinstance(node, ast.Constant) and node.value == name:
                # In __all__, or for getattr: somebody else may read it by this name.
                return []
            if isinstance(node, ast.Name) and node.id == name:
                # Positions inside f-strings are not those of the file before Python 3.12.
                if not isinstance(node.ctx, ast.Load) or not in_function or in_text:
                    return []
                places.append((node.lineno, node.col_offset))
    return places


def _walk(node: ast.AST, *, in_function: bool, in_text: bool) -> Iterator[tuple[ast.AST, bool, bool]]:
    """Every node, with whether it runs only when a function is called, and whether it stands in an f-string."""
    yield node, in_function, in_text
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        body = node.body if isinstance(node.body, list) else [node.body]
        for child in ast.iter_child_nodes(node):
            inside = in_function or any(child is one for one in body)
            yield from _walk(child, in_function=inside, in_text=in_text)
        return
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, in_function=in_function, in_text=in_text or isinstance(node, ast.JoinedStr))


def _is_used_elsewhere(name: str, file: str, others: Mapping[str, str]) -> bool:
    """Whether another file imports this one and may read the name."""
    stem = file.removesuffix(".py").removesuffix("/__init__").rpartition("/")[2]
    importer = re.compile(rf"^\s*(?:from|import)\b.*\b{re.escape(stem)}\b", re.MULTILINE)
    reader = re.compile(rf"\b{re.escape(name)}\b")
    return any(importer.search(text) and reader.search(text) for text in others.values())


def _moved_imports(
    tree: ast.Module, making: Collection[ast.AST], libraries: Collection[str], imported: Collection[str]
) -> list[ast.stmt]:
    """The module-level imports of the libraries that the value needs, and that nothing else needs."""
    walked = [one for statement in making for one in ast.walk(statement)]
    needed, made = {one.id for one in walked if isinstance(one, ast.Name)}, {id(one) for one in walked}
    found: list[ast.stmt] = []
    for one in tree.body:
        bound = _bound(one)
        if not isinstance(one, ast.Import | ast.ImportFrom) or not needed & bound or _library_of(one) not in libraries:
            continue
        others = (other for other in tree.body if other not in making and other is not one)
        used = {
            node.id
            for other in others
            for node, in_function, _ in _walk(other, in_function=False, in_text=False)
            if isinstance(node, ast.Name) and id(node) not in made and not (in_function and node.id in imported)
        }
        if not used & bound:
            found.append(one)
    return found


def _take_out(lines: list[str], statements: Sequence[ast.stmt]) -> None:
    """Empty the lines of statements, from the last to the first."""
    for one in sorted(statements, key=lambda one: -one.lineno):
        lines[one.lineno - 1 : one.end_lineno or one.lineno] = [""]


def _bound(node: ast.AST) -> set[str]:
    """The names that an import binds; none of anything else."""
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return set()
    return {alias.asname or alias.name.partition(".")[0] for alias in node.names}


def _library_of(node: ast.Import | ast.ImportFrom) -> str:
    module = node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name
    return module.partition(".")[0]


def _with_functools(text: str, before: ast.Module) -> str:
    """The text with `import functools` before its first import, unless it has it."""
    if any(isinstance(one, ast.Import) and "functools" in _bound(one) for one in before.body):
        return text
    if isinstance(before.body[0], ast.Import | ast.ImportFrom):
        text = text.lstrip("\n")
    tree = ast.parse(text)
    first = next(
        (
            one
            for one in tree.body
            if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
            and not (isinstance(one, ast.ImportFrom) and one.module == "__future__")
        ),
        tree.body[0],
    )
    lines = lines_of(text)
    at = min([first.lineno, *(one.lineno for one in getattr(first, "decorator_list", ()))])
    apart = "" if isinstance(first, ast.Import | ast.ImportFrom) else "\n\n"
    lines.insert(at - 1, f"import functools\n{apart}")
    return "".join(lines)
