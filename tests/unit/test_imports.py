"""The layout, held: who may import whom, and what a file may do by its role.

Floors, from the ground: errors < kernel < records and templates < aws < console < capabilities < diagnose < main.
`runtime` and `local`, the embedded stack, stand apart. A capability uses another only where USES says so.
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath

PACKAGE = Path(__file__).resolve().parents[2] / "monitor"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "_data" not in path.parts)
MOST_FILES = 30

# What each part below the capabilities may import of monitor, besides itself and `errors`.
GROUND = {
    "errors": set(),
    "resources": set(),
    "runtime": set(),
    "inside": set(),
    "kernel": set(),
    "local": {"kernel", "records"},
    "records": {"kernel"},
    "templates": {"kernel"},
    "aws": {"kernel", "records"},
    "console": {"kernel", "records", "templates", "aws"},
    "main": {"kernel", "console"},
    "__main__": {"main"},
}  # fmt: skip
# Which capability may use which other.
USES = {
    "account": set(),
    "logs": set(),
    "packages": {"logs"},
    "coldstarts": {"logs", "packages"},
    "metrics": {"logs", "coldstarts"},
    "traces": {"logs"},
    "dashboards": {"logs"},
    # Whether two sizes differ is tested as `coldstarts` does, and variables are read as `instrument` does.
    "measure": {"coldstarts", "instrument"},
    "instrument": {"packages"},
    "run": {"logs", "packages", "instrument"},
    "callgraph": set(),
    "budget": {"logs", "packages", "diagnose"},
    "diagnose": {"logs", "packages", "coldstarts", "metrics", "traces", "callgraph"},
    "serve": {"logs", "coldstarts", "metrics", "traces", "dashboards", "diagnose", "run"},
    # For programs: it reads through all of them.
    "api": {"logs", "packages", "coldstarts", "metrics", "traces", "dashboards", "instrument", "diagnose"},
    "mcp": {"api", "logs", "packages", "traces", "dashboards", "diagnose"},
    "optimize": {"packages", "diagnose"},
}
EVERY_CAPABILITY = {"kernel", "records", "templates", "aws", "console", "resources"}
# Who starts the embedded stack, or asks where one runs.
STACK_USERS = {
    "console/settings.py",
    "console/embedded_stack.py",
    "run/command.py",
    # The page's own server runs hypercorn as the stack's does.
    "serve/command.py",
    "serve/web/server.py",
    # What removes folders of any depth.
    "console/temporary.py",
    # Its runtime folder, without the stack.
    "optimize/workflow_run.py",
}

# A room whose files all have one role; elsewhere in a capability the file's name says it.
ROOMS = {
    "api": "workflow",
    "logs/follow": "workflow",
    "logs/saved": "workflow",
    "logs/tail": "command",
    "serve/web": "command",
    "packages/zips": "workflow",
    "packages/building": "workflow",
    "packages/inspect": "workflow",
    "packages/lazy": "analyze",
    "dashboards/body": "analyze",
    "dashboards/checks": "analyze",
    "dashboards/wrappers": "analyze",
    "diagnose/facts": "analyze",
    "diagnose/rules": "analyze",
    "diagnose/trials": "workflow",
    "diagnose/report": "render",
    "optimize/search": "workflow",
}
PURE = ("model", "parse", "analyze", "render")
# Which roles of its own capability a role may import.
BELOW = {
    "model": {"model"},
    "parse": {"model", "parse"},
    "analyze": {"model", "parse", "analyze"},
    "render": {"model", "analyze", "render"},
    "workflow": {"model", "parse", "analyze", "workflow"},
    "command": {"model", "parse", "analyze", "render", "workflow", "command"},
}
LIBRARIES = {
    "boto3": {"aws"},
    "botocore": {"aws"},
    "click": {"console", "main", "command"},
    "rich": {"console", "render"},
    "jinja2": {"console", "render"},
    "lark": {"kernel/expressions/grammar.py"},
    "tree_sitter": {"templates/hcl.py"},
    "tree_sitter_hcl": {"templates/hcl.py"},
    "markdown_it": {"render"},
    "jsonschema": {"dashboards/checks/schema.py"},
    "yaml": {"templates/yaml_nodes.py", "records/forms/yaml_text.py"},
    "urllib3": {"packages/zips/source.py", "aws/bounded.py", "aws/timed_headers.py", "budget/workflow_comment.py"},
    "packaging": {
        "account/workflow_libraries.py",
        "packages/parse_requirements.py",
        "packages/parse_locks.py",
        "packages/analyze_dependencies.py",
        "packages/analyze_requirements.py",
        "packages/building/install.py",
        "packages/building/installed.py",
        "packages/building/sources.py",
        "packages/building/wheel_metadata.py",
        "packages/inspect/platforms.py",
    },
    "msgspec": {"kernel", "logs/tail/quick_json.py"},
    "unidiff": {"kernel", "diagnose/analyze_patches.py"},
    "pathspec": {"packages/building/project_files.py"},
    "elftools": {"packages/inspect/native.py"},
    "jmespath": {"logs/tail/printers.py"},
    "orjson": {"aws", "local", "logs/tail/printers.py", "logs/tail/quick_text.py"},
    "aws_lambda_powertools": {"runtime"},
    "aws_xray_sdk": {"runtime"},
    "awslambdaric": {"local", "inside"},
    "h11": {"local"},
    "hypercorn": {"local"},
    "starlette": {"serve/web/answers.py", "serve/web/app.py", "serve/web/events.py"},
    "ministack": {"local"},
    "mcp": {"mcp/workflow_serve.py"},
    "pandas": {"api/model.py"},
}
# What a pure file may not import, or call: input, output, clocks, the environment.
IMPURE_MODULES = {"asyncio", "os", "shutil", "socket", "subprocess", "tempfile", "threading", "time", "urllib.request"}
IMPURE_CALLS = {"open", "print", "input", "now", "today", "read_text", "read_bytes", "write_text", "write_bytes"}
# Only data that ships beside the code is read in a pure file.
READS_ITS_DATA = {"dashboards/body/builtin.py", "dashboards/body/template.py", "dashboards/checks/schema.py"}
# ministack reads its settings from the environment, at each request; the sandbox's process is the function's alone, and
# the runtime sets the variable in which an application looks for its own handler; the probe starts like it.
OWN_ENVIRONMENT = {"local/server/emulator.py", "local/process/sandbox_main.py", "runtime/load.py", "inside/probe.py"}
CHANGES = {"update", "setdefault", "pop", "popitem", "clear"}


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def part_of(name: str) -> str:
    """The part that a file belongs to."""
    return PurePosixPath(name).with_suffix("").parts[0]


def role_of(name: str) -> str:
    """The role of a file in a capability, else the part that it belongs to."""
    path = PurePosixPath(name)
    if part_of(name) not in USES:
        return part_of(name)
    prefix = path.stem.partition("_")[0]
    if prefix in BELOW:
        return prefix
    return ROOMS.get(str(path.parent), "none")


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Those of a file that a test here looks at."""
    wanted = (ast.Import, ast.ImportFrom, ast.Call, ast.Subscript)
    return tuple(node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, wanted))


@cache
def imported(path: Path) -> list[tuple[int, str]]:
    """Each import of a file: its line, and the module's path from `monitor` on, or a library's dotted name."""
    return list(_imported(path))


def _imported(path: Path) -> Iterator[tuple[int, str]]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno} imports relatively"
            module = node.module or ""
            names = [
                f"{module}.{alias.name}" if is_module(f"{module}.{alias.name}") else module for alias in node.names
            ]
        else:
            continue
        yield from ((node.lineno, name) for name in names)


@cache
def is_module(dotted: str) -> bool:
    parts = dotted.split(".")
    place = PACKAGE.parent.joinpath(*parts)
    return parts[0] == "monitor" and (place.with_suffix(".py").is_file() or place.is_dir())


def ours(path: Path) -> Iterator[tuple[int, str]]:
    """The files of monitor that a file imports."""
    for line, dotted in imported(path):
        top, _, rest = dotted.partition(".")
        if top == "monitor" and rest and rest != "__version__":
            yield line, rest.replace(".", "/") + ".py"


# A test for each file would take a minute: a rule tells all files that break it at once.
Breaches = Iterator[str]


def breaches(rule: Callable[[Path, str], Breaches], paths: Iterable[Path] = FILES) -> list[str]:
    """What each file does against a rule, which is given its path and its name."""
    return [found for path in paths for found in rule(path, name_of(path))]


def test_no_import_goes_up_or_aside() -> None:
    def rule(path: Path, name: str) -> Breaches:
        part = part_of(name)
        allowed = {part, "errors"} | (GROUND[part] if part in GROUND else EVERY_CAPABILITY | USES[part])
        for line, other in ours(path):
            if part_of(other) not in allowed and not (part_of(other) == "local" and name in STACK_USERS):
                yield f"{name}:{line} imports {other}"

    assert breaches(rule, [path for path in FILES if name_of(path) != "__init__.py"]) == []


def test_a_library_is_imported_only_where_the_table_says() -> None:
    def rule(path: Path, name: str) -> Breaches:
        places = {name, part_of(name), role_of(name)}
        for line, dotted in imported(path):
            library = dotted.partition(".")[0]
            if library in LIBRARIES and not places & LIBRARIES[library]:
                yield f"{name}:{line} imports {dotted}"

    assert breaches(rule) == []


def test_a_capability_s_file_does_what_its_role_allows() -> None:
    def rule(path: Path, name: str) -> Breaches:
        role = role_of(name)
        if role not in BELOW:
            yield f"{name} says no role: {', '.join(BELOW)}"
            return
        for line, other in ours(path):
            if part_of(other) in USES and role_of(other) not in BELOW[role]:
                yield f"{name}:{line}, of role {role}, imports {other}"
            if role in PURE and part_of(other) in ("aws", "local"):
                yield f"{name}:{line}, which is pure, imports {other}"

    capabilities = [path for path in FILES if part_of(name_of(path)) in USES and path.name != "__init__.py"]
    assert breaches(rule, capabilities) == []


def test_a_pure_file_reads_no_clock_file_or_network() -> None:
    def rule(path: Path, name: str) -> Breaches:
        for line, dotted in imported(path):
            if dotted in IMPURE_MODULES:
                yield f"{name}:{line} imports {dotted}"
        for node in nodes(path):
            if isinstance(node, ast.Call):
                called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                if called in IMPURE_CALLS:
                    yield f"{name}:{node.lineno} calls {called}"

    pure = [
        path
        for path in FILES
        if part_of(name_of(path)) in ("kernel", "records", "templates") or role_of(name_of(path)) in PURE
        if name_of(path) not in {*READS_ITS_DATA, "kernel/clock.py"}
    ]
    assert breaches(rule, pure) == []


def environment_writes(path: Path) -> Iterator[int]:
    """The lines of a file that change the process's environment."""
    for node in nodes(path):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            changed = ast.unparse(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            changed = ast.unparse(node.func.value) if node.func.attr in CHANGES else ""
            changed = "os.environ" if ast.unparse(node.func) in {"os.putenv", "os.unsetenv"} else changed
        else:
            continue
        if changed in {"os.environ", "environ"}:
            yield node.lineno


def test_no_file_changes_the_process_s_environment() -> None:
    def rule(path: Path, name: str) -> Breaches:
        return (f"{name}:{line}" for line in environment_writes(path))

    assert breaches(rule, [path for path in FILES if name_of(path) not in OWN_ENVIRONMENT]) == []


def test_who_may_change_the_environment_does() -> None:
    assert all(list(environment_writes(PACKAGE / name)) for name in OWN_ENVIRONMENT)


def test_a_package_s_init_says_what_the_room_is_and_holds_no_code() -> None:
    def rule(path: Path, name: str) -> Breaches:
        body = ast.parse(path.read_text(encoding="utf-8")).body
        if [type(getattr(one, "value", None)) for one in body] != [ast.Constant] or not isinstance(body[0], ast.Expr):
            yield name

    # `monitor.api` is what programs import: its names are its contents.
    rooms = [path for path in FILES if path.name == "__init__.py"]
    assert breaches(rule, [path for path in rooms if path.parent.name not in {"monitor", "runtime", "api"}]) == []


def test_no_folder_has_too_many_files() -> None:
    folders = {path.parent for path in FILES}
    crowded = {name_of(folder): len(list(folder.glob("*.py"))) for folder in folders}
    assert {name: count for name, count in crowded.items() if count > MOST_FILES + 1} == {}


def test_no_imports_run_in_a_circle() -> None:
    arrows = {name_of(path): {other for _, other in ours(path)} for path in FILES}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join((*above[above.index(name) :], name))
        if name not in done:
            for other in sorted(arrows.get(name, ())):
                visit(other, (*above, name))
            done.add(name)

    for name in sorted(arrows):
        visit(name, ())


def test_the_tests_lie_where_the_code_does() -> None:
    """Each folder of tests/unit is a folder of monitor, or one of those that belong to none."""
    unit = Path(__file__).parent
    folders = {path.parent.relative_to(unit) for path in unit.rglob("test_*.py")}
    strays = {str(folder) for folder in folders if not (PACKAGE / folder).is_dir()} - {"examples"}
    assert strays == set()
