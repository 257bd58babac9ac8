"""The patch of an import that could wait: git applies it, and the program does what it did, later."""

import sys
import types
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monitor.diagnose.evidence.model import ModuleUse
from monitor.diagnose.evidence.parse_source import parse_source
from monitor.diagnose.model_finding import Change, ChangeKind
from monitor.diagnose.rules.lazy_patch import lazy_change
from monitor.kernel.patch import apply_patch
from tests.unit.git_apply import git_applied

PLAIN = "import heavy\n"
WHOLE_IMPORTS = [PLAIN, "import heavy as h\n", "from heavy import x\n", "import heavy\nfrom heavy import x\n"]
OTHER_IMPORTS = [
    "import heavy  # noqa\n", "import  heavy\n", "import heavy, os\n", "import os; import heavy\n",
    "try:\n    import heavy\nexcept ImportError:\n    pass\n", "if True:\n    import heavy\n",
    "from heavy import (\n    x,\n)\n", "import heavy \\\n    as h\n",
]  # fmt: skip
HEADS = st.lists(st.sampled_from(["# ảnh\n", "import os\n", "\n", "\x0c\n", "A = '''\n1\n'''\n"]), max_size=4)
# What each calls is `x` of heavy, by whichever name it was imported.
WHOLE_FUNCTIONS = [
    "def one():\n    return VALUE\n",
    'def two():\n    """Doc."""\n    return VALUE\n',
    "def three(\n    a=1,\n):\n    return VALUE\n",
    "class C:\n    def four(self):\n        # why\n        return VALUE\n",
    "def five():\n  def inner():\n    return VALUE\n  return inner()\n",
    "def six():\n    (VALUE)\n    return VALUE\n",
]
OTHER_FUNCTIONS = [
    "def seven(): return VALUE\n",
    "def eight():\n\treturn VALUE\n",
    "def nine(\n    a=1): return VALUE\n",
    "def ten():\n    return 1\ndef ten():\n    return VALUE\n",
]
IMPORTS = st.sampled_from(WHOLE_IMPORTS) | st.sampled_from(WHOLE_IMPORTS + OTHER_IMPORTS)
FUNCTIONS = st.lists(st.sampled_from(WHOLE_FUNCTIONS), min_size=1, unique=True) | st.lists(
    st.sampled_from(WHOLE_FUNCTIONS + OTHER_FUNCTIONS), min_size=1, max_size=4, unique=True
)
# Few files have Windows' line ends, and all of them get words in the place of a patch.
RARELY = st.sampled_from([False] * 9 + [True])


@pytest.fixture(autouse=True)
def heavy(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("heavy")
    module.x = 7  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "heavy", module)


def written(head: str, statement: str, functions: list[str]) -> str:
    names = ["h.x"] * (" h\n" in statement) + ["x"] * ("from heavy" in statement)
    names += ["heavy.x"] * (" heavy" in statement.replace("from heavy", "") and " h\n" not in statement)
    value = " and ".join(names)
    return head + statement + "\n\n".join(functions).replace("VALUE", value)


def change_of(source: bytes) -> Change:
    facts = parse_source({"app/ứng dụng.py": source})
    assert facts.unread == 0
    uses = [one for one in facts.uses if one.module == "heavy" and one.at_import and not one.used_at_import]
    return lazy_change("heavy", [one for one in uses if one.used_in])


def run(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "app"}
    exec(compile(source, "app.py", "exec"), names)
    return names


def results(names: dict[str, Any]) -> Iterator[tuple[str, object]]:
    for name, value in list(names.items()):
        if isinstance(value, types.FunctionType):
            yield name, value()
        elif isinstance(value, type):
            yield name, value().four()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HEADS, IMPORTS, FUNCTIONS, RARELY, st.booleans())
@example(["# a\n"], PLAIN, WHOLE_FUNCTIONS, False, False)
@example([], WHOLE_IMPORTS[3], WHOLE_FUNCTIONS, False, True)
def test_git_applies_the_patch_and_each_function_returns_what_it_did(
    head: list[str], statement: str, functions: list[str], crlf: bool, cut: bool
) -> None:
    source = written("".join(head), statement, functions)
    source = source.removesuffix("\n") if cut else source
    source = source.replace("\n", "\r\n") if crlf else source
    change = change_of(source.encode())
    if change.kind is not ChangeKind.PATCH or not change.text:
        return
    after = git_applied(change.text, "app/ứng dụng.py", source, "--unidiff-zero")
    assert apply_patch(change.text, {"app/ứng dụng.py": source}) == {"app/ứng dụng.py": after}
    names = run(after)
    assert not names.keys() & {"heavy", "h", "x"}
    assert list(results(names)) == list(results(run(source)))


@pytest.mark.parametrize("statement", WHOLE_IMPORTS)
@pytest.mark.parametrize("function", WHOLE_FUNCTIONS)
def test_where_the_lines_are_known_there_is_a_patch(statement: str, function: str) -> None:
    change = change_of(written("", statement, [function]).encode())
    assert change.kind is ChangeKind.PATCH
    assert change.text


@pytest.mark.parametrize(
    "source",
    [
        *(written("", statement, WHOLE_FUNCTIONS[:1]) for statement in OTHER_IMPORTS),
        *(written("", PLAIN, [function]) for function in OTHER_FUNCTIONS),
        written("", PLAIN, WHOLE_FUNCTIONS[:1]).replace("\n", "\r\n"),
        "\ufeff" + written("", PLAIN, WHOLE_FUNCTIONS[:1]),
        "# coding: latin-1\n" + written("", PLAIN, ["# é\n" + WHOLE_FUNCTIONS[0]]),
    ],
)
def test_where_no_patch_would_apply_it_says_what_to_edit(source: str) -> None:
    change = change_of(source.encode("latin-1" if "latin-1" in source else "utf-8"))
    assert change.kind is ChangeKind.CODE
    assert "move `" in change.text


@pytest.mark.parametrize("wrong", [{"line": 10**15}, {"line": 0}, {"file": 'a".py'}, {"bodies": ((10**15, 4),)}])
def test_lines_that_no_file_has_make_no_patch(wrong: dict[str, Any]) -> None:
    use = ModuleUse("heavy", "app.py", 1, "import heavy", True, False, ("one",), ((5, 4),))
    assert lazy_change("heavy", [use]).kind is ChangeKind.PATCH
    assert lazy_change("heavy", [replace(use, **wrong)]).kind is ChangeKind.CODE
