"""Which modules a package can load at their first use as an attribute."""

import pytest

from monitor.optimize.analyze_guards import Guards, SourceFile
from monitor.optimize.analyze_sources import Sources, submodules
from monitor.optimize.model import LoadedModule
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
