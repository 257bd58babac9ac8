"""The design's import table, held: who may import whom."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "monitor"
LIBRARIES = {
    "aws_lambda_powertools", "aws_xray_sdk", "awslambdaric", "boto3", "botocore", "click", "hypercorn", "jinja2",
    "jsonschema", "markdown_it", "ministack", "orjson", "plotext", "rich", "urllib3",
}  # fmt: skip

ALL = {
    "runtime",
    "model",
    "parse",
    "analyze",
    "follow",
    "aws",
    "package",
    "dashboard",
    "local",
    "render",
    "ops",
}
# Of this project (every part may import itself, `errors`, and the package's version), and of libraries.
MAY: dict[str, tuple[set[str], set[str]]] = {
    "errors": (set(), set()),
    "kernel": (set(), set()),
    "records": (set(), set()),
    "resources": (set(), set()),
    "runtime": (set(), {"aws_lambda_powertools", "aws_xray_sdk"}),
    "model": (set(), set()),
    "parse": ({"model"}, set()),
    "analyze": ({"model"}, set()),
    "follow": ({"model"}, set()),
    "package": ({"aws", "model", "parse"}, {"urllib3"}),
    "dashboard": ({"model", "parse", "resources"}, {"jsonschema"}),
    "aws": ({"model", "parse", "follow"}, {"boto3", "botocore", "orjson"}),
    "local": ({"model"}, {"ministack", "hypercorn", "awslambdaric", "orjson"}),
    "render": ({"model", "console"}, {"rich", "jinja2", "markdown_it"}),
    "ops": ({"aws", "parse", "analyze", "follow", "package", "dashboard", "model", "resources"}, set()),
    "console": (ALL - {"runtime"} | {"resources"}, {"click", "jinja2", "rich", "orjson"}),
    "main": (ALL | {"console", "cli"}, {"click"}),
    "cli": ({"console"} | ALL - {"runtime"} | {"resources"}, {"click", "rich", "orjson"}),
}
EVERYBODY = {"errors", "kernel", "records", "__version__"}


def imported(path: Path) -> Iterator[tuple[int, str]]:
    package = path.relative_to(ROOT.parent).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            if module == "monitor":
                yield from ((node.lineno, f"monitor.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, module


def part_of(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").parts[0]


FILES = sorted(path for path in ROOT.rglob("*.py") if "_data" not in path.parts)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_what_the_table_allows(path: Path) -> None:
    part = part_of(path)
    if part not in MAY:  # a room whose move has not ended
        return
    ours, libraries = MAY[part]
    for line, module in imported(path):
        top, _, rest = module.partition(".")
        if top == "monitor":
            wanted = rest.partition(".")[0]
            assert wanted == part or wanted in ours | EVERYBODY or wanted not in MAY, f"{path}:{line} imports {module}"
        elif top in LIBRARIES:
            assert top in libraries, f"{path}:{line} imports {module}"


@pytest.mark.parametrize("path", sorted(ROOT.rglob("__init__.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_package_s_init_holds_no_code(path: Path) -> None:
    if path.parent.name in {"monitor", "runtime"} or "_data" in path.parts:
        return
    body = ast.parse(path.read_text(encoding="utf-8")).body
    assert [node for node in body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))] == []
