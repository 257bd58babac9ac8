"""`--from`: what a window, a missing time, stdin and a file that is no log come to."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.errors import ExitCode, NotFoundError, UsageError
from monitor.main import cli

FIRST, SECOND = "5b86d4d4-0c1f-4d2c-9a0e-3f7e5b8f6a11", "6b86d4d4-0c1f-4d2c-9a0e-3f7e5b8f6a12"
BARE = f"START RequestId: {FIRST} Version: 7"


def report(request_id: str, at: str) -> str:
    head = f"{at}.000000+00:00 2026/11/20/[7]abc "
    return (
        f"{head}START RequestId: {request_id} Version: 7\n{head}[ERROR] ValueError: on {at[:10]}\n"
        f"{head}REPORT RequestId: {request_id}\tDuration: 3 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB"
        "\tMax Memory Used: 50 MB\tInit Duration: 800 ms\t\n"
    )


@pytest.fixture
def log(tmp_path: Path) -> str:
    path = tmp_path / "log"
    path.write_text("no time here\n" + report(FIRST, "2021-11-20T10:00:00") + report(SECOND, "2021-11-22T10:00:00"))
    return str(path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, standalone_mode=False, env={"COLUMNS": "140"})


@pytest.mark.parametrize(
    ("window", "days"),
    [
        ((), ["20", "22"]),
        (("--since", "2021-11-21"), ["22"]),
        (("--until", "2021-11-21"), ["20"]),
        (("--since", "2021-11-19", "--until", "2021-11-21"), ["20"]),
    ],
)
def test_a_window_chooses_from_a_file_only_where_it_was_given(
    log: str, window: tuple[str, ...], days: list[str]
) -> None:
    tailed = run("tail", "--from", log, "-o", "raw", *(["--utc"] if window else []), *window).stdout
    assert "no time here" in tailed
    assert [day for day in ("20", "22") if f"on 2021-11-{day}" in tailed] == days
    found = json.loads(run("coldstarts", "--from", log, "-o", "json", "--utc", *window).stdout)
    assert [one["request_id"] for one in found["cold_starts"]] == [{"20": FIRST, "22": SECOND}[day] for day in days]
    failures = [json.loads(line) for line in run("errors", "--from", log, "-o", "json", *window).stdout.splitlines()]
    assert sum(one["count"] for one in failures) == len(days)


def test_show_finds_what_is_in_the_window_and_no_more(log: str) -> None:
    assert FIRST in run("show", FIRST, "--from", log).stdout
    assert isinstance(run("show", FIRST, "--from", log, "--since", "2021-11-21").exception, NotFoundError)
    assert FIRST in run("show", "latest", "--from", log, "--until", "2021-11-21").stdout


def test_an_empty_window_is_no_error_and_says_so(log: str) -> None:
    done = run("coldstarts", "--from", log, "--since", "2022-01-01")
    assert done.exit_code == ExitCode.OK
    assert "in the window" in done.stderr


@pytest.mark.parametrize("content", [b"", b"\x7fELF\x00\xff\n\x00 no log\n"])
@pytest.mark.parametrize("output", ["text", "json", "csv"])
def test_cold_starts_of_a_file_that_is_no_log_are_refused(tmp_path: Path, content: bytes, output: str) -> None:
    path = tmp_path / "ls"
    path.write_bytes(content)
    done = run("coldstarts", "--from", str(path), "-o", output)
    assert isinstance(done.exception, UsageError)
    assert done.exception.exit_code == 2
    assert "aws logs tail" in done.exception.hint
    assert done.stdout == ""


def test_a_line_without_a_time_shows_none(tmp_path: Path) -> None:
    path = tmp_path / "log"
    figures = "Duration: 3 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 50 MB"
    path.write_text(f"{BARE}\nhello\nREPORT RequestId: {FIRST}\t{figures}\tInit Duration: 800 ms\t\n")
    assert "--:--:--.--- hello" in run("tail", "--from", str(path)).stdout
    for arguments in (
        ("coldstarts",), ("coldstarts", "--list"), ("coldstarts", "--by", "hour"), ("show", "latest"),
        ("tail", "--invocations"),
    ):  # fmt: skip
        shown = run(*arguments, "--from", str(path), "--utc")
        assert shown.exception is None
        assert FIRST in shown.stdout
        assert "1970" not in shown.stdout
        assert "00:00:00" not in shown.stdout


def test_the_short_format_of_aws_logs_tail_gives_names_and_init_records(tmp_path: Path) -> None:
    record = {"monitor_init": {"version": 1, "observed_init_ms": 300.0}, "function_name": "billing"}
    path = tmp_path / "log"
    messages = [BARE, json.dumps(record), "hello", *report(FIRST, "2021-11-20T10:00:00").splitlines()[-1:]]
    messages[-1] = messages[-1].partition("abc ")[2]
    path.write_text("".join(f"2021-11-20T10:00:00 {message}\n" for message in messages))
    (summary,) = json.loads(run("coldstarts", "--from", str(path), "-o", "json").stdout)["summaries"]
    assert (summary["function"], summary["cold_starts"], summary["observed_init"]["count"]) == ("billing", 1, 1)
    assert run("tail", "--from", str(path), "-o", "raw").stdout.splitlines()[2] == "hello"


def test_stdin_is_utf_8_in_any_locale() -> None:
    environment = {**os.environ, "PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1:strict", "LC_ALL": "C"}
    code = (
        "import json; from monitor.logs.model_saved import SavedFiles; "
        "from monitor.logs.workflow_reading import open_saved; "
        "print(json.dumps([event.message for event in open_saved(SavedFiles(('-',))).all_events()]))"
    )
    text = "xin chào ☀\rtrace\n".encode() + b"\xff\n"
    done = subprocess.run([sys.executable, "-c", code], input=text, env=environment, capture_output=True, check=True)
    assert json.loads(done.stdout) == ["xin chào ☀\rtrace", "\ufffd"]


def test_the_latest_is_the_one_that_started_last(tmp_path: Path) -> None:
    def lines(request_id: str, *times: str) -> str:
        stream = f"2026/11/27/[7]{request_id[:4]}"
        init = f"{times[0]} {stream} INIT_START Runtime Version: python:3.13.v60\n" if len(times) > 2 else ""
        figures = "Duration: 3 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 50 MB"
        return (
            f"{init}{times[-2]} {stream} START RequestId: {request_id} Version: 7\n"
            f"{times[-1]} {stream} REPORT RequestId: {request_id}\t{figures}\n"
        )

    # The second one started last; its environment was initialized an hour before.
    hour = [f"2026-11-27T13:00:0{second}.000000+00:00" for second in range(6)]
    early = lines(SECOND, "2026-11-27T12:00:00.000000+00:00", hour[2], hour[3]).splitlines(keepends=True)
    path = tmp_path / "log"
    path.write_text(early[0] + lines(FIRST, hour[0], hour[1]) + "".join(early[1:]))
    assert SECOND in run("show", "latest", "--from", str(path)).stdout
    bare = tmp_path / "bare"
    texts = [line.split(" ", 2)[2] for line in (lines(FIRST, *hour[:2]) + lines(SECOND, *hour[:2])).splitlines()]
    bare.write_text("\n".join(texts))
    assert SECOND in run("show", "latest", "--from", str(bare)).stdout
