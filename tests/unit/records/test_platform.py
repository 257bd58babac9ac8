"""Platform events in JSON format that are cut, of the wrong type, or new."""

import json

import pytest

from monitor.records.message import parse_fact, parse_message
from monitor.records.record import (
    Exited,
    InitReport,
    Malformed,
    PlatformOther,
    Report,
    RestoreReport,
    RuntimeDone,
    Start,
)

TRACING = {"type": "X-Amzn-Trace-Id", "value": "Root=1-692cc6c7-f2ce8d3383524609b99c07a9;Parent=ab;Sampled=1"}


def line(kind: str, record: object) -> str:
    return json.dumps({"time": "2026-11-23T02:48:41.886Z", "type": f"platform.{kind}", "record": record})


def test_a_report_with_everything() -> None:
    message = line(
        "report",
        {
            "requestId": "r",
            "status": "error",
            "errorType": "Runtime.ExitError",
            "metrics": {
                "durationMs": 1.5,
                "billedDurationMs": 2,
                "memorySizeMB": 128,
                "maxMemoryUsedMB": 64,
                "initDurationMs": 3.25,
                "restoreDurationMs": 4.5,
                "billedRestoreDurationMs": 5,
            },
            "tracing": TRACING,
        },
    )
    assert parse_message(message) == Report(
        "r", 1.5, 2.0, 128, 64, 3.25, 4.5, 5.0, "error", "Runtime.ExitError",
        "1-692cc6c7-f2ce8d3383524609b99c07a9", None, True,
    )  # fmt: skip


def test_a_start_carries_its_trace() -> None:
    record = parse_message(line("start", {"requestId": "r", "version": "7", "tracing": TRACING}))
    assert record == Start("r", "7", "1-692cc6c7-f2ce8d3383524609b99c07a9")


@pytest.mark.parametrize("duration", ["1.5", None, True, float("nan"), 1e300, -1, {}])
def test_a_report_without_a_usable_duration_is_kept_with_the_reason(duration: object) -> None:
    message = line("report", {"requestId": "r", "metrics": {"durationMs": duration}})
    assert parse_message(message) == Malformed("report", message, "no durationMs")


@pytest.mark.parametrize(
    ("kind", "record", "reason"),
    [
        ("report", {"metrics": {"durationMs": 1}}, "no requestId"),
        ("start", {}, "no requestId"),
        ("start", "r", "its record is not an object"),
        ("initReport", None, "its record is not an object"),
    ],
)
def test_an_event_that_is_not_as_documented_is_kept_with_the_reason(kind: str, record: object, reason: str) -> None:
    found = parse_message(line(kind, record))
    assert isinstance(found, Malformed)
    assert found.reason == reason


def test_steps_of_the_runtime_are_told_from_the_platforms_reports() -> None:
    done = parse_message(line("initRuntimeDone", {"initializationType": "on-demand", "status": "success"}))
    assert done == InitReport(None, None, "success", None, "on-demand", final=False)
    assert parse_message(line("restoreRuntimeDone", {"status": "success"})) == RestoreReport(
        status="success", final=False
    )
    answered = line(
        "runtimeDone", {"requestId": "r", "status": "success", "metrics": {"durationMs": 9, "producedBytes": 8}}
    )
    assert parse_message(answered) == RuntimeDone("r", "success", None, 9.0, 8)


def test_a_fault_is_an_exit_with_its_request_and_reason() -> None:
    text = "RequestId: r Error: Runtime exited with error: signal: killed\nRuntime.ExitError"
    assert parse_message(line("fault", text)) == Exited("r", "signal: killed", "Runtime.ExitError")


def test_an_event_that_is_not_modeled_is_recognized_and_kept_whole() -> None:
    message = line("invokeReport", {"requestId": "r"})
    assert parse_message(message) == PlatformOther("platform.invokeReport", json.loads(message))
    assert parse_fact(message) == parse_message(message)


def test_a_cut_event_is_kept_with_the_reason() -> None:
    message = line("report", {"requestId": "r"})[:-20]
    record = parse_message(message)
    assert isinstance(record, Malformed)
    assert record.kind == "platform"
    assert record.reason.startswith("not JSON")


def test_what_the_function_prints_cannot_pass_for_the_platform_through_the_telemetry_wrapper() -> None:
    wrapped = json.dumps({"time": "t", "type": "function", "record": "REPORT RequestId: r\tDuration: 1.00 ms"})
    assert parse_message(wrapped).record_kind == "application"
