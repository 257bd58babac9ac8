import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from monitor.local.process import scratch
from monitor.local.process.removal import start_removal


@pytest.fixture(autouse=True)
def tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def fill(folder: Path) -> None:
    (folder / "task" / "pkg").mkdir(parents=True)
    (folder / "task" / "pkg" / "a.py").write_text("")
    (folder / "task" / "pkg").chmod(0o555)
    (folder / "task").chmod(0o555)


def is_empty_within(folder: Path, limit_s: float) -> bool:
    deadline = time.monotonic() + limit_s
    while any(folder.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(folder.iterdir())


def dead_pid() -> int:
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as child:
        child.wait()
    return child.pid


def test_a_discarded_folder_is_gone_soon_though_it_is_read_only(tmp: Path) -> None:
    folder = scratch.make()
    fill(folder)

    scratch.discard(folder)

    assert not folder.exists()
    assert is_empty_within(tmp, 10)


def test_the_next_start_clears_what_was_killed_and_what_was_not_finished(tmp: Path) -> None:
    for name in (f"monitor-stack-{dead_pid()}-abc", "monitor-stack-ended-0123"):
        fill(tmp / name)

    scratch.sweep()

    assert is_empty_within(tmp, 10)


def test_a_living_stacks_folder_and_what_is_not_ours_stay(tmp: Path) -> None:
    target = tmp / "elsewhere"
    target.mkdir()
    (tmp / "monitor-stack-ended-link").symlink_to(target)
    names = [scratch.make().name, f"monitor-stack-{os.getppid()}-x", "monitor-stack-notes-x", "monitor-stack-ended-f"]
    for name in names[1:3]:
        (tmp / name).mkdir()
    (tmp / names[3]).write_text("")

    scratch.sweep()

    time.sleep(0.3)
    assert {one.name for one in tmp.iterdir()} == {*names, "elsewhere", "monitor-stack-ended-link"}


def test_without_a_process_to_do_it_the_folder_is_removed_here(tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = scratch.make()
    fill(folder)
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")

    scratch.discard(folder)

    assert list(tmp.iterdir()) == []


def test_a_folder_of_any_depth_is_gone_when_the_one_who_waits_for_it_goes_on(tmp: Path) -> None:
    folder = scratch.make()
    here = os.open(folder, os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)

    scratch.discard(folder, wait_s=30)

    assert list(tmp.iterdir()) == []


def test_a_folder_into_which_an_ended_program_still_writes_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "monitor-run-x"
    (folder / "deep").mkdir(parents=True)
    until_s = time.monotonic() + 1.0

    def write(number: int) -> None:
        while time.monotonic() < until_s:
            with suppress(OSError):
                (folder / "deep" / f"{number}-{time.monotonic_ns()}").write_text("x", encoding="utf-8")

    with ThreadPoolExecutor(4) as pool:
        writing = [pool.submit(write, number) for number in range(4)]
        process = start_removal(str(folder), wait_s=8.0)
        for one in writing:
            one.result()
        assert process.wait(30) == 0
    assert not folder.exists()
