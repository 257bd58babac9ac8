"""What is left out of dependencies: nothing that a start can miss, and the reason for what stays."""

import sys
from pathlib import Path

import pytest

from monitor.errors import CheckFailedError, UsageError
from monitor.packages.building import limits
from monitor.packages.building.checks import check_paths, name_findings
from monitor.packages.building.entry import Entry
from monitor.packages.building.import_probe import ImportProbe, importable_modules
from monitor.packages.building.limits import Fitting
from monitor.packages.building.strip import Stripped, strip


def entries(folder: Path, files: dict[str, str], part: str = "dist") -> dict[str, tuple[Entry, ...]]:
    made = []
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        made.append(Entry(name, path, part=part))
    return {part: tuple(made)}


def names(stripped: Stripped) -> set[str]:
    return {entry.name for files in stripped.entries.values() for entry in files}


EXTENSION = "web/fast.cpython-311-x86_64-linux-gnu.so"


def test_safe_leaves_out_only_what_nothing_can_miss(tmp_path: Path) -> None:
    kept = {
        "web/__init__.py": "",
        "web/tests/test_web.py": "",
        "web/__init__.pyi": "",
        "web/kernels.cu": "",
        "web/other.c": "",
        "web/sourceless.pyc": "",
        EXTENSION: "",
        "bin/tool": "\x7fELF",
        "web-1.0.dist-info/METADATA": "Name: web\n",
    }
    gone = {
        "web/fast.c": "",
        "web/fast.pyx": "",
        "web/__pycache__/__init__.cpython-39.pyc": "",
        "web/__init__.pyc": "",
        "web/.git/HEAD": "",
        "bin/web": f"#!{sys.executable}\nimport web\n",
        "bin/long": "#!/bin/sh\n'''exec' \"/a long/python\" \"$0\" \"$@\"\n' '''\n",
        "web-1.0.dist-info/RECORD": "",
        "web-1.0.dist-info/INSTALLER": "uv",
    }
    found = strip(entries(tmp_path, kept | gone), "safe")
    assert names(found) == set(kept)
    assert {left.what for left in found.left_out} == {
        "console scripts, which start this machine's Python",
        "sources of built extensions",
        "version control",
    }
    # Without stripping, only what a package cannot have is left out.
    assert names(strip(entries(tmp_path, kept | gone), "none")) >= {*kept, "web/fast.c", "web/.git/HEAD"}


def test_a_source_whose_name_a_module_has_stays_with_the_reason(tmp_path: Path) -> None:
    files = {EXTENSION: "", "web/fast.c": "int x;", "web/build.py": "SOURCE = 'fast.c'\n"}
    found = strip(entries(tmp_path, files), "safe")
    assert "web/fast.c" in names(found)
    assert [kept.reason for kept in found.kept] == ["modules of the distribution name such files"]


def probed(tmp_path: Path, files: dict[str, str], **more: dict[str, str]) -> Stripped:
    (tmp_path / "work").mkdir()
    every = entries(tmp_path / "site", files)
    for part, content in more.items():
        every |= entries(tmp_path / "site", content, part)
    return strip(every, "tried", probe=ImportProbe(Path(sys.executable), tmp_path / "work"))


def test_tried_leaves_out_tests_that_no_import_needs(tmp_path: Path) -> None:
    found = probed(tmp_path, {"web/__init__.py": "", "web/tests/test_web.py": "", "web/a.pyi": "", "web/README.md": ""})
    assert names(found) == {"web/__init__.py"}
    assert {left.what.partition(",")[0] for left in found.left_out} == {"tests", "type stubs", "documentation"}


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"web/__init__.py": "import web.tests\n", "web/tests/__init__.py": ""}, "the imports load these modules"),
        # An optional import fails silently: only the loaded modules show it.
        (
            {"web/__init__.py": "try:\n    import web.tests.data\nexcept ImportError:\n    pass\n",
             "web/tests/__init__.py": "", "web/tests/data.py": ""},
            "the imports load these modules",
        ),
        (
            {"web/__init__.py": "import web.tests\n", "web/tests/data.json": "",
             "web/tests/__init__.py": "import pathlib\n(pathlib.Path(__file__).parent / 'data.json').read_text()\n"},
            "fails without them",
        ),
        (
            {"web/__init__.py": "import pathlib\npathlib.Path(__file__ + 'i').read_text()\n", "web/__init__.pyi": ""},
            "fails without them",
        ),
        ({"web/__init__.py": "NAME = '__init__.pyi'\n", "web/__init__.pyi": ""}, "modules of the distribution name"),
    ],
)  # fmt: skip
def test_tried_keeps_what_an_import_reads(tmp_path: Path, files: dict[str, str], reason: str) -> None:
    found = probed(tmp_path, files)
    assert names(found) == set(files)
    assert reason in found.kept[0].reason


NAMED = "imports that run later, strings, or entry points name these modules"
LATER = [
    "def use():\n    from web.tests.help import one\n",
    "def use():\n    import web.tests.help as help\n",
    "def use():\n    from . import (\n        other,  # why\n        tests,\n    )\n    from .tests import help\n",
    "try:\n    if False:\n        from .tests.help import one\nexcept ImportError: pass\n",
    "def use(): from .tests import help; return help\n",
    "from importlib import import_module\ndef use():\n    return import_module('.tests.help', __package__)\n",
    "def use():\n    return __import__('web.tests.help', fromlist=['one'])\n",
    "PLUGIN = 'web.tests.help:one'\n",
]


@pytest.mark.parametrize("source", LATER)
def test_tried_keeps_what_an_import_that_runs_later_names(tmp_path: Path, source: str) -> None:
    # numpy/testing/_private/utils.py, which is often loaded in the handler, imports numpy/_core/tests/_natype.py.
    files = {
        "web/__init__.py": source,
        "web/tests/__init__.py": "",
        "web/tests/help.py": "from ..more.test_data import TWO\none = 1\n",
        "web/more/__init__.py": "",
        "web/more/test_data.py": "import pathlib\nTWO = pathlib.Path(__file__).with_name('data.json')\n",
    }
    gone = {"web/tests/test_web.py": "from web.tests import unused_test\n", "web/tests/unused_test.py": ""}
    found = probed(tmp_path, files | gone)
    assert names(found) == set(files)
    assert {kept.reason for kept in found.kept} == {NAMED}


def test_tried_keeps_what_the_project_imports_later_and_what_entry_points_name(tmp_path: Path) -> None:
    # A handler that uses django.test, and a plugin that importlib.metadata loads.
    files = {
        "web/__init__.py": "",
        "web/test/__init__.py": "",
        "web/test/client.py": "",
        "web/tests/__init__.py": "",
        "web/tests/plugin.py": "",
        "web-1.0.dist-info/entry_points.txt": "[web.plugins]\nplain = web.tests.plugin:Plugin [extra]\n",
    }
    (app,) = entries(tmp_path / "project", {"app/main.py": "def run():\n    from web.test import client\n"})["dist"]
    (tmp_path / "work").mkdir()
    every = entries(tmp_path / "site", files | {"web/tests/test_web.py": ""})
    found = strip(every, "tried", probe=ImportProbe(Path(sys.executable), tmp_path / "work"), project=[app])
    assert names(found) == set(files)
    assert {kept.reason for kept in found.kept} == {NAMED}


def test_data_of_tests_that_a_module_names_stays(tmp_path: Path) -> None:
    files = {
        "web/__init__.py": "import os\ndef use():\n    return os.listdir('tests/data')\n",
        "web/tests/data/a.json": "",
    }
    assert names(probed(tmp_path, files | {"web/tests/test_web.py": ""})) == set(files)


def test_data_of_tests_that_only_a_build_or_a_word_names_does_not_stay(tmp_path: Path) -> None:
    # numpy/lib/setup.py, and pandas/util/_tester.py: 9 MB of scipy and numpy.
    files = {"web/__init__.py": "NAME = 'tests'\n", "web/setup.py": "add('tests/data')\n"}
    assert names(probed(tmp_path, files | {"web/tests/data/a.json": ""})) == set(files)


def test_a_module_that_is_named_and_reads_files_keeps_those_beside_it(tmp_path: Path) -> None:
    files = {
        "web/__init__.py": "def use():\n    import web.tests\n",
        "web/tests/__init__.py": "import pathlib\nDATA = pathlib.Path(__file__).with_name('data.json')\n",
        "web/tests/data.json": "{}",
    }
    assert names(probed(tmp_path, files | {"web/tests/test_web.py": ""})) == set(files)


def test_a_stub_that_a_lazy_package_reads_later_stays(tmp_path: Path) -> None:
    code = "import lazy_loader as lazy\n__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)\n"
    files = {"web/__init__.py": "", "web/color/__init__.py": code, "web/color/__init__.pyi": "from . import rgb\n"}
    assert names(probed(tmp_path, files)) == set(files)


def test_tried_keeps_the_files_of_the_distribution_that_another_imports(tmp_path: Path) -> None:
    found = probed(
        tmp_path,
        {"web/__init__.py": "import base.tests.help\n", "web/tests/test_web.py": ""},
        base={"base/__init__.py": "", "base/tests/__init__.py": "", "base/tests/help.py": ""},
    )
    assert {"base/tests/__init__.py", "base/tests/help.py"} <= names(found)


def test_a_module_that_is_named_like_a_test_keeps_no_tests(tmp_path: Path) -> None:
    # scipy.stats imports scipy/stats/_page_trend_test.py, and no other file of that kind.
    found = probed(
        tmp_path,
        {"web/__init__.py": "from web._trend_test import ONE\n", "web/_trend_test.py": "ONE = 1\n",
         "web/tests/__init__.py": "", "web/tests/test_web.py": "", "web/tests/data.json": ""},
        base={"base/__init__.py": "import web\n", "base/test_base.py": ""},
    )  # fmt: skip
    assert names(found) == {"web/__init__.py", "web/_trend_test.py", "base/__init__.py"}
    assert [(kept.what, kept.count) for kept in found.kept] == [("tests of dist", 1)]


def test_an_import_that_ends_the_process_is_an_outcome(tmp_path: Path) -> None:
    found = probed(tmp_path, {"web/__init__.py": "import os\nos._exit(3)\n", "web/tests/test_web.py": ""})
    assert names(found) == {"web/__init__.py"}


def test_namespace_packages_are_imported_below_the_namespace() -> None:
    files = ("google/cloud/storage/__init__.py", "google/cloud/storage/a.py", "six.py", "x-1.0.dist-info/a.py",
             "fast.cpython-311-x86_64-linux-gnu.so", "share/doc.py", "not-a-module.py")  # fmt: skip
    found = importable_modules([Entry(name, Path(name)) for name in files])
    assert found == {"google.cloud.storage", "six", "fast"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("__editable__.mine-0.1.pth", "import x\n"),
        ("__editable___mine_0_1_finder.py", "MAPPING = {}\n"),
        ("mine.pth", "/home/me/project/src\n"),
        ("mine.egg-link", "."),
        ("mine/paths.py", "HERE = '{folder}'\n"),
    ],
)
def test_a_path_of_this_machine_is_not_shipped(tmp_path: Path, name: str, text: str) -> None:
    found = entries(tmp_path, {name: text.replace("{folder}", str(tmp_path.resolve()))})["dist"]
    with pytest.raises(CheckFailedError, match="paths of this machine"):
        check_paths(found, tmp_path)
    check_paths(entries(tmp_path, {"distutils-precedence.pth": "import os\n"})["dist"], tmp_path)


def test_names_that_differ_only_in_case_are_told(tmp_path: Path) -> None:
    made = [Entry(name, tmp_path) for name in ("a/Main.py", "a/main.py", "b.py")]
    assert name_findings(made) == [
        "a/Main.py and a/main.py differ only in case: a Mac or Windows disk has only one of them"
    ]


def test_a_package_over_the_limit_gets_the_bytecode_that_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "UNZIPPED_LIMIT_BYTES", 1000)
    monkeypatch.setattr(limits, "_SPARE_BYTES", 0)
    files = {"web/a.py": "x" * 200, "web/b.py": "x" * 200, "web/tests/test_a.py": "x" * 200}
    found = {entry.name: entry for entry in entries(tmp_path, files)["dist"]}
    compiled = {f"web/__pycache__/{name}.cpython-311.pyc": bytes(200) for name in "ab"}
    compiled["web/tests/__pycache__/test_a.cpython-311.pyc"] = bytes(200)

    fitting = Fitting()
    assert fitting(found, {}) == {}
    assert fitting.notes == []
    assert set(fitting(found, compiled)) == {name for name in compiled if "tests" not in name}
    assert "0 KB over Lambda's limit of 250 MB: it has no bytecode for tests" in fitting.notes[0]

    monkeypatch.setattr(limits, "UNZIPPED_LIMIT_BYTES", 850)
    fitting = Fitting(lambda: {"web.b"})
    assert set(fitting(found, compiled)) == {"web/__pycache__/b.cpython-311.pyc"}
    assert "first those that a start imports" in fitting.notes[0]
    assert "the largest parts: dist" in fitting.notes[0]

    monkeypatch.setattr(limits, "UNZIPPED_LIMIT_BYTES", 500)
    monkeypatch.setattr(limits, "_MB", 1024)
    with pytest.raises(UsageError, match=r"1\.2 MB unzipped, 0\.6 MB without bytecode, 0 KB over") as caught:
        Fitting()(found, compiled)
    assert "--strip tried fits if no test or stub is imported: 0.4 MB with --no-bytecode" in caught.value.hint
    with pytest.raises(UsageError, match="without bytecode") as caught:
        Fitting(strip="tried")(found, compiled)
    assert caught.value.hint.startswith("leave out a part, or use a container image")


def test_what_makes_a_package_too_large_is_named_and_nothing_else_is_advised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "UNZIPPED_LIMIT_BYTES", 1 << 20)
    tiny = entries(tmp_path, {"web/a.py": "x" * 100, "web/tests/a.py": "x"})["dist"]
    model = tmp_path / "model.bin"
    model.write_bytes(bytes(2 << 20))
    own = [Entry("model.bin", model, own=True), Entry("app.py", tiny[0].path, own=True)]
    with pytest.raises(UsageError, match=r"the largest parts: the application 2 MB \(model.bin 2 MB\)$") as caught:
        Fitting()({entry.name: entry for entry in [*tiny, *own]}, {})
    assert caught.value.hint.startswith("leave out a part, or use a container image")


def test_a_package_that_is_filled_with_bytecode_has_room_for_a_small_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "UNZIPPED_LIMIT_BYTES", 200_000)
    found = {entry.name: entry for entry in entries(tmp_path, {f"web/{n}.py": "x" for n in range(100)})["dist"]}
    compiled = {f"web/__pycache__/{n}.cpython-311.pyc": bytes(2000) for n in range(99)}
    assert 100_000 < sum(map(len, Fitting()(found, compiled).values())) < 140_000
