"""What calls of a handler reach, on small applications written out."""

from textwrap import dedent

import pytest

from monitor.callgraph.analyze_reach import call_graph
from monitor.callgraph.analyze_unused import unused_imports
from monitor.callgraph.model import CallGraph, Place, Reached, UnusedImport
from monitor.callgraph.parse_files import parse_files

EVERY, SOME, NONE = Reached.EVERY_CALL, Reached.SOME_ROUTES, Reached.NO_CALL


def graph(handler: str = "app.handler", **files: str) -> CallGraph:
    texts = {f"{name.replace('__', '/')}.py": dedent(text).encode() for name, text in files.items()}
    return call_graph(parse_files(texts), handler)


def place(path: str, *functions: str) -> list[Place]:
    return [(path, name, frozenset()) for name in functions]


def unused(**files: str) -> list[UnusedImport]:
    return list(unused_imports(parse_files({f"{name}.py": text.encode() for name, text in files.items()})))


PLAIN = """
    import helpers
    from helpers import table as t

    def handler(event, context):
        return step(event)

    def step(event):
        return helpers.shape(event)

    def unused():
        return helpers.never()
"""
HELPERS = """
    def shape(event):
        return Shaper().area(event)

    def never():
        return 1

    def table():
        return 2

    class Shaper:
        def __init__(self):
            self.unit = unit()

        def area(self, event):
            return 3

        def lonely(self):
            return 4

    def unit():
        return 5
"""


@pytest.mark.parametrize(
    ("file", "function", "reached"),
    [
        ("app.py", "handler", EVERY),
        ("app.py", "step", EVERY),
        ("helpers.py", "shape", EVERY),
        ("helpers.py", "Shaper.__init__", EVERY),
        ("helpers.py", "Shaper.area", EVERY),
        ("helpers.py", "unit", EVERY),
        ("app.py", "unused", NONE),
        ("helpers.py", "never", NONE),
        ("helpers.py", "table", NONE),
        ("helpers.py", "Shaper.lonely", NONE),
    ],
)
def test_what_the_handler_calls_is_reached_and_nothing_else(file: str, function: str, reached: Reached) -> None:
    assert graph(app=PLAIN, helpers=HELPERS).reached(place(file, function)) is reached


ROUTERS = {
    "FastAPI": (
        "from fastapi import FastAPI\nfrom mangum import Mangum\napp = FastAPI()\n",
        "handler = Mangum(app)\n",
        ("@app.get('/report')", "@app.post('/health')"),
    ),
    "Flask": (
        "from flask import Flask\nfrom awsgi import response\napp = Flask(__name__)\n",
        "def handler(event, context):\n    return response(app, event, context)\n",
        ("@app.route('/report')", "@app.route('/health', methods=['POST'])"),
    ),
    "Powertools": (
        "from aws_lambda_powertools.event_handler import APIGatewayRestResolver\napp = APIGatewayRestResolver()\n",
        "def handler(event, context):\n    return app.resolve(event, context)\n",
        ("@app.get('/report')", "@app.post('/health')"),
    ),
    "AppSync": (
        "from aws_lambda_powertools.event_handler import AppSyncResolver\napp = AppSyncResolver()\n",
        "def handler(event, context):\n    return app.resolve(event, context)\n",
        ("@app.resolver(type_name='Query', field_name='report')", "@app.resolver(field_name='health')"),
    ),
}


@pytest.mark.parametrize("name", ROUTERS)
def test_a_route_s_code_is_reached_by_that_route_only(name: str) -> None:
    head, tail, (first, second) = ROUTERS[name]
    routes = (
        f"{first}\ndef report():\n    return table() + shared()\n"
        f"{second}\ndef health():\n    return shared()\n"
        "def table():\n    return 1\ndef shared():\n    return 2\n"
        "@app.middleware('http')\nasync def stamp(request, call_next):\n    return clock()\n"
        "def clock():\n    return 3\n"
    )
    found = graph(app=f"{head}{routes}{tail}")
    assert len(found.routes) == 2
    assert found.reached(place("app.py", "table")) is SOME
    assert [one.function for one in found.routes_to(place("app.py", "table"))] == ["report"]
    assert found.reached(place("app.py", "shared")) is EVERY
    assert found.reached(place("app.py", "clock")) is EVERY


def test_a_dependency_in_a_route_s_signature_belongs_to_the_route() -> None:
    found = graph(
        app="""
        from fastapi import Depends, FastAPI
        app = FastAPI()
        def session():
            return connect()
        def connect():
            return 1
        @app.get("/a")
        def a(db=Depends(session)):
            return db
        @app.get("/b")
        def b():
            return 2
        handler = app
        """
    )
    assert found.reached(place("app.py", "connect")) is SOME


# Each names `target` in a way whose meaning is known only while it runs.
UNRESOLVED = {
    "a table of functions": "TABLE = {'x': target}\ndef handler(e, c):\n    return TABLE[e['k']]()\n",
    "a table in a local": "def handler(e, c):\n    return {'x': target}[e['k']]()\n",
    "getattr by a variable": "import sys\ndef handler(e, c):\n    return getattr(sys.modules[__name__], e['k'])()\n",
    "globals": "def handler(e, c):\n    return globals()[e['k']]()\n",
    "eval": "def handler(e, c):\n    return eval(e['k'])\n",
    "import by a variable": "import importlib\ndef handler(e, c):\n    return importlib.import_module(e['m']).x()\n",
    "registered by a decorator": "from lib import register\ndef handler(e, c):\n    return 1\n@register\ndef other():\n"
    "    return target()\n",
    "handed to a call": "from lib import register\nregister(target)\ndef handler(e, c):\n    return 1\n",
    "a table that a framework looks up": "from lib import path\nurlpatterns = [path('x', target)]\n"
    "def handler(e, c):\n    return 1\n",
    "a callback": "def handler(e, c):\n    return list(map(target, e))\n",
    "a lambda": "f = lambda: target()\ndef handler(e, c):\n    return f()\n",
    "a thread's class": "from threading import Thread\nclass Job(Thread):\n    def run(self):\n"
    "        return target()\ndef handler(e, c):\n    Job().start()\n",
    "a property": "class A:\n    @property\n    def p(self):\n        return target()\n"
    "def handler(e, c):\n    return A().p\n",
    "a special method": "class A:\n    def __add__(self, other):\n        return target()\n"
    "def handler(e, c):\n    return A() + 1\n",
    "a method of an unknown object": "class A:\n    def go(self):\n        return target()\n"
    "def handler(e, c):\n    return e['a'].go()\n",
    "a default": "def inner(f=target):\n    return f()\ndef handler(e, c):\n    return inner()\n",
    "a base class's hook": "class Base:\n    def go(self):\n        return self.hook()\nclass A(Base):\n"
    "    def hook(self):\n        return target()\ndef handler(e, c):\n    return A().go()\n",
    "getattr by a text": "import app\ndef handler(e, c):\n    return getattr(app, 'target')()\n",
}


@pytest.mark.parametrize("name", UNRESOLVED)
def test_what_cannot_be_resolved_counts_as_reached(name: str) -> None:
    text = f"{UNRESOLVED[name]}"
    # A name that is loaded at the top of a file has to be defined above.
    found = graph(app=f"def target():\n    return 1\n{text}")
    assert found.found
    assert found.reached(place("app.py", "target")) is EVERY


def test_without_its_handler_everything_counts_as_reached() -> None:
    found = graph("other.handler", app=PLAIN, helpers=HELPERS)
    assert not found.found
    assert found.reached(place("helpers.py", "never")) is EVERY


def test_a_handler_can_come_from_another_file() -> None:
    found = graph(
        "lambda_function.lambda_handler",
        lambda_function="from app import handler as lambda_handler",
        app=PLAIN,
        helpers=HELPERS,
    )
    assert found.found
    assert found.reached(place("helpers.py", "shape")) is EVERY
    assert found.reached(place("helpers.py", "never")) is NONE


def test_what_was_not_resolved_is_listed() -> None:
    found = graph(app="def handler(e, c):\n    return getattr(c, e['k'])()\n")
    assert [(one.file, one.line) for one in found.unresolved] == [("app.py", 2)]


USED = {
    "by a function": "import json\ndef handler(e, c):\n    return json.dumps(e)\n",
    "in an annotation": "import json\ndef handler(e: json.JSONDecoder, c):\n    return 1\n",
    "in __all__": "import json\n__all__ = ['json']\ndef handler(e, c):\n    return 1\n",
    "in more of __all__": "import json\n__all__ = []\n__all__ += ['json']\ndef handler(e, c):\n    return 1\n",
    "in an extended __all__": "import json\n__all__ = []\n__all__.extend(['json'])\ndef handler(e):\n    return 1\n",
    "in a sum in __all__": "import json\n__all__ = ['handler'] + ['json']\ndef handler(e, c):\n    return 1\n",
    "by another file": "import json\nimport helpers\ndef handler(e, c):\n    return 1\n",
    "for types": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import json\n"
    "def handler(e, c):\n    return 1\n",
    "somewhere unknown": "import json\ndef handler(e, c):\n    return globals()[e]\n",
    "in a text of the file": "import json\ndef handler(e, c):\n    return getattr(c, 'json')\n",
}


@pytest.mark.parametrize("name", USED)
def test_an_import_that_something_uses_is_not_unused(name: str) -> None:
    found = unused(app=USED[name], helpers="import app\nx = app.json\n" if name == "by another file" else "")
    assert [one.module for one in found if one.module == "json"] == []


@pytest.mark.parametrize("star", ["from helpers import *\n", "try:\n    from helpers import *\nexcept OSError: pass\n"])
def test_an_import_of_a_file_that_a_star_import_names_is_not_unused(star: str) -> None:
    app = f"{star}def handler(e, c):\n    return json.dumps(e)\n"
    assert unused(app=app, helpers="import json\n") == []
    assert [one.file for one in unused(app=app, helpers="", other="import json\n")] == ["other.py"]


@pytest.mark.parametrize(
    ("line", "guarded"),
    [
        ("import json", False),
        ("from json import dumps", False),
        ("import json as j, json.decoder as d", False),
        ("try:\n    import json\nexcept ImportError:\n    pass", True),
    ],
)
def test_an_import_that_nothing_uses_is_named_with_its_line(line: str, guarded: bool) -> None:
    found = unused(app=f"import os\n{line}\ndef handler(e, c):\n    return os.sep\n")
    assert {one.file for one in found} == {"app.py"}
    assert all(one.guarded is guarded for one in found)
    assert found[0].statement.startswith(("import json", "from json"))


STARS = {
    "the file binds all its names": ("def handler(e, c):\n    return [len(x) for x in e]\n", "", True),
    "a name is not bound": ("def handler(e, c):\n    return dumps(e)\n", "", False),
    "another file imports one by way of it": ("x = 1\n", "from app import dumps\n", False),
    "another file has an attribute of it": ("x = 1\n", "import app\ny = app.dumps\n", False),
    "another file asks for its own": ("x = 1\n", "import app\ny = app.x\n", True),
    "names of a case": (
        "def handler(e, c):\n    match e:\n        case {'a': b, **d}:\n            return b, d\n",
        "",
        True,
    ),
    "its interface is not known": ("__all__ = ['dumps']\n", "", False),
}


@pytest.mark.parametrize("name", STARS)
def test_a_star_import_is_unused_where_every_name_is_bound(name: str) -> None:
    text, other, is_unused = STARS[name]
    found = unused(app=f"from json import *\n{text}", other=other)
    assert [one.statement for one in found if one.module == "json"] == (["from json import *"] if is_unused else [])


# A function that some events need, and one that others do; the handler of each follows.
TWO = """
    import pandas

    def heavy(event=None):
        return pandas.DataFrame()

    def light(event=None):
        return 1

"""
BRANCHES = {
    "an if with an else": """
    def handler(event, context):
        if event["path"] == "/report":
            return heavy()
        else:
            return light()
    """,
    "an if that returns": """
    def handler(event, context):
        action = (event.get("action") or "").lower()
        if action == "report":
            return heavy(event)
        return light(event)
    """,
    "elif": """
    def handler(event, context):
        body = json.loads(event["body"])
        if body["kind"] in ("a", "b"):
            light()
        elif body["kind"].startswith("report/"):
            heavy()
        else:
            raise ValueError(body)
    """,
    "a conditional expression": """
    def handler(event, context):
        return heavy() if event.get("path") == "/report" else light()
    """,
    "match": """
    def handler(event, context):
        match (event["method"], event["path"]):
            case ("GET", "/report"):
                return heavy()
            case _:
                return light()
    """,
    "a table": """
    TABLE = {"report": heavy, "count": light}

    def handler(event, context):
        return TABLE[event["action"]](event)
    """,
    "get of a table": """
    TABLE: dict = {"report": heavy, "count": light}

    def handler(event, context):
        chosen = TABLE.get(event["action"])
        return chosen(event) if chosen else None
    """,
    "an object that is called": """
    class Api:
        def __call__(self, event, context):
            if event["path"] == "/report":
                return heavy()
            return light()

    handler = Api()
    """,
    "a method of an object": """
    class Api:
        def handle(self, event, context):
            return self.route(event)

        def route(self, event):
            match event["kind"]:
                case "report":
                    return heavy()
                case "count":
                    return light()

    api = Api()
    handler = api.handle
    """,
    "a method that the handler gives the event": """
    class Api:
        def route(self, event):
            return heavy() if event["kind"] == "report" else light()

    def handler(event, context):
        return Api().route(event)
    """,
    "a table of an object": """
    class Api:
        def __init__(self):
            self.kinds = {"report": heavy, "count": light}

        def __call__(self, event, context):
            return self.kinds[event["kind"]](event)

    handler = Api()
    """,
    "a table of a class": """
    class Api:
        KINDS = {"report": heavy, "count": light}

        def __call__(self, event, context):
            kind = event.get("kind", "count")
            return self.KINDS[kind](event)

    handler = Api()
    """,
    "an event of another source": """
    def handler(event, context):
        if "Records" in event:
            return [heavy(record) for record in event["Records"]]
        return light(event)
    """,
    "an event of HTTP": """
    def handler(event, context):
        if event.get("httpMethod"):
            return heavy(event)
        else:
            return light(event)
    """,
    "a function that the handler gives the event": """
    def handler(event, context):
        with context:
            return route(event, 1)

    def route(request, depth):
        for record in request["Records"]:
            if record["eventName"] == "INSERT":
                heavy(record)
            else:
                light(record)
    """,
}


@pytest.mark.parametrize("name", sorted(BRANCHES))
def test_a_branch_by_the_event_is_reached_by_some_calls(name: str) -> None:
    assert graph(app=TWO + BRANCHES[name]).reached(place("app.py", "heavy")) is SOME


def test_a_table_of_another_file_is_followed_entry_by_entry() -> None:
    table = TWO + '\n    TABLE = {"report": heavy, "count": light}\n'
    app = """
    import actions

    def handler(event, context):
        return actions.TABLE[event["action"]](event)
    """
    found = graph(app=app, actions=table)
    assert found.reached(place("actions.py", "heavy")) is SOME
    assert [one.label for one in found.routes_to(place("actions.py", "heavy"))] == [
        "actions.py, actions.TABLE, key 'report'"
    ]


GUARDS = {
    "a test for being there": """
    def handler(event, context):
        if event.get("image"):
            return heavy(event)
        return light(event)
    """,
    "a comparison whose other side does nothing": """
    def handler(event, context):
        if event["httpMethod"] == "POST":
            return heavy(event)
        return {"statusCode": 405}
    """,
    "what follows a refused event": """
    def handler(event, context):
        if event["type"] != "image":
            raise ValueError(event["type"])
        return heavy(event)
    """,
    "all alternatives": """
    def handler(event, context):
        if event["kind"] == "a":
            light()
            heavy(1)
        else:
            heavy(2)
    """,
    "all but what refuses an unknown event": """
    def handler(event, context):
        match event["kind"]:
            case "a":
                return heavy(1)
            case "b":
                return light(heavy(2))
        return light(404)
    """,
    "all but an else": """
    def handler(event, context):
        if event["kind"] == "a":
            return heavy(1)
        elif event["kind"] == "b":
            return heavy(2)
        else:
            return light(404)
    """,
    "another way to it": """
    def handler(event, context):
        if event["kind"] == "a":
            heavy(1)
        else:
            light()
        return finish()

    def finish():
        return heavy()
    """,
    "a comparison of something else": """
    def handler(event, context):
        if MODE == "report":
            heavy()
        else:
            light()

    MODE = "report"
    """,
    "a table that is filled elsewhere": """
    TABLE = dict(report=heavy, count=light)

    def handler(event, context):
        return TABLE[event["action"]](event)
    """,
    "a table that is walked": """
    TABLE = {"report": heavy, "count": light}

    def handler(event, context):
        for each in TABLE.values():
            each(event)
        return TABLE[event["action"]](event)
    """,
}


@pytest.mark.parametrize("name", sorted(GUARDS))
def test_a_guard_and_what_all_branches_need_are_reached_by_every_call(name: str) -> None:
    assert graph(app=TWO + GUARDS[name]).reached(place("app.py", "heavy")) is EVERY


REGISTERED = {
    "Flask": (
        "from flask import Flask\nfrom apig_wsgi import make_lambda_handler\n",
        "app = Flask(__name__)\n",
        ("app.add_url_rule('/report', view_func=report)", "app.add_url_rule('/health', 'health', health)"),
        "handler = make_lambda_handler(app)\n",
    ),
    "FastAPI": (
        "from fastapi import FastAPI\nfrom mangum import Mangum\n",
        "app = FastAPI()\n",
        ("app.add_api_route('/report', report)", "app.add_api_route('/health', endpoint=health, methods=['GET'])"),
        "handler = Mangum(app)\n",
    ),
    "Starlette": (
        "from mangum import Mangum\nfrom starlette.applications import Starlette\n"
        "from starlette.routing import Route\n",
        "",
        ("app = Starlette(routes=[Route('/report', report), Route('/health', endpoint=health)])",),
        "handler = Mangum(app)\n",
    ),
    "Falcon": (
        "import falcon\nimport apig_wsgi\n",
        "app = falcon.App()\n",
        ("app.add_route('/report', Report())", "app.add_route('/health', Health())"),
        "handler = apig_wsgi.make_lambda_handler(app)\n",
    ),
}
FUNCTIONS = (
    "def report():\n    return table() + shared()\ndef health():\n    return shared()\n"
    "class Report:\n    def on_get(self, request, response):\n        return report()\n"
    "class Health:\n    def on_get(self, request, response):\n        return health()\n"
    "def table():\n    return 1\ndef shared():\n    return 2\n"
)


@pytest.mark.parametrize("in_function", [False, True])
@pytest.mark.parametrize("name", REGISTERED)
def test_a_route_that_a_call_registers_is_followed_like_a_decorated_one(name: str, in_function: bool) -> None:
    head, app, calls, tail = REGISTERED[name]
    if name == "Starlette" and in_function:
        pytest.skip("a table in a function is not read")
    lines = f"{FUNCTIONS}{app}" + "".join(f"{call}\n" for call in calls)
    if in_function:
        body = "".join(f"    {line}\n" for line in (*app.splitlines(), *calls, "return app"))
        lines = f"{FUNCTIONS}def create_app():\n{body}app = create_app()\n"
    found = graph(app=f"{head}{lines}{tail}")
    assert len(found.routes) == 2
    assert found.reached(place("app.py", "table")) is SOME
    assert [one.label for one in found.routes_to(place("app.py", "table"))] == ["ROUTE /report"]
    assert found.reached(place("app.py", "shared")) is EVERY


def test_a_function_that_is_registered_and_called_otherwise_is_reached_by_every_call() -> None:
    head, app, calls, tail = REGISTERED["Flask"]
    lines = "".join(f"{call}\n" for call in (*calls, "app.before_request(report)"))
    found = graph(app=f"{head}{FUNCTIONS}{app}{lines}{tail}")
    assert found.reached(place("app.py", "table")) is EVERY


def test_values_of_a_route_that_name_each_other_are_followed_to_an_end() -> None:
    head, _, _, tail = REGISTERED["Flask"]
    lines = "app = Flask(__name__)\nother = []\none = [other, table]\nother = [one]\n"
    lines += "app.add_url_rule('/x', view_func=one)\n"
    found = graph(app=f"{head}{FUNCTIONS}{lines}{tail}")
    assert [one.label for one in found.routes_to(place("app.py", "table"))] == ["ROUTE /x"]
