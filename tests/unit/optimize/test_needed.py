"""Which imports a start needs, seen in one run in which nothing moves."""

import sys
from pathlib import Path

import pytest

from monitor.optimize.analyze_sources import read_sources, source_files
from monitor.optimize.search.search import Reference, Search
from monitor.optimize.workflow_package import unpack
from monitor.optimize.workflow_probe import probe
from monitor.optimize.workflow_run import Subject, make_runtime

FILES = {
    "app.py": "from pack import load\nimport pack.named\n\nNAME = pack.named.NAME\n\n\ndef handler(event, context):\n"
    "    return load()\n",
    "pack/__init__.py": "from .light import load\nfrom .heavy import other\nfrom . import named\nfrom . import base\n",
    "pack/light.py": "import json\nimport wave\nfrom pack.deep import DEEP\n\n\ndef load():\n"
    "    return [json.dumps(1), DEEP]\n\n\ndef rare():\n    return wave\n",
    "pack/base.py": "import pack.light\nfrom pack.helper import helped\n\n\ndef value():\n    return helped\n\n\n"
    "VALUE = value()\n",
    "pack/helper.py": "helped = 1\n",
    "pack/heavy.py": "import colorsys\nfrom pack import load\n\nother = colorsys.ONE_THIRD\n",
    "pack/named.py": "from pack import other\n\nNAME = 1\n\n\ndef again():\n    return other\n",
    "pack/deep.py": "DEEP = 1\n",
}


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Search:
    work = tmp_path_factory.mktemp("needed")
    for name, text in FILES.items():
        (work / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        (work / "source" / name).write_text(text, encoding="utf-8")
    python = Path(sys.executable)
    subject = Subject("app.handler", python, make_runtime(work, python), (b"{}",))
    package = unpack(work / "source", work / "package", python)
    root = package.variant(work / "before", {}, bytecode=True)
    _, look = probe(root, subject, describe=True)
    assert look is not None
    sources = read_sources(source_files(package.names, package.own), look, str(root), package.text)
    (work / "tries").mkdir()
    return Search(package, subject, sources, Reference({}, look, (), ()), work / "tries", bytecode=True)


def _texts(search: Search, pairs: set[tuple[str, int]]) -> set[str]:
    return {f"{file}: {search.sources.statement(file, line).text}" for file, line in pairs}


def test_only_imports_that_nothing_uses_run_later_and_the_others_keep_their_order(search: Search) -> None:
    movable = {(file, one.line) for file, one in search.sources.candidates()}
    assert {file for file, _ in movable} >= {"app.py", "pack/__init__.py", "pack/light.py", "pack/named.py"}
    assert _texts(search, search._unneeded(movable)) == {
        "pack/__init__.py: from .heavy import other",
        "pack/__init__.py: from . import base",
        "pack/light.py: import wave",
        "pack/base.py: from pack.helper import helped",
        # It loads nothing that is not needed, but would make the import of `other` run.
        "pack/named.py: from pack import other",
    }


def test_what_must_load_keeps_what_it_needs(search: Search) -> None:
    movable = {(file, one.line) for file, one in search.sources.candidates()}
    assert search._needs is not None
    for root, more in (("pack.base", {"pack.base", "pack.helper"}), ("pack.heavy", {"pack.heavy", "colorsys"})):
        modules, _ = search._needs.after(movable, [root])
        assert more <= modules
        assert "wave" not in modules
