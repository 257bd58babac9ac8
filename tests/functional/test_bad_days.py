"""Wrong input and empty places: one line, a hint, the right exit code; data stays on stdout alone."""

import json
import socket
import zipfile
from pathlib import Path

import pytest

from monitor.aws.connection import Connection
from monitor.aws.deploy import Deployment, deploy
from tests.functional.conftest import Done, Driven, Run


def told(done: Done, code: int, says: str, hint: str) -> None:
    assert done.code == code, done.err
    first, second = done.err.splitlines()[-2:]
    assert first.startswith("monitor: ")
    assert says in first
    assert second.startswith("  hint: ")
    assert hint in second


@pytest.fixture(scope="module")
def never_ran(connection: Connection, tmp_path_factory: pytest.TempPathFactory) -> str:
    archive = tmp_path_factory.mktemp("package") / "p.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("lambda_function.py", "def lambda_handler(event, context):\n    return event\n")
    deploy(connection, Deployment("never-ran", archive, "lambda_function.lambda_handler"))
    return "never-ran"


def test_a_function_that_is_not_there_names_the_nearest(monitor: Run, driven: Driven) -> None:
    for command in (
        ("tail", "ai-image-analyser-fastapi", "--no-follow"),
        ("metrics", "ai-image-analyser-fastapi"),
        ("coldstarts", "ai-image-analyser-fastapi"),
        ("function", "show", "ai-image-analyser-fastapi"),
        ("show", "latest", "ai-image-analyser-fastapi"),
    ):
        told(monitor("--local", *command), 3, "there is no function", f"did you mean '{driven.function}'?")


def test_a_region_without_functions_is_named(monitor: Run, driven: Driven) -> None:
    done = monitor("--local", "tail", driven.function, "--no-follow", "--region", "eu-north-1")
    told(done, 3, "there is no function", "has no function at all; check --region")


def test_a_log_group_that_is_not_there(monitor: Run, driven: Driven) -> None:
    done = monitor("--local", "tail", "/aws/lambda/ai-image", "--no-follow")
    told(done, 3, "there is no log group '/aws/lambda/ai-image'", driven.function)


def test_a_glob_that_matches_nothing(monitor: Run, driven: Driven) -> None:
    told(monitor("--local", "tail", "zz-*", "--no-follow"), 3, "no function matches 'zz-*'", "check the pattern")


def test_a_function_that_never_ran_has_nothing_to_show_and_that_is_no_error(monitor: Run, never_ran: str) -> None:
    says = "log group /aws/lambda/never-ran does not exist yet"
    for command in (("tail", never_ran, "--no-follow"), ("coldstarts", never_ran)):
        told(monitor("--local", *command), 0, says, "when the function first runs")
    told(monitor("--local", "metrics", never_ran), 0, "no invocations in the window", "longer --since")
    told(monitor("--local", "traces", "list", never_ran), 0, "no trace", "tracing")


def test_an_empty_log_group_has_nothing_to_show(monitor: Run, connection: Connection) -> None:
    connection.call("logs", "CreateLogGroup", logGroupName="/empty/group")
    done = monitor("--local", "tail", "/empty/group", "--no-follow")
    told(done, 0, "/empty/group logged nothing in the window", "longer --since")
    assert done.out == ""


def test_an_invocation_that_is_not_there(monitor: Run, driven: Driven) -> None:
    request = "00000000-0000-4000-8000-000000000000"
    told(monitor("--local", "show", request, driven.function), 3, f"no request {request}", "--since")
    told(monitor("--local", "show", "newest", driven.function), 2, "'newest' is not a request id", "latest")
    told(monitor("--local", "show", "latest"), 2, "no TARGET was given", "my-function")


def test_a_trace_that_is_not_there(monitor: Run, driven: Driven) -> None:
    done = monitor("--local", "traces", "show", "1-00000000-000000000000000000000000")
    told(done, 3, "has no trace 1-00000000", "not be sampled")


@pytest.mark.parametrize(
    ("content", "says"), [(b"{", "is not JSON"), (b"\xff\xfe", "is not JSON"), (None, "cannot be read")]
)
def test_an_event_file_that_cannot_be_used(monitor: Run, tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "event.json"
    if content is not None:
        path.write_bytes(content)
    for command in (("local", "run", "--event", str(path)), ("local", "invoke", "fn", "--event", str(path))):
        told(monitor(*command), 2, says, "")


def test_a_package_that_is_none(monitor: Run, tmp_path: Path) -> None:
    told(monitor("local", "run", "fn", "--package", str(tmp_path / "gone")), 2, "neither a folder nor a zip", "folder")
    told(monitor("local", "run", "fn", "--package", str(tmp_path / "gone.zip")), 2, "cannot be read", "")
    (tmp_path / "bad.zip").write_bytes(b"not a zip")
    told(monitor("local", "run", "fn", "--package", str(tmp_path / "bad.zip")), 2, "cannot be read as a zip", "folder")


def test_a_name_or_handler_that_cannot_be(monitor: Run, tmp_path: Path) -> None:
    (tmp_path / "lambda_function.py").write_text("", encoding="utf-8")
    here = ("--package", str(tmp_path))
    told(monitor("local", "run", "my function", *here), 2, "is not a valid function name", "letters")
    told(monitor("local", "run", "fn", *here, "--handler", "handler"), 2, "is not a handler", "MODULE.FUNCTION")
    told(monitor("local", "run", "fn", *here, "--handler", "app.main.x"), 2, "app/main.py is not in", "--handler")


def test_a_handler_that_is_missing_gives_lambda_s_own_error_and_says_what_to_set(monitor: Run, tmp_path: Path) -> None:
    (tmp_path / "lambda_function.py").write_text("def other(event, context):\n    return 1\n", encoding="utf-8")
    ran = monitor("local", "run", "no-handler", "--package", str(tmp_path), "-o", "json")
    assert ran.json["errors"] == 1
    told(ran, 1, "the init failed, the run is over: Runtime.HandlerNotFound", "monitor --local tail no-handler")
    done = monitor("--local", "tail", "no-handler", "--no-follow", "-o", "json")
    text = "\n".join(event["message"] for event in done.lines)
    assert "Runtime.HandlerNotFound" in text
    assert "MONITOR_HANDLER" in text


def test_a_port_in_use_is_named(monitor: Run, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        told(monitor("local", "up", "--port", port), 2, f"port {port} is in use", "--port")
        detached = monitor("local", "up", "--detach", "--port", port, MONITOR_STATE_HOME=str(tmp_path))
        told(detached, 2, f"port {port} is in use", "--port")


def test_no_stack_at_all_is_told_with_how_to_start_one(monitor: Run, tmp_path: Path) -> None:
    nowhere = {"MONITOR_LOCAL_ENDPOINT": "", "MONITOR_STATE_HOME": str(tmp_path)}
    told(monitor("--local", "tail", "fn", **nowhere), 4, "no embedded stack is up", "monitor local up --detach")
    told(monitor("local", "down", **nowhere), 3, "no stack runs", "monitor local status")
    dead = {"MONITOR_LOCAL_ENDPOINT": "http://127.0.0.1:9"}
    told(monitor("--local", "tail", "fn", **dead), 4, "no embedded stack answers", "monitor local up --detach")


def test_a_stack_comes_up_in_the_background_and_goes(monitor: Run, tmp_path: Path) -> None:
    home = {"MONITOR_LOCAL_ENDPOINT": "", "MONITOR_STATE_HOME": str(tmp_path)}
    up = monitor("local", "up", "--detach", "--port", "0", **home)
    assert up.code == 0, up.err
    try:
        status = monitor("local", "status", "-o", "json", **home)
        assert status.code == 0
        (found,) = json.loads(status.out)
        assert found["endpoint"] in up.out
        assert monitor("--local", "doctor", **home).code == 0
    finally:
        down = monitor("local", "down", **home)
    assert down.code == 0, down.err
    assert monitor("local", "status", **home).code == 1
