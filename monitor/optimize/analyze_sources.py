"""The modules of a package as a start loads them: which imports could run later, and what that would leave out."""

import ast
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from monitor.optimize.analyze_guards import Guards, SourceFile, absolute, guards, unreadable
from monitor.optimize.model import LoadedModule, Look
from monitor.optimize.model_selection import Selection
from monitor.packages.lazy.rewrite import is_attribute
from monitor.packages.lazy.statements import ImportStatement, Reading, read
from monitor.packages.lazy.uses import reason_unchanged, used


@dataclass
class Sources:
    """The loaded modules of a package with their imports.

    `files` are all modules of the package; `readings` those that the start loads and that can be read, by file;
    `unread` says of the others that have a source why they cannot, by module.
    """

    files: Mapping[str, SourceFile]
    readings: Mapping[str, Reading]
    modules: Mapping[str, LoadedModule]
    guards: Guards
    file_of: Mapping[str, str]
    unread: Mapping[str, str] = field(default_factory=dict)

    def statement(self, file: str, line: int) -> ImportStatement:
        """The import that begins on a line of a file."""
        return next(one for one in self.readings[file].imports if one.line == line)

    def candidates(self) -> Iterator[tuple[str, ImportStatement]]:
        """The imports that can run later and that load something, with their files."""
        for file, reading in self.readings.items():
            one = self.files[file]
            if self.guards.reason_unedited(one.module, own=one.own):
                continue
            for statement in reading.imports:
                if not statement.reason and any(target in self.modules for target in statement.targets):
                    yield file, statement

    def needed(self, protected: Iterable[str]) -> set[str]:
        """`protected` and all modules that import them at the start, up to the handler."""
        found: set[str] = set()
        waiting = list(protected)
        while waiting:
            name = waiting.pop()
            if name and name not in found:
                found.add(name)
                above = self.modules.get(name)
                waiting += [*ancestors(name), above.parent if above is not None else ""]
        return found

    def eager_lines(self, needed: Collection[str]) -> set[tuple[str, int]]:
        """The imports that load `needed` modules for the first time."""
        found = set()
        for file, reading in self.readings.items():
            module = self.files[file].module
            for statement in reading.imports:
                for target in expanded(statement.targets):
                    loaded = self.modules.get(target)
                    if target in needed and loaded is not None and loaded.parent == module:
                        found.add((file, statement.line))
        return found


def expanded(targets: Iterable[str]) -> set[str]:
    """Modules and the packages that they lie in."""
    return {one for target in targets for one in (target, *ancestors(target))}


def ancestors(name: str) -> list[str]:
    """The packages that a module lies in."""
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def source_files(names: Iterable[str], own: Collection[str]) -> dict[str, SourceFile]:
    """The modules among the files of a package."""
    found = {}
    for name in names:
        if name.endswith(".py"):
            dotted = name.removesuffix(".py").replace("/", ".")
            is_package = dotted == "__init__" or dotted.endswith(".__init__")
            found[name] = SourceFile(name, dotted.removesuffix(".__init__"), is_package, name in own)
    return found


def read_sources(files: Mapping[str, SourceFile], look: Look, root: str, text_of: Callable[[str], str]) -> Sources:
    """Read the modules that a start loaded from the folder `root`."""
    prefix = root.rstrip("/") + "/"
    file_of = {name: one.file.removeprefix(prefix) for name, one in look.modules.items() if one.file.startswith(prefix)}
    files = named_as_loaded(files, file_of)
    readings: dict[str, Reading] = {}
    unread: dict[str, str] = {}
    for name, file in file_of.items():
        one = files.get(file)
        # A file that is loaded under two names has the relative imports of both.
        if one is None or one.module != name:
            continue
        try:
            text = text_of(file)
            starred = _starred(text, one, look)
            if starred is not None:
                readings[file] = read(text, name, is_package=one.is_package, starred=starred)
        except ValueError:
            unread[name] = unreadable(file)
    place = {name: number for number, name in enumerate(look.order)}

    def is_blind(target: str, importer: str) -> bool:
        # With `__all__`, each name is asked for by itself. In a circular import it is not there yet.
        listed = target in place and "__all__" in look.names.get(target, ())
        return not listed or place[target] > place.get(importer, len(place))

    found = guards(files, text_of, set(file_of.values()), is_blind)
    return Sources(files, readings, look.modules, found, file_of, unread)


def named_as_loaded(files: Mapping[str, SourceFile], file_of: Mapping[str, str]) -> dict[str, SourceFile]:
    """The files, with the names of their modules as the start loads them: from a folder that it added to sys.path.

    `file_of` are the loaded modules with their files. What lies beside them in such a folder is named in the same way.
    """
    names: dict[str, set[str]] = {}
    for name, file in file_of.items():
        names.setdefault(file, set()).add(name)
    folders = set()
    for file, found in names.items():
        one = files.get(file)
        if one is not None and len(found) == 1 and one.module not in found:
            tail = f".{next(iter(found))}"
            if one.module.endswith(tail):
                folders.add(one.module.removesuffix(tail).replace(".", "/") + "/")
    result = dict(files)
    for file, one in files.items():
        folder = max((each for each in folders if file.startswith(each)), key=len, default="")
        if folder and not names.get(file, set()) & {one.module}:
            result[file] = replace(one, module=one.module[len(folder) :])
    return result


_STAR = re.compile(r"\bimport[\s(\\]*\*")


def _starred(text: str, one: SourceFile, look: Look) -> frozenset[str] | None:
    """The names that star imports bring into a module; None if they are not known."""
    if not _STAR.search(text):
        return frozenset()
    try:
        tree = ast.parse(text)
    except (SyntaxError, RecursionError):
        return None
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            target = absolute(one, node.level, node.module)
            if target not in look.names:
                return None
            found |= look.names[target].keys()
    return frozenset(found)


def unloaded_names(before: Look, after: Look) -> list[str]:
    """The modules that only the start as it was loads, in its order."""
    return [name for name in before.modules if name not in after.modules]


def useful(sources: Sources, selection: Selection, unloaded: Collection[str]) -> set[tuple[str, int]]:
    """The imports of a selection that leave a module out; the others only cost."""
    gone = set(unloaded)
    return {(file, line) for file, line in selection.pairs() if gone & expanded(sources.statement(file, line).targets)}


def submodules(
    sources: Sources, selection: Selection, unloaded: Iterable[str]
) -> tuple[dict[str, frozenset[str]], dict[str, str]]:
    """What each package must load at first use as an attribute, by file; and the modules for which that cannot be.

    Code may use `package.module` because another module has imported it: that stays true.
    """
    found: dict[str, set[str]] = {}
    refused: dict[str, str] = {}
    for name in unloaded:
        package, _, leaf = name.rpartition(".")
        loaded = sources.modules[name]
        if not package or loaded.attribute == "none":
            continue
        file = sources.file_of.get(package)
        shared = loaded.attribute == "other"
        if shared and (reason := _reason_shared(sources, file, leaf)):
            refused[name] = f"{package} has something else under the name {leaf}{reason}"
            continue
        if file is None:
            continue  # of the standard library or the runtime, or a namespace package: see `relied_on`
        reading = sources.readings.get(file)
        reason = sources.guards.reason_unedited(package, own=sources.files[file].own) if file in sources.files else ""
        if reading is None or reading.place is None or reading.refusal or reason:
            why = reason or (reading.refusal if reading is not None else "") or "its source cannot be rewritten"
            refused[name] = f"{package} cannot load it later: {why}"
            continue
        moved = [sources.statement(file, line) for line in selection.lines.get(file, ())]
        lazily = {each for one in moved for each in one.names}
        binds_it = any(_binds_module(one, package, leaf) for one in moved)
        if leaf in reading.names.bindings and not shared and not binds_it:
            refused[name] = f"{package} binds the name {leaf} itself"
            continue
        if not is_attribute(leaf):
            refused[name] = f"{leaf} cannot be an attribute in source"
            continue
        if shared or leaf not in lazily:
            found.setdefault(file, set()).add(leaf)
    return {file: frozenset(names) for file, names in found.items()}, refused


def _binds_module(statement: ImportStatement, package: str, leaf: str) -> bool:
    """Whether an import in a package binds the name of one of its modules to this module."""
    node = ast.parse(statement.text).body[0]
    if isinstance(node, ast.ImportFrom):
        # targets begin with the module that the names are from
        return statement.targets[0] == package and any(
            (alias.asname or alias.name, alias.name) == (leaf, leaf) for alias in node.names
        )
    return isinstance(node, ast.Import) and any(
        (alias.asname, alias.name) == (leaf, f"{package}.{leaf}") for alias in node.names
    )


def _reason_shared(sources: Sources, file: str | None, leaf: str) -> str:
    """Why a package cannot keep what it has under the name of one of its modules; "" if it can."""
    if file is None or file not in sources.readings or leaf not in sources.readings[file].names.bindings:
        return ", which it does not bind itself"
    return f", and {sources.guards.exact}" if sources.guards.exact else ""


_IMPORT = re.compile(
    r"^(?P<indent>[ \t]*)(?:from[ \t]+(?P<base>[.\w]+)[ \t]+import[ \t]*(?P<names>\([^)]*\)|[^\n#]*)"
    r"|import[ \t]+(?P<modules>[^\n#]*))",
    re.MULTILINE,
)
_TESTS = re.compile(r"(?:^|/)(?:tests?|testing|conftest\.py|test_[^/]*\.py|[^/]*_test\.py)(?:/|$)")


Reached = list[tuple[SourceFile, list[tuple[bool, set[str]]]]]


def entries(
    sources: Sources,
    selection: Selection,
    unloaded: Collection[str],
    reached: Reached,
) -> set[str]:
    """The modules that code can load first of all: what imports outside of `unloaded`, in functions, or made lazy name.

    The others are loaded only by modules that name them while they are imported themselves.
    """
    gone = set(unloaded)
    found: set[str] = set()
    for file, line in selection.pairs():
        found |= gone & expanded(sources.statement(file, line).targets)
    for file, names in selection.submodules.items():
        found |= gone & {f"{sources.files[file].module}.{name}" for name in names}
    for names in selection.uses.values():
        found |= gone & names
    for one, imports in reached:
        for indented, targets in imports:
            if indented or one.module not in gone:
                found |= gone & targets
    return found


def reachable(sources: Sources, text_of: Callable[[str], str]) -> Reached:
    """The files that loaded modules and the application can lead to by imports, each with its imports.

    An import is (whether it is indented, the modules that it may load).
    """
    by_module = {one.module: one for one in sources.files.values()}
    waiting = [one for one in sources.files.values() if one.own or one.module in sources.modules]
    seen = {one.file for one in waiting}
    found = []
    while waiting:
        one = waiting.pop()
        try:
            text = text_of(one.file)
        except ValueError:
            continue
        imports = [(bool(match["indent"]), expanded(_named(match, one))) for match in _IMPORT.finditer(text)]
        found.append((one, imports))
        for target in {target for _, targets in imports for target in targets}:
            other = by_module.get(target)
            if other is not None and other.file not in seen and not _TESTS.search(other.file):
                seen.add(other.file)
                waiting.append(other)
    return found


def _named(match: "re.Match[str]", one: SourceFile) -> set[str]:
    """The modules that an import may load, by its text."""
    if match["modules"] is not None:
        return {part.split()[0] for part in match["modules"].split(",") if part.split()}
    base = match["base"].lstrip(".")
    module = absolute(one, len(match["base"]) - len(base), base or None)
    names = re.findall(r"(?:^|,)\s*(\w+)", re.sub(r"#[^\n]*", "", match["names"].strip("()")))
    return {module, *(f"{module}.{name}" for name in names)}


def relied_on(sources: Sources, text_of: Callable[[str], str]) -> dict[str, dict[str, str]]:
    """Modules that code uses as an attribute of their package, without importing them: the files that do.

    With each file the reason why it cannot load the module itself; "" if it can. Only of packages that cannot load
    their modules at first use: the standard library's, and namespace packages.
    """
    wanted = {name for name in sources.modules if "." in name and name.rpartition(".")[0] not in sources.file_of}
    if not wanted:
        return {}
    pattern = re.compile(r"\b(" + "|".join(re.escape(name) for name in sorted(wanted, key=len, reverse=True)) + r")\b")
    found: dict[str, dict[str, str]] = {}
    for file, one in sources.files.items():
        if _TESTS.search(file) and not one.own:
            continue
        names: set[str] = set()
        try:
            text = text_of(file)
            # The longest name is found: those that it begins with are used too.
            names = expanded(pattern.findall(text)) & wanted
            tree = ast.parse(text) if names else None
        except (ValueError, SyntaxError, RecursionError):
            for name in names:
                found.setdefault(name, {})[file] = unreadable(file)
            continue
        if tree is None:
            continue
        imported = expanded(name for match in _IMPORT.finditer(text) for name in _named(match, one))
        if names := names & used(tree) - imported:
            reason = sources.guards.reason_unedited(one.module, own=one.own) or reason_unchanged(text, tree, names)
            for name in names:
                found.setdefault(name, {})[file] = reason
    return found
