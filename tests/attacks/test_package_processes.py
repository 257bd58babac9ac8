"""Programs that a build starts and that never end: the build ends, and nothing of them is left."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from monitor.errors import UsageError
from monitor.packages.building import interpreters, sources
from monitor.packages.building.build import build
from monitor.packages.building.process import ProcessError, run_process
from monitor.packages.building.recipe import Recipe, architecture_here
from tests.attacks.commands import patient
from tests.clean_environment import clean_environment
from tests.examples import sample

# Starts a process that starts one, ignores what asks it to end, keeps its output open, and says that it runs.
ENDLESS = """
import pathlib, signal, subprocess, sys, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
inner = "import time; time.sleep(287)"
subprocess.Popen([sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"])
pathlib.Path(MARK).touch()
time.sleep(287)
"""


def running() -> list[str]:
    """The processes that sleep for 287 seconds."""
    found = []
    for place in Path("/proc").iterdir():
        with suppress(OSError):
            if place.name.isdigit() and b"time.sleep(287)" in (place / "cmdline").read_bytes():
                state = (place / "stat").read_text().rpartition(")")[2].split()[0]
                found += [place.name] if state != "Z" else []
    return found


def until(holds: Callable[[], bool], within_s: float) -> bool:
    end_s = time.monotonic() + within_s
    while not holds() and time.monotonic() < end_s:
        time.sleep(0.05)
    return holds()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose build backend never ends."""
    folder = tmp_path / "project"
    (folder / "library").mkdir(parents=True)
    (folder / "requirements.txt").write_text("./library\n", encoding="utf-8")
    (folder / "lambda_function.py").write_text("def lambda_handler(event, context):\n    return 1\n", encoding="utf-8")
    (folder / "library" / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "library"\nversion = "1"\n',
        encoding="utf-8",
    )
    code = ENDLESS.replace("MARK", repr(str(tmp_path / "runs")))
    body = f"def build_wheel(*arguments, **options):\n{textwrap.indent(code, '    ')}\n"
    (folder / "library" / "backend.py").write_text(body, encoding="utf-8")
    return folder


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_build_code_that_never_ends_is_ended_with_its_processes(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installer: str
) -> None:
    monkeypatch.setattr(sources, "BUILD_S", patient(3.0))
    recipe = Recipe(architecture=architecture_here(), installer=installer)
    with pytest.raises(UsageError, match="did not end within") as refused:
        build(project, tmp_path / "out.zip", recipe)
    assert "library" in refused.value.message
    assert (tmp_path / "runs").exists(), "the build code was not run"
    assert until(lambda: not running(), 5), running()
    assert not (tmp_path / "out.zip").exists()


def start_build(project: Path, tmp_path: Path, installer: str) -> "subprocess.Popen[bytes]":
    """A build that runs build code which never ends, with a temporary folder of its own."""
    (tmp_path / "tmp").mkdir(exist_ok=True)
    (tmp_path / "runs").unlink(missing_ok=True)
    command = [sys.executable, "-m", "monitor", "package", "build", str(project), "--installer", installer]
    started = subprocess.Popen(
        [*command, "-o", str(tmp_path / "out.zip")],
        env=clean_environment(TMPDIR=str(tmp_path / "tmp")),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    assert until(lambda: (tmp_path / "runs").exists(), patient(40))
    return started


@pytest.mark.parametrize(("number", "installer"), sample([signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ["uv", "pip"]))
def test_a_signal_ends_build_code_its_processes_and_their_temporary_folders(
    project: Path, tmp_path: Path, number: signal.Signals, installer: str
) -> None:
    started = start_build(project, tmp_path, installer)
    began_s = time.monotonic()
    started.send_signal(number)
    _, told = started.communicate(timeout=60)
    assert time.monotonic() - began_s < patient(1.5)
    assert b"Traceback" not in told
    assert started.returncode == 128 + number
    assert until(lambda: not running(), 5), running()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_what_a_killed_build_left_is_removed_by_the_next_command(project: Path, tmp_path: Path) -> None:
    killed = start_build(project, tmp_path, "pip")
    killed.kill()
    killed.communicate(timeout=60)
    assert list((tmp_path / "tmp").iterdir()) != []
    for pid in running():
        with suppress(OSError):
            os.kill(int(pid), signal.SIGKILL)
    living = start_build(project, tmp_path, "pip")
    (of_the_living,) = (tmp_path / "tmp").iterdir()
    ended = start_build(project, tmp_path, "pip")
    ended.terminate()
    ended.communicate(timeout=60)
    # That of a process that lives stays.
    assert list((tmp_path / "tmp").iterdir()) == [of_the_living]
    living.terminate()
    living.communicate(timeout=60)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_tool_that_never_answers_is_taken_for_one_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uv").write_text("#!/bin/sh\nexec sleep 287\n", encoding="utf-8")
    (tmp_path / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setattr(interpreters, "ASK_S", 0.5)
    began_s = time.monotonic()
    assert interpreters.find_python("3.99") is None
    assert time.monotonic() - began_s < patient(5)


def test_output_without_a_reader_and_a_missing_program_are_told() -> None:
    done = run_process([sys.executable, "-c", "import sys; print('x' * 10**6); sys.exit(3)"], 30.0)
    assert (done.code, len(done.out), done.error) == (3, 10**6 + 1, b"")
    with pytest.raises(ProcessError, match="No such file"):
        run_process(["/nonexistent/program"], 1.0)
