"""The platform's text lines, as a person reads them."""

import pytest

from monitor.records.message import parse_message
from monitor.records.record import (
    End,
    Exited,
    Extension,
    InitReport,
    InitStart,
    Malformed,
    Report,
    RestoreReport,
    RestoreStart,
    Start,
    TimedOut,
    XrayLine,
)

ID = "6f0d1c9e-3f0a-4a1b-9a55-0b3c8f1e2d01"


def test_a_report_gives_every_figure_with_its_unit() -> None:
    line = (
        f"REPORT RequestId: {ID}\tDuration: 2.46 ms\tBilled Duration: 417 ms\tMemory Size: 1024 MB\t"
        "Max Memory Used: 95 MB\tInit Duration: 413.61 ms\t\n"
        "XRAY TraceId: 1-6ac7c67a-1c0aa43118a5d54708c0da61\tSegmentId: 2d54219895e821dd\tSampled: true\t\n"
    )
    assert parse_message(line) == Report(
        ID,
        duration_ms=2.46,
        billed_ms=417.0,
        memory_mb=1024,
        max_memory_mb=95,
        init_ms=413.61,
        trace_id="1-6ac7c67a-1c0aa43118a5d54708c0da61",
        segment_id="2d54219895e821dd",
        sampled=True,
    )


@pytest.mark.parametrize(
    "line",
    [
        f"REPORT RequestId: {ID}\tMax Memory Used: 9 MB\tInit Duration: 3.00 ms\tMemory Size: 128 MB\t"
        "Billed Duration: 2 ms\tDuration: 1.50 ms",
        f"REPORT RequestId: {ID}  Duration: 1.50 ms   Billed Duration: 2 ms Memory Size: 128 MB     "
        "Max Memory Used: 9 MB  Init Duration: 3.00 ms",
        f"REPORT RequestId: {ID}\nDuration: 1.50 ms\nBilled Duration: 2 ms\nMemory Size: 128 MB\n"
        "Max Memory Used: 9 MB\nInit Duration: 3.00 ms",
        f"REPORT RequestId: {ID}\tInit Duration: 3.00 ms\tDuration: 1.50 ms\tBilled Duration: 2 msMemory Size: 128 MB\t"
        "Max Memory Used: 9 MB\t",
        f"REPORT RequestId: {ID}\\tDuration: 1.50 ms\\tBilled Duration: 2 ms \\tMemory Size: 128 MB\\t"
        "Max Memory Used: 9 MB\\tInit Duration: 3.00 ms\\t\\n",
        f"2026-11-23T02:48:41.899Z[     analyzer-dev] REPORT RequestId: {ID}\tDuration: 1.50 ms\t"
        "Billed Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 9 MB\tInit Duration: 3.00 ms",
        f"2026/11/23/[7]0123456789abcdef 2026-11-23T02:48:41.899000 REPORT RequestId: {ID}\tDuration: 1.50 ms\t"
        "Billed Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 9 MB\tInit Duration: 3.00 ms",
        f"2026-11-23T02:48:41.899000+00:00 2026/11/23/analyzer[7]0123456789abcdef REPORT RequestId: {ID}\t"
        "Duration: 1.50 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 9 MB\tInit Duration: 3.00 ms",
    ],
    ids=["other order", "spaces", "newlines", "no separator", "escaped twice", "pulumi", "sam", "aws logs tail"],
)
def test_a_report_reads_the_same_whatever_its_order_separators_and_prefix(line: str) -> None:
    assert parse_message(line) == Report(ID, 1.5, 2.0, 128, 9, 3.0)


def test_a_time_out_and_an_error_keep_status_and_error_type() -> None:
    head = f"REPORT RequestId: {ID}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\t"
    timed_out = parse_message(head + "Max Memory Used: 31 MB\tInit Duration: 84.00 ms\tStatus: timeout")
    failed = parse_message(head + "Max Memory Used: 128 MB\tStatus: error\tError Type: Runtime.OutOfMemory\nXRAY")
    assert isinstance(timed_out, Report)
    assert isinstance(failed, Report)
    assert (timed_out.status, timed_out.error_type, timed_out.init_ms, timed_out.failed) == (
        "timeout",
        None,
        84.0,
        True,
    )
    assert (failed.status, failed.error_type, failed.trace_id) == ("error", "Runtime.OutOfMemory", None)


def test_a_restored_invocation_has_a_restore_duration_and_no_init() -> None:
    line = (
        f"REPORT RequestId: {ID}\tDuration: 149.53 ms\tBilled Duration: 313 ms\tMemory Size: 3538 MB\t"
        "Max Memory Used: 163 MB\tRestore Duration: 789.64 ms\tBilled Restore Duration: 163 ms\t"
    )
    assert parse_message(line) == Report(ID, 149.53, 313.0, 3538, 163, restore_ms=789.64, billed_restore_ms=163.0)


def test_an_unknown_duration_is_not_taken_for_the_duration() -> None:
    line = f"REPORT RequestId: {ID}\tPost Runtime Duration: 9.00 ms\tDuration: 1.00 ms\tRuntime Duration: 7.00 ms"
    report = parse_message(line)
    assert isinstance(report, Report)
    assert report.duration_ms == 1.0


def test_a_field_given_twice_keeps_its_first_value() -> None:
    report = parse_message(f"REPORT RequestId: {ID}\tDuration: 1.00 ms\tDuration: 99.00 ms")
    assert report == Report(ID, 1.0)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("REPORT invalid report log line", "no RequestId"),
        (f"REPORT RequestId: {ID}\tDura", "no Duration"),
        (f"REPORT RequestId: {ID}\tDuration: soon", "no Duration"),
        (f"REPORT RequestId: {ID}\tDuration: 1e999", "no Duration"),
        (f"REPORT RequestId: {ID}\tDuration: -3.00 ms", "no Duration"),
        (f"REPORT RequestId: {ID}\tDuration: inf ms", "no Duration"),
    ],
)
def test_a_report_that_is_cut_or_nonsense_is_kept_with_the_reason(line: str, reason: str) -> None:
    assert parse_message(line) == Malformed("report", line, reason)


@pytest.mark.parametrize(
    ("line", "record"),
    [
        (f"START RequestId: {ID} Version: $LATEST\n", Start(ID, "$LATEST")),
        (f"START RequestId: {ID}\tVersion: 12", Start(ID, "12")),
        (f"START RequestId: {ID} Version: $LATEST\\n", Start(ID, "$LATEST")),
        (f"START RequestId: {ID}", Start(ID)),
        (f"END RequestId: {ID}\n", End(ID)),
        (f"END RequestId: {ID}\\n", End(ID)),
        ("END Duration: 12 ms (init: 3 ms) Memory Used: 64 MB", End(None)),
        (f"Input: somethingEND RequestId: {ID}", End(ID)),
        (
            "INIT_START Runtime Version: python:3.12.v5\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:07a4",
            InitStart("python:3.12.v5", "arn:aws:lambda:us-east-1::runtime:07a4"),
        ),
        (
            "INIT_REPORT Init Duration: 1236.04 ms\tPhase: init\tStatus: error\tError Type: Extension.Crash",
            InitReport(1236.04, "init", "error", "Extension.Crash"),
        ),
        ("INIT_REPORT Init Duration: 9804ms  Phase: init  Status: timeout", InitReport(9804.0, "init", "timeout")),
        ("INIT_REPORT Phase: init  Status: error", InitReport(None, "init", "error")),
        ("INIT_REPORT Init Duration: 612.33 ms\n", InitReport(612.33)),
        ("RESTORE_START Runtime Version: java:21\tRuntime Version ARN: arn:x", RestoreStart("java:21", "arn:x")),
        ("RESTORE_REPORT Restore Duration: 789.64 ms", RestoreReport(789.64)),
        ("RESTORE_START Runtime Version: java:11\nRESTORE_REPORT Restore Duration: 315.26 ms", RestoreReport(315.26)),
        (
            "RESTORE_REPORT Restore Duration: 1236.04 ms\tStatus: error\tError Type: Runtime.ExitError",
            RestoreReport(1236.04, None, "error", "Runtime.ExitError"),
        ),
        ("XRAY TraceId: 1-5e34a614-10bd\tSegmentId: 07f5\tSampled: false", XrayLine("1-5e34a614-10bd", "07f5", False)),
        (f"2026-11-23T02:48:44.886Z {ID} Task timed out after 3.00 seconds\n\n", TimedOut(ID, 3.0)),
        ("Error: Task timed out after 10.00 seconds", TimedOut(None, 10.0)),
        (
            f"RequestId: {ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n",
            Exited(ID, "signal: killed", "Runtime.ExitError"),
        ),
        ("Error: Runtime exited with error: exit status 1", Exited(None, "exit status 1")),
        (
            f"RequestId: {ID} Error: fork/exec /var/task/bootstrap: no such file\nRuntime.InvalidEntrypoint",
            Exited(ID, "fork/exec /var/task/bootstrap: no such file", "Runtime.InvalidEntrypoint"),
        ),
        (
            f"RequestId: {ID} Process exited before completing request",
            Exited(ID, "Process exited before completing request"),
        ),
        (
            "EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE, SHUTDOWN]  ",
            Extension("agent", "Ready", ("INVOKE", "SHUTDOWN")),
        ),
        (
            "EXTENSION Name: csharp  State: LaunchError  Events: []  Error Type: PermissionDenied",
            Extension("csharp", "LaunchError", (), "PermissionDenied"),
        ),
        (
            "TELEMETRY\tName: agent\tState: Subscribed\tTypes: [Platform, Function]",
            Extension("agent", "Subscribed", ("Platform", "Function"), subscription=True),
        ),
    ],
)  # fmt: skip
def test_each_platform_line_says_what_it_says(line: str, record: object) -> None:
    assert parse_message(line) == record


@pytest.mark.parametrize(
    "line",
    [
        "plain output mentioning START RequestId: inside a line\n",
        "the docs say REPORT RequestId: x Duration: 1 ms",
        "Error: payment refused",
        "RequestId: 5 was refused",
        "2026-11-23 all good, Task timed out after 3.00 seconds was yesterday",
    ],
)
def test_a_users_own_line_is_not_mistaken_for_the_platforms(line: str) -> None:
    assert parse_message(line).record_kind == "text"
