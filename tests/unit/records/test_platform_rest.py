"""Records of the platform that are rare: inits after a failure, failed extensions, tenants, and Node.js's own lines."""

import json

import pytest

from monitor.records.event import LogEvent
from monitor.records.invocation import FailureKind, InitKind, Invocation
from monitor.records.message import parse_fact, parse_message
from monitor.records.pairing import pair
from monitor.records.record import Application, LogsDropped, RestoreReport

A, B = "6f0d1c9e-3f0a-4a1b-9a55-0b3c8f1e2d01", "6f0d1c9e-3f0a-4a1b-9a55-0b3c8f1e2d02"
INIT_START = "INIT_START Runtime Version: python:3.13.v60\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0f"


def start(request_id: str) -> str:
    return f"START RequestId: {request_id} Version: 9"


def report(request_id: str, more: str = "") -> str:
    figures = "Duration: 9.00 ms\tBilled Duration: 10 ms\tMemory Size: 512 MB\tMax Memory Used: 90 MB"
    return f"REPORT RequestId: {request_id}\t{figures}\t{more}"


def paired(*messages: str) -> list[Invocation]:
    events = [LogEvent(1_795_784_400_000 + 300 * at, text, "2026/11/27/[9]a", "g") for at, text in enumerate(messages)]
    found = list(pair(events))
    kept = list(pair(events, keep_events=True))
    assert [(one.kind, one.cold, one.init_ms, one.error) for one in found] == [
        (one.kind, one.cold, one.init_ms, one.error) for one in kept
    ]
    return found


def test_an_init_after_a_restored_process_timed_out_is_a_cold_start_of_its_own() -> None:
    first, second = paired(
        "RESTORE_START Runtime Version: python:3.13.v60",
        "RESTORE_REPORT Restore Duration: 244.38 ms",
        start(A),
        f"2026-11-27T13:00:02.300Z {A} Task timed out after 2.02 seconds",
        report(A, "Restore Duration: 244.38 ms\tBilled Restore Duration: 167 ms"),
        INIT_START,
        "INIT_REPORT Init Duration: 2137.34 ms",
        start(B),
        report(B),
    )
    assert (first.kind, first.init_ms, first.cold) == (InitKind.SNAP_START, 244.38, True)
    assert first.error is not None
    assert first.error.kind is FailureKind.TIMEOUT
    assert (second.kind, second.init_ms, second.cold) == (InitKind.ON_DEMAND, 2137.34, True)
    assert any("initialized again" in note for note in second.notes)


@pytest.mark.parametrize("status", ["timeout", "error"])
def test_an_init_after_a_failed_restore_is_no_provisioned_concurrency(status: str) -> None:
    (one,) = paired(
        "RESTORE_START Runtime Version: python:3.13.v60",
        f"RESTORE_REPORT Restore Duration: 10000.00 ms\tStatus: {status}",
        INIT_START,
        "INIT_REPORT Init Duration: 2137.34 ms",
        start(A),
        report(A),
    )
    assert (one.kind, one.init_ms, one.cold) == (InitKind.ON_DEMAND, 2137.34, True)
    assert any(f"restore of the snapshot failed ({status})" in note for note in one.notes)


def test_a_restore_that_failed_with_its_invocation_is_a_failed_init() -> None:
    (one,) = paired(
        "RESTORE_START Runtime Version: python:3.13.v60",
        "RESTORE_REPORT Restore Duration: 512.00 ms\tStatus: error\tError Type: Runtime.AfterRestoreError",
        start(A),
        report(A, "Status: error\tError Type: Runtime.AfterRestoreError"),
    )
    assert (one.kind, one.init_ms) == (InitKind.FAILED, 512.0)
    assert one.error is not None
    assert (one.error.kind, one.error.error_type) == (FailureKind.INIT, "Runtime.AfterRestoreError")


def test_an_init_report_without_a_phase_is_provisioned_concurrency_where_nothing_failed() -> None:
    (one,) = paired(INIT_START, "INIT_REPORT Init Duration: 937.34 ms", start(A), report(A))
    assert (one.kind, one.cold) == (InitKind.PROVISIONED, False)


@pytest.mark.parametrize("before", [True, False], ids=["before START", "after START"])
def test_the_extension_that_failed_is_named(before: bool) -> None:
    line = "EXTENSION\tName: telemetry-agent\tState: InitError\tEvents: [SHUTDOWN, INVOKE]\tError Type: Extension.Crash"
    lines = [INIT_START, *([line, start(A)] if before else [start(A), line])]
    (one,) = paired(*lines, report(A, "Status: error\tError Type: Extension.Crash"))
    assert (one.kind, one.cold) == (InitKind.FAILED, True)
    assert one.error is not None
    assert one.error.error_type == "Extension.Crash"
    assert "telemetry-agent" in one.error.message


def test_an_extension_that_is_ready_is_no_failure() -> None:
    line = "EXTENSION\tName: agent\tState: Ready\tEvents: [SHUTDOWN, INVOKE]"
    (one,) = paired(INIT_START, line, start(A), report(A, "Init Duration: 300.00 ms"))
    assert one.error is None


def event(kind: str, **record: object) -> str:
    return json.dumps({"time": "2026-11-27T13:00:00.000Z", "type": f"platform.{kind}", "record": record})


def test_the_tenant_of_an_invocation() -> None:
    metrics = {"durationMs": 3, "billedDurationMs": 4, "memorySizeMB": 128, "maxMemoryUsedMB": 40}
    (one,) = paired(
        event("start", requestId=A, version="1", tenantId="blue"),
        event("report", requestId=A, metrics=metrics, status="success", tenantId="blue"),
    )
    assert one.tenant_id == "blue"
    (only_report,) = paired(event("report", requestId=A, metrics=metrics, status="success", tenantId="blue"))
    assert only_report.tenant_id == "blue"


def test_dropped_log_records_and_restores_in_json() -> None:
    dropped = event("logsDropped", reason="slow", droppedRecords=123, droppedBytes=4096)
    assert parse_message(dropped) == LogsDropped("slow", 123, 4096)
    restored = event("restoreReport", status="timeout", metrics={"durationMs": 9.5})
    assert parse_message(restored) == RestoreReport(9.5, None, "timeout")


def test_requests_of_a_managed_instance_that_run_at_once_keep_their_own_failures() -> None:
    def failed(request_id: str, error: str) -> str:
        line = {"timestamp": "2026-11-27T13:00:00Z", "log_level": "ERROR", "errorMessage": error, "errorType": error}
        return json.dumps(line | {"requestId": request_id, "stackTrace": []})

    found = paired(
        event("initStart", initializationType="lambda-managed-instances", phase="init"),
        event("start", requestId=A),
        event("start", requestId=B),
        failed(B, "KeyError"),
        failed(A, "ValueError"),
        event("report", requestId=B, metrics={"durationMs": 3}, status="error", errorType="KeyError"),
        event("report", requestId=A, metrics={"durationMs": 4}, status="error", errorType="ValueError"),
    )
    assert {one.request_id: one.error and one.error.error_type for one in found} == {A: "ValueError", B: "KeyError"}
    assert not any(one.cold for one in found)


NODE_TEXT = [
    f'2026-11-27T13:00:00.000Z\t{A}\tERROR\tInvoke Error \t{{"errorType":"TypeError","errorMessage":"no x",'
    '"stack":["TypeError: no x","    at Runtime.handler (file:///var/task/index.mjs:3:9)"]}',
    f'2026-11-27T13:00:00.000Z\t{A}\tERROR\tUncaught Exception \t{{"errorType":"TypeError","errorMessage":"no x",'
    '"stack":["TypeError: no x","    at Runtime.handler (file:///var/task/index.mjs:3:9)"]}',
]
NODE_JSON = json.dumps(
    {"timestamp": "2026-11-27T13:00:00Z", "level": "ERROR", "requestId": A, "errorType": "TypeError",
     "errorMessage": "no x", "stackTrace": ["TypeError: no x", "    at Runtime.handler (file:///var/task/index.mjs:3:9)"],
     "message": "Invoke Error \tTypeError: no x"}
)  # fmt: skip


@pytest.mark.parametrize("line", [*NODE_TEXT, NODE_JSON], ids=["text", "uncaught", "json"])
def test_an_exception_that_left_a_handler_of_node_fails_its_invocation(line: str) -> None:
    record = parse_message(line)
    assert isinstance(record, Application)
    assert record.unhandled
    assert parse_fact(line) == record
    (one,) = paired(start(A), line, report(A))
    assert one.error is not None
    assert (one.error.kind, one.error.error_type, one.error.message) == (FailureKind.EXCEPTION, "TypeError", "no x")


def test_an_error_that_a_handler_of_node_logged_does_not_fail_its_invocation() -> None:
    line = (
        f"2026-11-27T13:00:00.000Z\t{A}\tERROR\tcharge failed TypeError: no x\n    at charge (/var/task/index.js:3:9)\n"
    )
    record = parse_message(line)
    assert isinstance(record, Application)
    assert record.exception is not None
    assert (record.exception.type, record.exception.message, record.unhandled) == ("TypeError", "no x", False)
    (one,) = paired(start(A), line, report(A))
    assert one.error is None


def test_an_exception_that_left_a_handler_of_java_fails_its_invocation() -> None:
    kind = "java.lang.IllegalStateException"
    line = f"gone: {kind}\n{kind}: gone\n\tat com.shop.App.handle(App.java:5)\n\tat com.shop.App.main(App.java:2)\n\n"
    record = parse_message(line)
    assert isinstance(record, Application)
    assert parse_fact(line) == record
    (one,) = paired(start(A), line, report(A))
    assert one.error is not None
    assert (one.error.kind, one.error.error_type, one.error.message) == (FailureKind.EXCEPTION, kind, "gone")
    logged = f"2026-11-27 13:00:00 {A} ERROR App:5 - failed\n{kind}: gone\n\tat com.shop.App.handle(App.java:5)\n"
    (one,) = paired(start(A), logged, report(A))
    assert one.error is None
