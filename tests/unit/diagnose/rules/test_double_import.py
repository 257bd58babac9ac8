"""One file imported under two names, on evidence made by hand."""

from dataclasses import replace

import pytest

from monitor.diagnose.evidence.model import FunctionEvidence, Settings
from monitor.diagnose.rules.double_import import find
from monitor.kernel.missing import Missing
from monitor.packages.model import PackageFinding
from tests.fakes.code_evidence import healthy, node, package, part, profile

TREE = node(
    "app.main",
    8.0,
    node("app.core.config", 30.0),
    node("app.json", 3.0),
    node("core.config", 25.0),
    node("json", 4.0),
    node("yaml", 4.0),
)
FILES = ("app/main.py", "app/core/config.py", "app/json.py", "app/yaml.py")


def doubled() -> FunctionEvidence:
    return healthy(
        imports=profile(TREE),
        package=package(part("pyyaml", 1, tops=("yaml",)), files=FILES),
        settings=Settings(pythonpath=("/var/task", "/var/task/app")),
    )


def test_the_cheaper_of_two_imports_is_saved() -> None:
    (found,) = find(doubled())
    assert found.title == "1 module is imported twice, under two names"
    assert found.evidence[0].text == "app.core.config and core.config: one file, but two modules with separate state"
    assert found.saving is not None
    assert found.saving.likely_ms == 25.0
    assert found.changes[0].text == "import core.config -> import app.core.config"


def test_the_packages_own_finding_tells_the_folder_where_the_settings_cannot_be_read() -> None:
    names = PackageFinding("two names", "3 modules can be imported under two names", 3, 0, ("app.core = core",))
    report = package(files=FILES, findings=[names])
    (found,) = find(replace(doubled(), settings=Missing("refused"), package=report))
    assert found.evidence[1].text == "3 modules can be imported under two names"


def test_that_it_could_happen_is_no_finding() -> None:
    assert list(find(replace(doubled(), imports=profile(node("app.main", 8.0, node("core.config", 25.0)))))) == []


@pytest.mark.parametrize("change", [{"imports": Missing("no records")}, {"settings": Missing("refused")}])
def test_silent_without_evidence(change: dict[str, Missing]) -> None:
    assert list(find(replace(doubled(), **change))) == []  # type: ignore[arg-type]


def test_silent_on_a_healthy_function() -> None:
    assert list(find(healthy())) == []
