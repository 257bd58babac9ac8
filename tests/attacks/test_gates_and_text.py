"""A gate's exit code whoever reads its output, and text from outside in every place that prints."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.dashboards.board.parse_query import QueryError, parse_query
from monitor.local.logs import filter_pattern
from monitor.local.logs.filter_pattern import BadPatternError
from tests.attacks.commands import SECRET, TOKEN, listening, run, run_in_terminal
from tests.clean_environment import clean_environment
from tests.examples import sample

REPORTS = "".join(
    f"START RequestId: {number:08d}-0000-4000-8000-000000000000 Version: $LATEST\n"
    f"REPORT RequestId: {number:08d}-0000-4000-8000-000000000000\tDuration: 10 ms\tBilled Duration: 10 ms\t"
    f"Memory Size: 512 MB\tMax Memory Used: 90 MB\tInit Duration: {400 + number} ms\t\n"
    for number in range(2000)
)
HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202e\x9b31m"


@pytest.mark.parametrize(
    ("reader", "arguments"), sample(["head -n 1", "true", "cat"], [("--list",), ("-o", "csv"), ()])
)
def test_a_gate_s_exit_code_is_its_own_whoever_reads(tmp_path: Path, arguments: tuple[str, ...], reader: str) -> None:
    (tmp_path / "log").write_text(REPORTS, encoding="utf-8")
    words = [sys.executable, "-m", "monitor", "coldstarts", "--from", "log", *arguments]
    for condition, code in (("p99_init_ms > 100", 1), ("p99_init_ms > 100000", 0)):
        done = subprocess.run(
            [
                *("bash", "-c", f'"$@" | {reader} >/dev/null; exit "${{PIPESTATUS[0]}}"', "sh"),
                *(*words, "--fail-over", condition),
            ],
            env=clean_environment(),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode == 2 and "--fail-over" in done.stderr:
            pytest.skip("the two options are refused together")
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        assert "BrokenPipe" not in done.stderr


def test_a_traceback_shows_no_escape_and_no_secret(tmp_path: Path) -> None:
    error = json.dumps({"__type": "Boom" + HOSTILE, "message": HOSTILE}).encode()
    with listening([error, b"[1", HOSTILE.encode()]) as hostile:
        for command in (("dashboard", "list"), ("metrics", "fn"), ("doctor",), ("tail", "fn", "--no-follow")):
            done = run(*command, "--debug", "--endpoint-url", hostile.endpoint, cwd=tmp_path)
            for sign in ("\x1b", "\x07", "\u202e", "\x9b", SECRET, TOKEN):
                assert sign not in done.err + done.out


@pytest.mark.parametrize(
    ("command", "way"),
    sample(
        [
            ("function", "show", "fn"),
            ("tail", "fn", "--no-follow", "--debug"),
            ("diagnose", "fn"),
            ("dashboard", "list", "--debug"),
            ("doctor",),
            ("config", "show"),
            ("config", "show", "-o", "json"),
        ],
        ["environment", "file"],
    ),
)
def test_the_password_of_an_endpoint_is_not_shown(tmp_path: Path, command: tuple[str, ...], way: str) -> None:
    """Nor that of a user's own configuration file; nothing listens there."""
    endpoint = "http://somebody:a-pass-word@127.0.0.1:9"
    place = {"AWS_ENDPOINT_URL": endpoint}
    if way == "file":
        (tmp_path / "monitor").mkdir()
        (tmp_path / "monitor" / "config.toml").write_text(f'endpoint_url = "{endpoint}"\n', encoding="utf-8")
        place = {"XDG_CONFIG_HOME": str(tmp_path)}
    done = run(*command, cwd=tmp_path, **place)
    assert "127.0.0.1:9" in done.out + done.err
    assert "a-pass-word" not in done.out + done.err


@pytest.mark.parametrize("pattern", ["(" * 3_000 + ")" * 3_000, "a{99999999999999999999}", "(", "(?P<x>a)(?P<x>b)"])
@pytest.mark.parametrize("option", ["--grep", "--exclude"])
def test_a_pattern_that_cannot_be_compiled_is_refused(tmp_path: Path, option: str, pattern: str) -> None:
    (tmp_path / "log.txt").write_text("hello\n", encoding="utf-8")
    done = run("tail", "--from", "log.txt", option, pattern, cwd=tmp_path)
    assert done.code == 2
    assert "is not a regular expression" in done.err
    assert "defect" not in done.err


@pytest.fixture
def usual_recursion_limit() -> Iterator[None]:
    """Python's own: other tests of the process may have raised it."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("usual_recursion_limit")
def test_a_pattern_of_a_dashboard_that_cannot_be_compiled_is_named() -> None:
    for pattern in ("(" * 3_000 + ")" * 3_000, "a{99999999999999999999}"):
        with pytest.raises(QueryError, match="cannot be parsed"):
            parse_query(f"fields @message | parse @message /{pattern}/")
    with pytest.raises(BadPatternError, match="not a regular expression"):
        filter_pattern.compile_pattern("%a{99999999999999999999}%")


def test_the_label_of_a_progress_bar_shows_no_escape(tmp_path: Path) -> None:
    code = (
        "import time\nfrom monitor.console.output import progress\n"
        f"with progress('reading ' + {HOSTILE!r}, 3) as bar:\n"
        f"    time.sleep(4)\n    bar.advance(1, 'now ' + {HOSTILE!r})\n    time.sleep(1)\n"
    )
    import os
    import pty

    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=slave, stdout=slave, stderr=slave, env=clean_environment(TERM="xterm")
    )
    os.close(slave)
    shown = b""
    try:
        while chunk := os.read(master, 65536):
            shown += chunk
    except OSError:
        pass
    os.close(master)
    process.wait(20)
    assert b"owned" in shown
    assert b"\x1b]0;" not in shown
    assert b"\x1b[2J" not in shown
    assert "\u202e".encode() not in shown


def test_file_names_that_are_not_utf_8_are_spelt_out(tmp_path: Path) -> None:
    name = b"caf\xe9\x1b[2J.log"
    with open(bytes(tmp_path) + b"/" + name, "wb") as file:  # noqa: PTH123
        file.write(b"x\n")
    done = subprocess.run(
        [sys.executable.encode(), b"-m", b"monitor", b"coldstarts", b"--from", name],
        env={**clean_environment(), "LC_ALL": "C.UTF-8"},
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert b"defect" not in done.stderr
    assert b"\x1b" not in done.stderr
    assert b"\xe9" not in done.stderr
    missing = subprocess.run(
        [sys.executable.encode(), b"-m", b"monitor", b"tail", b"--from", b"gone-" + name],
        env={**clean_environment(), "LC_ALL": "C.UTF-8"},
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert missing.returncode == 2
    assert b"\\udce9" in missing.stderr
    assert b"\x1b" not in missing.stderr


def test_a_pulled_dashboard_shows_no_escape_on_a_terminal(tmp_path: Path) -> None:
    body = json.dumps({"widgets": [{"type": "text", "properties": {"markdown": HOSTILE}}]}, ensure_ascii=False)
    answer = json.dumps({"DashboardName": "d", "DashboardArn": "a", "DashboardBody": body}).encode()
    with listening([answer]) as account:
        code, shown = run_in_terminal("dashboard", "pull", "d", "--endpoint-url", account.endpoint, cwd=tmp_path)
    assert code == 0
    assert "owned" in shown
    for sign in ("\x1b", "\x07", "\u202e", "\x9b"):
        assert sign not in shown


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_folder_with_a_name_that_is_not_utf_8_is_inspected(tmp_path: Path, output: str) -> None:
    (tmp_path / "lambda_function.py").touch()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.py")).touch()
    done = run("package", "inspect", str(tmp_path), "-o", output, cwd=tmp_path)
    assert done.code == 0, done.err
