"""Import the modules of dependencies from two folders, and compare what happens."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.kernel.budgets import IMPORT_S, IMPORTS_S
from monitor.packages.building.entry import Entry
from monitor.packages.building.process import ProcessError, run_process

_ROUNDS = 4
# Runs in the Python of the function: each module is imported in a process of its own, which starts from the same state.
_IMPORTER = """
import importlib, json, os, signal, sys
folders, modules, limit = json.loads(sys.argv[1])
sys.path[:0] = folders
found = {}
for module in modules:
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        signal.alarm(limit)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        error = ""
        try:
            importlib.import_module(module)
        except BaseException as problem:
            error = f"{type(problem).__name__}: {problem}"[:300]
        names = sorted(name for name in sys.modules if isinstance(name, str))
        with os.fdopen(writer, "w") as out:
            json.dump([error, names], out)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    found[module] = json.loads(text) if text else ["the import ended the process", []]
json.dump(found, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What importing a module did: the error ("" if there was none) and the names of the loaded modules."""

    error: str
    loaded: frozenset[str]


@dataclass(frozen=True, slots=True)
class ImportNeeds:
    """The distributions that need all of their files, with what shows it, and the modules that the imports load."""

    whole: Mapping[str, str]
    loaded: frozenset[str]


class ImportProbe:
    """Compares imports with the interpreter `python`; `work` is an empty folder.

    `project` is a folder of the application, and `handler` a module in it that is imported too.
    """

    def __init__(self, python: Path, work: Path, project: Path | None = None, handler: str = "") -> None:
        self._python = python
        self._work = work
        self._project = project
        self._handler = handler
        self._made = 0

    def __call__(self, stripped: Mapping[str, Sequence[Entry]], whole: Mapping[str, Sequence[Entry]]) -> ImportNeeds:
        """What the imports need of the files that are not in `stripped`."""
        owner = {module: name for name, files in whole.items() for module in importable_modules(files)}
        expected = self._imports(whole, owner)
        loaded = frozenset(module for outcome in expected.values() for module in outcome.loaded)
        # A module in a folder `tests`, or named `…_test.py`, can be one that the distribution itself imports.
        shrunk = {name: _with_modules(files, whole[name], loaded) for name, files in stripped.items()}
        needed: dict[str, str] = {}
        for _ in range(_ROUNDS):
            chosen = {name: whole[name] if name in needed else files for name, files in shrunk.items()}
            found = self._imports(chosen, owner)
            differing = {module for module in expected if found.get(module) != expected[module]}
            if not differing:
                return ImportNeeds(needed, loaded)
            for module in sorted(differing):
                reason = _difference(module, expected[module], found.get(module))
                missing = expected[module].loaded - (found[module].loaded if module in found else frozenset())
                names = {_owner(one, owner) for one in (module, *missing)} - {""}
                for name in names - needed.keys():
                    needed[name] = reason
        return ImportNeeds(dict.fromkeys(whole, "the modules import differently without such files"), loaded)

    def loaded(self, entries: Mapping[str, Sequence[Entry]]) -> frozenset[str] | None:
        """The modules that importing the handler loads; None if the import fails."""
        found = self._imports(entries, ()).get(self._handler)
        return found.loaded if found is not None and not found.error else None

    def _imports(self, entries: Mapping[str, Sequence[Entry]], modules: Iterable[str]) -> dict[str, Outcome]:
        folder = self._linked(entries)
        folders = [*([str(self._project.resolve())] if self._project else []), str(folder)]
        wanted = [*sorted(modules), *([self._handler] if self._handler and self._project else [])]
        task = json.dumps([folders, wanted, IMPORT_S])
        home = self._work / "home"
        home.mkdir(exist_ok=True)
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(home),
            "LANG": "en_US.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        try:
            command = [str(self._python), "-S", "-s", "-P", "-c", _IMPORTER, task]
            found = json.loads(run_process(command, IMPORTS_S, environment=environment, folder=home).out)
        except (ProcessError, ValueError):
            return {}
        return {
            module: Outcome(str(error).replace(str(folder), ""), frozenset(names))
            for module, (error, names) in found.items()
        }

    def _linked(self, entries: Mapping[str, Sequence[Entry]]) -> Path:
        self._made += 1
        folder = self._work / str(self._made)
        for files in entries.values():
            for entry in files:
                place = folder / entry.name
                place.parent.mkdir(parents=True, exist_ok=True)
                if not place.exists():
                    place.symlink_to(entry.path.resolve())
        folder.mkdir(exist_ok=True, parents=True)
        return folder


def module_of(name: str) -> str:
    """The module that the file `name` of a package contains; "" if it contains none."""
    if not name.endswith((".py", ".so")):
        return ""
    folder, _, leaf = name.rpartition("/")
    stem = leaf.partition(".")[0]
    return (folder if stem == "__init__" else f"{folder}/{stem}".lstrip("/")).replace("/", ".")


def _with_modules(files: Sequence[Entry], whole: Sequence[Entry], loaded: frozenset[str]) -> list[Entry]:
    names = {entry.name for entry in files}
    return [entry for entry in whole if entry.name in names or module_of(entry.name) in loaded]


def importable_modules(files: Iterable[Entry]) -> set[str]:
    """The modules of a distribution to import: its top-level modules, and the first packages below a namespace."""
    names = {entry.name for entry in files if entry.name.endswith((".py", ".so")) and "-info/" not in entry.name}
    packages = {name.rpartition("/")[0] for name in names if name.endswith("/__init__.py")}
    found = set()
    for name in names:
        parts = name.split("/")
        package = next((n for n in range(1, len(parts)) if "/".join(parts[:n]) in packages), None)
        if package is not None:
            found.add(".".join(parts[:package]))
        elif len(parts) == 1:
            found.add(parts[0].partition(".")[0])
    return {module for module in found if module.replace(".", "_").isidentifier() and module != "__init__"}


def _owner(module: str, owner: Mapping[str, str]) -> str:
    while module and module not in owner:
        module = module.rpartition(".")[0]
    return owner.get(module, "")


def _difference(module: str, expected: Outcome, found: Outcome | None) -> str:
    if found is None or (found.error and found.error != expected.error):
        return f"importing {module} fails without them: {found.error if found else 'no answer'}"
    missing = sorted(expected.loaded - found.loaded)
    return f"importing {module} loads {missing[0] if missing else 'other modules'}"
