"""Each distribution that monitor imports is declared, and each one that is declared is used.

deptry was tried for this. It sees neither imports by name, as the runtime's of wrapt, nor that the command alone must
do without the extras.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Declared, and never imported by monitor itself.
FOR_THE_FUNCTION = {"boto3"}  # what a function and its example import
FOR_THE_EXAMPLE = {"fastapi", "mangum", "pillow"}
# Rooms that run only where the extra `local` or `serve` is installed.
STACK = (
    "monitor/local/server/",
    "monitor/local/process/",
    "monitor/local/functions/",
    "monitor/serve/web/",
    "monitor/inside/",
)
# The one file that needs the extra `terraform`.
HCL = "monitor/templates/hcl.py"
# Where the other extras are needed; pandas is there or not.
OWN_EXTRA = {"mcp": {"monitor/mcp/workflow_serve.py"}, "pandas": {"monitor/api/model.py"}}
# In the standard library of a newer Python than the oldest that is supported.
NEWER_STANDARD = {"compression"}
# The runtime imports these only in a function that ships them.
# The files of monitor/inside import each other as they lie in a folder of the function's process.
EACH_OTHER = {"describe", "observe", "watch", "world", "_abc"}
SHIPPED_BY_THE_FUNCTION = {"opentelemetry"}
# What a type checker alone reads.
TYPES_ONLY = {"mypy_boto3_logs", "typing_extensions"}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(requirements: list[str]) -> set[str]:
    return {normal(re.match(r"[\w.-]+", line)[0]) for line in requirements}  # type: ignore[index]


CORE = declared(PROJECT["dependencies"])
LOCAL = declared(PROJECT["optional-dependencies"]["local"])
SERVE = declared(PROJECT["optional-dependencies"]["serve"])
TERRAFORM = declared(PROJECT["optional-dependencies"]["terraform"])


def names_imported(path: Path) -> Iterator[str]:
    """The top-level names that a file imports, by statement or by `import_module("…")`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called == "import_module":
                yield str(node.args[0].value).partition(".")[0]


def imports() -> dict[str, set[str]]:
    """Third-party distributions, and the files of monitor that import each."""
    owners = packages_distributions()
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "monitor").rglob("*.py")):
        for name in (
            set(names_imported(path))
            - sys.stdlib_module_names
            - {"monitor", "__future__"}
            - TYPES_ONLY
            - NEWER_STANDARD
            - EACH_OTHER
            - (SHIPPED_BY_THE_FUNCTION if path.is_relative_to(ROOT / "monitor" / "runtime") else set())
        ):
            (owner,) = set(owners.get(name, [f"nobody's {name}"]))
            found.setdefault(normal(owner), set()).add(path.relative_to(ROOT).as_posix())
    return found


def test_every_distribution_that_is_imported_is_declared() -> None:
    undeclared = {owner: files for owner, files in imports().items() if owner not in CORE | LOCAL | TERRAFORM}
    assert undeclared == OWN_EXTRA
    assert declared(PROJECT["optional-dependencies"]["mcp"]) == {"mcp"}


def test_the_extra_of_the_stack_has_what_the_page_needs() -> None:
    """`pip install 'lambda-monitor[local]'` is enough for `monitor serve --local`."""
    assert {"starlette", "hypercorn"} <= SERVE <= LOCAL


def test_only_the_embedded_stack_the_page_and_the_reader_of_terraform_need_an_extra() -> None:
    strays = {
        owner: outside
        for owner, files in imports().items()
        if owner not in CORE | OWN_EXTRA.keys()
        and (outside := {one for one in files if not one.startswith(STACK) and (one != HCL or owner not in TERRAFORM)})
    }
    assert strays == {}


def test_every_dependency_that_is_declared_is_used() -> None:
    assert (CORE | LOCAL | TERRAFORM) - imports().keys() == FOR_THE_FUNCTION | FOR_THE_EXAMPLE


def test_the_libraries_that_the_project_is_about_are_core_dependencies() -> None:
    assert {"boto3", "aws-xray-sdk", "aws-lambda-powertools", "click"} <= CORE
