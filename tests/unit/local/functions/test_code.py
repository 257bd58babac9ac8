import io
import stat
import struct
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.local.functions.code_urls import ByteRange, UnsatisfiableRangeError, parse_range
from monitor.local.functions.unpack import BadPackageError, check_package, make_read_only, unpack
from monitor.local.process.remover import remove_tree


def build(path: Path, *entries: tuple[str, bytes, int]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data, mode in entries:
            info = zipfile.ZipInfo(name, (2024, 5, 6, 7, 8, 10))
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return path


def test_a_package_is_laid_out_read_only_with_its_times(tmp_path: Path) -> None:
    package = build(
        tmp_path / "a.zip", ("app/ảnh.py", b"x = 1\n", stat.S_IFREG | 0o644), ("run.sh", b"", stat.S_IFREG | 0o755)
    )
    root = tmp_path / "var" / "task"

    unpack(package, root)
    make_read_only(root)

    file = root / "app" / "ảnh.py"
    assert file.read_bytes() == b"x = 1\n"
    assert file.stat().st_mtime == 1_714_979_290  # 2024-05-06T07:08:10Z
    assert [stat.S_IMODE((root / name).stat().st_mode) for name in ("app", "app/ảnh.py", "run.sh")] == [
        0o555,
        0o444,
        0o555,
    ]
    remove_tree(str(root))
    assert not root.exists()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [(b"\0\0\0\0", "1979-11-30T00:00:00"), (b"\0\0\x21\0", "1980-01-01T00:00:00"), (b"\xff" * 4, None)],
)
def test_a_time_that_no_calendar_has_is_unpacked(raw: bytes, expected: str | None, tmp_path: Path) -> None:
    """Go writes the month and the day 0 for a file without a time; Terraform's archives have had it."""
    package = build(tmp_path / "a.zip", ("app.py", b"x = 1\n", stat.S_IFREG | 0o644))
    data = bytearray(package.read_bytes())
    for signature, at in ((b"PK\x03\x04", 10), (b"PK\x01\x02", 12)):
        start = data.index(signature) + at
        data[start : start + 4] = raw
    package.write_bytes(data)
    unpack(package, tmp_path / "task")
    modified = datetime.fromtimestamp((tmp_path / "task" / "app.py").stat().st_mtime, UTC)
    assert expected is None or modified.isoformat()[:19] == expected


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/etc/evil", "..\\evil"])
def test_nothing_lands_outside(tmp_path: Path, name: str) -> None:
    package = build(tmp_path / "a.zip", (name, b"x", 0))

    with pytest.raises(BadPackageError, match="is outside"):
        unpack(package, tmp_path / "in" / "task")
    with pytest.raises(BadPackageError, match="is outside"):
        check_package(package.read_bytes())
    assert not list(tmp_path.rglob("evil"))


def test_links_and_devices_are_refused(tmp_path: Path) -> None:
    for kind in (stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO):
        package = build(tmp_path / "a.zip", ("link", b"/etc/passwd", kind | 0o777))
        with pytest.raises(BadPackageError, match="not a regular file"):
            unpack(package, tmp_path / "task")


def test_a_bomb_is_refused_by_its_directory_and_by_what_it_really_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.local.functions.unpack.MAX_UNZIPPED_BYTES", 10_000)
    package = build(tmp_path / "a.zip", ("big", b"\0" * 50_000, 0))
    with pytest.raises(BadPackageError, match="Unzipped size must be smaller than"):
        check_package(package.read_bytes())

    # The same zip with a lie in its central directory about the size.
    lying = package.read_bytes().replace(struct.pack("<L", 50_000), struct.pack("<L", 5_000))
    package.write_bytes(lying)
    with pytest.raises(BadPackageError):
        unpack(package, tmp_path / "task")
    written = sum(path.stat().st_size for path in (tmp_path / "task").rglob("*") if path.is_file())
    assert written <= 10_000


@pytest.mark.parametrize("data", [b"", b"not a zip", b"PK\x05\x06" + b"\0" * 10])
def test_what_is_no_zip_has_lambdas_words(data: bytes) -> None:
    with pytest.raises(BadPackageError, match="Could not unzip uploaded file"):
        check_package(data)


def test_a_torn_zip_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.py", "x" * 1000)
    data = bytearray(buffer.getvalue())
    data[200] ^= 0xFF
    package = tmp_path / "a.zip"
    package.write_bytes(data)

    with pytest.raises(BadPackageError):
        unpack(package, tmp_path / "task")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", ByteRange(0, 0)),
        ("bytes=10-", ByteRange(10, 99)),
        ("bytes=-22", ByteRange(78, 99)),
        ("bytes=-1000", ByteRange(0, 99)),
        ("bytes=90-1000", ByteRange(90, 99)),
        ("bytes=5-3", None),
        ("bytes=-", None),
        ("lines=1-2", None),
        ("bytes=x-2", None),
    ],
)
def test_ranges_of_a_hundred_bytes(header: str, expected: ByteRange | None) -> None:
    assert parse_range(header, 100) == expected


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=-0", "bytes=0-1,3-4"])
def test_ranges_that_cannot_be_served(header: str) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        parse_range(header, 100)
