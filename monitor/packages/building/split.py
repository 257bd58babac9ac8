"""Show how a project could be split into functions: what each module with routes imports, and the size of that."""

import ast
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from types import MappingProxyType

from monitor.kernel.budgets import IMPORT_S
from monitor.kernel.handler import handler_module
from monitor.packages.building.process import ProcessError, run_process
from monitor.packages.building.project_files import project_entries
from monitor.packages.model import PackageReport, Part, PartKind
from monitor.packages.model_plan import SplitPiece, SplitPlan

_METHODS = frozenset(("get", "post", "put", "patch", "delete", "options", "head", "route", "websocket"))
_RUNS = 3
_IMPORTER = """
import sys, time, json, importlib
before = set(sys.modules)
began = time.perf_counter()
importlib.import_module(sys.argv[1])
took = time.perf_counter() - began
print("\\n" + json.dumps([took * 1000, sorted(set(sys.modules) - before)]))
"""


def routes_of(source: str) -> tuple[str, ...]:
    """The routes that a module declares with decorators (`@router.get("/x")`), and the handlers that it defines."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute):
                method, first = decorator.func.attr, decorator.args[0] if decorator.args else None
                if method in _METHODS and isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.append(f"{method.upper()} {first.value}")
        if node.name in ("lambda_handler", "handler") and len(node.args.args) == 2:
            found.append(node.name)
    return tuple(found)


def imported_anywhere(source: str, package: str) -> set[str]:
    """Every module that the source imports, inside functions too; relative imports start at `package`."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found - {""}


def split(
    folder: Path,
    dependencies: Path,
    report: PackageReport,
    handler: str,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> SplitPlan:
    """The plan for the project in `folder`; its dependencies are in `dependencies`, their sizes in `report`.

    Each module is imported in a separate process. Imports inside functions are found by reading the source. No code is
    moved.
    """
    sources = {
        _module(entry.name): (entry.path.read_text(encoding="utf-8", errors="replace"), entry.name)
        for entry in project_entries(folder)
        if entry.name.endswith(".py")
    }
    main = handler_module(handler)
    whole = _piece(main, (handler,), sources, folder, dependencies, report, variables)
    pieces = [
        _piece(module, routes, sources, folder, dependencies, report, variables)
        for module, (source, _) in sorted(sources.items())
        if module != main and (routes := routes_of(source))
    ]
    needed = [{*piece.distributions, *piece.lazy} for piece in pieces if not piece.problem]
    shared = set.intersection(*needed) if needed else set()
    sizes = {part.name: part.zipped_bytes for part in report.parts}
    return SplitPlan(
        whole, tuple(pieces), tuple(sorted(shared)), sum(size for name, size in sizes.items() if name in shared)
    )


def _module(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _piece(
    module: str,
    routes: Sequence[str],
    sources: Mapping[str, tuple[str, str]],
    folder: Path,
    dependencies: Path,
    report: PackageReport,
    variables: Mapping[str, str],
) -> SplitPiece:
    took, loaded, problem = _imported(module, folder, dependencies, variables)
    parts = {part.name: part for part in report.parts if part.kind is PartKind.DISTRIBUTION}
    owner = {top: part.name for part in parts.values() for top in part.tops}
    own = [name for name in loaded if name in sources] or [module]
    now = {owner[top] for name in loaded if (top := name.partition(".")[0]) in owner}
    later: set[str] = set()
    for name in own:
        source, path = sources.get(name, ("", ""))
        package = name if path.endswith("__init__.py") else name.rpartition(".")[0]
        later |= {owner[top] for one in imported_anywhere(source, package) if (top := one.partition(".")[0]) in owner}
    # A distribution needs its dependencies, whether they are imported at once or not.
    lazy = _closure(now | later, parts) - now
    chosen = [parts[name] for name in now | lazy]
    files = {file.name: file for one in report.containers for file in one.files}
    code = [files[sources[name][1]] for name in own if name in sources and sources[name][1] in files]
    return SplitPiece(
        module=module,
        routes=tuple(routes),
        own_modules=tuple(own),
        distributions=tuple(sorted(now)),
        lazy=tuple(sorted(lazy)),
        zipped_bytes=sum(part.zipped_bytes for part in chosen) + sum(file.zipped_bytes for file in code),
        unzipped_bytes=sum(part.unzipped_bytes for part in chosen) + sum(file.unzipped_bytes for file in code),
        import_ms=took,
        problem=problem,
    )


def _closure(names: Iterable[str], parts: Mapping[str, Part]) -> set[str]:
    reached: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in reached and name in parts:
            reached.add(name)
            waiting += parts[name].requires
    return reached


def _imported(
    module: str, folder: Path, dependencies: Path, variables: Mapping[str, str]
) -> tuple[float | None, list[str], str]:
    """The median import time of the module, the modules that it loads, and the error if the import fails."""
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": os.pathsep.join((str(folder.resolve()), str(dependencies))),
        "PYTHONPYCACHEPREFIX": str(dependencies.parent / "bytecode"),
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_XRAY_SDK_ENABLED": "false",
        **variables,
    }
    figures, loaded = [], []
    for turn in range(_RUNS + 1):
        try:
            command = [sys.executable, "-S", "-s", "-c", _IMPORTER, module]
            done = run_process(command, IMPORT_S, environment=environment, folder=dependencies)
        except ProcessError as error:
            return None, [], f"the import failed: {error}"
        if done.code:
            told = done.error.decode(errors="replace").strip()
            return None, [], (told.splitlines() or ["the import failed"])[-1][:200]
        took, loaded = json.loads(done.out.strip().splitlines()[-1])
        if turn:  # the first run writes the bytecode
            figures.append(took)
    return median(figures), loaded, ""
