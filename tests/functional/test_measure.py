"""`monitor measure` against the embedded stack: the figures are those of the log, and nothing is left behind."""

import json
from typing import Any

import pytest

from monitor.aws.connection import Connection
from monitor.aws.deploy import wait_until_active
from tests.functional.conftest import Run, zip_of

NAME = "measured-function"
CODE = "import time\ntime.sleep(0.2)\ndef handler(event, context):\n    return event['wanted']\n"
MOVING = ("RevisionId", "LastModified", "ResponseMetadata")


@pytest.fixture(scope="module")
def function(connection: Connection) -> str:
    connection.call(
        "lambda",
        "CreateFunction",
        FunctionName=NAME,
        Handler="app.handler",
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/r",
        MemorySize=256,
        Code={"ZipFile": zip_of({"app.py": CODE})},
    )
    wait_until_active(connection, NAME)
    return NAME


def state(connection: Connection) -> dict[str, Any]:
    settings = connection.call("lambda", "GetFunctionConfiguration", FunctionName=NAME)
    listed = connection.call("lambda", "ListVersionsByFunction", FunctionName=NAME)["Versions"]
    aliases = connection.call("lambda", "ListAliases", FunctionName=NAME)["Aliases"]
    # No variables: the stack has then no member, or an empty one after an update.
    kept = {"Environment": {"Variables": {}}} | {key: value for key, value in settings.items() if key not in MOVING}
    return {"settings": kept, "versions": [one["Version"] for one in listed], "aliases": aliases}


@pytest.mark.parametrize("more", [(), ("--alias", "measured")], ids=["latest", "alias"])
def test_every_start_is_cold_and_has_the_figures_of_its_report_line(
    monitor: Run, connection: Connection, function: str, more: tuple[str, ...]
) -> None:
    before = state(connection)
    arguments = ("--memory", "512,128", "--starts", "2", "--event", "-", "--yes", "-o", "json")
    done = monitor("measure", function, *arguments, *more, "--local", stdin='{"wanted": 7}')
    assert done.code == 0, done.err
    found = done.json["measurement"]
    assert [size["memory_mb"] for size in found["sizes"]] == [128, 512]
    assert [size["cold_starts"] for size in found["sizes"]] == [2, 2]
    assert [one["memory_mb"] for one in found["measured"]] == [128, 512, 128, 512]
    assert "same CPU" in found["enough_memory_mb"]["missing"]
    assert found["notes"] == []
    events = connection.call("logs", "FilterLogEvents", logGroupName=f"/aws/lambda/{NAME}", limit=1000)["events"]
    for one in found["measured"]:
        (line,) = [event["message"] for event in events if f"REPORT RequestId: {one['request_id']}" in event["message"]]
        assert f"Memory Size: {one['memory_mb']} MB" in line
        assert f"Init Duration: {one['init_ms']:.2f} ms" in line
        assert one["init_ms"] > 200
    assert state(connection) == before


def test_a_call_that_fails_still_has_its_init_and_the_failure_is_told(
    monitor: Run, connection: Connection, function: str
) -> None:
    before = state(connection)
    done = monitor("measure", function, "--starts", "1", "--yes", "--local")
    assert done.code == 0, done.err
    assert "1 of 1 first calls failed: give --event FILE" in done.out
    assert "1 of 1" in done.out
    assert state(connection) == before


def test_a_plan_changes_nothing_and_an_alias_that_is_there_is_refused(
    monitor: Run, connection: Connection, function: str
) -> None:
    version = connection.call("lambda", "PublishVersion", FunctionName=NAME)["Version"]
    connection.call("lambda", "CreateAlias", FunctionName=NAME, Name="live", FunctionVersion=version)
    before = state(connection)
    planned = monitor("measure", function, "--memory", "1024", "--dry-run", "-o", "json", "--local")
    assert planned.json["plan"]["sizes_mb"] == [1024]
    refused = monitor("measure", function, "--alias", "live", "--yes", "--local")
    assert (refused.code, "already has an alias live" in refused.err) == (3, True)
    assert state(connection) == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("-o", "json"), "cannot ask for confirmation"),
        ((), "no terminal to ask"),
        (("--memory", "64", "--yes"), "is not a memory size"),
        (("--alias", "1", "--yes"), "is not a name of an alias"),
        (("--restore", "--yes"), "--yes has no effect with --restore"),
        (("--dry-run", "--event", "e.json"), "--event has no effect with --dry-run"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_change(
    monitor: Run, function: str, arguments: tuple[str, ...], told: str
) -> None:
    done = monitor("measure", function, *arguments, "--local")
    assert done.code == 2
    assert told in done.err


def test_a_version_cannot_be_measured_by_its_name(monitor: Run, function: str) -> None:
    done = monitor("measure", f"{function}:live", "--yes", "--local")
    assert done.code == 2
    assert "--alias measures published versions" in done.err


def test_a_record_that_was_damaged_is_one_error_that_names_the_file(monitor: Run, tmp_path: Any) -> None:
    folder = tmp_path / "lambda-monitor" / "measure"
    folder.mkdir(parents=True)
    for text in ("", "[]", "{}", json.dumps({"run": 5}), "{" * 9000):
        (folder / "one.json").write_text(text)
        done = monitor("measure", "--restore", XDG_STATE_HOME=str(tmp_path))
        assert done.code == 2, text
        assert f"{folder / 'one.json'} is not a record" in done.err
        assert "Traceback" not in done.err
