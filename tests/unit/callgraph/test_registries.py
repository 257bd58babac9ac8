"""Tables that decorators of the application fill: what they hold is reached by the calls that look it up."""

from textwrap import dedent

import pytest

from monitor.callgraph.model import Reached
from tests.unit.callgraph.test_reach import graph, place

# The decorator, with what makes it and how it is written.
FILLS = {
    "a function": (
        "@handles('{kind}')",
        "def handles(kind):\n    def put(function):\n        HANDLERS[kind] = function\n        return function\n"
        "    return put\n",
    ),
    "a wrapper": (
        "@handles('{kind}')",
        "import functools\ndef handles(kind):\n    def put(function):\n        @functools.wraps(function)\n"
        "        def timed(*given):\n            return function(*given)\n"
        "        HANDLERS[kind] = timed\n        return timed\n    return put\n",
    ),
    "its own name": (
        "@handles",
        "def handles(function):\n    HANDLERS[function.__name__] = function\n    return function\n",
    ),
    "several for a key": (
        "@handles('{kind}')",
        "def handles(kind):\n    def put(function):\n        HANDLERS.setdefault(kind, []).append(function)\n"
        "        return function\n    return put\n",
    ),
}
LOOKUPS = {
    "index": "HANDLERS[event['kind']](event)",
    "get": "HANDLERS.get(event['kind'], str)(event)",
    "a message": "HANDLERS[event['kind']](event) if event['kind'] in HANDLERS else f'one of {sorted(HANDLERS)}'",
    "each record": "[HANDLERS[one['kind']](one) for one in event['Records']]",
    "in a list": "[one(event) for one in HANDLERS[event['kind']]]",
}
# What may call every function: each of these leaves all of them reached by every call.
EVERY = {
    "all values": "[one(event) for one in HANDLERS.values()]",
    "all keys": "[HANDLERS[name](event) for name in HANDLERS]",
    "all of a list": "[HANDLERS[name](event) for name in ('report', 'health')]",
    "handed on": "run(HANDLERS, event)",
    "one that is named": "HANDLERS['report'](event)",
    "as texts": "f'{[one(event) for one in HANDLERS.values()]}'",
}
SHARED = """
def table():
    return 1


{report}
def report(event):
    return table()


{health}
def health(event):
    return 2


def handler(event, context):
    return {lookup}
"""


def reached(fill: str, lookup: str) -> Reached:
    decorator, made = FILLS[fill]
    decorators = {kind: decorator.format(kind=kind) for kind in ("report", "health")}
    text = f"HANDLERS = {{}}\n\n\n{made}\n\n{SHARED.format(lookup=lookup, **decorators)}"
    compile(text, "app.py", "exec")
    return graph(app=text).reached(place("app.py", "table"))


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("lookup", LOOKUPS)
def test_a_function_of_a_registry_is_reached_by_the_calls_that_look_it_up(fill: str, lookup: str) -> None:
    assert reached(fill, LOOKUPS[lookup]) is Reached.SOME_ROUTES


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("lookup", EVERY)
def test_where_all_of_a_registry_may_be_called_all_of_it_counts(fill: str, lookup: str) -> None:
    assert reached(fill, EVERY[lookup]) is Reached.EVERY_CALL


CLASS = {
    "routing": """
        class Router:
            def __init__(self):
                self._routes = {}

            def on(self, kind):
                def put(function):
                    self._routes[kind] = function
                    return function
                return put

            def dispatch(self, event):
                found = self._routes.get(event["kind"])
                return found(event) if found else None
        """,
    "app": """
        from routing import Router

        router = Router()

        @router.on("report")
        def report(event):
            return table()

        @router.on("health")
        def health(event):
            return 2

        def table():
            return 1
        """,
    "main": "from app import router\n\ndef handler(event, context):\n    return router.dispatch(event)\n",
}


def test_a_registry_can_be_an_object_of_another_file() -> None:
    found = graph("main.handler", **CLASS)
    assert found.reached(place("app.py", "table")) is Reached.SOME_ROUTES
    assert [route.label for route in found.routes] == ["_routes, health", "_routes, report"]


@pytest.mark.parametrize(
    "decorator",
    [
        "def on(self, kind):\n    def put(function):\n        self._routes[kind] = function\n        function()\n"
        "        return function\n    return put",
        "def on(self, kind):\n    def put(function):\n        self._routes[kind] = function\n        start(function)\n"
        "        return function\n    return put",
        "def on(self, kind):\n    return lambda function: function",
    ],
    ids=("it calls the function", "it hands the function on", "it keeps nothing"),
)
def test_a_decorator_that_does_more_reaches_its_functions(decorator: str) -> None:
    routing = dedent(CLASS["routing"])
    begin, end = routing.index("    def on"), routing.index("    def dispatch")
    changed = routing[:begin] + "\n".join(f"    {line}" for line in decorator.splitlines()) + "\n\n" + routing[end:]
    compile(changed, "routing.py", "exec")
    found = graph("main.handler", **{**CLASS, "routing": changed})
    assert found.reached(place("app.py", "table")) is Reached.EVERY_CALL


def test_a_decorator_of_a_library_is_not_taken_for_one_of_the_application() -> None:
    app = dedent(CLASS["app"]).replace("from routing import Router", "from lib import Router")
    found = graph("main.handler", **{**CLASS, "app": app})
    assert found.reached(place("app.py", "table")) is Reached.EVERY_CALL
