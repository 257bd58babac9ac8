"""On a terminal, an answer ends with a command that runs as it is printed; elsewhere it does not."""

import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.local.server.stack import Stack
from tests.clean_environment import clean_environment
from tests.functional.conftest import Driven, Run

_NEXT = re.compile(r"^next, [^:]+: (monitor .+)$", re.MULTILINE)


def on_a_terminal(*words: str, stack: Stack, folder: Path) -> str:
    """What a command writes to a terminal that is both its stdout and its stderr."""
    leader, follower = pty.openpty()
    environment = clean_environment(
        MONITOR_LOCAL_ENDPOINT=stack.endpoint, MONITOR_LOCAL_ACCESS_KEY="local", HOME=str(folder), TERM="xterm"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor", "--no-pager", *words],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=environment,
    )
    os.close(follower)
    seen = b""
    try:
        while part := os.read(leader, 65536):
            seen += part
    except OSError:  # Linux's way of saying that the other side has closed.
        pass
    finally:
        os.close(leader)
    assert process.wait(30) == 0, seen
    return seen.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    "words",
    [("coldstarts", "NAME", "--since", "1h"), ("traces", "list", "NAME", "--since=1h"), ("function", "show", "NAME")],
    ids=" ".join,
)
def test_the_next_command_is_for_people_and_runs_as_printed(
    words: tuple[str, ...], driven: Driven, stack: Stack, monitor: Run, tmp_path: Path
) -> None:
    words = tuple(driven.function if word == "NAME" else word for word in words)
    seen = on_a_terminal("--local", *words, stack=stack, folder=tmp_path)
    (command,) = _NEXT.findall(seen)
    program, *rest = shlex.split(command)
    assert (program, rest[0]) == ("monitor", "--local")
    if "diagnose" not in rest:  # it takes seconds
        assert monitor(*rest).code == 0
    assert not _NEXT.findall(monitor("--local", *words).err)


def test_hints_of_the_next_command_can_be_turned_off(driven: Driven, stack: Stack, tmp_path: Path) -> None:
    folder = tmp_path / ".config" / "monitor"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("hints = false\n", encoding="utf-8")
    seen = on_a_terminal("--local", "function", "show", driven.function, stack=stack, folder=tmp_path)
    assert driven.function in seen
    assert not _NEXT.findall(seen)
