"""A package with something changed, and everything else as it was."""

import importlib.util
import zipfile
from pathlib import Path

import pytest

from monitor.diagnose.trials.vary import Variation, vary
from monitor.errors import UsageError
from monitor.packages.building.recipe import HERE

TAG = f"cpython-{HERE.replace('.', '')}"
CACHED = f"app/__pycache__/main.{TAG}.pyc"
TIME = (2024, 2, 29, 1, 2, 4)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {"app/main.py": "x = 1\n", CACHED: "old", "lib/a.py": "a = 1\n", "lib/data": "d"}.items():
            archive.writestr(zipfile.ZipInfo(name, TIME), text)
    return path


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_changed_module_gets_new_bytecode_where_it_had_some(package: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    vary(package, out, Variation(texts={"app/main.py": "x = 2\n"}), HERE)
    found = contents(out)
    assert found["app/main.py"] == b"x = 2\n"
    assert found[CACHED].startswith(importlib.util.MAGIC_NUMBER)
    assert found["lib/a.py"] == b"a = 1\n"
    assert f"lib/__pycache__/a.{TAG}.pyc" not in found


def test_bytecode_is_added_to_the_modules_without(package: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    vary(package, out, Variation(bytecode=True), HERE)
    found = contents(out)
    assert found[f"lib/__pycache__/a.{TAG}.pyc"].startswith(importlib.util.MAGIC_NUMBER)
    assert found[CACHED] == b"old"


def test_what_is_left_out_goes_with_its_bytecode_and_the_rest_keeps_its_times(package: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    vary(package, out, Variation(without=frozenset({"app/main.py"})), HERE)
    assert set(contents(out)) == {"lib/a.py", "lib/data"}
    with zipfile.ZipFile(out) as archive:
        assert {info.date_time for info in archive.infolist()} == {TIME}


def test_a_python_that_is_not_here_is_named(package: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no Python 3\.99"):
        vary(package, tmp_path / "out.zip", Variation(bytecode=True), "3.99")


def test_a_broken_zip_is_said(tmp_path: Path) -> None:
    path = tmp_path / "broken.zip"
    path.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(UsageError, match="cannot be varied"):
        vary(path, tmp_path / "out.zip", Variation(bytecode=True), HERE)
