"""The rewritten module means what the module meant, and no line moves."""

import ast
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import monitor
from monitor.packages.lazy.rewrite import rewrite
from monitor.packages.lazy.statements import read
from monitor.packages.lazy.uses import reason_unchanged
from tests.examples import examples

HELPER = Path(monitor.__file__).parent / "inside" / "lazy.py"


def possible(source: str, module: str = "m", *, is_package: bool = False) -> list[int]:
    reading = read(source, module, is_package=is_package)
    return [one.line for one in reading.imports if not one.reason]


def lazily(source: str, module: str = "m", *, is_package: bool = False) -> str:
    reading = read(source, module, is_package=is_package)
    return rewrite(reading, [one.line for one in reading.imports if not one.reason])


def reasons(source: str) -> dict[str, str]:
    return {name: one.reason for one in read(source, "m", is_package=False).imports for name in one.names}


def run(folder: Path, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=folder, capture_output=True, text=True, check=False, timeout=30
    )
    return done.stdout + done.stderr.replace(str(folder), "")


def both(tmp_path: Path, source: str, code: str, **others: str) -> tuple[str, str]:
    """What `code` prints with the module `m` as it is, and rewritten."""
    found = []
    for label, text in (("before", source), ("after", lazily(source))):
        folder = tmp_path / label
        folder.mkdir()
        (folder / "m.py").write_text(text, encoding="utf-8")
        (folder / "_monitor_lazy.py").write_text(HELPER.read_text(encoding="utf-8"), encoding="utf-8")
        for name, content in others.items():
            (folder / f"{name}.py").write_text(content, encoding="utf-8")
        found.append(run(folder, code))
    return found[0], found[1]


def unchanged(tree: ast.Module) -> ast.Module:
    """A rewritten module's tree with the rewriting undone."""

    class Undo(ast.NodeTransformer):
        def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
            self.generic_visit(node)
            if isinstance(node.value, ast.Name) and node.value.id == "__lazy__":
                return ast.copy_location(ast.Name(node.attr, node.ctx), node)
            return node

        def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
            self.generic_visit(node)
            return node.body[-1] if node.name.startswith("__lazy_") else node

    tree = Undo().visit(tree)
    tree.body = [node for node in tree.body if not _is_install(node)]
    return tree


BY_NAME = """
import early
from parts import one, two
FOUND = eval("early.VALUE")


def __dir__():
    return sorted(x for x in globals() if not x.startswith("_"))


def by_name(name):
    try:
        return globals()[name].__name__
    except KeyError:
        return None


def more():
    globals()["added"] = later
    return ["late" in globals(), globals().get("nothing", 3), "two" in globals().keys(), {text}]


def bind():
    globals()["late"] = "replaced"


bind()
ASKED = eval("lambda: later")
import late
import parts as later
"""


@pytest.mark.parametrize(
    "text", ["eval('two')()", "eval('one() + two()')", "eval(b'later.one()')", "eval(compile('two()', '', 'eval'))"]
)
@pytest.mark.parametrize(
    "code",
    [
        "print(m.FOUND, dir(m), m.more(), m.by_name('one'), m.by_name('none'))",
        "print(m.by_name('two'), m.late.VALUE, m.ASKED().one(), dir(m))",
        "print(m.more(), m.late.VALUE, m.added.one())",
    ],
)
def test_names_that_the_module_looks_up_by_text_are_loaded(text: str, code: str, tmp_path: Path) -> None:
    source = BY_NAME.replace("{text}", text)
    assert {"one", "two", "late", "later"} <= {name for name, why in reasons(source).items() if not why}
    parts = "def one(): return 1\ndef two(): return 2\n"
    before, after = both(tmp_path, source, f"import m; {code}", early="VALUE = 5", late="VALUE = 6", parts=parts)
    assert before == after
    assert "Error" not in before


def test_a_text_that_needs_no_name_loads_nothing(tmp_path: Path) -> None:
    source = "import noisy\n\ndef f(): return eval('False'), noisy\n\nNOTHING = eval('False')\n"
    _, after = both(tmp_path, source, "import m; print(m.NOTHING)", noisy="print('loaded')")
    assert after == "False\n"


def test_a_source_that_is_nested_too_deeply_is_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match="recursion"):
        read(f"import a\nx = {'+'.join(['a.b'] * 3_000)}\n", "m", is_package=False)


def _is_install(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom) and node.module == "_monitor_lazy":
        return True
    return "__lazy__(globals()" in ast.unparse(node)


NAMES = ("alpha", "beta", "gamma")
LINES = st.sampled_from(
    [
        "import {0}",
        "import {0} as {1}",
        "from {0} import {1}",
        "from {0} import (\n    {1},  # why\n    {2},\n)",
        "import {0}.sub",
        "try:\n    import {0}\nexcept ImportError:\n    {0} = None",
        "if True:\n    import {0}\nelse:\n    import {1} as {0}",
        "# a comment",
        "",
        "{0} = 1",
        "X = {0}",
        "class {0}: pass",
        "class C({0}.B): pass",
        "def f({0}): return {0}",
        "def f(): return {0}.x + {1}",
        "def f():\n    {0} = 1\n    return {0}, {1}",
        "def f():\n    global {0}\n    {0} = 2",
        "def f():\n    def g(): return {0}\n    return g",
        "def f(): return [{0} for {0} in {1}] + [{0}({2}) for x in y]",
        "def f(x={0}): return lambda {1}: {1} + {2}",
        "@{0}.wraps\ndef f(): pass",
        "class D:\n    a = {0}\n    def m(self): return {0}, {1}",
        "def f():\n    try: pass\n    except {0} as {1}: pass",
        "def f(): return f'{{{0}.x}} {{{1}!r}}'",
        "def f(a: '{0}') -> {1}: return {2}",
        "[{0} for {0} in range(3)]",
        "del {0}",
        "async def f():\n    async with {0} as {1}: return {1}",
        "def f():\n    match {0}:\n        case {1}: return {1}",
        "def f():\n    import {0}\n    return {0}",
        "def f():\n    if ({0} := {1}): return {0}",
    ]
)


@st.composite
def modules(draw: st.DrawFn) -> str:
    head = draw(st.sampled_from(["", '"""Doc."""\n', "from __future__ import annotations\n", "#!/bin/python\n"]))
    parts = draw(st.lists(st.tuples(LINES, st.permutations(NAMES)), min_size=1, max_size=9))
    return head + "\n".join(line.format(*names) for line, names in parts) + draw(st.sampled_from(["", "\n"]))


@settings(max_examples=examples(400), deadline=None)
@given(modules())
def test_a_rewritten_module_is_the_module_when_the_rewriting_is_undone(source: str) -> None:
    after = lazily(source)
    assert ast.dump(unchanged(ast.parse(after))) == ast.dump(ast.parse(source))


@settings(max_examples=examples(400), deadline=None)
@given(modules())
def test_no_line_moves(source: str) -> None:
    def places(tree: ast.Module) -> list[tuple[int, str]]:
        return [
            (node.lineno, type(node).__name__)
            for node in ast.walk(tree)
            if isinstance(node, ast.Return | ast.ClassDef | ast.Try | ast.For | ast.Match)
        ]

    assert places(ast.parse(lazily(source)))[: len(places(ast.parse(source)))] == places(ast.parse(source))


STANDARD = ("json", "string", "textwrap")


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Modules that can run: their names are modules of the standard library."""
    lines = st.sampled_from(
        [
            "import {0}",
            "import {0} as other",
            "from {0} import __name__ as {0}_name",
            "try:\n    import {0}\nexcept ImportError:\n    {0} = None",
            "{0} = 'mine'",
            "def show_{1}(): return {0}.__name__",
            "def take({0}): return {0}",
            "def set_{0}():\n    global {0}\n    {0} = 'set'",
            "class C_{1}:\n    def m(self): return {0}.__name__\n    def n(self, {0}=1): return {0}",
            "def inner_{1}():\n    def deep(): return {0}.__name__\n    return deep()",
            "def loop_{1}(): return [{0} for {0} in (1, 2)] + [{1}.__name__ for x in (1, 2)]",
            "VALUE_{1} = {0}.__name__",
        ]
    )
    parts = draw(st.lists(st.tuples(lines, st.permutations(STANDARD)), min_size=3, max_size=10))
    body = "\n".join(line.format(*names) for line, names in parts)
    return "import json, string\nimport textwrap\n" + body + "\n"


# The text of a line in a traceback may differ, its number may not.
ASK = """
import traceback
try: import m
except Exception as error:
    print(type(error).__name__, error, traceback.extract_tb(error.__traceback__)[-1].lineno)
    raise SystemExit
def shown(value):
    return getattr(value, "__name__", None) or (value if isinstance(value, (str, int, tuple)) else type(value).__name__)
def call(function):
    try: return shown(function()) if not isinstance(function(), list) else function()
    except Exception as error: return type(error).__name__, str(error)
names = [name for name in dir(m) if not name.startswith("__")]
print(names)
for round in 1, 2:
    for name in names:
        value = getattr(m, name)
        print(name, shown(value))
        if name.startswith("C_"):
            print(call(value().m), call(value().n))
        elif callable(value) and name != "take":
            print(name, call(value))
print(sorted(name for name in dir(m)))
"""


@settings(max_examples=examples(25), deadline=None)
@given(source=programs())
def test_what_a_rewritten_module_answers_is_the_same(source: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    before, after = both(tmp_path_factory.mktemp("m"), source, ASK)
    assert after.replace("__lazy__.", "") == before


def test_an_import_runs_at_the_first_use_of_its_name(tmp_path: Path) -> None:
    code = "import m, sys\nprint('wave' in sys.modules)\nm.f()\nprint('wave' in sys.modules)"
    before, after = both(tmp_path, "import wave\n\ndef f(): return wave.Error\n", code)
    assert before.split() == ["True", "True"]
    assert after.split() == ["False", "True"]


def test_a_name_that_a_test_replaces_is_replaced_for_the_functions_too(tmp_path: Path) -> None:
    code = """
    import m
    from unittest import mock
    with mock.patch("m.dumps", return_value="mocked"):
        print(m.f())
    print(m.f())
    m.dumps = lambda value: "set"
    print(m.f())
    """
    source = "from json import dumps\n\ndef f(): return dumps([1])\n"
    before, after = both(tmp_path, source, textwrap.dedent(code))
    assert before == after == "mocked\n[1]\nset\n"


def test_a_name_that_is_set_before_its_import_runs_keeps_its_value(tmp_path: Path) -> None:
    source = "from json import dumps, loads\n\ndef f(): return dumps([1]), loads('[1]')\n"
    before, after = both(tmp_path, source, "import m\nm.dumps = str\nprint(m.loads('2'), m.f())")
    assert before == after


def test_a_traceback_names_the_same_lines(tmp_path: Path) -> None:
    source = '"""Doc."""\nimport json\nfrom os import (\n    path,\n)\n\ndef f():\n    return json.loads("{")\n'
    code = (
        "import m, traceback\ntry: m.f()\nexcept ValueError as e:\n"
        "    print([(f.name, f.lineno) for f in traceback.extract_tb(e.__traceback__)])"
    )
    before, after = both(tmp_path, source, code)
    assert before == after != ""


def test_a_missing_attribute_gives_python_s_own_message(tmp_path: Path) -> None:
    code = (
        "import m\ntry: m.nothing\nexcept AttributeError as e: print(e, e.name, e.obj is m)\n"
        "try: from m import nothing\nexcept ImportError as e: print(str(e).split(' (')[0])\n"
        "print(hasattr(m, '__path__'))"
    )
    before, after = both(tmp_path, "import wave\n", code)
    assert before == after


def test_a_module_with_a_getattr_of_its_own_keeps_it(tmp_path: Path) -> None:
    source = (
        "import wave\n\ndef __getattr__(name):\n    if name == 'answer': return 42\n    raise AttributeError(name)\n"
        "def __dir__(): return ['answer']\n"
    )
    code = "import m\nprint(m.answer, m.wave.__name__, dir(m))\ntry: m.x\nexcept AttributeError as e: print(e)"
    before, after = both(tmp_path, source, code)
    assert before == after


def test_a_module_that_is_loaded_under_another_name_works(tmp_path: Path) -> None:
    code = (
        "import importlib.util as u\ns = u.spec_from_file_location('other', 'm.py')\n"
        "o = u.module_from_spec(s)\ns.loader.exec_module(o)\nprint(o.f(), o.dumps([2]))"
    )
    before, after = both(tmp_path, "from json import dumps\n\ndef f(): return dumps([1])\n", code)
    assert before == after == "[1] [2]\n"


@pytest.mark.parametrize(
    ("source", "name", "said"),
    [
        ("import a\nclass C(a.B): pass\n", "a", "used while the module is imported"),
        ("import a\nclass C(metaclass=a): pass\n", "a", "used while the module is imported"),
        ("import a\nKEYS = {a: 1}\n", "a", "used while the module is imported"),
        ("import a\n@a\ndef f(): pass\n", "a", "used while the module is imported"),
        ("import a\ndef f(x=a): pass\n", "a", "used while the module is imported"),
        ("import a\ndef f(x: a): pass\n", "a", "used while the module is imported"),
        ("from __future__ import annotations\nimport a\ndef f(x: a.B): pass\n", "a", "annotations"),
        ("import a\ndef f(x: 'a.B'): pass\n", "a", "annotations"),
        ("import a\na = 1\n", "a", "several statements"),
        ("import a\ndef f():\n    global a\n    a = 1\n", "a", "several statements"),
        ("import a\ndef f():\n    global a\n    import a\n", "a", "several statements"),
        ("import a\ntry: pass\nfinally:\n    import a\n", "a", "several statements"),
        ("import a as x\nimport b as x\n", "x", "several statements"),
        ("import a as x\nimport x\n", "x", "several statements"),
        ("import a\ndel a\n", "a", "several statements"),
        ("import a\ndef f(): return globals()\n", "a", "globals()"),
        ("import a\ndef f(): return map(eval, 'a')\n", "a", "eval()"),
        ("import a\n__all__ = [n for n in dir() if n[0] != '_']\n", "a", "dir()"),
        ("import a; import b\n", "a", "another statement"),
        ("import a\nfor a in []: pass\n", "a", "several statements"),
        ("import a\nwith open('x') as a: pass\n", "a", "several statements"),
        ("import a\ndef f(): return f'{a=}'\n", "a", "f-string"),
        ("import sys\nimport a\nsys.modules[__name__] = 1\n", "a", "sys.modules"),
        ("import a\ndef f():\n    class C:\n        a = a\n", "a", "depends on what ran before"),
    ],
)
def test_an_import_that_must_stay_says_why(source: str, name: str, said: str) -> None:
    assert said in reasons(source)[name]


@pytest.mark.parametrize(
    "handler",
    [
        "except ImportError:",
        "except ModuleNotFoundError as error:",
        "except (OSError, ImportError):",
        "except Exception:",
        "except BaseException:",
        "except:",
        "except ERRORS:",
    ],
)
def test_an_import_whose_failure_is_handled_stays(handler: str) -> None:
    for body in ("import a", "if x:\n        import a", "try:\n        import a\n    except KeyError:\n        pass"):
        source = f"\ntry:\n    {body}\n{handler}\n    pass\n"
        assert reasons(source) == {"a": "a `try` handles its failure"}
    inner = f"\ntry:\n    pass\n{handler}\n    pass\nelse:\n    import a\n"
    assert possible(inner) == [7]
    within = "try:\n        pass\n    except KeyError:\n        pass\n    else:\n        import a"
    nested = f"\ntry:\n    {within}\n{handler}\n    pass\n"
    assert possible(nested) == []


def test_a_fallback_runs_where_the_module_is_missing(tmp_path: Path) -> None:
    tried = "try:\n    import not_there\nexcept ImportError:\n    not_there = None\n"
    source = f"import json\n\n{tried}def f(): return not_there, json\n"
    before, after = both(tmp_path, source, "import m; print(m.f()[0], m.f()[1].__name__)")
    assert before == after == "None json\n"


def test_imports_beside_a_finally_stay() -> None:
    assert possible("\ntry:\n    import a\nfinally:\n    a = None\n") == []


def test_a_file_of_another_encoding_line_end_or_without_a_last_newline_is_rewritten(tmp_path: Path) -> None:
    for source in (
        "# é\nimport json\ndef f(): return 'é', json.dumps('ü')",
        "import json\r\n\r\ndef f(): return json\r\n",
    ):
        compile(lazily(source), "m", "exec")


USES = {
    "a call": ("import xml\ndef f():\n    return xml.dom.minidom.parseString('<a/>').toxml()\n", "f()"),
    "a text": ("import xml\ndef f():\n    return 'é', xml.dom.minidom.__name__, xml.dom.__name__\n", "f()"),
    "a lazy package": ("import json, xml\n\ndef f():\n    return xml.dom.minidom.Node.TEXT_NODE\n", "f()"),
    "another value": (
        "\ndef f(xml):\n    return xml.dom.minidom\n",
        "f(type('X', (), {'dom': type('D', (), {'minidom': 4})}))",
    ),
    "a target": ("import xml\n\ndef f():\n    xml.dom.minidom.x = 1\n    del xml.dom.minidom.x\n    return 2\n", "f()"),
}


@pytest.mark.parametrize("kind", USES)
def test_a_file_that_uses_a_module_without_importing_it_loads_it_itself(kind: str, tmp_path: Path) -> None:
    source, call = USES[kind]
    reading = read(source, "m", is_package=False)
    lines = [one.line for one in reading.imports if not one.reason] if "lazy" in kind else []
    changed = rewrite(reading, lines, (), ("xml.dom", "xml.dom.minidom"))
    assert len(changed.splitlines()) == len(source.splitlines())
    (tmp_path / "_monitor_lazy.py").write_text(HELPER.read_text("utf-8"), encoding="utf-8")
    (tmp_path / "m.py").write_text(source, encoding="utf-8")
    before = run(tmp_path, f"import xml.dom.minidom, m; print(m.{call})")
    (tmp_path / "m.py").write_text(changed, encoding="utf-8")
    assert "Error" not in before
    assert run(tmp_path, f"import m; print(m.{call})") == before


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    return f'{xml.dom.minidom=}'\n",
        "def f(value):\n    match value:\n        case xml.dom.minidom.VERSION:\n            return 1\n",
    ],
)
def test_a_use_where_no_other_text_can_stand_is_not_rewritten(source: str) -> None:
    assert reason_unchanged(source, ast.parse(source), ["xml.dom.minidom"])


@pytest.mark.parametrize(("annotation", "lines"), [("str", [5]), ("None", [5]), ("Wanted", []), ("list[Wanted]", [])])
def test_the_loaders_may_come_after_a_first_function_that_runs_no_foreign_code(
    annotation: str, lines: list[int]
) -> None:
    assert possible(f"def first(key: {annotation}):\n    return key\n\n\nimport wave\n") == lines


COLLECTING = {
    "imports": "import json\nimport os\n\n\ndef f():\n    return json.dumps(os.sep)\n",
    "a docstring, and no line end": '"""Doc."""\nimport json\nX = json',
    "the future": "from __future__ import annotations\nimport json as j\nX: int = j\n",
    "a module's own attributes": "import json\n\n\ndef __getattr__(name):\n    return json.dumps(name)\n",
    "a last block and a comment": "import json\nif __name__ == '__main__':\n    json.loads('1')\n    # the end",
    "carriage returns": "import json\r\nX = 1\r\n",
    "a function first": "def f(): pass\nimport json\n",
    "an import in a block first": "try:\n    import abc\nfinally: pass\nimport json; X = 1\n",
    "nothing to import": "X = 1; Y = 2\n",
    "own thresholds": "import json\n__import__('gc').set_threshold(5)\n",
    "no collector": "import json\n__import__('gc').disable()\n",
}
ASKED = (
    "import gc, sys; asked = []\n"
    "sys.meta_path.insert(0, type('Ask', (), {'find_spec': staticmethod(lambda name, *_: "
    "asked.append(gc.get_threshold()[0]) if name == 'json' else None)}))\n"
    "import m; print(m.__dict__.get('X', 0) and 1, sorted(k for k in vars(m) if not k.startswith('__')), "
    "[v.__code__.co_firstlineno for v in vars(m).values() if hasattr(v, '__code__')], gc.isenabled(), "
    "gc.get_threshold(), m.__doc__); print(asked, file=sys.stderr)"
)


@pytest.mark.parametrize("kind", COLLECTING)
def test_a_module_that_collects_less_means_what_it_meant(kind: str, tmp_path: Path) -> None:
    source = COLLECTING[kind]
    reading = read(source, "m", is_package=False)
    ast.parse(rewrite(reading, possible(source), collected=True))
    (tmp_path / "before").mkdir()
    (tmp_path / "after").mkdir()
    for folder, text in (("before", source), ("after", rewrite(reading, [], collected=True))):
        (tmp_path / folder / "m.py").write_text(text, encoding="utf-8", newline="")
    (tmp_path / "after" / "_monitor_collect.py").write_text(HELPER.with_name("collect.py").read_text("utf-8"), "utf-8")
    before, after = (run(tmp_path / folder, ASKED) for folder in ("before", "after"))
    assert before.splitlines()[0] == after.splitlines()[0]
    if "import json" in source and "gc" not in source:
        assert before.splitlines()[1] == "[700]"
        assert after.splitlines()[1] == "[100003]"


def test_a_collector_that_is_off_or_slower_already_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "_monitor_collect.py").write_text(HELPER.with_name("collect.py").read_text("utf-8"), "utf-8")
    code = (
        "import gc, _monitor_collect as c\n"
        "gc.set_threshold(200_000, 5, 6); c.begin(); print(gc.get_threshold()); c.end()\n"
        "gc.set_threshold(0); c.begin(); c.end(); print(gc.get_threshold())\n"
        "gc.set_threshold(700); gc.disable(); c.begin(); c.end(); print(gc.get_threshold(), gc.isenabled())"
    )
    assert run(tmp_path, code).split("\n")[:3] == ["(200000, 5, 6)", "(0, 5, 6)", "(700, 5, 6) False"]


_SHARED = {
    "from .m import m": "from .m import m\n",
    "from .m import work as m": "from .m import work as m\n",
    "from .m import m, more": "import string\n\nfrom .m import m, more\n\n\ndef call():\n    return m() + more()\n",
    "from .part import m": "from .part import m\n",
    "def m": "from .part import run\n\n\ndef m():\n    return run()\n",
    "from . import part": "from . import part\npart.call\nfrom .m import m\n",
    "from . import late": "from . import part\npart.call\nfrom .m import m, more\nfrom . import late\nlate.ONE\n",
}
_USES = (
    "importlib.import_module('p.m').__name__",
    "importlib.import_module('p.part').call()",
    "importlib.import_module('p.m').more()",
    "p.m()",
    "__import__('p.m').m()",
    "__import__('p', fromlist=['m']).m()",
    "named()",
    "hasattr(p, 'm')",
    "'m' in dir(p)",
    "setattr(p, 'm', lambda: 'replaced')",
    "repr(type(p)) + repr(isinstance(p, types.ModuleType))",
    "importlib.reload(p).m()",
)
_EACH = """
import importlib, itertools, json, sys, types
def named():
    import p.m as found
    return found()
found = []
for uses in itertools.product({uses}, repeat=2):
    for name in [name for name in sys.modules if name.partition(".")[0] == "p"]:
        del sys.modules[name]
    import p
    for use in uses:
        try:
            found.append((*uses, str(eval(use))))
        except Exception as error:
            found.append((*uses, repr(error)))
print(json.dumps(found))
"""


@pytest.mark.parametrize("init", _SHARED)
def test_a_package_keeps_what_it_has_under_the_name_of_its_module(init: str, tmp_path: Path) -> None:
    found = []
    for label in ("before", "after"):
        folder = tmp_path / label / "p"
        folder.mkdir(parents=True)
        text = _SHARED[init]
        if label == "after":
            reading = read(text, "p", is_package=True)
            text = rewrite(reading, [one.line for one in reading.imports if not one.reason], ["m"])
        (folder / "__init__.py").write_text(text, encoding="utf-8")
        work = "def m():\n    return 'm'\n\n\ndef work():\n    return 'work'\n\n\ndef more():\n    return 'more'\n"
        (folder / "m.py").write_text(work, encoding="utf-8")
        part = "from .m import m, more as run\n\n\ndef call():\n    from . import m\n    return m()\n"
        (folder / "part.py").write_text(part, encoding="utf-8")
        (folder / "late.py").write_text("import p\n\nONE = p.more()\n", encoding="utf-8")
        (tmp_path / label / "_monitor_lazy.py").write_text(HELPER.read_text(encoding="utf-8"), encoding="utf-8")
        found.append(run(tmp_path / label, _EACH.format(uses=_USES)))
    before, after = (json.loads(text) for text in found)
    assert after == before
    assert {answer for *_, answer in before} & {"m", "work", "more"}
