"""The patch of an import that could wait: git applies it, and the program does what it did, later."""

import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monitor.diagnose.evidence.analyze_source import parse_source
from monitor.diagnose.facts.lazy_patch import lazy_change
from monitor.diagnose.model_finding import Change, ChangeKind
from monitor.diagnose.rules import sdk_client_at_init
from monitor.kernel.patch import apply_patch
from tests.examples import examples
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
    return lazy_change("heavy", [one for one in uses if one.used_in], facts.patches)


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


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
    after = git_applied(change.text, "app/ứng dụng.py", source)
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


@pytest.mark.parametrize(
    "line",
    [
        *('API_KEY = "x"\n', 'URL = "https://user:pass@host"\n', 'KEY = "AKIAIOSFODNN7EXAMPLE1234"\n'),
        *("PASSWORD = 4711\n", 'TOKEN = os.getenv("TOKEN", "hunter2")\n', 'token = os.environ["hunter2"]\n'),
    ],
)
def test_a_patch_that_would_show_a_secret_is_not_made(line: str) -> None:
    source = f"{line}import heavy\n{line}\n\ndef one():\n    return heavy.x\n"
    assert change_of(source.encode()).kind is ChangeKind.CODE


@pytest.mark.parametrize(
    "line",
    [
        *('KEY = os.environ["API_KEY"]\n', 'KEY = os.getenv("API_KEY")\n', 'api_key = environ.get("API_KEY")\n'),
        *("PASSWORD = settings.password\n", 'NAME = "secretsmanager"\n', "from app.tokens import token\n"),
    ],
)
def test_a_patch_that_names_where_a_secret_is_is_made(line: str) -> None:
    source = f"{line}import heavy\n{line}\n\ndef one():\n    return heavy.x\n"
    assert change_of(source.encode()).kind is ChangeKind.PATCH


CLIENT = """import os

import boto3

table = boto3.resource(
    "dynamodb",
    region_name=os.environ["REGION"],
).Table("images")


def handler(event, context):
    table.put_item(Item=event)
    return {"id": table.name}
"""


def client_change(source: str, **others: str) -> Change:
    files = {"app/storage.py": source} | {f"app/{name}.py": text for name, text in others.items()}
    facts = parse_source({name: text.encode() for name, text in files.items()})
    calls = [call for call in facts.calls if call.file == "app/storage.py" and call.name.startswith("boto3.")]
    (change,) = sdk_client_at_init._changes(facts, calls)
    return change


@pytest.mark.parametrize(
    "source",
    [
        CLIENT,
        CLIENT.replace("boto3.resource", "boto3.Session().resource"),
        '"""Doc."""\nfrom __future__ import annotations\n' + CLIENT,
        CLIENT.replace("import os\n", "import functools\nimport os\n"),
        CLIENT.replace("import os\n", "# ảnh\nimport os\n").replace("return {", "ảnh, _table = 1, 2\n    return {"),
        CLIENT.replace("import boto3\n", "import boto3\nfrom boto3.dynamodb.conditions import Key\n"),
    ],
)
def test_a_client_is_made_on_first_use_by_the_same_call_and_git_applies_the_patch(
    source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = client_change(source)
    assert change.kind is ChangeKind.PATCH
    after = git_applied(change.text, "app/storage.py", source)
    # The resource stays one, with its arguments.
    for kept in ("resource(", '"dynamodb"', 'region_name=os.environ["REGION"]', '.Table("images")'):
        assert kept in after
    monkeypatch.setenv("REGION", "eu-west-1")
    made: list[object] = []
    boto3 = types.ModuleType("boto3")
    table = types.SimpleNamespace(name="images", put_item=lambda Item: made.append(Item))  # noqa: N803
    service = types.SimpleNamespace(Table=lambda _name: made.append("client") or table)
    boto3.resource = lambda *_a, **_k: service  # type: ignore[attr-defined]
    boto3.Session = lambda: boto3  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "boto3", boto3)
    conditions = types.ModuleType("boto3.dynamodb.conditions")
    conditions.Key = object  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "boto3.dynamodb", types.ModuleType("boto3.dynamodb"))
    monkeypatch.setitem(sys.modules, "boto3.dynamodb.conditions", conditions)
    names = run(after)
    assert made == []
    assert names["handler"]({"a": 1}, None) == {"id": "images"}
    names["handler"]({"a": 2}, None)
    assert made == ["client", {"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    ("source", "others"),
    [
        (CLIENT + "\nNAME = table.name\n", {}),
        (CLIENT + "\n\ndef reset():\n    global table\n    table = None\n", {}),
        (CLIENT + '\n__all__ = ["table"]\n', {}),
        (CLIENT.replace('{"id": table.name}', 'f"{table.name}"'), {}),
        (CLIENT + "\n\ndef other(table):\n    return table\n", {}),
        (CLIENT, {"main": "from app.storage import table\n"}),
        (CLIENT, {"main": "from app import storage\nstorage.table\n"}),
    ],
)
def test_a_client_that_something_else_reads_is_changed_by_hand_with_its_own_call(
    source: str, others: dict[str, str]
) -> None:
    change = client_change(source, **others)
    assert change.kind is ChangeKind.CODE
    assert "boto3.resource('dynamodb', …)" in change.text
    assert "boto3.client" not in change.text
