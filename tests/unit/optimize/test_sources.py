"""Which modules a package can load at their first use as an attribute."""

import pytest

from monitor.optimize.analyze_guards import Guards, SourceFile, guards
from monitor.optimize.analyze_sources import Sources, read_sources, relied_on, submodules
from monitor.optimize.model import LoadedModule, Look
from monitor.optimize.model_selection import Selection
from monitor.packages.lazy.statements import read


@pytest.mark.parametrize("leaf", ["class", "a-b", "1a", "a=1); import os; (b", "__debug__"])
def test_a_module_whose_name_is_no_attribute_loads_when_it_did(leaf: str) -> None:
    file = "p/__init__.py"
    files = {file: SourceFile(file, "p", is_package=True, own=True)}
    modules = {
        name: LoadedModule(name, f"/root/{path}", is_package=name == "p", parent="", attribute="same")
        for name, path in (("p", file), (f"p.{leaf}", f"p/{leaf}.py"), ("p.part", "p/part.py"))
    }
    file_of = {name: one.file.removeprefix("/root/") for name, one in modules.items()}
    sources = Sources(files, {file: read("\nx = 1\n", "p", is_package=True)}, modules, Guards(), file_of)
    found, refused = submodules(sources, Selection(), [f"p.{leaf}", "p.part"])
    assert found == {file: frozenset({"part"})}
    assert refused == {f"p.{leaf}": f"{leaf} cannot be an attribute in source"}


NEWER = "type X = = int\n"  # as a newer syntax: nothing of it can be read


@pytest.mark.parametrize(("own", "stays"), [(True, ["app", "p.part", "q"]), (False, ["p.part"])])
def test_a_file_that_cannot_be_parsed_may_look_at_all_that_it_knows(own: bool, stays: list[str]) -> None:
    file = "app.py" if own else "p/part.py"
    texts = {"app.py": "", "p/part.py": "", "q.py": ""} | {file: f"{NEWER}import sys\nprint(sys.modules)\n"}
    files = {name: SourceFile(name, name[:-3].replace("/", "."), is_package=False, own=own) for name in texts}
    found = guards(files, texts.__getitem__, set(texts))
    assert [one for one in ("app", "p.part", "q") if found.reason_eager(one, own=own)] == stays
    assert f"{file} is not source for Python 3." in found.reason_unedited("p.part", own=own)


def test_a_file_that_cannot_be_parsed_is_named_and_keeps_the_modules_that_it_uses() -> None:
    texts = {"a.py": f"{NEWER}import email\nemail.utils.parsedate('')\n", "b.py": "import email.utils\n"}
    files = {name: SourceFile(name, name[0], is_package=False, own=False) for name in texts}
    places = {"a": "/r/a.py", "b": "/r/b.py", "email": "/lib/email/__init__.py", "email.utils": "/lib/email/utils.py"}
    modules = {name: LoadedModule(name, place, name == "email", "", "module") for name, place in places.items()}
    sources = read_sources(files, Look(modules, frozenset()), "/r", texts.__getitem__)
    assert list(sources.unread) == ["a"]
    assert "a.py is not source for Python 3." in relied_on(sources, texts.__getitem__)["email.utils"]["a.py"]


@pytest.mark.parametrize(
    ("code", "asks"),
    [
        ("SHOWN = {types.ModuleType: 1}", True),
        ("def f(x):\n    return type(x) is types.ModuleType", True),
        ("from types import ModuleType\nTYPES = (int, ModuleType)", True),
        ("import sys\ndef f(x):\n    return type(x) == type(sys)", True),
        ("TABLE = {}\nTABLE[types.ModuleType] = 1", True),
        ("def f(x: types.ModuleType) -> 'types.ModuleType':\n    return isinstance(x, (int, types.ModuleType))", False),
        ("class M(types.ModuleType):\n    pass\nm = types.ModuleType('m')", False),
        ("A: object = typing.Union[str, types.ModuleType]\nB = int | types.ModuleType", False),
    ],
)
def test_code_that_asks_for_exactly_the_type_of_modules_is_found(code: str, asks: bool) -> None:
    found = guards({"q.py": SourceFile("q.py", "q", is_package=False, own=False)}, lambda _: code, {"q.py"})
    assert bool(found.exact) == asks


@pytest.mark.parametrize(
    ("code", "looks"),
    [
        ("def f(text):\n    return eval(text, sys._getframe(1).f_globals)", True),
        ("def f(name):\n    return sys._getframe(1).f_globals[name]", True),
        ("def f(name):\n    return name in inspect.currentframe().f_back.f_globals", True),
        ("def f(frame):\n    return frame.f_globals['np']", True),
        ("def f(frame):\n    return frame.f_globals['__name__'], frame.f_globals.get('__file__')", False),
        ("def f(frame, g):\n    return frame.f_globals is g, '__name__' in frame.f_globals", False),
    ],
)
def test_a_library_that_looks_for_names_of_its_callers_keeps_the_application(code: str, looks: bool) -> None:
    found = guards({"q.py": SourceFile("q.py", "q", is_package=False, own=False)}, lambda _: code, {"q.py"})
    assert bool(found.reason_unedited("app", own=True)) == looks
    assert not found.reason_unedited("other", own=False)
