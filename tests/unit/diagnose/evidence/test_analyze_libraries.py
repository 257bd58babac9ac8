"""What hangs on one module of a library: the graph of import statements and its dominators."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.diagnose.evidence.analyze_libraries import LibraryFile, library_modules
from monitor.diagnose.evidence.parse_imports import imports_at_top
from tests.fakes.code_evidence import node

TREE = (
    node(
        "handler",
        1.0,
        node(
            "lib",
            10.0,
            node("lib.core", 20.0, node("shared", 5.0)),
            node("lib.draw", 30.0, node("lib.draw.color", 40.0), node("cairo", 15.0)),
        ),
    ),
)
FILES = {
    "lib": "from .core import Core\nfrom lib.draw import plot\n__all__ = ['Core', 'plot']\n",
    "lib.core": "import shared\nclass Core(shared.Base):\n    pass\n",
    "lib.draw": "import shared\nfrom .color import RED\nimport cairo\ndef plot():\n    return cairo.draw(RED)\n",
    "lib.draw.color": "RED = 1\n",
    "shared": "",
    "cairo": "",
}
PACKAGES = ("lib", "lib.draw")


def files(**changed: str) -> dict[str, LibraryFile]:
    texts = FILES | {name.replace("__", "."): text for name, text in changed.items()}
    return {
        name: LibraryFile(name.replace(".", "/") + ("/__init__.py" if name in PACKAGES else ".py"), text.encode())
        for name, text in texts.items()
    }


def found(**changed: str) -> dict[str, float]:
    return {one.module: one.own_ms for one in library_modules(TREE, files(**changed), frozenset({"handler"}))}


def test_a_module_counts_with_what_only_it_brings() -> None:
    assert found() == {
        "lib": 120.0,
        "lib.draw": 85.0,
        "lib.draw.color": 40.0,
        "lib.core": 20.0,
        "cairo": 15.0,
        "shared": 5.0,
    }


def test_what_another_file_imports_as_well_stays() -> None:
    assert found(lib__core="import shared\nimport cairo\n")["lib.draw"] == 70.0


def test_a_module_inside_a_package_brings_the_package() -> None:
    modules = {
        one.module: one
        for one in library_modules(TREE, files(lib__core="from lib.draw.color import RED\n"), frozenset({"handler"}))
    }
    assert modules["lib.draw"].own_ms == 85.0
    assert [(one.importer, one.line) for one in modules["lib.draw"].imports] == [("lib", 2), ("lib.core", 1)]


def test_a_function_that_runs_with_its_file_imports_for_it() -> None:
    held = files(lib__core="import shared\ndef f():\n    import cairo\nf()\n")
    modules = {one.module: one for one in library_modules(TREE, held, frozenset({"handler"}))}
    assert modules["lib.draw"].own_ms == 70.0
    assert [(one.importer, one.needed_at) for one in modules["cairo"].imports] == [("lib.core", 3), ("lib.draw", 0)]
    # A function that nothing calls does not.
    assert found(lib__core="import shared\ndef f():\n    import cairo\n")["lib.draw"] == 85.0


def test_where_a_name_is_needed_is_told() -> None:
    modules = {one.module: one for one in library_modules(TREE, files(), frozenset({"handler"}))}
    (base,) = (one for one in modules["shared"].imports if one.importer == "lib.core")
    (unneeded,) = modules["cairo"].imports
    assert (base.needed_at, unneeded.needed_at, unneeded.used_in) == (1, 0, ("plot",))


def test_an_importer_that_was_not_read_is_told_to_be_unknown() -> None:
    held = files()
    del held["lib.draw"]
    modules = {one.module: one for one in library_modules(TREE, held, frozenset({"handler"}))}
    assert [one.statement for one in modules["cairo"].imports] == [""]


def test_a_module_too_quick_for_the_record_still_imports_others() -> None:
    quick = files(lib__core="import shared\nimport quick\n") | {"quick": LibraryFile("quick.py", b"import cairo\n")}
    modules = {one.module: one for one in library_modules(TREE, quick, frozenset({"handler"}))}
    assert modules["lib.draw"].own_ms == 70.0
    assert [one.importer for one in modules["cairo"].imports] == ["lib.draw", "quick"]


@pytest.mark.parametrize("condition", ["TYPE_CHECKING", "t.TYPE_CHECKING"])
def test_a_library_that_names_another_for_types_and_in_functions_does_not_import_it(condition: str) -> None:
    """As werkzeug names cryptography: the application's unused import of it was then no finding."""
    serving = f"if {condition}:\n    from heavy.x509 import Certificate\n\n\ndef make():\n    import heavy\n"
    tree = (node("app", 1.0, node("serving", 1.0), node("heavy", 50.0, node("heavy.x509", 50.0))),)
    files = {
        name: LibraryFile(path, text.encode())
        for name, path, text in (
            ("serving", "serving.py", serving),
            ("heavy", "heavy/__init__.py", ""),
            ("heavy.x509", "heavy/x509.py", ""),
        )
    }
    modules = {one.module: one for one in library_modules(tree, files, frozenset(["app"]))}
    assert [one.importer for one in modules["heavy"].imports] == ["app"]


def test_import_statements_are_found_where_they_run() -> None:
    text = """
import os, sys as s
from . import near
from .. import far
from .one import (
    a,  # why
    b as c,
)
try:
    import fast
except ImportError:
    import slow
if TYPE_CHECKING:
    import types_only
def f():
    import later
class C:
    import inside
from end import last  # done
"""
    names = set(imports_at_top(text.encode(), "top.mid"))
    assert names == {
        *("os", "sys", "top.mid", "top.mid.near", "top", "top.far", "top.mid.one", "top.mid.one.a", "top.mid.one.b"),
        *("fast", "slow", "end", "end.last"),
    }


@given(st.binary(max_size=300))
def test_no_bytes_stop_it(content: bytes) -> None:
    assert all(isinstance(name, str) and name for name in imports_at_top(b"from x import (\n" + content, "a.b"))


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, set[str]]:
    """Modules m0 … of one library; each is imported by an earlier one, and may import any other."""
    count = draw(st.integers(2, 9))
    below: dict[str, set[str]] = {f"m{at}": set() for at in range(count)}
    for at in range(1, count):
        below[f"m{draw(st.integers(0, at - 1))}"].add(f"m{at}")
    for one, other in draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=8)):
        below[f"m{one}"].add(f"m{other}")
    return below


@given(graphs())
def test_what_a_module_brings_is_what_is_no_longer_reached_without_it(below: dict[str, set[str]]) -> None:
    def reached(without: str) -> set[str]:
        seen: set[str] = set()
        waiting = ["m0"] if without != "m0" else []
        while waiting:
            name = waiting.pop()
            if name not in seen and name != without:
                seen.add(name)
                waiting += below[name]
        return seen

    sources = {
        name: LibraryFile(f"{name}.py", "".join(f"import {one}\n" for one in sorted(held)).encode())
        for name, held in below.items()
    }
    tree = (node("handler", 0.0, node("m0", 10.0, *(node(name, 10.0) for name in below if name != "m0"))),)
    # The tree's own edges are statements of m0 as well.
    below["m0"] |= below.keys() - {"m0"}
    every = reached("")
    for one in library_modules(tree, sources, frozenset({"handler"})):
        assert one.modules == len(every - reached(one.module))


STANDARD = (
    node("app", 1.0, node("lib", 10.0, node("email", 8.0, node("base64", 4.0)), node("gzip", 2.0)), node("other", 3.0)),
)


def standard(other: str, *application: tuple[str, str]) -> float | None:
    """The time of the standard library's modules that only `lib` brings, beside `other` with this source."""
    held = {"lib": LibraryFile("lib.py", b"import email, gzip\n"), "other": LibraryFile("other.py", other.encode())}
    library = {"email": LibraryFile("email.py", b"import base64\n"), "gzip": LibraryFile("gzip.py", b"")}
    found = library_modules(STANDARD, held, frozenset({"app"}), standard=library, application=application)
    return {one.module: one.stdlib_ms for one in found}["lib"]


def test_what_others_import_of_the_standard_library_stays() -> None:
    assert standard("") == 14.0
    assert standard("import gzip\n") == 12.0
    # base64 was imported by email first, and stays with it.
    assert standard("import email\n") == 2.0
    assert standard("import base64\n") == 10.0
    assert standard("", ("app", "gzip"), ("app", "lib")) == 12.0


def test_without_the_standard_library_s_sources_its_part_is_not_known() -> None:
    found = library_modules(STANDARD, {"lib": LibraryFile("lib.py", b"import email\n")}, frozenset({"app"}))
    assert [one.stdlib_ms for one in found if one.module == "lib"] == [None]
