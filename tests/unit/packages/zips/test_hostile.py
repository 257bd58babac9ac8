"""Zips that were made to hurt: each is one clear line, quickly, and nothing is inflated to find out."""

import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest

from monitor.errors import UsageError
from monitor.packages.inspect.inspect import Piece, Target, inspect
from monitor.packages.model import PackageReport
from monitor.packages.zips.listing import ZipListing
from monitor.packages.zips.source import FileSource


def look(path: Path) -> PackageReport:
    source = FileSource(path)
    try:
        return inspect("package", [Piece("package", "/var/task", ZipListing(source))], Target())
    finally:
        source.close()


def written(folder: Path, *files: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    path = folder / "package.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return path


def kinds(report: PackageReport) -> dict[str, str]:
    return {finding.kind: finding.message for finding in report.findings}


def test_a_bomb_by_ratio_is_told_and_not_inflated(tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros.bin", "w") as file:
        for _ in range(40):
            file.write(bytes(1 << 20))
    # What the directory claims is all that is looked at: claim a terabyte less honestly than deflate could.
    data = bytearray(path.read_bytes())
    central = data.rfind(b"PK\1\2")
    struct.pack_into("<I", data, central + 24, 0xF0000000)
    path.write_bytes(data)
    tracemalloc.start()
    report = look(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "zip bomb" in kinds(report)["bomb"]
    assert "over Lambda's limit of 250 MB" in kinds(report)["limit"]
    assert peak < 20 << 20


def test_metadata_that_inflates_without_end_is_read_to_a_bound(tmp_path: Path) -> None:
    path = written(tmp_path, ("x-1.0.dist-info/METADATA", b"Name: x\n" + bytes(200 << 20)))
    tracemalloc.start()
    report = look(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 80 << 20
    assert {part.name for part in report.parts} == {"x", "zip structure"}


def test_files_that_overlap_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, ("a.bin", bytes(5000)), ("b.bin", bytes(5000)))
    data = bytearray(path.read_bytes())
    second = data.rfind(b"PK\1\2")
    struct.pack_into("<I", data, second + 42, 0)
    path.write_bytes(data)
    with pytest.raises(UsageError, match="overlap"):
        look(path)


def test_names_that_lead_outside_are_told(tmp_path: Path) -> None:
    report = look(written(tmp_path, ("../evil.py", b"x"), ("/etc/passwd", b"x"), ("a/../../b.py", b"x")))
    assert kinds(report)["outside"].startswith("3 names that lead out of the package")
    assert sorted(child.name for child in tmp_path.iterdir()) == ["package.zip"]


def test_links_and_double_names_are_told(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with pytest.warns(UserWarning, match="Duplicate"):
        path = written(tmp_path, (link, b"/etc/passwd"), ("twice.py", b"1"), ("twice.py", b"2"))
    found = kinds(look(path))
    assert found["links"] == "1 symbolic links"
    assert found["duplicates"].startswith("1 names that occur more than once")


def test_a_name_that_is_not_utf_8_is_spelt_out(tmp_path: Path) -> None:
    path = written(tmp_path, ("aaaa.py", b"x"))
    path.write_bytes(path.read_bytes().replace(b"aaaa.py", b"a\xff\xfea.py"))
    report = look(path)
    assert kinds(report)["names"] == "1 names that are not UTF-8"
    report.containers[0].files[0].name.encode()


def test_a_million_names_are_refused_before_they_are_kept(tmp_path: Path) -> None:
    entry = b"PK\1\2" + bytes(26) + struct.pack("<H", 0) + bytes(14)
    entries = (entry[:28] + struct.pack("<H", 1) + entry[30:46] + b"a") * 1_000_000
    end64 = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1_000_000, 1_000_000, len(entries), 0)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, len(entries), 1)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path = tmp_path / "package.zip"
    path.write_bytes(entries + end64 + locator + end)
    with pytest.raises(UsageError, match=r"1,000,000 files"):
        look(path)
    # The same with a count that lies.
    path.write_bytes(entries + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 5, 5, len(entries), 0, 0))
    with pytest.raises(UsageError, match=r"more than 100,000 files"):
        look(path)


@pytest.mark.parametrize("cut", [1, 10, 22, 40, 80, 200])
def test_a_cut_zip_is_one_line(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path, ("a.py", b"x = 1\n"), ("b.py", b"y = 2\n"))
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(UsageError, match=r"not a zip|truncated or damaged"):
        look(path)


def test_a_central_directory_with_a_hole_is_one_line(tmp_path: Path) -> None:
    path = written(tmp_path, ("a.py", b"x = 1\n"), ("b.py", b"y = 2\n"))
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\1\2")
    del data[at + 5 : at + 15]
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"truncated or damaged|extends beyond|overlap"):
        look(path)


def test_zip64_is_read(tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(66_000):
            archive.writestr(f"{index:05}", b"")
        with archive.open("big.py", "w", force_zip64=True) as file:
            file.write(b"x = 1\n")
    report = look(path)
    assert len(report.containers[0].files) == 66_001
    assert sum(part.zipped_bytes for part in report.parts) == path.stat().st_size


def test_a_zip_behind_something_else_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, ("six.py", b"x = 1\n"), ("app/main.py", b"y = 2\n"))
    path.write_bytes(b"#!/bin/sh\n" * 100 + path.read_bytes())
    report = look(path)
    assert sum(part.zipped_bytes for part in report.parts) == path.stat().st_size
    assert {part.name for part in report.parts} == {"six", "application", "zip structure"}


def test_random_damage_never_ends_in_anything_but_one_line(tmp_path: Path) -> None:
    metadata = zlib.compress(b"Name: x\nVersion: 1\n\n")
    path = written(tmp_path, ("x-1.dist-info/METADATA", b"Name: x\n" + metadata), ("x/__init__.py", b"1"))
    whole = path.read_bytes()
    outcomes = set()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            look(path)
            outcomes.add("read")
        except UsageError as error:
            outcomes.add("refused" if "\n" not in error.message else error.message)
    assert outcomes == {"read", "refused"}


def test_an_empty_zip_is_a_package_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    zipfile.ZipFile(path, "w").close()
    assert look(path).zipped_bytes == 22
