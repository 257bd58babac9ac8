"""Options of `monitor tail` on a saved log."""

import json
import re
from datetime import UTC
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.console.text import Style
from monitor.logs.tail.render_invocations import render_invocation_line
from monitor.main import cli
from monitor.records.event import LogEvent
from monitor.records.pairing import pair

ID = "5b86d4d4-0c1f-4d2c-9a0e-3f7e5b8f6a11"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, standalone_mode=False, env={"COLUMNS": "140"})


def saved(tmp_path: Path, *messages: str) -> str:
    path = tmp_path / "events.json"
    events = [
        {"timestamp": 1_795_784_400_000 + at, "message": text, "logStreamName": "2026/11/27/[7]abc", "eventId": str(at)}
        for at, text in enumerate(messages)
    ]
    path.write_text(json.dumps({"events": events}, indent=1))
    return str(path)


@pytest.mark.parametrize(("count", "expected"), [(0, []), (1, ["c"]), (2, ["b", "c"]), (9, ["a", "b", "c"])])
def test_the_last_lines_are_printed(tmp_path: Path, count: int, expected: list[str]) -> None:
    log = saved(tmp_path, "a", "b", "c")
    for form in ("raw", "text"):
        lines = run("tail", "--from", log, "-o", form, "-n", str(count)).stdout.splitlines()
        assert [line.rpartition(" ")[2] for line in lines if "──" not in line] == expected


def test_the_last_lines_are_the_last_that_pass_the_filters(tmp_path: Path) -> None:
    log = saved(tmp_path, "[ERROR] one", "[ERROR] two", "[INFO] three")
    assert run("tail", "--from", log, "-o", "raw", "-n", "1", "--level", "error").stdout == "[ERROR] two\n"


@pytest.mark.parametrize(
    ("patterns", "marked"),
    [
        (("(?i)error",), ["ERROR", "error"]),
        (("(?i)error", "here"), ["ERROR", "here"]),
        (("(?i)ERROR", "(?x) h e r e"), ["ERROR", "here"]),
    ],
)
def test_flags_at_the_beginning_of_a_pattern_are_its_own(
    tmp_path: Path, patterns: tuple[str, ...], marked: list[str]
) -> None:
    log = saved(tmp_path, "an ERROR here", "another error", "HERE")
    grep = [word for pattern in patterns for word in ("--grep", pattern)]
    shown = run("--color", "always", "tail", "--from", log, *grep)
    assert shown.exit_code == 0, shown.output
    assert re.findall(r"\x1b\[7m(.*?)\x1b\[27m", shown.stdout) == marked


@pytest.mark.parametrize("before", [b"", b"a line\n", b"a line\nand half a li", b"no line end " * 500_000])
def test_saving_never_shortens_a_file(tmp_path: Path, before: bytes) -> None:
    path = tmp_path / "kept.jsonl"
    path.write_bytes(before)
    assert run("tail", "--from", saved(tmp_path, "hello"), "--save", str(path)).exit_code == 0
    after = path.read_bytes()
    assert after.startswith(before)
    assert json.loads(after[len(before) :])["message"] == "hello"


def test_an_extension_that_failed_and_dropped_log_records_are_said(tmp_path: Path) -> None:
    dropped = {"reason": "Consumer is slow", "droppedRecords": 123, "droppedBytes": 4096}
    log = saved(
        tmp_path,
        "EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE]\n",
        "EXTENSION\tName: agent\tState: ExitError\tEvents: [INVOKE]\tError Type: Extension.Crash\n",
        json.dumps({"time": "2026-11-27T13:00:00Z", "type": "platform.logsDropped", "record": dropped}),
    )
    for arguments in ([], ["--level", "warning"]):
        shown = run("tail", "--from", log, *arguments).stdout
        assert "EXTENSION  agent  ExitError  Extension.Crash" in shown
        assert "LOGS DROPPED  123 log records (4.0 KB): Consumer is slow" in shown
        assert "Ready" not in shown


def test_a_restore_that_succeeded_is_no_error_and_one_that_failed_is(tmp_path: Path) -> None:
    def restored(status: str) -> str:
        record = {"metrics": {"durationMs": 244.4}, "status": status}
        return json.dumps({"time": "2026-11-27T13:00:00Z", "type": "platform.restoreReport", "record": record})

    assert run("tail", "--from", saved(tmp_path, restored("success"), "x"), "--level", "error").stdout == ""
    assert (
        "RESTORE  244 ms  timeout"
        in run("tail", "--from", saved(tmp_path, restored("timeout")), "--level", "error").stdout
    )


def test_json_lines_with_a_number_for_their_time_keep_level_fields_and_time(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(
        '{"level":"WARNING","message":"low","timestamp":1795784400000,"order":7}\n'
        '{"level":50,"time":1795784400100,"pid":1,"hostname":"h","msg":"failed"}\n'
    )
    first, second = run("tail", "--from", str(path), "--utc").stdout.splitlines()[1:]
    assert first == "13:00:00.000 WARNING low  order=7"
    assert second.startswith("13:00:00.100 ERROR   failed")
    assert run("tail", "--from", str(path), "--level", "error").stdout.count("\n") == 2


def durable(number: int, execution: str) -> list[str]:
    request_id = ID[:-1] + str(number)
    arn = f"arn:aws:lambda:eu-west-1:123456789012:function:pay:7/durable-execution/{execution}"
    logged = json.dumps({"level": "INFO", "message": f"step {number}", "executionArn": arn, "requestId": request_id})
    figures = "Duration: 3 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 50 MB"
    return [f"START RequestId: {request_id} Version: 7", logged, f"REPORT RequestId: {request_id}\t{figures}"]


@pytest.mark.parametrize(
    "which", ["order-7", "id-a", "order-7/id-a", "arn:x:function:pay:7/durable-execution/order-7/id-a"]
)
def test_a_durable_execution_is_gathered_over_its_invocations(tmp_path: Path, which: str) -> None:
    log = saved(tmp_path, *durable(1, "order-7/id-a"), *durable(2, "order-8/id-b"), *durable(3, "order-7/id-a"))
    lines = run("tail", "--from", log, "--durable", which, "--invocations").stdout.splitlines()
    assert [line.split("  ")[-2:] for line in lines] == [
        ["durable order-7/id-a", f"{ID[:-1]}1"],
        ["durable order-7/id-a, resumed", f"{ID[:-1]}3"],
    ]
    shown = run("tail", "--from", log, "--durable", which).stdout
    assert ("step 1" in shown, "step 2" in shown, "step 3" in shown) == (True, False, True)
    assert "order-8" in run("show", f"{ID[:-1]}2", "--from", log).stdout


def test_the_failures_of_a_durable_execution_are_gathered_over_its_invocations(tmp_path: Path) -> None:
    def failed(number: int, execution: str, key: str) -> list[str]:
        start, logged, report = durable(number, execution)
        return [start, logged, json.dumps({"level": "ERROR", "message": f"no {key}"}), report]

    lines = [
        *failed(1, "order-7/id-a", "stock"),
        *failed(2, "order-8/id-b", "price"),
        *failed(3, "order-7/id-a", "sku"),
    ]
    log = saved(tmp_path, *lines)
    found = [
        json.loads(line)
        for line in run("errors", "--from", log, "--durable", "id-a", "-o", "json").stdout.split("\n")
        if line
    ]
    assert sorted(one["message"] for one in found) == ["no sku", "no stock"]
    assert "No failures of this execution in 12 events" in run("errors", "--from", log, "--durable", "other").stderr


def test_an_invocation_that_resumes_an_execution_is_no_cold_start(tmp_path: Path) -> None:
    init = "\tInit Duration: 400.25 ms"
    lines = [*durable(1, "order-7/id-a"), *durable(3, "order-7/id-a")]
    log = saved(tmp_path, *(line + init if line.startswith("REPORT") else line for line in lines))
    first, second = run("tail", "--from", log, "--invocations").stdout.splitlines()
    assert ("cold" in first, "cold" in second) == (True, False)
    assert len(run("tail", "--from", log, "--invocations", "--cold").stdout.splitlines()) == 1
    found = [json.loads(line) for line in run("tail", "--from", log, "--invocations", "-o", "json").stdout.splitlines()]
    assert [(one["execution"], one["resumes"], one["cold"], one["kind"]) for one in found] == [
        ("order-7/id-a", False, True, "on-demand"),
        ("order-7/id-a", True, False, "durable-replay"),
    ]


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (
            None,
            f"13:00:00.000   20.0 ms  billed 21.0 ms  90 of 512 MB  cold start 400 ms  exception: KeyError 'sku'  {ID}",
        ),
        (100, "13:00:00.000   20.0 ms  cold start 400 ms  exception: KeyError 'sku'  " + ID[:8]),
        (80, "13:00:00.000   20.0 ms  cold start 400 ms  exception: KeyError 'sku'  " + ID[:8]),
        (60, "13:00:00.000   20.0 ms  cold 400 ms  exception: K…  " + ID[:8]),
    ],
)
def test_a_line_of_an_invocation_fits_the_terminal_with_what_matters_most(width: int | None, expected: str) -> None:
    figures = "Duration: 20.00 ms\tBilled Duration: 21 ms\tMemory Size: 512 MB\tMax Memory Used: 90 MB"
    texts = [
        f"START RequestId: {ID} Version: 7",
        "[ERROR] KeyError: 'sku'\nTraceback (most recent call last):\n  File \"/var/task/a.py\", line 1, in f\n",
        f"REPORT RequestId: {ID}\t{figures}\tInit Duration: 400.25 ms",
    ]
    (one,) = pair(LogEvent(1_795_784_400_000, text, "s", "g") for text in texts)
    line = render_invocation_line(one, Style(), UTC, width=width)
    assert line == expected
    assert width is None or len(line) <= width


def test_a_web_function_is_said_to_be_unsupported(tmp_path: Path) -> None:
    record = {"requestId": ID, "status": "success", "metrics": {"durationMs": 3}}
    line = json.dumps({"time": "2026-11-27T13:00:00Z", "type": "platform.invokeReport", "record": record})
    log = saved(tmp_path, line, line)
    assert "platform.invokeReport  (web functions are not supported)" in run("tail", "--from", log).stdout
    for arguments in (("tail", "--invocations"), ("errors",)):
        done = run(*arguments, "--from", log)
        assert "2 events are from a web function" in done.stderr
