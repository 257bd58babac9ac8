"""Traces of a real run on the stack, sent by the X-Ray SDK over UDP: found, shown, followed and compared."""

import json
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from monitor.aws.connection import Connection
from monitor.aws.deploy import drive, invoke
from monitor.local.server.stack import Stack
from monitor.run.workflow import example_folder
from tests.clean_environment import clean_environment
from tests.functional.conftest import Driven, PutUpExample, Run

FUNCTION, WINDOW = "traces-example", ("--since", "1h")
COLD, WARM = 3, 3


@pytest.fixture(scope="module")
def driven(connection: Connection, put_up_example: PutUpExample) -> Driven:
    """A function of this file's own: three cold starts and three warm ones, all but the last sampled for sure."""
    put_up_example(FUNCTION)
    event = (example_folder() / "events" / "analyze.json").read_bytes()
    results = []
    for _ in range(COLD):
        time.sleep(1.05)  # the first request of each second is sampled
        results += drive(connection, FUNCTION, event, cold=1, warm=0, concurrency=1)
    for _ in range(WARM - 1):
        time.sleep(1.05)
        results.append(invoke(connection, FUNCTION, event))
    results.append(invoke(connection, FUNCTION, event))
    return Driven(FUNCTION, tuple(results))


def traced(driven: Driven) -> dict[str, Any]:
    return {one.request_id: one.report for one in driven.results if one.report and one.report.sampled}


def rows(shown: dict[str, Any], *kinds: str) -> list[dict[str, Any]]:
    return [row for row in shown["waterfall"]["rows"] if row["kind"] in kinds]


def test_the_waterfall_agrees_with_the_init_record_and_report(monitor: Run, driven: Driven) -> None:
    for result in driven.cold:
        done = monitor("--local", "traces", "show", result.request_id, driven.function, *WINDOW, "--logs", "-o", "json")
        assert done.code == 0, done.err
        shown, report = done.json, result.report
        assert report is not None
        (figures,) = shown["figures"]
        record = shown["invocation"]["init_record"]
        assert record, [one["message"][:200] for one in shown["invocation"]["events"]]
        # Init Duration is what Lambda's side measures, and so is the trace's Initialization.
        assert figures["init_ms"] == pytest.approx(report.init_ms, abs=2.0)
        assert figures["handler_ms"] == pytest.approx(report.duration_ms, abs=3.0)
        (init,) = rows(shown, "init")
        assert init["duration_ms"] == figures["init_ms"]
        # The record is what the process itself saw: less, by the start of the process and the way to the runtime.
        phases = rows(shown, "phase")
        assert {row["name"].removeprefix("init: ") for row in phases} == {one["name"] for one in record["phases"]}
        for row in phases:
            (phase,) = [one for one in record["phases"] if f"init: {one['name']}" == row["name"]]
            assert row["duration_ms"] == pytest.approx(phase["duration_ms"], abs=0.1)
        assert sum(row["duration_ms"] for row in phases) <= init["duration_ms"] + 15
        imports = {row["name"]: row["duration_ms"] for row in rows(shown, "import")}
        (main,) = [one for one in record["imports"]["tree"] if one["module"] == "app.main"]
        assert imports["app.main"] == pytest.approx(main["cumulative_ms"], abs=0.1)
        assert "fastapi" in imports


def test_a_terminal_names_what_each_figure_measures(monitor: Run, driven: Driven) -> None:
    done = monitor("--local", "traces", "show", driven.cold[0].request_id, driven.function, *WINDOW, "--logs")
    assert done.code == 0, done.err
    for expected in ("cold", "environment", "Initialization", "init: application", "fastapi", "critical path"):
        assert expected in done.out
    log = done.out.partition("\nLog\n")[2]
    assert "REPORT" in log
    assert "measured in the process" in log
    assert all(len(line) <= 120 for line in done.out.partition("\nLog\n")[0].splitlines())


def test_an_arn_and_a_version_find_the_same(monitor: Run, driven: Driven) -> None:
    by_name = monitor("--local", "traces", "list", driven.function, *WINDOW, "-o", "json")
    arn = f"arn:aws:lambda:ap-southeast-1:000000000000:function:{driven.function}"
    for target in (arn, f"{driven.function}:$LATEST"):
        done = monitor("--local", "traces", "list", target, *WINDOW, "-o", "json")
        assert done.code == 0, done.err
        assert done.lines == by_name.lines
        assert all(one["figures"]["handler_ms"] for one in done.lines)


def test_lists_are_filtered_by_the_server(monitor: Run, driven: Driven) -> None:
    every = monitor("--local", "traces", "list", driven.function, *WINDOW, "-o", "json").lines
    slow = monitor("--local", "traces", "list", driven.function, *WINDOW, "--slower-than", "150ms", "-o", "json").lines
    assert slow == [one for one in every if one["summary"]["duration_ms"] >= 150]
    assert len(slow) >= COLD
    faulty = monitor("--local", "traces", "list", driven.function, *WINDOW, "--faulty", "-o", "json").lines
    assert faulty == [one for one in every if one["summary"]["has_error"] or one["summary"]["has_fault"]]
    annotated = monitor(
        "--local", "traces", "list", driven.function, *WINDOW, "--annotation", "ColdStart=true", "-o", "json"
    ).lines
    cold = monitor("--local", "traces", "list", driven.function, *WINDOW, "--cold", "-o", "json").lines
    assert [one["summary"]["id"] for one in annotated] == [one["summary"]["id"] for one in cold]
    raw = ("--filter", "annotation.ColdStart = true AND responsetime > 100")
    assert monitor("--local", "traces", "list", driven.function, *WINDOW, *raw).code == 0
    wrong = monitor("--local", "traces", "list", driven.function, *WINDOW, "--filter", "nonsense ===")
    assert wrong.code == 3
    assert "FilterExpression" in wrong.err


def test_sampling_is_explained(monitor: Run, driven: Driven) -> None:
    done = monitor("--local", "traces", "list", driven.function, *WINDOW)
    assert f"{len(traced(driven))} traces of about {COLD + WARM} invocations" in done.err
    assert "Lambda samples the first request of each second and 5% of the rest" in done.err


def test_a_request_without_a_trace_shows_what_is_known_and_why(monitor: Run, driven: Driven) -> None:
    untraced = [one.request_id for one in driven.results if one.report and not one.report.sampled]
    if not untraced:
        pytest.skip("the last request came in another second, or was of the 5%: all were sampled")
    done = monitor("--local", "traces", "show", untraced[0], driven.function, *WINDOW)
    assert done.code == 0, done.err
    assert "has no trace: " in done.err
    assert untraced[0] in done.out
    assert "REPORT" in done.out
    page = monitor("--local", "traces", "show", untraced[0], driven.function, *WINDOW, "-o", "html")
    assert page.code == 3
    assert page.out == ""


def test_the_same_trace_as_json_page_and_otlp(monitor: Run, driven: Driven) -> None:
    show = ("--local", "traces", "show", "slowest-cold", driven.function, *WINDOW)
    shown = monitor(*show, "-o", "json").json
    page = monitor(*show, "-o", "html").out
    otlp = monitor(*show, "-o", "otlp").json
    assert shown["trace"]["id"] in page
    spans = [span for one in otlp["resourceSpans"] for scope in one["scopeSpans"] for span in scope["spans"]]
    assert {span["traceId"] for span in spans} == {shown["trace"]["id"][2:].replace("-", "")}
    drawn = [row for row in shown["waterfall"]["rows"] if "derived" not in row["marks"]]
    assert len(spans) == len(drawn)


def test_compare_finds_that_cold_ones_spend_it_on_imports(monitor: Run, driven: Driven) -> None:
    done = monitor("--local", "traces", "compare", driven.function, "--cold", *WINDOW, "-o", "json")
    assert done.code == 0, done.err
    found = done.json
    reports = traced(driven)
    assert found["cold"] == sum(one.init_ms is not None for one in reports.values())
    assert found["warm"] == len(reports) - found["cold"]
    init = next(one for one in found["steps"] if one["name"] == "Init")
    assert init["share"] > 0.5
    assert init["example_id"]
    names = [one["name"] for one in found["steps"]]
    assert "fastapi" in names
    text = monitor("--local", "traces", "compare", driven.function, "--cold", *WINDOW).out
    assert "monitor --local traces show 1-" in text


def test_a_saved_answer_of_x_ray_is_shown_the_same(monitor: Run, driven: Driven, connection: Connection) -> None:
    shown = monitor("--local", "traces", "show", "slowest-cold", driven.function, *WINDOW, "-o", "json").json
    answer = connection.call("xray", "BatchGetTraces", TraceIds=[shown["trace"]["id"]])
    saved = json.dumps({key: answer[key] for key in ("Traces", "UnprocessedTraceIds")})
    done = monitor("traces", "show", "--from", "-", "-o", "json", stdin=saved)
    assert done.code == 0, done.err
    assert done.json["figures"] == shown["figures"]
    listed = monitor("traces", "list", "--from", "-", "--cold", stdin=saved)
    assert shown["trace"]["id"] in listed.out


def test_a_follow_prints_new_traces_once_and_ends_well(stack: Stack, connection: Connection, driven: Driven) -> None:
    command = [sys.executable, "-m", "monitor", "--local", "traces", "follow", driven.function, "-o", "json"]
    environment = clean_environment(MONITOR_LOCAL_ENDPOINT=stack.endpoint)
    follow = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    assert follow.stdout is not None
    lines: list[str] = []
    reader = threading.Thread(target=lambda out: lines.extend(out), args=(follow.stdout,))
    reader.start()
    try:
        time.sleep(2.5)
        event = (example_folder() / "events" / "analyze.json").read_bytes()
        made = []
        for _ in range(2):
            made.append(invoke(connection, driven.function, event))
            time.sleep(1.1)
        wanted = [one.request_id for one in made if one.report and one.report.sampled]
        deadline = time.monotonic() + 40
        while len(lines) < len(wanted) and time.monotonic() < deadline:
            time.sleep(0.3)
        time.sleep(5)  # long enough for two more polls, which must not print anything again
    finally:
        follow.send_signal(signal.SIGINT)
        _, err = follow.communicate(timeout=20) if not reader.is_alive() else (None, follow.stderr.read())  # type: ignore[union-attr]
        reader.join(20)
        code = follow.wait(20)
    found = [json.loads(line)["figures"]["request_id"] for line in lines]
    assert wanted
    assert found == wanted
    assert code == 0, err
    assert "stopped after " in err
