"""`monitor errors` and the tail's choices, on failures planted in the example on the embedded stack."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.aws.connection import Connection
from monitor.aws.deploy import invoke
from monitor.run.workflow import example_folder
from tests.attacks.commands import patient
from tests.clean_environment import clean_environment
from tests.functional.conftest import PutUpExample, Run

NAME = "planted-failures"
FAILS, CRASHES, SLOW = 3, 2, 1


@pytest.fixture(scope="module")
def planted(connection: Connection, put_up_example: PutUpExample) -> str:
    """A function that failed on purpose: handled errors, crashes, a time-out, and one good answer."""
    folder = example_folder()
    put_up_example(NAME, timeout_s=round(patient(3)), environment={"APP_DEBUG_ROUTES": "1"})
    for name, times in (("health", 1), ("fail", FAILS), ("crash", CRASHES), ("slow", SLOW), ("not-http", 2)):
        for _ in range(times):
            event = (folder / "events" / f"{name}.json").read_bytes()
            invoke(connection, NAME, event.replace(b'"5"', b'"900"').replace(b"seconds=5", b"seconds=900"))
    return NAME


def test_failures_are_grouped_by_what_they_are(monitor: Run, planted: str) -> None:
    done = monitor("--local", "errors", planted, "--since", "1h", "-o", "json")
    assert done.code == 0, done.err
    groups = {(one["kind"], one["type"]): one for one in done.lines}
    crash = next(one for (kind, _), one in groups.items() if kind == "exit")
    assert crash["count"] == CRASHES
    timeout = next(one for (kind, _), one in groups.items() if kind == "timeout")
    assert timeout["count"] == SLOW
    raised = [one for one in done.lines if "on purpose" in one["message"]]
    assert sum(one["count"] for one in raised) == FAILS
    assert raised[0]["type"] == "app.routers.debug.DebugError"
    assert "debug.py:fail" in raised[0]["frame"]
    assert all(one["new"] is True for one in done.lines)
    shown = monitor("--local", "show", raised[0]["request_id"], planted, "--since", "1h")
    assert shown.code == 0, shown.err


def test_the_table_marks_what_is_new_and_says_how_to_open_it(monitor: Run, planted: str) -> None:
    done = monitor("--local", "errors", planted, "--since", "1h")
    assert done.code == 0, done.err
    assert "NEW since the last deployment" in done.out
    assert "monitor --local show " in done.out
    assert "Task timed out" in done.out


def test_errors_and_invocations_show_one_line_each(monitor: Run, planted: str) -> None:
    done = monitor("--local", "tail", planted, "--since", "1h", "--no-follow", "--invocations")
    assert done.code == 0, done.err
    assert len(done.out.splitlines()) == 1 + FAILS + CRASHES + SLOW + 2
    failed = monitor("--local", "tail", planted, "--since", "1h", "--no-follow", "--invocations", "--errors")
    assert len(failed.out.splitlines()) == FAILS + CRASHES + SLOW + 2
    cold = monitor("--local", "tail", planted, "--since", "1h", "--no-follow", "--invocations", "--cold", "-o", "json")
    assert all(one["cold"] for one in cold.lines)
    slow = monitor("--local", "tail", planted, "--since", "1h", "--no-follow", "--invocations", "--slow", "2500ms")
    assert len(slow.out.splitlines()) == SLOW


def test_lines_are_chosen_by_text_and_level(monitor: Run, planted: str) -> None:
    common = ("--local", "tail", planted, "--since", "1h", "--no-follow", "-o", "json")
    found = monitor(*common, "--grep", "timed out").lines
    assert len(found) == SLOW
    assert all("timed out" in one["message"] for one in found)
    around = monitor(*common, "--grep", "timed out", "--context", "1").lines
    assert len(around) > SLOW
    assert not any("on purpose" in one["message"] for one in monitor(*common, "--exclude", "on purpose").lines)
    graves = monitor(*common, "--level", "error").lines
    assert graves
    assert {one["record"]["record_kind"] for one in graves} <= {"application", "report", "timeout", "exit"}
    one = found[0]["record"]["request_id"]
    whole = monitor(*common, "--request-id", one).lines
    assert {line["record"]["record_kind"] for line in whole} >= {"start", "report", "timeout"}


def test_until_match_ends_with_the_match_or_with_one(monitor: Run, planted: str) -> None:
    met = monitor("--local", "tail", planted, "--since", "1h", "--until-match", "timed out", "--timeout", "20s")
    assert met.code == 0, met.err
    never = monitor("--local", "tail", planted, "--since", "1h", "--until-match", "never said", "--timeout", "2s")
    assert never.code == 1
    assert "nothing matched 'never said' in 2 s" in never.err


def test_a_checkpoint_goes_on_where_the_last_run_ended(monitor: Run, planted: str, tmp_path: Path) -> None:
    file, saved = tmp_path / "point.json", tmp_path / "saved.jsonl"
    common = ("--local", "tail", planted, "--since", "1h", "--no-follow", "-o", "json", "--checkpoint", str(file))
    first = monitor(*common, "--save", str(saved))
    assert first.code == 0, first.err
    assert first.lines
    assert monitor(*common).out == ""
    again = monitor("tail", "--from", str(saved), "-o", "json").lines
    assert [one["event_id"] for one in again] == [one["event_id"] for one in first.lines]
    file.write_text("{}")
    assert monitor(*common).code == 2


def test_a_query_prints_what_it_finds(monitor: Run, tmp_path: Path) -> None:
    lines = [{"level": "INFO", "message": "one", "user": {"id": 7}}, {"level": "INFO", "message": "two"}]
    file = tmp_path / "log"
    file.write_text("\n".join(map(json.dumps, lines)) + "\nplain\x1b[31m\x00 text\n")
    assert monitor("tail", "--from", str(file), "--query", "user.id").out == "7\n"
    assert "user=" not in monitor("tail", "--from", str(file), "--fields", "nothing").out
    whole = monitor("tail", "--from", str(file)).out
    assert "\x1b" not in whole
    assert "plain\\x00 text" in whole


@pytest.mark.parametrize("output", ["text", "json", "raw"])
def test_lines_are_printed_without_loading_what_draws_tables(tmp_path: Path, output: str) -> None:
    file = tmp_path / "log"
    file.write_text("START RequestId: 6f0d1c9e-3f0a-4a1b-9a55-0b3c8f1e2d01 Version: 7\nhello\n")
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "tail", "--from", str(file), "-o", output],
        env=clean_environment(PYTHONPROFILEIMPORTTIME="1"), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "hello" in done.stdout
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "monitor.logs.tail.output" in loaded
    assert not {"rich", "boto3", "jinja2", "lark"} & loaded
