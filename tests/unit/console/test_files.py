"""Files that commands write: complete or not at all, and readable by whom they should be."""

import os
import stat
import threading
from pathlib import Path

import pytest

from monitor.console.files import check_writable, read_file, write_file
from monitor.errors import UsageError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_an_interrupted_or_failed_write_leaves_the_earlier_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "profile.json"
    path.write_text("earlier", encoding="utf-8")

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    for fails, error in ((interrupted, KeyboardInterrupt), (full, UsageError)):
        monkeypatch.setattr(os, "fsync", fails)
        with pytest.raises(error):
            write_file(path, "new" * 1000)
        assert path.read_text(encoding="utf-8") == "earlier"
        assert [one.name for one in tmp_path.iterdir()] == ["profile.json"]


def test_a_new_file_has_the_permissions_of_any_and_a_private_one_its_owner_s(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_file(tmp_path / "plain", "x")
        write_file(tmp_path / "private", "x", private=True)
        (tmp_path / "shared").write_text("x", encoding="utf-8")
        (tmp_path / "shared").chmod(0o664)
        write_file(tmp_path / "shared", "y")
        write_file(tmp_path / "plain", b"y", private=True)
    finally:
        os.umask(before)
    assert (mode(tmp_path / "private"), mode(tmp_path / "shared"), mode(tmp_path / "plain")) == (0o600, 0o664, 0o600)


def test_a_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("x", encoding="utf-8")
    (tmp_path / "link").symlink_to("real")
    write_file(tmp_path / "link", "y")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text(encoding="utf-8") == "y"


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_file(tmp_path / "pipe", "through")
    reader.join(10)
    assert got == [b"through"]
    assert (tmp_path / "pipe").is_fifo()
    with pytest.raises(UsageError, match="a device or a pipe"):
        write_file(tmp_path / "pipe", "evidence", private=True)


@pytest.mark.parametrize("name", ["", "missing/file", "a\0b"])
def test_what_cannot_be_written_is_said_before_and_after_the_work(tmp_path: Path, name: str) -> None:
    for attempt in (lambda: check_writable(f"{tmp_path}/{name}"), lambda: write_file(f"{tmp_path}/{name}", "x")):
        with pytest.raises(UsageError, match="cannot be written"):
            attempt()


def test_a_read_is_bounded_and_never_waits(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * (1 << 20) + b"x")
    os.mkfifo(tmp_path / "pipe")
    for path, says in (
        (tmp_path / "large", "larger than 1 MB"),
        (tmp_path / "pipe", "not a regular file"),
        (Path("/dev/zero"), "not a regular file"),
        (tmp_path, "cannot be read"),
    ):
        with pytest.raises(UsageError, match=says):
            read_file(path, 1 << 20, "the file")
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "none", 1, "the file")
