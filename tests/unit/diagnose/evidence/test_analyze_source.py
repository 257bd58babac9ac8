"""What an application's files say of its start; nothing of them is run, and no text but imports and names is kept."""

from textwrap import dedent
from types import SimpleNamespace

import pytest

from monitor.callgraph.parse_files import LONGEST_BYTES
from monitor.diagnose.evidence.analyze_source import parse_source
from monitor.diagnose.evidence.model import ModuleUse, SourceFacts


def facts(**files: str) -> SourceFacts:
    """Facts of files named `app__main` for app/main.py."""
    return parse_source({f"{name.replace('__', '/')}.py": dedent(text).encode() for name, text in files.items()})


def use(found: SourceFacts, module: str) -> ModuleUse:
    [one] = [one for one in found.uses if one.module == module]
    return one


def test_an_import_that_only_a_function_uses_is_told_with_the_function_and_its_first_line() -> None:
    found = facts(
        app__main="""
        import pandas as pd

        def report(rows):
            \"\"\"As a table.\"\"\"

            return pd.DataFrame(rows)
        """
    )
    assert use(found, "pandas") == ModuleUse(
        "pandas", "app/main.py", 2, "import pandas as pd", True, False, ("report",), ((7, 4),)
    )


@pytest.mark.parametrize(
    "needing",
    [
        "class Model(thing.Base):\n    pass",
        "@thing.route\ndef f():\n    pass",
        "@thing.route('/x')\ndef f():\n    pass",
        "def f(a: thing.Kind):\n    pass",
        "def f() -> thing.Kind:\n    pass",
        "def f(a=thing.DEFAULT):\n    pass",
        "limit: thing.Kind = None",
        "class Model:\n    limit: thing.Kind",
        "made = thing.make()",
        "for one in thing.every():\n    pass",
        "__all__ = ['thing']",
        "def f():\n    return thing.make()\nmade = f()",
        "class Service:\n    def __init__(self):\n        self.made = thing.make()\nservice = Service()",
        "class Service:\n    def __init__(self):\n        self.open()\n    def open(self):\n        thing()\nService()",
        "def wrap(f):\n    thing.note(f)\n    return f\n@wrap\ndef g():\n    pass",
        "if thing.enabled:\n    pass",
    ],
)
def test_what_the_file_needs_while_it_is_imported_is_told(needing: str) -> None:
    assert use(facts(app=f"import thing\n{needing}\n"), "thing").used_at_import


@pytest.mark.parametrize(
    "waiting",
    [
        "def f():\n    return thing.make()",
        "def f():\n    x: thing.Kind = 1",
        "f = lambda: thing.make()",
        "class Service:\n    def go(self):\n        thing.make()\nservice = Service()",
        "if __name__ == '__main__':\n    thing.make()",
        "async def f():\n    async with thing.make():\n        pass",
        "def outer():\n    def inner(a: thing.Kind):\n        return thing.make()\n    return inner",
    ],
)
def test_what_only_runs_later_is_not(waiting: str) -> None:
    found = use(facts(app=f"import thing\n{waiting}\n"), "thing")
    assert found.at_import
    assert not found.used_at_import


def test_postponed_annotations_need_nothing_but_where_a_decorator_or_a_class_asks_for_them() -> None:
    head = "from __future__ import annotations\nimport thing\n"
    assert not use(facts(app=f"{head}def f(a: thing.Kind): ..."), "thing").used_at_import
    assert use(facts(app=f"{head}@route\ndef f(a: thing.Kind): ..."), "thing").used_at_import
    assert use(facts(app=f"{head}class Model(Base):\n    a: thing.Kind"), "thing").used_at_import
    assert use(facts(app="import thing\n@route\ndef f(a: 'thing.Kind'): ..."), "thing").used_at_import


def test_imports_for_types_and_inside_functions_do_not_run_at_import() -> None:
    found = facts(
        app="""
        import typing
        if typing.TYPE_CHECKING:
            import pandas
        else:
            import json
        def f():
            import scipy.stats
            return scipy.stats.norm()
        """
    )
    assert not use(found, "pandas").at_import
    assert use(found, "json").at_import
    scipy = use(found, "scipy.stats")
    assert (scipy.at_import, scipy.used_at_import, scipy.used_in) == (False, False, ("f",))


CONDITIONS = (
    *("TYPE_CHECKING", "t.TYPE_CHECKING", "typing.TYPE_CHECKING", "not TYPE_CHECKING", "not t.TYPE_CHECKING"),
    *("TYPE_CHECKING and DEBUG", "DEBUG and t.TYPE_CHECKING", "TYPE_CHECKING or DEBUG", "DEBUG", "not DEBUG"),
    "not (TYPE_CHECKING and DEBUG)",
)


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("branch", [True, False])
def test_an_import_is_for_types_if_no_running_program_makes_it(condition: str, branch: bool) -> None:
    """Python itself decides, with TYPE_CHECKING false and DEBUG either way."""
    body, other = ("import pandas", "pass") if branch else ("pass", "import pandas")
    found = facts(app=f"import typing as t\nif {condition}:\n    {body}\nelse:\n    {other}\n")
    typing = SimpleNamespace(TYPE_CHECKING=False)
    values = ({"TYPE_CHECKING": False, "t": typing, "typing": typing, "DEBUG": debug} for debug in (True, False))
    runs = any(bool(eval(condition, names)) is branch for names in values)
    assert use(found, "pandas").at_import is runs


def test_a_fallback_import_is_told_with_the_one_that_it_stands_in_for() -> None:
    found = facts(
        app="""
        try:
            import ujson as json
        except ImportError:
            import json
        def f():
            return json.dumps({})
        """
    )
    assert [(one.module, one.at_import, one.used_in) for one in found.uses] == [
        ("ujson", True, ("f",)),
        ("json", True, ("f",)),
    ]


def test_names_given_by_from_and_as_are_followed_to_what_they_stand_for() -> None:
    found = facts(
        app="""
        from boto3 import client as make, Session
        import urllib.request as web
        s3 = make("s3")
        table = Session().resource("dynamodb").Table("orders")
        session = Session()
        queue = session.client("sqs")
        web.urlopen("http://x")
        """
    )
    assert [one.name for one in found.calls] == [
        "boto3.client",
        "boto3.Session",
        "boto3.Session.resource",
        "boto3.Session.resource.Table",
        "boto3.Session",
        "boto3.Session.client",
        "urllib.request.urlopen",
    ]


def test_a_star_import_counts_as_needed_for_its_names_are_not_known() -> None:
    assert use(facts(app="from thing import *"), "thing").used_at_import


def test_relative_imports_are_told_by_their_full_name() -> None:
    found = parse_source(
        {
            "app/routers/health.py": b"from ..core.config import settings\nfrom . import debug\nfrom .debug import a",
            "app/routers/debug.py": b"",
            "app/__init__.py": b"from .main import app",
        }
    )
    assert [(one.file, one.module) for one in found.uses] == [
        ("app/__init__.py", "app.main"),
        ("app/routers/health.py", "app.core.config"),
        ("app/routers/health.py", "app.routers.debug"),
        ("app/routers/health.py", "app.routers.debug"),
    ]
    # Beyond the package's root there is nothing: left out, like Python would.
    assert facts(app="from ... import x").uses == ()


def test_calls_while_files_are_imported_are_followed_into_other_files_of_the_application() -> None:
    found = facts(
        app__main="""
        from app.service import Service, later
        from app import service as whole
        service = Service()
        whole.warm_up()
        def handler(event, context):
            return later()
        """,
        app__service="""
        import boto3, requests
        class Service:
            def __init__(self):
                self.client = boto3.client("s3", aws_secret_access_key="AKIAEXAMPLE")
        def warm_up():
            requests.get("https://example.com/?token=secret").json()
        def later():
            requests.post("https://example.com")
        """,
    )
    assert [(one.name, one.file, one.line) for one in found.calls] == [
        ("boto3.client", "app/service.py", 5),
        ("requests.get", "app/service.py", 7),
        ("requests.get.json", "app/service.py", 7),
    ]
    assert use(found, "boto3").used_at_import
    assert use(found, "requests").used_in == ("warm_up", "later")


def test_no_argument_of_a_call_is_kept_but_the_service_of_a_client() -> None:
    found = facts(
        app="""
        import boto3, requests
        boto3.client("s3", aws_secret_access_key="AKIAEXAMPLE")
        boto3.client("Sk_live_0123456789")
        requests.get("https://example.com/?token=secret")
        requests.get()
        """
    )
    assert [one.statement for one in found.calls] == [
        "boto3.client('s3', …)",
        "boto3.client(…)",
        "requests.get(…)",
        "requests.get()",
    ]
    assert "AKIA" not in repr(found)
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        ("logging.basicConfig(level=logging.DEBUG)", True),
        ("logging.getLogger().setLevel('DEBUG')", True),
        ("logging.getLogger().setLevel(10)", True),
        ("logger = Logger(level='debug')", True),
        ("app = FastAPI(debug=True)", True),
        ("logging.basicConfig(level=logging.INFO)", False),
        ("app = FastAPI(debug=False)", False),
        ("def f():\n    logging.basicConfig(level=logging.DEBUG)", False),
    ],
)
def test_where_debug_is_turned_on_is_told(line: str, is_told: bool) -> None:
    assert facts(app=f"import logging\n{line}\n").debug_at == (("app.py:2",) if is_told else ())


@pytest.mark.parametrize(
    "content",
    [
        b"def f(:\n",
        b"x = '\0'",
        b"# -*- coding: no-such-encoding -*-\n",
        b"\xff\xfe\x00",
        b"x = " + b"(" * 5_000 + b")" * 5_000,
        b"x = " + b"-" * 20_000 + b"1",
        b"x = " + b"1+" * 20_000 + b"1",
        b"if a:\n" + b"".join(b" " * n + b"if a:\n" for n in range(1, 200)),
        b"#" * (LONGEST_BYTES + 1),
    ],
    ids=("syntax", "nul", "encoding", "bom", "brackets", "minus", "sum", "blocks", "long"),
)
def test_a_file_that_cannot_be_read_counts_as_unread_and_the_others_are_read(content: bytes) -> None:
    found = parse_source({"bad.py": content, "good.py": b"import json"}, unread=2)
    assert (found.files, found.unread) == (1, 3)
    assert [one.module for one in found.uses] == ["json"]


@pytest.mark.filterwarnings("error")
def test_an_odd_escape_in_a_string_warns_nobody() -> None:
    assert parse_source({"a.py": b"import re\nx = re.compile('\\d')"}).files == 1


def test_functions_that_call_each_other_end() -> None:
    found = facts(app="import thing\ndef a():\n    b()\ndef b():\n    a()\n    thing()\na()")
    assert use(found, "thing").used_at_import


def test_many_calls_are_bounded() -> None:
    text = "import thing\n" + "thing.call()\n" * 5_000
    assert len(facts(app=text).calls) == 1_000


def test_modules_below_pythonpath_and_in_layers_are_known_by_the_names_they_are_imported_by() -> None:
    files = {
        "src/app/main.py": b"from app.service import start\nfrom . import tools\nstart()\n",
        "src/app/service.py": b"import requests\ndef start():\n    requests.get('x')\n",
        "src/app/tools.py": b"",
    }
    found = parse_source(files, roots=("src", "python"))
    assert [(one.name, one.file) for one in found.calls] == [("requests.get", "src/app/service.py")]
    assert [one.module for one in found.uses] == ["app.service", "app.tools", "requests"]
    assert [one.name for one in parse_source(files).calls] == ["app.service.start"]


def test_a_call_below_an_if_is_told_as_one_that_may_not_be_made() -> None:
    found = facts(
        app="""
        import boto3, requests
        def make():
            return boto3.client("s3")
        def ask():
            if requests.head("x"):
                requests.get("x")
        if enabled:
            make()
        else:
            boto3.Session()
        ask()
        try:
            boto3.resource("s3")
        except Exception:
            pass
        """
    )
    assert {one.name: one.conditional for one in found.calls} == {
        "boto3.client": True,
        "boto3.Session": True,
        "requests.head": False,
        "requests.get": True,
        "boto3.resource": False,
    }


def test_what_runs_for_certain_is_certain_though_a_condition_leads_to_it_too() -> None:
    found = facts(app="import boto3\ndef make():\n    boto3.client('s3')\nif enabled:\n    make()\nmake()\n")
    assert [(one.name, one.conditional) for one in found.calls] == [("boto3.client", False)]


@pytest.mark.parametrize("length", range(20, 34))
def test_a_long_import_is_shown_without_its_last_names_and_none_is_cut(length: int) -> None:
    names = [f"{'N' * length}{at:02}" for at in range(30)]
    text = f"from library import {', '.join(names)}\n\n\ndef f():\n    return {names[-1]}\n"
    (use,) = parse_source({"app.py": text.encode()}).uses
    shown = use.statement.removeprefix("from library import ").split(", ")
    assert shown[-1] == "…"
    assert shown[:-1] == names[: len(shown) - 1]
    assert len(use.statement) <= 300
