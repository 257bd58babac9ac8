"""Temporary folders: where they are made, and what is left of them."""

import ast
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from monitor.console import temporary
from monitor.console.temporary import temporary_folder, with_temporary_folder
from tests.unit.test_time_limits import STARTING

PACKAGE = Path(temporary.__file__).resolve().parents[1]
# Who makes a temporary folder or file by itself.
BY_ITSELF = {
    "console/temporary.py": "makes them for all others",
    "console/page_output.py": "a page that a browser reads after the command has ended",
    "packages/building/cache.py": "a folder of the cache, which gets its name when it is complete",
    "packages/building/sources.py": "folders in a temporary one",
    "local/process/scratch.py": "the embedded stack removes what it made by itself",
    "local/process/sandbox.py": "in the folder of the embedded stack",
    "local/server/launch.py": "a file without a name",
    "local/server/registry.py": "a file that is written beside another and then replaces it",
    "console/files.py": "a file that is written beside another and then replaces it",
    "inside/watch.py": "in the process of a function, whose TMPDIR is temporary",
}
# Who starts another program with this process's TMPDIR.
WITH_OURS = {
    "console/ending.py": "`ps` writes no file",
    "console/pager.py": "it has the terminal, and ends itself",
    "optimize/workflow_run.py": "TMPDIR is the home folder of the start, which is temporary",
}


def test_temporary_folders_are_made_in_one_place() -> None:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "tempfile":
                found.add(path.relative_to(PACKAGE).as_posix())
    assert found == BY_ITSELF.keys()


def test_every_other_program_gets_a_temporary_folder_that_is_removed() -> None:
    given = {name for name in STARTING if "with_temporary_folder(" in (PACKAGE / name).read_text(encoding="utf-8")}
    assert given | WITH_OURS.keys() == STARTING.keys()
    assert not given & WITH_OURS.keys()


def test_a_folder_is_removed_whatever_was_done_to_it(tmp_path: Path) -> None:
    with temporary_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        here = os.open(folder, os.O_RDONLY)
        for _ in range(1500):
            os.mkdir("d", dir_fd=here)
            below = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        os.close(here)
        (folder / "locked").mkdir(mode=0)
        (folder / "link").symlink_to(tmp_path)
    assert not os.path.lexists(folder)
    assert tmp_path.exists()


def test_other_programs_are_given_the_folder_by_each_name_that_is_in_use(tmp_path: Path) -> None:
    found = with_temporary_folder({"TMP": "/elsewhere", "A": "b"}, tmp_path)
    assert found == {"A": "b", **dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(tmp_path))}
    assert with_temporary_folder(None, tmp_path)["PATH"] == os.environ["PATH"]


CODE = """
import os, sys, time
from monitor.console.temporary import _OWN
folder = _OWN.path()
(folder / "left").touch()
if os.fork() == 0:
    sys.exit()
os.wait()
assert (folder / "left").exists(), "a forked process removed the folder of its parent"
{}
"""


@pytest.mark.parametrize(("end", "left"), [("", 0), ("sys.exit(3)", 0), ("1 / 0", 0), ("os.kill(os.getpid(), 9)", 1)])
def test_the_folder_of_a_process_goes_with_it(tmp_path: Path, end: str, left: int) -> None:
    command = [sys.executable, "-c", CODE.format(end)]
    subprocess.run(command, env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, check=False)
    assert len(list(tmp_path.iterdir())) == left
    again = [sys.executable, "-c", CODE.format("")]
    assert subprocess.run(again, env={**os.environ, "TMPDIR": str(tmp_path)}, check=False).returncode == 0
    assert list(tmp_path.iterdir()) == []


# Thousands of files take seconds on a busy machine.
SLOW = """
import os, signal, time
from monitor.console import temporary
from monitor.console.ending import ENDING
temporary.remove_tree = lambda _: time.sleep(20)
ENDING.install()
try:
    {}
except KeyboardInterrupt:
    ENDING.finish(1)
"""
IN_IT = """
    with temporary.temporary_folder() as folder:
        (folder / "left").touch()
        os.kill(os.getpid(), signal.SIGTERM)
"""
AFTER_IT = """
    (temporary._OWN.path() / "left").touch()
    os.kill(os.getpid(), signal.SIGTERM)
"""


@pytest.mark.parametrize("during", [IN_IT, AFTER_IT], ids=("it removes a folder", "the process ends"))
def test_a_signal_ends_a_process_that_has_much_to_remove(tmp_path: Path, during: str) -> None:
    began_s = time.monotonic()
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", SLOW.format(during)], env=environment, timeout=60, check=False)
    assert time.monotonic() - began_s < 15
    while list(tmp_path.iterdir()) and time.monotonic() - began_s < 60:
        time.sleep(0.05)
    assert list(tmp_path.iterdir()) == []
