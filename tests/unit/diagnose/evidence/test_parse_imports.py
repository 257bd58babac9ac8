"""The quick reader of library files' imports, held against Python's own parser."""

import ast
import random
from collections.abc import Iterator

import pytest

from monitor.diagnose.evidence.parse_imports import imports_at_top

# Statements at the top of a file, as people and formatters write them; `{name}` is imported there.
AT_TOP = (
    "import {name}",
    "from {name} import x, y",
    "from {name} import (  # noqa: F401\n    x,\n    y,  # why\n)",
    "from {name} import x, \\\n    y",
    "try:\n    import {name}\nexcept ImportError:\n    x = None",
    "if (\n    sys.version_info > (3, 1)\n    and True\n):\n    import {name}",
    "from typing import TYPE_CHECKING, Any\nimport {name}",
    "if not TYPE_CHECKING:\n    import {name}",
    "if X or t.TYPE_CHECKING:\n    from {name} import x",
)
IN_FUNCTIONS = (
    "def f(a):\n    import {name}",
    "def f(\n    a: int,\n    b: int = 0,\n) -> None:\n    from {name} import x",
    "async def f(\n    a,\n):\n    if a:\n        import {name}",
    "@g(\n    1,\n)\ndef f(a) -> dict[\n    str, int\n]:\n    import {name}",
    "class F(\n    object,\n):\n    def g(self):\n        import {name}",
)
FOR_TYPES = (
    "if TYPE_CHECKING:\n    import {name}",
    "if typing.TYPE_CHECKING:\n    from {name} import x",
    "if t.TYPE_CHECKING:\n    import {name}",
)
OTHERS = ("X = [\n    1,\n]", "TYPE_CHECKING = False", "y = (\n    2\n)", '"""A text.\n"""', "# import nothing", "pass")


def source(seed: int) -> tuple[str, set[str], set[str]]:
    """A file, and the modules that it imports at its top and in its functions."""
    chosen = random.Random(seed)
    parts: list[str] = []
    found: dict[str, set[str]] = {"top": set(), "function": set(), "types": set()}
    for number in range(chosen.randrange(2, 12)):
        kind, forms = chosen.choice((("top", AT_TOP), ("function", IN_FUNCTIONS), ("types", FOR_TYPES), ("", OTHERS)))
        name = f"m{number}.n"
        parts.append(chosen.choice(forms).format(name=name) if kind else chosen.choice(forms))
        if kind:
            found[kind].add(name)
    return "\n".join(parts) + "\n", found["top"], found["function"]


@pytest.mark.parametrize("seeds", [range(start, start + 200) for start in range(0, 1000, 200)])
def test_what_runs_with_the_file_and_what_is_in_its_functions_is_told_apart(seeds: range) -> None:
    for seed in seeds:
        text, top, inside = source(seed)
        ast.parse(text)
        for expected, in_functions in ((top, False), (inside, True)):
            found = imports_at_top(text.encode(), "", in_functions=in_functions)
            assert {one for one in found if one.endswith(".n")} == expected, text


def _names(text: str) -> Iterator[str]:
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("form", AT_TOP)
def test_the_names_of_an_import_are_those_that_python_sees(form: str) -> None:
    text = form.format(name="m.n")
    assert set(_names(text)) <= set(imports_at_top(text.encode(), ""))
