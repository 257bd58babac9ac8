"""A package is copied, tried and written without a trace of the tries."""

import calendar
import os
import py_compile
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from monitor.errors import UsageError
from monitor.optimize.model import Optimization
from monitor.optimize.model_selection import Selection
from monitor.optimize.workflow_optimize import Result
from monitor.optimize.workflow_output import write_package
from monitor.optimize.workflow_package import unpack

PYTHON = Path(sys.executable)


def test_a_run_cannot_change_the_files_of_the_user(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (tmp_path / "outside.txt").write_text("outside", encoding="utf-8")
    (source / "data.txt").write_text("mine", encoding="utf-8")
    (source / "link.txt").symlink_to(Path("..", "outside.txt"))
    package = unpack(source, tmp_path / "deep" / "er" / "package", PYTHON)
    variant = package.variant(tmp_path / "variant", {}, bytecode=False)
    assert (variant / "link.txt").read_text(encoding="utf-8") == "outside"
    for name in ("data.txt", "link.txt"):
        with (variant / name).open("a", encoding="utf-8") as file:
            file.write(" and more")
        (variant / name).chmod(0o600)
    assert (source / "data.txt").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / "outside.txt").read_text(encoding="utf-8") == "outside"
    assert package.text("data.txt") == "mine"


def test_bytecode_in_a_zip_is_valid_where_it_is_on_lambda(tmp_path: Path) -> None:
    """That of the time in the zip, which Lambda takes for one in UTC."""
    made_s = calendar.timegm((2026, 5, 4, 3, 2, 0))
    (tmp_path / "lib.py").write_text("x = 1\n", encoding="utf-8")
    os.utime(tmp_path / "lib.py", (made_s, made_s))
    py_compile.compile(str(tmp_path / "lib.py"), str(tmp_path / "lib.pyc"))
    with zipfile.ZipFile(tmp_path / "function.zip", "w") as archive:
        info = zipfile.ZipInfo("lib.py", (2026, 5, 4, 3, 2, 0))
        archive.writestr(info, (tmp_path / "lib.py").read_bytes())
        archive.write(tmp_path / "lib.pyc", f"__pycache__/lib.{sys.implementation.cache_tag}.pyc")
    package = unpack(tmp_path / "function.zip", tmp_path / "package", PYTHON)
    variant = package.variant(tmp_path / "variant", {}, bytecode=False)
    loaded = "import sys; sys.path.insert(0, sys.argv[1]); import lib"
    told = subprocess.run(
        [PYTHON, "-v", "-c", loaded, str(variant)], capture_output=True, text=True, check=True, timeout=60
    ).stderr
    assert f"code object from '{variant / '__pycache__' / f'lib.{sys.implementation.cache_tag}.pyc'}'" in told


def test_a_name_in_a_zip_that_leads_outside_changes_no_mode_there(tmp_path: Path) -> None:
    outside = tmp_path / "secret"
    outside.write_text("x", encoding="utf-8")
    outside.chmod(0o600)
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(bad, "w") as archive:
        for name in ("../secret", str(outside)):
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100755 << 16
            archive.writestr(info, "y")
    unpack(bad, tmp_path / "package", PYTHON)
    assert outside.stat().st_mode & 0o777 == 0o600
    assert outside.read_text(encoding="utf-8") == "x"


@pytest.mark.parametrize("fault", ["encrypted", "damaged", "cut"])
def test_a_zip_that_cannot_be_read_is_an_error_of_one_line(fault: str, tmp_path: Path) -> None:
    place = tmp_path / "bad.zip"
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.py", "x = 1\n" * 100)
    data = bytearray(place.read_bytes())
    if fault == "encrypted":
        data[6] |= 1
        data[data.index(b"PK\x01\x02") + 8] |= 1
    elif fault == "damaged":
        data[36:44] = b"\xff" * 8
    else:
        del data[-30:]
    place.write_bytes(data)
    with pytest.raises(UsageError, match="cannot be unpacked"):
        unpack(place, tmp_path / "package", PYTHON)


@pytest.mark.parametrize("tag", [sys.implementation.cache_tag, "cpython-39"])
def test_a_changed_file_has_bytecode_where_the_package_had_it(tag: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "lib" / "__pycache__").mkdir(parents=True)
    names = ("lib/one.py", "lib/two.py", "lib/three.py")
    for name in names:
        (source / name).write_text("'before'\n", encoding="utf-8")
    for name in names[:2]:
        py_compile.compile(str(source / name), str(source / f"lib/__pycache__/{Path(name).stem}.{tag}.pyc"))
    package = unpack(source, tmp_path / "work" / "package", PYTHON)
    texts = {"lib/one.py": "'after'\n", "lib/three.py": "'after'\n", "_monitor_lazy.py": "'helper'\n"}
    made = [package.variant(tmp_path / "work" / "variant", texts, bytecode=False)]
    for out in ("out", "out.zip"):
        report = Optimization("p", "app.handler", "3.13", 1, 3, (), None, None, None)
        write_package(Result(report, texts, Selection(), False, package), tmp_path / out)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        archive.extractall(tmp_path / "read")
    for folder in (*made, tmp_path / "out", tmp_path / "read"):
        codes = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.pyc")}
        kept = f"lib/__pycache__/two.{tag}.pyc"
        if tag != sys.implementation.cache_tag:
            assert codes.keys() == {kept}
            continue
        assert codes.keys() == {kept, f"lib/__pycache__/one.{tag}.pyc", f"__pycache__/_monitor_lazy.{tag}.pyc"}
        assert b"after" in codes[f"lib/__pycache__/one.{tag}.pyc"]


@pytest.mark.parametrize("bytecode", [False, True])
@pytest.mark.parametrize("name", ["out.zip", "out"])
def test_nothing_that_a_run_left_behind_is_in_the_result(name: str, bytecode: bool, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for file in ("app.py", "other.py", "data.txt"):
        (source / file).write_text("'before'\n", encoding="utf-8")
    (source / "data.txt").chmod(0o755)
    package = unpack(source, tmp_path / "work" / "package", PYTHON)
    texts = {"app.py": "'after'\n", "_monitor_lazy.py": "'helper'\n"}
    for number, changed in enumerate(({}, {}, texts)):
        variant = package.variant(tmp_path / "work" / str(number), changed, bytecode=bytecode and number > 0)
        for file in ("app.py", "other.py", "data.txt", "left.py", "left.txt"):
            with (variant / file).open("a", encoding="utf-8") as one:
                one.write("'of a run'\n")
    report = Optimization("p", "app.handler", "3.13", 1, 3, (), None, None, None)
    out = tmp_path / name
    write_package(Result(report, texts, Selection(), bytecode, package), out)
    if name.endswith(".zip"):
        with zipfile.ZipFile(out) as archive:
            archive.extractall(tmp_path / "read")
        found = tmp_path / "read"
    else:
        found = out
        assert os.access(found / "data.txt", os.X_OK)
    files = {path.relative_to(found).as_posix(): path for path in found.rglob("*") if path.is_file()}
    sources = {file: path.read_text(encoding="utf-8") for file, path in files.items() if not file.endswith(".pyc")}
    assert sources == {"other.py": "'before'\n", "data.txt": "'before'\n", **texts}
    assert len(files) - len(sources) == (3 if bytecode else 0)
    assert not any(b"of a run" in path.read_bytes() for path in files.values())
