import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.errors import MonitorError, NotFoundError, UsageError
from monitor.local.functions.lambda_api import split_function
from monitor.local.server import registry
from monitor.run.command import command

INFO = registry.StackInfo(os.getpid(), 1, "http://127.0.0.1:1", "2026-11-23T02:48:41+00:00", "id")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MONITOR_STATE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_the_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    assert registry.state_home() == home
    monkeypatch.delenv("MONITOR_STATE_HOME")
    monkeypatch.setenv("XDG_STATE_HOME", "/x")
    assert registry.state_home() == Path("/x/lambda-monitor")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/lan")
    assert registry.state_home() == Path("/home/lan/.local/state/lambda-monitor")


def test_what_is_written_is_read_and_nobody_else_reads_it(home: Path) -> None:
    path = registry.write(INFO)

    assert registry.read(1) == INFO
    assert registry.read_all() == [INFO]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in home.iterdir()] == ["stack-1.json"]


def test_a_file_is_removed_by_its_own_stack_only() -> None:
    registry.write(INFO)

    registry.remove(1, "another")
    assert registry.read(1) == INFO
    registry.remove(1, "id")
    assert registry.read(1) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": 1}', json.dumps({"pid": 1, "port": "1", "more": 2})])
def test_junk_is_no_stack(home: Path, text: str) -> None:
    home.mkdir()
    (home / "stack-1.json").write_text(text)
    (home / "stack-x.json").write_text(text)

    assert registry.read(1) is None
    assert registry.read_all() == []


def test_a_stale_files_process_is_never_touched() -> None:
    with subprocess.Popen(["sleep", "60"]) as bystander:
        registry.write(registry.StackInfo(bystander.pid, 1, "http://127.0.0.1:1", "", "id"))

        with pytest.raises(NotFoundError, match="no stack runs on port 1"):
            registry.down(1)

        assert bystander.poll() is None
        assert registry.read(1) is None
        bystander.kill()


@pytest.mark.parametrize(("log", "stays"), [("http://127.0.0.1:1\n", False), ("error: it broke\nhint: no\n", True)])
def test_a_stack_that_ended_cleanly_leaves_no_log(
    home: Path, monkeypatch: pytest.MonkeyPatch, log: str, stays: bool
) -> None:
    monkeypatch.setattr(registry, "is_alive", lambda info: True)
    with subprocess.Popen(["sleep", "60"]) as stack:
        registry.write(registry.StackInfo(stack.pid, 1, "http://127.0.0.1:1", "", "id"))
        registry.log_path(1).write_text(log)

        registry.down(1)

    assert [one.name for one in home.iterdir()] == (["stack-1.log"] if stays else [])


def test_a_stack_that_takes_long_to_end_is_not_to_be_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "is_alive", lambda info: True)
    monkeypatch.setattr(registry, "_STOP_LIMIT_S", 0.1)
    deaf = [
        sys.executable,
        "-S",
        "-c",
        "import signal,time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)",
    ]
    with subprocess.Popen(deaf, stdout=subprocess.PIPE) as stack:
        assert stack.stdout is not None
        stack.stdout.readline()
        registry.write(registry.StackInfo(stack.pid, 1, "http://127.0.0.1:1", "", "id"))

        with pytest.raises(MonitorError, match="still shutting down") as slow:
            registry.down(1)

        stack.kill()
    assert "kill" not in slow.value.hint


def test_down_counts_only_stacks_that_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    for port in (1, 2, 3):
        registry.write(registry.StackInfo(os.getpid(), port, f"http://127.0.0.1:{port}", "", "id"))
    monkeypatch.setattr(registry, "is_alive", lambda info: info.port == 2)
    monkeypatch.setattr(registry, "down", lambda port: ended.append(port) or registry.read(port))

    done = CliRunner().invoke(command, ["down"])

    assert done.output == "the embedded stack at http://127.0.0.1:2 has stopped\n"
    assert ended == [2]


def test_a_folder_that_cannot_be_written_is_a_usage_error(home: Path) -> None:
    home.write_text("a file stands here")

    with pytest.raises(UsageError, match="cannot write"):
        registry.write(INFO)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fn", ("fn", "")),
        ("fn:live", ("fn", "live")),
        ("000000000000:function:fn", ("fn", "")),
        ("arn:aws:lambda:eu-west-1:000000000000:function:fn:3", ("fn", "3")),
        ("fn:$LATEST", ("fn", "$LATEST")),
    ],
)
def test_a_function_is_named_in_any_of_lambdas_ways(text: str, expected: tuple[str, str]) -> None:
    assert split_function(text) == expected
