"""What is wrong with a zip that starts badly: file times, modes, metadata, layers, libraries."""

import os
import py_compile
import subprocess
import sys
import time
import zipfile
from importlib.metadata import distributions
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from monitor.packages.inspect.inspect import OPT, TASK, Piece, Target, inspect
from monitor.packages.inspect.native import Library, native_findings, read_library
from monitor.packages.model import PackageReport
from monitor.packages.workflow import ReadOptions, read_package
from monitor.packages.zips.listing import ZipListing
from monitor.packages.zips.source import FileSource
from tests.fakes.range_server import serving

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
ODD_S = 1_700_000_001


def never() -> None:
    pytest.fail("no AWS is needed here")


def read(path: Path, root: str = TASK, python: str | None = None) -> PackageReport:
    source = FileSource(path)
    try:
        return inspect("x", [Piece("package", root, ZipListing(source))], Target(python, "x86_64"))
    finally:
        source.close()


def messages(report: PackageReport, kind: str) -> list[str]:
    return [found.message for found in report.findings if found.kind == kind]


def zipped(
    path: Path, files: dict[str, bytes], when: tuple[int, ...] = (1980, 1, 1, 0, 0, 0), mode: int = 0o644
) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, when)  # type: ignore[arg-type]
            info.external_attr = mode << 16 if mode else 0x20
            archive.writestr(info, content)
    return path


def compiled(folder: Path, made_s: int, mode: py_compile.PycInvalidationMode) -> dict[str, bytes]:
    """A module and its bytecode, as an installer writes them."""
    folder.mkdir(exist_ok=True)
    source = folder / "mine.py"
    source.write_text("X = 1\n", encoding="utf-8")
    os.utime(source, (made_s, made_s))
    cached = folder / cache_from_source("mine.py")
    py_compile.compile(str(source), str(cached), invalidation_mode=mode)
    return {"mine.py": source.read_bytes(), cache_from_source("mine.py"): cached.read_bytes()}


TIMED = py_compile.PycInvalidationMode.TIMESTAMP
HASHED = py_compile.PycInvalidationMode.UNCHECKED_HASH


@pytest.mark.parametrize(
    ("made_s", "when", "said"),
    [
        (ODD_S, (1980, 1, 1, 0, 0, 0), "never valid"),
        # `zip -r` in Kathmandu writes local times.
        (1_700_000_000, (2023, 11, 15, 3, 58, 20), "never valid"),
        (1_700_000_000, (2023, 11, 14, 22, 13, 20), "valid only if unpacking keeps the file timestamps"),
        # A zip has times of two seconds.
        (ODD_S, time.gmtime(ODD_S)[:6], "never valid"),
    ],
)
def test_bytecode_that_no_start_can_use_is_named_for_certain(
    tmp_path: Path, made_s: int, when: tuple[int, ...], said: str
) -> None:
    path = zipped(tmp_path / "x.zip", compiled(tmp_path / "source", made_s, TIMED), when)
    (message,) = messages(read(path), "stale")
    assert said in message
    with serving(path) as served:
        report = read_package(served.url, ReadOptions(never))  # type: ignore[arg-type]
    assert said in messages(report, "stale")[0]


def test_bytecode_by_hash_is_valid_whatever_the_times(tmp_path: Path) -> None:
    files = compiled(tmp_path / "source", ODD_S, HASHED)
    assert messages(read(zipped(tmp_path / "x.zip", files)), "stale") == []


def test_a_source_that_was_edited_makes_its_bytecode_invalid(tmp_path: Path) -> None:
    files = compiled(tmp_path / "source", 1_700_000_000, TIMED) | {"mine.py": b"X = 12345\n"}
    (message,) = messages(read(zipped(tmp_path / "x.zip", files, (2023, 11, 14, 22, 13, 20))), "stale")
    assert "never valid" in message


def test_files_that_lambda_cannot_read_are_named(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"lambda_function.py": b"", "secret.json": b""}, mode=0o600)
    (message,) = messages(read(path), "mode")
    assert message.startswith("2 files that Lambda cannot read")
    assert messages(read(zipped(tmp_path / "y.zip", {"a.py": b""}, mode=0o100644)), "mode") == []
    # Zips of Windows have no mode.
    assert messages(read(zipped(tmp_path / "z.zip", {"a.py": b""}, mode=0)), "mode") == []


METADATA = "Metadata-Version: 2.1\nName: pkga\nVersion: {0}\n"


def test_two_versions_of_one_distribution_are_not_a_version(tmp_path: Path) -> None:
    files = {"pkga/__init__.py": b""} | {
        f"pkga-{version}.dist-info/METADATA": METADATA.format(version).encode() for version in ("1.0", "2.0")
    }
    (message,) = messages(read(zipped(tmp_path / "x.zip", files)), "twice")
    assert "the version of the code cannot be told" in message


def test_modules_of_a_layer_outside_sys_path_are_named(tmp_path: Path) -> None:
    files = {"requests/__init__.py": b"", "python/ok.py": b"", "python/lib/python3.9/site-packages/old.py": b""}
    path = zipped(tmp_path / "x.zip", files)
    (found,) = [one for one in read(path, OPT, "3.12").findings if one.kind == "layer"]
    assert set(found.names) == {"requests/__init__.py", "python/lib/python3.9/site-packages/old.py"}
    assert messages(read(path, TASK, "3.12"), "layer") == []


def test_a_distribution_s_certificates_are_no_secrets_but_the_application_s_keys_are(tmp_path: Path) -> None:
    record = "web/trust.pem,,\nweb/tests/test.key,,\nweb/__init__.py,,\n"
    files = {
        "web/__init__.py": b"",
        "web/trust.pem": b"",
        "web/tests/test.key": b"",
        "web-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: web\nVersion: 1.0\n",
        "web-1.0.dist-info/RECORD": record.encode(),
        "app/server.key": b"",
        ".env": b"",
    }
    (found,) = [one for one in read(zipped(tmp_path / "x.zip", files)).findings if one.kind == "secrets"]
    assert set(found.names) == {"app/server.key", ".env"}


def test_scripts_and_data_that_pip_moved_belong_to_their_distribution(tmp_path: Path) -> None:
    record = "web/__init__.py,,\n../../bin/web,,\n../../share/man/man1/web.1,,\n../../include/web/web.h,,\n"
    files = {
        "web/__init__.py": b"",
        "bin/web": b"",
        "share/man/man1/web.1": b"",
        "include/web/web.h": b"",
        "web-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: web\nVersion: 1.0\n",
        "web-1.0.dist-info/RECORD": record.encode(),
    }
    report = read(zipped(tmp_path / "x.zip", files))
    assert {file.part for file in report.containers[0].files} == {"web"}


def test_the_python_is_found_from_a_layer_s_folders(tmp_path: Path) -> None:
    files = {"python/lib/python3.12/site-packages/a.py": b""}
    assert read(zipped(tmp_path / "x.zip", files), OPT).python == "3.12"


def test_a_library_that_the_image_lacks_is_named_before_it_fails_there() -> None:
    libraries = [
        Library("lightgbm/lib_lightgbm.so", "x86_64", ("libgomp.so.1", "libm.so.6", "libstdc++.so.6")),
        Library("a/new.so", "x86_64", ("libc.so.6",), {"GLIBC": (2, 35), "GLIBCXX": (3, 4, 30)}),
        Library("a/arm.so", "arm64", ("libc.so.6",)),
    ]
    found = {(one.kind, one.message) for one in native_findings(libraries, ["x.py"], "3.12", "x86_64")}
    said = " ".join(message for _, message in found)
    assert "libgomp.so.1 is needed" in said
    assert "GLIBC 2.35 is needed, and Lambda's image for Python 3.12 has 2.34" in said
    assert "GLIBCXX 3.4.30" in said
    assert "another processor than x86_64" in said
    # What the package brings itself is there.
    names = ["lightgbm.libs/libgomp.so.1", "x.libs/libstdc++.so.6"]
    bundled = " ".join(one.message for one in native_findings(libraries[:2], names, "3.12", "x86_64"))
    assert "libgomp" not in bundled
    assert "GLIBCXX" not in bundled
    assert "GLIBC 2.27" in " ".join(
        one.message for one in native_findings([Library("b.so", "x86_64", (), {"GLIBC": (2, 27)})], [], "3.11", None)
    )


def test_a_real_extension_is_read() -> None:
    import orjson  # noqa: F401

    path = next(Path(sys.modules["orjson"].__file__ or "").parent.glob("orjson*.so"))
    with path.open("rb") as file:
        found = read_library("orjson.so", file)
    assert found is not None
    assert "libc.so.6" in found.needed
    assert found.versions["GLIBC"] >= (2, 2, 5)
    assert found.machine in ("x86_64", "arm64")


def test_a_damaged_library_is_not_an_error(tmp_path: Path) -> None:
    import orjson  # noqa: F401

    content = next(Path(sys.modules["orjson"].__file__ or "").parent.glob("orjson*.so")).read_bytes()
    for at in range(0, 4000, 97):
        path = tmp_path / "x.so"
        path.write_bytes(content[: at + 64] if at % 2 else content[:at] + b"\xff" * 8 + content[at + 8 :])
        with path.open("rb") as file:
            read_library("x.so", file)


def test_bytecode_without_its_source_goes_by_no_time(tmp_path: Path) -> None:
    """Python takes `module.pyc` as it is where there is no `module.py`, and reads nothing else without a source."""
    made = compiled(tmp_path / "code", ODD_S, py_compile.PycInvalidationMode.TIMESTAMP)
    bytecode = made[cache_from_source("mine.py")]
    for files, uncompiled in (
        ({"mine.pyc": bytecode}, False),
        ({cache_from_source("mine.py"): bytecode}, False),
        ({"mine.py": made["mine.py"], "mine.pyc": bytecode}, True),
    ):
        path = zipped(tmp_path / "x.zip", files)
        report = read(path, python=HERE)
        assert messages(report, "stale") == []
        assert bool(messages(report, "compile")) == uncompiled
        place = tmp_path / f"place-{len(files)}-{uncompiled}-{'mine.pyc' in files}"
        with zipfile.ZipFile(path) as archive:
            archive.extractall(place)
        code = f"import sys; sys.path.insert(0, {str(place)!r}); import mine; print(mine.__cached__ or mine.__file__)"
        done = subprocess.run(
            [sys.executable, "-I", "-B", "-c", code], capture_output=True, text=True, timeout=60, check=False
        )
        loads_bytecode = done.stdout.strip().endswith("mine.pyc")
        assert loads_bytecode == (files.keys() == {"mine.pyc"})


def test_what_an_editable_install_left_is_no_code(tmp_path: Path) -> None:
    names = ("__editable__.mine-1.0.pth", "__editable___mine_1_0_finder.py", "mine.egg-link", "easy-install.pth")
    report = read(zipped(tmp_path / "x.zip", dict.fromkeys((*names, "distutils-precedence.pth"), b"/home/me/mine")))
    (found,) = [one for one in report.findings if one.kind == "editable"]
    assert sorted(found.names) == sorted(names)


def test_the_metadata_of_an_old_installer_is_one_file(tmp_path: Path) -> None:
    fields = b"Metadata-Version: 1.1\nName: Old_Tool\nVersion: 3.0\n"
    files = {"old_tool.py": b"", "Old_Tool-3.0-py3.11.egg-info": fields, "other-1.0.egg-info": b""}
    path = zipped(tmp_path / "x.zip", files)
    report = read(path)
    assert {part.name: (part.version, part.tops) for part in report.parts if part.version} == {
        "old-tool": ("3.0", ("old_tool",)),
        "other": ("1.0", ()),
    }
    assert messages(report, "metadata") == []
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "place")
    found = [one for one in distributions(path=[str(tmp_path / "place")]) if one.metadata["Name"]]
    assert [(one.metadata["Name"], one.version) for one in found] == [("Old_Tool", "3.0")]


def test_names_with_a_backslash_are_told(tmp_path: Path) -> None:
    # Compress-Archive of Windows PowerShell 5.
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("app.py", "web\\__init__.py"):
            info = zipfile.ZipInfo("x")
            info.filename, info.create_system = name, 0
            archive.writestr(info, b"")
    assert messages(read(path), "names") == ["1 names with a backslash, which separates no folders in a zip: write /"]


@pytest.mark.parametrize("folder", ["package/", "fn/", ".venv/lib/python3.11/site-packages/"])
def test_distributions_in_a_folder_that_is_not_on_the_search_path_are_told(tmp_path: Path, folder: str) -> None:
    info = {f"{folder}web-1.0.dist-info/METADATA": b"Name: web\nVersion: 1.0\n", f"{folder}web/__init__.py": b""}
    vendored = {"pip/__init__.py": b"", "pip/_vendor/rich-1.0.dist-info/METADATA": b"Name: rich\nVersion: 1.0\n"}
    path = zipped(tmp_path / "a.zip", {"app.py": b"", **info, **vendored})
    (told,) = messages(read(path), "folder")
    assert told.startswith(f"1 distribution in {folder}, which is not on sys.path")
    source = FileSource(path)
    target = Target(pythonpath=(f"/var/task/{folder.rstrip('/')}",))
    report = inspect("x", [Piece("package", TASK, ZipListing(source))], target)
    source.close()
    assert messages(report, "folder") == []


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compression_that_lambda_does_not_support_is_told(tmp_path: Path, method: int) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("app.py", b"x" * 1000)
    (told,) = messages(read(path), "compression")
    assert told.startswith("1 files that are encrypted, or compressed in another way")


def test_an_empty_package_is_told(tmp_path: Path) -> None:
    assert messages(read(zipped(tmp_path / "a.zip", {})), "limit") == ["the package has no files: Lambda refuses it"]


def test_what_a_mac_adds_to_a_zip_is_of_a_development_environment(tmp_path: Path) -> None:
    files = {"app.py": b"", "__MACOSX/._app.py": b"", "web/._x": b"", ".DS_Store": b""}
    (told,) = messages(read(zipped(tmp_path / "a.zip", files)), "development")
    assert told.startswith("3 files of a development environment")
