"""Whose a package's files are, and what is said about them."""

import sys
import zipfile
from pathlib import Path

import pytest

from monitor.packages.inspect.inspect import OPT, TASK, Piece, Target, inspect
from monitor.packages.model import PackageReport, Part
from monitor.packages.zips.listing import FolderListing, ZipListing
from monitor.packages.zips.source import FileSource


def packed(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def distribution(
    name: str, version: str, files: dict[str, str], *, requires: str = "", tag: str = ""
) -> dict[str, str]:
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {one}\n" for one in requires.split(";") if one)
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/METADATA", f"{info}/RECORD"])
    wheel = f"Wheel-Version: 1.0\nTag: {tag or 'py3-none-any'}\n"
    return {**files, f"{info}/METADATA": metadata + "\ntext", f"{info}/RECORD": record, f"{info}/WHEEL": wheel}


def look(path: Path, target: Target | None = None, **layers: Path) -> PackageReport:
    pieces = [Piece("package", TASK, ZipListing(FileSource(path)))]
    pieces += [Piece(f"layer {name}", OPT, ZipListing(FileSource(layer))) for name, layer in layers.items()]
    report = inspect("package", pieces, target or Target())
    whole = path.stat().st_size + sum(layer.stat().st_size for layer in layers.values())
    assert sum(part.zipped_bytes for part in report.parts) == whole
    return report


def part(report: PackageReport, name: str) -> Part:
    (found,) = [one for one in report.parts if one.name == name]
    return found


def message(report: PackageReport, kind: str) -> str:
    (found,) = [one for one in report.findings if one.kind == kind]
    return f"{found.message}: {', '.join(found.names)}"


def test_a_namespace_that_two_distributions_share_is_told_apart(tmp_path: Path) -> None:
    files = {
        **distribution("google-auth", "2.0", {"google/auth/__init__.py": "1"}, requires="pyasn1"),
        **distribution("google-core", "1.0", {"google/core/__init__.py": "2" * 99}),
        "app/main.py": "x",
    }
    report = look(packed(tmp_path / "a.zip", files))
    assert part(report, "google-auth").files == 4
    assert part(report, "google-core").files == 4
    assert part(report, "application").tops == ("app",)


def test_leftovers_of_a_distribution_go_to_it(tmp_path: Path) -> None:
    files = {
        **distribution("Pillow", "11.0", {"PIL/__init__.py": "", "PIL/Image.py": "x"}),
        "PIL/__pycache__/Image.cpython-311.pyc": "bytecode",
        "PIL/left.txt": "not in RECORD",
        "pillow.libs/libjpeg.so": "elf",
        "__editable__.mine-1.0.pth": "/home/me/mine",
        "__editable___mine_1_0_finder.py": "MAPPING = {}",
    }
    report = look(packed(tmp_path / "a.zip", files))
    assert part(report, "pillow").files == 8
    assert part(report, "mine").version is None
    assert [one for one in report.parts if one.name == "application"] == []


def test_where_dist_info_was_deleted_the_name_is_all_there_is(tmp_path: Path) -> None:
    files = {
        "yaml/__init__.py": "",
        "botocore/__init__.py": "",
        "six.py": "",
        "unheard_of/__init__.py": "",
        "app/__init__.py": "",
        "lambda_function.py": "",
    }
    report = look(packed(tmp_path / "a.zip", files))
    assert {one.name for one in report.parts} == {
        "pyyaml", "botocore", "six", "unheard-of", "application", "zip structure",
    }  # fmt: skip
    assert part(report, "pyyaml").version is None
    assert "their versions are unknown" in message(report, "metadata")
    mine = look(tmp_path / "a.zip", Target(own=frozenset(("unheard_of",))))
    assert part(mine, "application").tops == ("app", "lambda_function", "unheard_of")


def test_who_pulled_what_in_is_told(tmp_path: Path) -> None:
    files = {
        **distribution("fastapi", "1.0", {"fastapi/__init__.py": ""}, requires="starlette>=0.4; python_version>'3';x"),
        **distribution("starlette", "2.0", {"starlette/__init__.py": ""}),
        "requirements.txt": "fastapi>=1\n# starlette\n",
    }
    report = look(packed(tmp_path / "a.zip", files))
    assert part(report, "starlette").pulled_in_by == ("fastapi",)
    assert not part(report, "starlette").requested
    assert part(report, "fastapi").requested


def test_what_never_belongs_there_is_named_and_not_read(tmp_path: Path) -> None:
    secret = "AKIAIOSFODNN7EXAMPLE"
    files = {
        ".env": f"KEY={secret}", "keys/server.pem": secret, ".git/config": "x", "app/tests/test_a.py": "x",
        "certifi/cacert.pem": "public", "numpy/core.pyx": "x", "numpy/core.pyi": "x", ".env.example": "KEY=",
        "app/__pycache__/main.cpython-39.pyc": "x", "app/main.py": "x",
    }  # fmt: skip
    report = look(packed(tmp_path / "a.zip", files), Target(python="3.11"))
    assert message(report, "secrets").endswith(": keys/server.pem, .env")
    assert report.findings[0].kind == "secrets"
    assert message(report, "tests").endswith("app/tests/test_a.py")
    assert message(report, "bytecode").endswith("app/__pycache__/main.cpython-39.pyc")
    assert {"git", "stubs", "sources", "compile"} <= {finding.kind for finding in report.findings}
    assert secret not in repr(report)


@pytest.mark.parametrize(
    ("tag", "target", "fits"),
    [
        ("cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64", Target("3.11", "x86_64"), True),
        ("cp311-cp311-manylinux_2_28_x86_64", Target("3.11", "x86_64"), False),
        ("cp312-cp312-manylinux_2_28_x86_64", Target("3.12", "x86_64"), True),
        ("cp311-cp311-manylinux2014_x86_64", Target("3.12", "x86_64"), False),
        ("cp39-abi3-manylinux2014_aarch64", Target("3.12", "arm64"), True),
        ("cp39-abi3-manylinux2014_aarch64", Target("3.12", "x86_64"), False),
        ("cp312-cp312-macosx_11_0_arm64", Target("3.12", "arm64"), False),
        ("cp312-cp312-musllinux_1_2_x86_64", Target("3.12", "x86_64"), False),
        ("py3-none-any", Target("3.12", "arm64"), True),
        ("cp311-cp311-win_amd64", Target(), False),
    ],
)
def test_a_wheel_that_the_runtime_cannot_load_is_named(tmp_path: Path, tag: str, target: Target, fits: bool) -> None:
    path = packed(tmp_path / "a.zip", distribution("numpy", "2.0", {"numpy/__init__.py": ""}, tag=tag))
    kinds = {finding.kind for finding in look(path, target).findings}
    assert ("wheels" in kinds) is not fits


def test_bytecode_that_goes_by_file_times_is_told(tmp_path: Path) -> None:
    tag = sys.implementation.cache_tag
    timed, hashed = b"\xa7\r\r\n" + bytes(4) + b"\1" * 8 + b"code", b"\xa7\r\r\n\1\0\0\0" + b"\1" * 8 + b"code"
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("app/old.py", "")
        archive.writestr("app/new.py", "")
        archive.writestr(f"app/__pycache__/old.{tag}.pyc", timed)
        archive.writestr(f"app/__pycache__/new.{tag}.pyc", hashed)
    assert message(look(path), "stale").endswith(f": app/__pycache__/old.{tag}.pyc")


def test_layers_are_laid_over_and_what_is_twice_is_told(tmp_path: Path) -> None:
    package = packed(tmp_path / "a.zip", {**distribution("six", "1.17", {"six.py": "new"}), "app/main.py": "x"})
    layer_files = {f"python/{name}": text for name, text in distribution("six", "1.16", {"six.py": "old"}).items()}
    layer = packed(tmp_path / "l.zip", layer_files)
    report = look(package, Target(python="3.11"), shared=layer)
    assert "six: 1.17 in package, 1.16 in layer shared" in message(report, "duplicated")
    assert "six in /opt/python (layer shared), shadowed by /var/task (package)" in message(report, "shadowed")


def test_a_file_with_two_names_is_told(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"app/__init__.py": "", "app/core/config.py": "x", "lambda_function.py": ""})
    report = look(path, Target(pythonpath=("/var/task", "/var/task/app")))
    assert message(report, "two names").endswith("app.core.config = core.config")
    assert "two names" not in {finding.kind for finding in look(path).findings}


def test_a_folder_weighs_what_its_zip_would(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "main.py").write_text("x = 1\n" * 1000, encoding="utf-8")
    (folder / "dữ liệu.txt").write_text("xin chào\n" * 500, encoding="utf-8")
    listing = FolderListing(folder)
    path = packed(tmp_path / "a.zip", {"app/main.py": "x = 1\n" * 1000, "dữ liệu.txt": "xin chào\n" * 500})
    assert abs(listing.zipped_bytes - path.stat().st_size) <= 8
    assert {file.name for file in listing.files} == {"app/main.py", "dữ liệu.txt"}
