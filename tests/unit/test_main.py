"""The command line as a shell sees it: help, errors, exit codes, and how little it loads."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.clean_environment import clean_environment


def monitor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "monitor", *arguments],
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_names_every_command_and_loads_none() -> None:
    code = (
        "import sys\n"
        "from monitor import main\n"
        "sys.argv = ['monitor', '--help']\n"
        "try:\n    main.main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "heavy = {'botocore', 'boto3', 'rich', 'orjson', 'jinja2', 'lark', 'asyncio'}\n"
        "heavy |= {'monitor.aws', 'monitor.console.text'}\n"
        "print('LOADED', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "tail" in done.stdout
    assert "coldstarts" in done.stdout
    assert "LOADED []" in done.stdout


@pytest.mark.parametrize("arguments", [("tail",), ("coldstarts", "--fail-over", "p99_init_ms > 800")])
def test_reading_a_log_loads_no_grammar(arguments: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text("START RequestId: 6f0d1c9e-3f0a-4a1b-9a55-0b3c8f1e2d01 Version: 7\nhello\n")
    done = monitor(*arguments, "--from", str(file), PYTHONPROFILEIMPORTTIME="1")
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert done.stdout
    assert "monitor.logs.workflow_reading" in loaded
    assert not {"lark", "monitor.kernel.expressions.grammar"} & loaded


@pytest.mark.parametrize(
    ("arguments", "code", "says", "hints"),
    [
        (("tial",), 2, "there is no command 'tial'; did you mean 'tail'?", "monitor --help"),
        (("coldstarts", "x", "--by", "deploymnt"), 2, "'deploymnt' is not one of", "did you mean 'deployment'?"),
        (("tail", "--sinse", "1h"), 2, "No such option", "monitor tail --help"),
        (("tail",), 2, "no TARGET was given", "my-function"),
        (("tail", "fn", "--since", "noonish"), 2, "'noonish' is not a time", "15m"),
        (("tail", "fn", "--from", "x"), 2, "cannot be used together", "leave one of them out"),
        (("tail", "--from", "/nonexistent/file"), 2, "/nonexistent/file cannot be read", "readable file"),
        (("tail", "a b", "--region", "eu-west-1"), 2, "'a b' is not a target", "function name"),
        (("tail", "fn"), 3, "no AWS region is set", "--region"),
        (("tail", "fn", "--region", "eu-west-1"), 3, "no AWS credentials were found", "--local"),
        (("--profile", "nobody", "tail", "fn", "--region", "eu-west-1"), 2, "nobody", "list-profiles"),
        (("--profile", "nobody", "tail", "fn"), 2, "nobody", "list-profiles"),
        (("tail", "fn", "--region", "eu-west-1", "--endpoint-url", "junk"), 2, "Invalid endpoint: junk", "http://"),
        (("package", "build", "fn", "--template", "/nonexistent.yaml"), 2, "no template /nonexistent.yaml", "give"),
        (("local", "invoke", "fn", "--event", "/nonexistent.json"), 2, "/nonexistent.json cannot be read", "--event"),
    ],
)
def test_a_wrong_call_is_one_line_a_hint_and_the_right_code(
    arguments: tuple[str, ...], code: int, says: str, hints: str
) -> None:
    done = monitor(*arguments)
    assert done.returncode == code, done.stderr
    message, hint = done.stderr.splitlines()
    assert message.startswith("monitor: ")
    assert says in message
    assert hint.startswith("  hint: ")
    assert hints in hint
    assert done.stdout == ""


@pytest.mark.parametrize("group", [(), ("traces",), ("local",), ("function",), ("dashboard",)])
def test_a_group_alone_prints_its_help(group: tuple[str, ...]) -> None:
    done = monitor(*group)
    assert done.returncode == 2
    assert (done.stdout + done.stderr).startswith(" ".join(("Usage: monitor", *group)))


def test_debug_shows_where_an_error_came_from() -> None:
    assert "Traceback" not in monitor("tail", "fn").stderr
    assert "Traceback" in monitor("--debug", "tail", "fn").stderr


def test_a_dead_endpoint_is_told_with_its_own_code() -> None:
    done = monitor(
        *("tail", "fn", "--region", "eu-west-1", "--endpoint-url", "http://127.0.0.1:9"),
        AWS_ACCESS_KEY_ID="a",
        AWS_SECRET_ACCESS_KEY="b",
    )
    assert done.returncode == 4
    assert "could not be reached" in done.stderr


def test_a_closed_pipe_ends_it_quietly(tmp_path: object) -> None:
    lines = "hello\n" * 50_000
    done = subprocess.run(
        f"{sys.executable} -m monitor tail --from - -o raw | head -n 1",
        shell=True,
        input=lines,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "hello\n"
    assert done.stderr == ""


def test_a_closed_pipe_is_no_failure() -> None:
    command = f"yes hello | head -n 100000 | {sys.executable} -m monitor tail --from - -o raw; echo $? >&2"
    done = subprocess.run(
        f"({command}) | head -n 1", shell=True, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == "0\n"


def test_a_closed_stdout_is_no_crash() -> None:
    done = subprocess.run(
        f"{sys.executable} -m monitor --help >&-",
        shell=True,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_full_disk_is_told_in_one_line() -> None:
    done = subprocess.run(
        f"yes hello | head -n 50000 | {sys.executable} -m monitor tail --from - -o raw > /dev/full",
        shell=True,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "monitor: the output could not be written: No space left on device\n"


def test_a_terminal_that_is_not_utf_8_gets_escapes_and_no_crash() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "tail", "--from", "-", "-o", "raw"],
        env=clean_environment(PYTHONIOENCODING="ascii", PYTHONUTF8="0"),
        input="xin chào".encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.startswith(b"xin ch")
    assert b"Traceback" not in done.stderr
