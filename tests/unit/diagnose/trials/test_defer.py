"""Imports and clients put off: the source that is tried does the same, later."""

import gc
import sys
import types
from typing import Any

import pytest

from monitor.diagnose.trials.defer import defer, without_collection
from monitor.kernel.patch import NoFitError


def ran(source: str) -> dict[str, Any]:
    """The names of a module of that source, once it has run."""
    names: dict[str, Any] = {"__name__": "app"}
    exec(compile(source, "app.py", "exec"), names)
    return names


@pytest.fixture
def heavy(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A module `heavy` that can be imported; what was made of it."""
    made: list[str] = []
    module = types.ModuleType("heavy")
    module.client = lambda name, **_: made.append(name) or types.SimpleNamespace(name=name)  # type: ignore[attr-defined]
    module.x = 7  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "heavy", module)
    return made


def test_an_import_moves_into_each_function_that_uses_it(heavy: list[str]) -> None:
    source = (
        '"""Doc."""\nimport heavy\nfrom heavy import x as seven\n\n\n'
        'def one():\n    """Doc."""\n    return heavy.x\n\n\n'
        "class Two:\n    def two(self):\n        return seven\n\n\ndef three():\n    return 3\n"
    )
    names = ran(defer(source, {2, 3}))
    assert "heavy" not in names
    assert "seven" not in names
    assert (names["one"](), names["Two"]().two(), names["three"]()) == (7, 7, 3)
    assert names["one"].__doc__ == "Doc."


def test_a_client_is_made_at_its_first_use_and_once(heavy: list[str]) -> None:
    source = "from __future__ import annotations\nimport heavy\nCLIENT = heavy.client('s3', retries={'a': 1})\n"
    source += "\n\ndef handler():\n    return CLIENT.name + CLIENT.name\n"
    names = ran(defer(source, {2}, {3}))
    assert heavy == []
    assert names["handler"]() == "s3s3"
    assert heavy == ["s3"]


def test_a_functions_own_name_is_not_the_imports(heavy: list[str]) -> None:
    names = ran(defer("import heavy\n\n\ndef one(heavy):\n    return heavy\n", {1}))
    assert names["one"](3) == 3


def test_a_star_is_not_moved() -> None:
    with pytest.raises(NoFitError, match="star"):
        defer("from heavy import *\n", {1})


@pytest.mark.parametrize(
    "used",
    [
        "class A(heavy.Base):\n    pass",
        "@heavy.route\ndef f():\n    pass",
        "def f(a: heavy.A = heavy.x):\n    pass",
        "if heavy.x:\n    y = 1",
        "Y = heavy.x",
        "class B:\n    y = heavy.x",
    ],
)
def test_what_is_needed_while_the_file_is_imported_stays(used: str) -> None:
    with pytest.raises(NoFitError, match="heavy is used while the file is imported"):
        defer(f"import heavy\n\n{used}\n", {1})


def test_an_import_inside_of_a_try_is_not_moved() -> None:
    with pytest.raises(NoFitError, match="the import is inside a function"):
        defer("try:\n    import heavy\nexcept ImportError:\n    heavy = None\n", {2})


def test_a_client_in_a_tuple_is_not_put_off() -> None:
    with pytest.raises(NoFitError, match="not an assignment to one name"):
        defer("import heavy\nA, B = heavy.client('a'), heavy.client('b')\n", {1}, {2})


def test_what_is_no_python_is_said() -> None:
    with pytest.raises(NoFitError, match="not valid in this version of Python"):
        defer("def (:\n", {1})


def test_the_collector_is_paused_around_a_file_and_runs_again() -> None:
    source = '"""Doc."""\nfrom __future__ import annotations\nimport gc\nDURING = gc.isenabled()\n'
    names = ran(without_collection(source))
    gc.unfreeze()
    assert names["DURING"] is False
    assert names["__doc__"] == "Doc."
    assert gc.isenabled()
