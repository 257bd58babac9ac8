"""Clients and other values made at import that not every call reads: named, and made on first use by their patch."""

import builtins
from collections.abc import Callable
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

import pytest

from monitor.callgraph.model import Reached
from monitor.diagnose.evidence.analyze_source import parse_source
from monitor.diagnose.evidence.model import ModuleUse, SourceFacts
from tests.unit.git_apply import git_applied

# Ways to make a value of the library `kv` at import, and to read it as `{read}`.
MAKERS = {
    "plain": ("import kv\n\nstore = kv.Store('a')\n", "store.get(event)"),
    "alias": ("import kv.client as k\n\nstore = k.Store('a')\n", "store.get(event)"),
    "name": ("from kv import Store\n\nSTORE = Store('a')\n", "STORE.get(event)"),
    "names": ("from kv import Store, limit\n\nstore = Store(\n    'a',\n)\n", "store.get(event)[:limit]"),
    "class method": ("import kv\n\nstore = kv.Store.of('a')\n", "store.get(event)"),
    "annotated": ("import kv\n\nstore: kv.Store = kv.Store('a')\n", "store.get(event)"),
    "chain": ("import kv\n\nroot = kv.Store('a')\nshelf = root['b']\n", "shelf.get(event)"),
    "long chain": ("import kv\n\nshelf = kv.Store('a').shelf('b')\nbox = shelf['c']\n", "box.get(event)"),
    "set up": ("import kv\n\nstore = kv.Store('a')\nstore.tags['b'] = 'c'\nstore.add('d')\n", "store.get(event)"),
    "its errors": ("import kv\n\nstore = kv.Store('a')\n", "store.get(kv.limit)"),
    "with the standard library": ("import os\nimport kv\n\nstore = kv.Store(os.sep)\n", "store.get(event)"),
    "a function": ("import kv\n\n\ndef made():\n    return kv.Store('a')\n\n\nstore = made()\n", "store.get(event)"),
    "a function of a function": (
        "from kv import Store\n\n\ndef name():\n    return 'a'\n\n\ndef first():\n    return Store(name())\n\n\n"
        "def made():\n    return first()\n\n\nstore = made()\n",
        "store.get(event)",
    ),
    "a cached function": (
        "import functools\n\nimport kv\n\n\n@functools.cache\ndef made():\n    return kv.Store('a')\n\n\n"
        "store = made()\n",
        "store.get(event)",
    ),
    "a class around it": (
        "import kv\n\n\nclass Shelf:\n    def __init__(self):\n        self._store = self._made()\n\n"
        "    def _made(self):\n        return kv.Store('a')\n\n"
        "    def get(self, event):\n        return self._store.get(event)\n\n\nshelf = Shelf()\n",
        "shelf.get(event)",
    ),
    "behind a docstring": ('"""What it does."""\n\nimport kv\n\nstore = kv.Store("a")\n', "store.get(event)"),
}
# Ways in which some calls alone read it.
READERS = {
    "a function of one branch": """
        def handler(event, context):
            if event["action"] == "read":
                return read(event)
            return other(event)
        """,
    "the branch itself": """
        def handler(event, context):
            if event["action"] == "read":
                return {read}
            else:
                return other(event)
        """,
    "a case": """
        def handler(event, context):
            match event["action"]:
                case "read":
                    return {read}
                case _:
                    return other(event)
        """,
    "a table of functions": """
        def handler(event, context):
            return ACTIONS[event["action"]](event)

        ACTIONS = {{"read": read, "other": other}}
        """,
}
SHARED = """
def read(event):
    \"\"\"Read it.\"\"\"
    return {read}


def other(event):
    return "other"

"""


def source(maker: str, reader: str) -> str:
    made, read = MAKERS[maker]
    return made + "\n" + (SHARED + dedent(READERS[reader]).lstrip()).format(read=read)


def facts(text: str, **others: str) -> SourceFacts:
    files = {"app.py": text, **{f"{name}.py": held for name, held in others.items()}}
    return parse_source({name: held.encode() for name, held in files.items()}, handler="app.handler")


def use_of(found: SourceFacts, library: str = "kv") -> ModuleUse:
    return next(use for use in found.uses if use.module.partition(".")[0] == library and use.file == "app.py")


class Store:
    """A client that remembers what it was told."""

    def __init__(self, name: str) -> None:
        self.told = [name]
        self.tags: dict[str, str] = {}

    @classmethod
    def of(cls, name: str) -> "Store":
        return cls(name)

    def __getitem__(self, name: str) -> "Store":
        self.told.append(name)
        return self

    shelf = __getitem__

    def add(self, name: str) -> None:
        self.told.append(name)

    def get(self, event: object) -> str:
        return f"{self.told} {self.tags} {event}"


def run(text: str, *actions: str) -> tuple[list[str], list[object]]:
    """What a file imports while it is imported, and what its handler answers."""
    library = SimpleNamespace(Store=Store, limit=200)
    library.client = library
    seen: list[str] = []

    def imports(name: str, *rest: Any) -> object:
        if name.partition(".")[0] != "kv":
            return builtins.__import__(name, *rest)
        seen.append(name)
        return library

    names: dict[str, Any] = {"__builtins__": {**vars(builtins), "__import__": imports}, "__name__": "app"}
    exec(compile(text, "app.py", "exec"), names)
    at_import = list(seen)
    handler: Callable[[object, object], object] = names["handler"]
    return at_import, [handler({"action": action}, None) for action in actions]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("maker", MAKERS)
def test_what_some_calls_read_is_made_on_first_use_by_its_patch(maker: str, reader: str) -> None:
    text = source(maker, reader)
    found = facts(text)
    use = use_of(found)
    assert (use.used_at_import, use.reached) == (False, Reached.SOME_ROUTES)
    assert use.makes
    (patch,) = [one for one in found.patches if (use.line,) == one.lines]
    changed = git_applied(patch.text, "app.py", text)
    imported, answers = run(text, "other", "read", "read", "other")
    assert imported
    assert run(changed, "other", "read", "read", "other") == ([], answers)


CLASS = """
import kv


class Api:
    {before}store = kv.Store(
        "a",
    )
    kinds = ("read", "other")

    def __call__(self, event, context):
        {body}

    def other(self):
        return "other"


handler = Api()
"""
BODIES = {
    "a branch": """
        if event["action"] == "read":
            return self.store.get(event)
        return self.other()""",
    "a method": """
        match event["action"]:
            case "read":
                return self.read(event)
            case "other":
                return self.other()

    def read(self, event):
        return self.store.get(kv.limit)""",
}


@pytest.mark.parametrize("before", ["", "size = 1\n    ", '"""A class."""\n\n    '])
@pytest.mark.parametrize("name", BODIES)
def test_an_attribute_of_a_class_is_made_on_first_use_by_its_patch(name: str, before: str) -> None:
    text = CLASS.format(before=before, body=BODIES[name].strip()).lstrip()
    found = facts(text)
    use = use_of(found)
    assert (use.used_at_import, use.reached) == (False, Reached.SOME_ROUTES)
    assert [made.name for made in use.makes] == ["Api.store"]
    (patch,) = [one for one in found.patches if (use.line,) == one.lines]
    changed = git_applied(patch.text, "app.py", text)
    _, answers = run(text, "other", "read", "read", "other")
    assert run(changed, "other", "read", "read", "other") == ([], answers)


HEADERS = {
    "last": "event, store=kv.Store('a')",
    "keyword": "event, *, store=kv.Store('a'), limit=3",
    "lines": "\n    event,\n    store=kv.Store(\n        'a',\n    ),\n",
    "annotated": "event, store: object = kv.Store('a')",
}


@pytest.mark.parametrize("library", ["import kv", "from kv import Store"])
@pytest.mark.parametrize("name", HEADERS)
def test_the_default_of_a_parameter_is_made_on_first_use_by_its_patch(name: str, library: str) -> None:
    header = HEADERS[name].replace("kv.", "kv." if library == "import kv" else "")
    shared = SHARED.format(read="store.get(event)").replace("def read(event)", f"def read({header})").lstrip()
    text = f"{library}\n\n\n{shared}\n" + dedent(READERS["a function of one branch"]).lstrip()
    found = facts(text)
    use = use_of(found)
    assert (use.used_at_import, use.reached, use.used_in) == (False, Reached.SOME_ROUTES, ("read",))
    (patch,) = [one for one in found.patches if (use.line,) == one.lines]
    changed = git_applied(patch.text, "app.py", text)
    _, answers = run(text, "other", "read", "read", "other")
    assert run(changed, "other", "read", "read", "other") == ([], answers)


@pytest.mark.parametrize(
    "more",
    [
        "\nprint(Api.store)\n",
        "\n\ndef f(name):\n    return getattr(handler, name)\n",
        "\n\nclass B(Api):\n    held = Api.store\n",
    ],
)
def test_an_attribute_that_something_else_may_read_stays(more: str) -> None:
    text = CLASS.format(before="", body=BODIES["a branch"].strip()).lstrip()
    assert use_of(facts(text + more)).used_at_import


@pytest.mark.parametrize("more", ["\n\ndef f():\n    return Api.store\n", "\n\ndef f():\n    handler.store = 1\n"])
def test_an_attribute_that_others_touch_has_no_patch(more: str) -> None:
    text = CLASS.format(before="", body=BODIES["a branch"].strip()).lstrip() + more
    assert not [one for one in facts(text).patches if "cached_property" in one.text]


CALLED = {
    "a line calls it": "made()\n",
    "another value is needed": "other_store = made()\nprint(other_store)\n",
    "a class is built of it": "class Read:\n    held = made()\n\nprint(Read.held)\n",
    "a decorator calls it": "@made().call\ndef f():\n    pass\n",
    "it is registered": "import lib\n\n\n@lib.at_start\ndef again():\n    return made()\n\n\nagain()\n",
}


@pytest.mark.parametrize("name", CALLED)
def test_what_a_function_makes_stays_where_something_else_calls_it_at_import(name: str) -> None:
    text = MAKERS["a function"][0] + "\n\n" + CALLED[name] + "\n\n"
    shared = SHARED.format(read="store.get(event)") + dedent(READERS["a function of one branch"])
    assert use_of(facts(text + shared)).used_at_import


def test_a_function_that_another_file_may_call_stays() -> None:
    text = (
        MAKERS["a function"][0] + SHARED.format(read="store.get(event)") + dedent(READERS["a function of one branch"])
    )
    assert not use_of(facts(text)).used_at_import
    assert use_of(facts(text, other="from app import made\n\nstore = made()\n")).used_at_import
    assert use_of(facts(text, other="import app\n\nstore = app.made()\n")).used_at_import


KEPT = {
    "every call reads it": "def handler(event, context):\n    return store.get(event)\n",
    "every call reads it beside a branch": """
        def handler(event, context):
            if event["action"] == "read":
                store.get(event)
                return other(event)
            store.get(event)
            return other(event)

        def other(event):
            return 1
        """,
    "a class is built of it": "class Read:\n    held = store\n\ndef handler(event, c):\n    return Read().held\n",
    "a default holds it": "def handler(event, context, held=store):\n    return held.get(event)\n",
    "it is the interface": '__all__ = ["store"]\n\n\ndef handler(event, context):\n    return 1\n',
    "a line needs it": "print(store.get(1))\n\n\ndef handler(event, context):\n    return 1\n",
    "it is assigned again": "store = kv.Store('b')\n\ndef handler(event, c):\n    return 1\n\ndef f():\n    store\n",
    "the handler is made of it": "handler = store.shelf('b')\n\n\ndef test():\n    return handler.get(1)\n",
}


@pytest.mark.parametrize("name", KEPT)
def test_what_every_call_or_the_file_itself_needs_stays(name: str) -> None:
    use = use_of(facts(MAKERS["plain"][0] + "\n\n" + dedent(KEPT[name]).lstrip()))
    assert use.used_at_import


def test_a_value_that_another_file_reads_is_followed_there() -> None:
    reads = "from app import store\n\ndef read(event):\n    return store.get(event)\n"
    text = MAKERS["plain"][0] + "\n\n" + dedent(READERS["a function of one branch"]).lstrip()
    found = facts(text.replace("return read(", "import reads\n        return reads.read(") + SHARED, reads=reads)
    assert use_of(found).used_in == ("reads.py: read",)
    assert not use_of(found).used_at_import
    every = "import app\n\ndef read(event):\n    return app.store.get(event)\n"
    found = facts(
        "import reads\n" + MAKERS["plain"][0] + "\ndef handler(event, c):\n    reads.read(event)\n", reads=every
    )
    assert use_of(found).used_at_import


def test_a_client_of_the_sdk_takes_its_configuration_along() -> None:
    text = (
        "import boto3\nfrom botocore.config import Config\n\n_s3 = boto3.client('s3', config=Config())\n\n\n"
        + SHARED.format(read="_s3.get(event)").lstrip()
        + dedent(READERS["a function of one branch"]).format(read="").lstrip()
    )
    found = facts(text)
    (patch,) = [one for one in found.patches if one.makes_client]
    changed = git_applied(patch.text, "app.py", text)
    assert changed.startswith("import functools\n\n\n@functools.cache\ndef _s3_client():\n    import boto3\n")
    assert "\nfrom botocore" not in changed
