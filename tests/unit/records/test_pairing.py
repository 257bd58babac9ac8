"""Invocations from interleaved lines: what is there, what is missing, which kind of init it was."""

import json
from collections.abc import Iterable

import pytest

from monitor.kernel.missing import Missing
from monitor.records.event import LogEvent
from monitor.records.invocation import FailureKind, InitKind, Invocation, cold_start
from monitor.records.message import parse_fact
from monitor.records.pairing import Pairing, pair
from monitor.records.record import Report
from monitor.records.stream import execution_of_line

GROUP = "/aws/lambda/analyzer"
A, B = "2026/11/23/[7]aaaa", "2026/11/23/[7]bbbb"
T = 1_790_000_000_000


def event(at: int, message: str, stream: str = A, group: str = GROUP) -> LogEvent:
    return LogEvent(T + at, message, stream, group)


def start(request_id: str) -> str:
    return f"START RequestId: {request_id} Version: 7\n"


def end(request_id: str) -> str:
    return f"END RequestId: {request_id}\n"


def report(request_id: str, duration: float = 10.0, tail: str = "") -> str:
    return (
        f"REPORT RequestId: {request_id}\tDuration: {duration:.2f} ms\tBilled Duration: 11 ms\tMemory Size: 512 MB\t"
        f"Max Memory Used: 90 MB\t{tail}\n"
    )


def platform(kind: str, **record: object) -> str:
    return json.dumps({"time": "2026-11-23T02:48:41.886Z", "type": f"platform.{kind}", "record": record})


def paired(events: Iterable[LogEvent]) -> list[Invocation]:
    return list(pair(events))


def only(events: Iterable[LogEvent]) -> Invocation:
    found = paired(events)
    assert len(found) == 1, found
    return found[0]


_ARN = "arn:aws:lambda:eu-west-1:123456789012:function:pay:7/durable-execution/order-7/id-a"


@pytest.mark.parametrize(
    ("line", "function", "expected"),
    [
        (f'{{"executionArn": "{_ARN}"}}', "pay", "order-7/id-a"),
        (f'{{"executionArn":"{_ARN}"}}', "", "order-7/id-a"),
        (f'{{"mdc":{{"durableExecutionArn":"{_ARN}"}}}}', "pay", "order-7/id-a"),
        (f"step executionArn={_ARN.replace(':7/', ':$LATEST/')} done", "pay", "order-7/id-a"),
        ('{"executionArn": "' + _ARN.replace("arn:aws:", "arn:aws-us-gov:") + '"}', "pay", "order-7/id-a"),
        # What a function logs of executions that it started or asked about.
        (f'{{"executionArn": "{_ARN}"}}', "shop", None),
        (f'{{"DurableExecutionArn": "{_ARN}"}}', "pay", None),
        (f"started {_ARN}", "pay", None),
        ('{"executionArn": "arn:aws:states:eu-west-1:123456789012:execution:pay:order-7"}', "pay", None),
    ],
)
def test_the_durable_execution_is_what_the_sdk_s_logger_names(line: str, function: str, expected: str | None) -> None:
    assert execution_of_line(line, function) == expected


def test_a_log_without_streams_can_have_a_thousand_invocations_at_once() -> None:
    ids = [f"r{number}" for number in range(1_000)]
    events = [event(at, start(one), "") for at, one in enumerate(ids)]
    events += [event(2_000 + at, report(one), "") for at, one in enumerate(ids)]
    found = paired(events)
    assert [one.request_id for one in found] == ids
    assert not any(isinstance(one.start_ms, Missing) or isinstance(one.report, Missing) for one in found)


def test_a_cold_and_a_warm_invocation_of_one_environment() -> None:
    cold, warm = paired(
        [
            event(0, "INIT_START Runtime Version: python:3.13.v20\tRuntime Version ARN: arn:x\n"),
            event(500, start("r1")),
            event(520, end("r1")),
            event(520, report("r1", 20.0, "Init Duration: 480.10 ms\t")),
            event(900, start("r2")),
            event(910, end("r2")),
            event(910, report("r2")),
        ]
    )
    assert (cold.request_id, cold.cold, cold.kind, cold.init_ms) == ("r1", True, InitKind.ON_DEMAND, 480.1)
    assert (cold.at_ms, cold.start_ms, cold.end_ms) == (T, T + 500, T + 520)
    assert (cold.function, cold.version, cold.runtime_version) == ("analyzer", "7", "python:3.13.v20")
    assert (warm.request_id, warm.cold, warm.kind, warm.init_ms, warm.error) == ("r2", False, None, None, None)
    assert warm.at_ms == T + 900
    assert warm.notes == ()


def test_interleaved_streams_and_groups_do_not_mix() -> None:
    other = "/aws/lambda/other"
    found = paired(
        [
            event(0, start("a1"), A),
            event(1, start("b1"), B),
            event(2, start("a1"), A, other),
            event(3, report("b1", 2.0), B),
            event(4, report("a1", 2.0), A, other),
            event(5, report("a1", 5.0), A),
        ]
    )
    assert sorted((item.function, item.request_id, item.stream, item.start_ms, item.end_ms) for item in found) == [
        ("analyzer", "a1", A, T, T + 5),
        ("analyzer", "b1", B, T + 1, T + 3),
        ("other", "a1", A, T + 2, T + 4),
    ]


def test_a_shared_group_tells_functions_apart_by_stream() -> None:
    found = paired(
        [
            event(0, start("a"), "2026/11/23/one[1]aaaa", "/shop/all"),
            event(1, start("b"), "2026/11/23/two[2]bbbb", "/shop/all"),
            event(2, report("a"), "2026/11/23/one[1]aaaa", "/shop/all"),
            event(3, report("b"), "2026/11/23/two[2]bbbb", "/shop/all"),
        ]
    )
    assert [(item.function, item.request_id) for item in found] == [("one", "a"), ("two", "b")]


def test_a_window_that_cuts_off_the_start_and_one_that_cuts_off_the_report() -> None:
    cut_head, cut_tail = paired(
        [event(0, end("r1")), event(0, report("r1")), event(90, start("r2")), event(95, "[INFO] still running")]
    )
    assert cut_head.start_ms == Missing("START outside the window")
    assert cut_head.end_ms == T
    assert isinstance(cut_head.report, Report)
    assert (cut_tail.start_ms, cut_tail.report) == (T + 90, Missing("no REPORT yet"))
    assert cut_tail.end_ms == Missing("no REPORT yet")
    assert cut_tail.kind is None


def test_a_cold_start_is_known_as_one_before_its_report() -> None:
    found = only(
        [event(0, "INIT_START Runtime Version: python:3.13.v20\tRuntime Version ARN: x"), event(9, start("r"))]
    )
    assert (found.cold, found.kind, found.init_ms) == (True, InitKind.ON_DEMAND, None)
    assert found.report == Missing("no REPORT yet")


def test_the_trace_on_a_line_of_its_own_after_report() -> None:
    found = only(
        [
            event(0, start("r1")),
            event(9, report("r1")),
            event(9, "XRAY TraceId: 1-6ac7c67a-1c0aa43118a5d54708c0da61\tSegmentId: ab\tSampled: true"),
        ]
    )
    assert found.trace_id == "1-6ac7c67a-1c0aa43118a5d54708c0da61"


@pytest.mark.parametrize("late", [True, False], ids=["after REPORT", "before REPORT"])
def test_a_time_out_is_an_error_and_the_next_init_is_inside_its_duration(late: bool) -> None:
    timed_out = event(3001, "2026-11-23T02:48:44.886Z r1 Task timed out after 3.00 seconds\n\n")
    reported = event(3001, report("r1", 3000.0, "" if late else "Status: timeout"))
    first, second = paired(
        [
            event(0, start("r1")),
            *([reported, timed_out] if late else [timed_out, reported]),
            event(4000, start("r2")),
            event(4900, report("r2", 890.0)),
        ]
    )
    assert first.error is not None
    assert (first.error.kind, first.error.message) == (FailureKind.TIMEOUT, "Task timed out after 3.00 seconds")
    assert (second.cold, second.kind, second.init_ms) == (True, InitKind.SUPPRESSED, None)
    assert second.notes == ("no Init Duration: the init is part of the duration",)


def test_after_a_time_out_lambda_may_say_init_start_before_the_next_invocation() -> None:
    _, second, third = paired(
        [
            event(0, start("r1")),
            event(3001, report("r1", 3000.0, "Status: timeout")),
            event(3002, "INIT_START Runtime Version: python:3.13.v20\tRuntime Version ARN: arn:x"),
            event(4000, start("r2")),
            event(4900, report("r2", 890.0)),
            event(5000, start("r3")),
            event(5010, report("r3")),
        ]
    )
    assert (second.kind, second.runtime_version) == (InitKind.SUPPRESSED, "python:3.13.v20")
    assert third.kind is None


def test_a_suppressed_init_in_json_format_has_its_duration() -> None:
    found = only(
        [
            event(0, platform("start", requestId="r2", version="7")),
            event(1, platform("initStart", initializationType="on-demand", phase="invoke")),
            event(
                700,
                platform(
                    "initReport",
                    initializationType="on-demand",
                    phase="invoke",
                    status="success",
                    metrics={"durationMs": 655.5},
                ),
            ),
            event(
                800,
                platform(
                    "report", requestId="r2", status="success", metrics={"durationMs": 790.0, "memorySizeMB": 512}
                ),
            ),
        ]
    )
    assert (found.cold, found.kind, found.init_ms, found.error) == (True, InitKind.SUPPRESSED, 655.5, None)


def test_a_cold_start_in_json_format() -> None:
    found = only(
        [
            event(0, platform("initStart", initializationType="on-demand", phase="init", runtimeVersion="python:3.13")),
            event(500, platform("start", requestId="r1", version="$LATEST")),
            event(
                520,
                platform(
                    "report",
                    requestId="r1",
                    status="success",
                    metrics={"durationMs": 20, "billedDurationMs": 500, "memorySizeMB": 512, "initDurationMs": 479.5},
                ),
            ),
        ]
    )
    assert (found.kind, found.init_ms, found.version) == (InitKind.ON_DEMAND, 479.5, "$LATEST")


def test_an_init_that_failed_twice_is_a_failed_init_with_its_exception() -> None:
    line = "[ERROR] Runtime.ImportModuleError: Unable to import module 'app.main': No module named 'x'\r"
    traceback = "Traceback (most recent call last):\n"
    status = "Status: error\tError Type: Runtime.ImportModuleError"
    found = only(
        [
            event(0, "INIT_START Runtime Version: python:3.13.v20\tRuntime Version ARN: arn:x"),
            event(80, line + traceback),
            event(
                81,
                f"INIT_REPORT Init Duration: 83.58 ms\tPhase: init\t{status}",
            ),
            event(200, line + traceback),
            event(
                201,
                f"INIT_REPORT Init Duration: 91.20 ms\tPhase: invoke\t{status}",
            ),
            event(202, start("r1")),
            event(210, end("r1")),
            event(210, report("r1", 95.78, status)),
        ]
    )
    assert (found.cold, found.kind, found.init_ms) == (True, InitKind.FAILED, 91.2)
    assert found.error is not None
    assert (found.error.kind, found.error.error_type) == (FailureKind.INIT, "Runtime.ImportModuleError")
    assert found.error.message == "Unable to import module 'app.main': No module named 'x'"
    assert found.at_ms == T


def test_an_init_that_timed_out_once_and_then_succeeded_is_suppressed_not_an_error() -> None:
    found = only(
        [
            event(0, "INIT_START Runtime Version: python:3.13.v20\tRuntime Version ARN: arn:x"),
            event(10_009, "INIT_REPORT Init Duration: 10009.13 ms\tPhase: init\tStatus: timeout"),
            event(10_010, start("r1")),
            event(22_000, report("r1", 11_900.0)),
        ]
    )
    assert (found.kind, found.error) == (InitKind.SUPPRESSED, None)
    assert found.notes == ("the first init failed; it was repeated inside the invocation",)


def test_provisioned_concurrency_is_an_init_that_nobody_waited_for() -> None:
    found = only(
        [
            event(0, "INIT_START Runtime Version: python:3.13.v20\tRuntime Version ARN: arn:x"),
            event(700, "INIT_REPORT Init Duration: 690.00 ms"),
            event(3_600_000, start("r1")),
            event(3_600_010, report("r1", 9.0, "Init Duration: 690.00 ms\t")),
        ]
    )
    assert (found.cold, found.kind, found.init_ms) == (False, InitKind.PROVISIONED, 690.0)
    assert found.notes == ("initialized 3599 s before the invocation",)


def test_a_snapstart_restore() -> None:
    found = only(
        [
            event(0, "RESTORE_START Runtime Version: python:3.12.v1\tRuntime Version ARN: arn:x"),
            event(400, "RESTORE_REPORT Restore Duration: 398.97 ms"),
            event(401, start("r1")),
            event(410, report("r1", 9.0, "Restore Duration: 398.97 ms\tBilled Restore Duration: 182 ms")),
        ]
    )
    assert (found.cold, found.kind, found.init_ms) == (True, InitKind.SNAP_START, 398.97)
    assert found.runtime_version == "python:3.12.v1"


def test_managed_instances_run_several_invocations_at_once_on_one_stream() -> None:
    events = [
        event(0, platform("initStart", initializationType="lambda-managed-instances", phase="init")),
        event(1, platform("start", requestId="r1", version="3")),
        event(2, platform("start", requestId="r2", version="3")),
        event(3, '{"level":"INFO","message":"of r1","requestId":"r1"}'),
        event(4, platform("report", requestId="r2", status="success", metrics={"durationMs": 2.5})),
        event(5, platform("report", requestId="r1", status="success", metrics={"durationMs": 4.0})),
    ]
    found = {item.request_id: item for item in pair(events, keep_events=True)}
    assert (found["r1"].kind, found["r1"].cold, found["r2"].kind) == (InitKind.MANAGED, False, None)
    assert [item.timestamp_ms - T for item in found["r1"].events] == [0, 1, 3, 5]
    assert [item.timestamp_ms - T for item in found["r2"].events] == [2, 4]


def test_a_kill_at_the_memory_limit_is_out_of_memory_and_any_other_an_exit() -> None:
    killed = "RequestId: {} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n"
    full = (
        "REPORT RequestId: r1\tDuration: 9.00 ms\tBilled Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB"
    )
    first, second = paired(
        [
            event(0, start("r1")),
            event(9, killed.format("r1")),
            event(10, full),
            event(20, start("r2")),
            event(29, killed.format("r2")),
            event(30, report("r2")),
        ]
    )
    assert first.error is not None
    assert second.error is not None
    assert (first.error.kind, first.error.message) == (
        FailureKind.OUT_OF_MEMORY,
        "out of memory: 128 MB used of 128 MB",
    )
    assert (second.error.kind, second.error.message) == (FailureKind.EXIT, "signal: killed")


def test_an_exception_that_left_the_handler_is_an_error_but_leaves_the_process_alive() -> None:
    first, second = paired(
        [
            event(0, start("r1")),
            event(5, '[ERROR] ValueError: no image\rTraceback (most recent call last):\r  File "a.py", line 1\n'),
            event(10, report("r1")),
            event(20, start("r2")),
            event(30, report("r2")),
        ]
    )
    assert first.error is not None
    assert first.error.exception is not None
    assert (first.error.kind, first.error.error_type, first.error.message) == (
        FailureKind.EXCEPTION,
        "ValueError",
        "no image",
    )
    assert (second.kind, second.error) == (None, None)


def test_a_logged_and_handled_exception_is_no_error() -> None:
    line = (
        "[ERROR]\t2026-11-23T02:48:41.886Z\tr1\tretrying\nTraceback (most recent call last):\n  File\nValueError: x\n"
    )
    assert only([event(0, start("r1")), event(5, line), event(10, report("r1"))]).error is None


def test_the_init_record_is_joined_by_its_request_id() -> None:
    body = {"version": 1, "observed_init_ms": 265.1, "initialization_type": "on-demand"}
    line = json.dumps({"function_request_id": "r1", "function_name": "from-record", "monitor_init": body})
    found = only([event(0, start("r1")), event(5, line), event(10, report("r1", tail="Init Duration: 300.00 ms"))])
    assert found.init_record is not None
    assert (found.init_record.observed_init_ms, found.init_ms) == (265.1, 300.0)
    assert found.function == "analyzer"


def test_an_init_record_without_an_init_duration_means_that_the_init_was_suppressed() -> None:
    body = {"version": 1, "observed_init_ms": 265.1, "initialization_type": "on-demand"}
    line = json.dumps({"function_request_id": "r1", "monitor_init": body})
    found = only([event(0, start("r1")), event(5, line), event(10, report("r1"))])
    assert (found.kind, found.cold, found.init_ms) == (InitKind.SUPPRESSED, True, None)


def test_lines_without_a_stream_are_told_apart_by_request_id_and_nothing_is_inferred_across_them() -> None:
    found = paired(
        [
            event(0, "INIT_START Runtime Version: python:3.13.v20\tRuntime Version ARN: arn:x", ""),
            event(1, start("warm"), ""),
            event(2, start("cold"), ""),
            event(9, report("warm"), ""),
            event(10, report("cold", tail="Init Duration: 300.00 ms"), ""),
        ]
    )
    assert {item.request_id: (item.kind, item.init_ms) for item in found} == {
        "warm": (None, None),
        "cold": (InitKind.ON_DEMAND, 300.0),
    }


def test_a_doubled_report_and_start_count_once_and_are_noted() -> None:
    found = only([event(0, start("r1")), event(0, start("r1")), event(9, report("r1")), event(9, report("r1"))])
    assert found.notes == ("START twice", "REPORT twice")


def test_a_retry_of_the_same_request_is_an_invocation_of_its_own() -> None:
    found = paired(
        [event(0, start("r1")), event(9, report("r1")), event(60_000, start("r1")), event(60_009, report("r1", 8.0))]
    )
    assert [(item.start_ms, item.end_ms) for item in found] == [(T, T + 9), (T + 60_000, T + 60_009)]


def test_a_report_that_cannot_be_read_is_counted_on_its_invocation() -> None:
    found = only([event(0, start("r1")), event(9, "REPORT RequestId: r1\tDura")])
    assert found.malformed == 1
    assert found.notes == ("a report record cannot be read: no Duration",)
    assert isinstance(found.report, Missing)


def test_unreadable_records_that_belong_to_nobody_are_counted_by_the_pairing() -> None:
    pairing = Pairing()
    line = event(0, "REPORT nonsense")
    assert pairing.add(line, parse_fact(line.message)) == []
    assert pairing.finish() == []
    assert pairing.malformed == 1


def test_with_its_lines_an_invocation_holds_those_of_its_init_and_those_after_report() -> None:
    events = [
        event(0, "INIT_START Runtime Version: python:3.13.v20\tRuntime Version ARN: arn:x"),
        event(1, "printed while importing"),
        event(2, start("r1")),
        event(3, "hello"),
        event(4, report("r1", 3000.0, "Init Duration: 1.00 ms")),
        event(5, "2026-11-23T02:48:44.886Z r1 Task timed out after 3.00 seconds"),
        event(6, start("r2")),
        event(7, "second"),
        event(8, report("r2")),
    ]
    first, second = pair(events, keep_events=True)
    assert first.events == tuple(events[:6])
    assert second.events == tuple(events[6:])
    assert paired(events)[0].events == ()


def test_an_invocation_comes_out_soon_after_it_ended_not_at_the_end_of_the_log() -> None:
    pairing = Pairing()

    def feed(item: LogEvent) -> list[str]:
        return [found.request_id for found in pairing.add(item, parse_fact(item.message))]

    assert feed(event(0, start("r1"))) == []
    assert feed(event(9, report("r1"))) == []
    assert feed(event(10, start("r2"))) == []
    assert feed(event(20, report("r2"))) == []
    assert feed(event(30, start("r3"))) == []
    assert feed(event(40, report("r3"))) == ["r1"]
    assert feed(event(6_000, start("b1"), B)) == ["r2", "r3"]


def test_what_is_kept_does_not_grow_with_the_number_of_invocations() -> None:
    pairing = Pairing()
    emitted = 0
    most = 0
    for number in range(20_000):
        stream = f"2026/11/23/[7]{number % 5}-{number // 500}"
        for item in (
            event(number * 20, start(str(number)), stream),
            event(number * 20 + 9, report(str(number)), stream),
        ):
            emitted += len(pairing.add(item, parse_fact(item.message)))
        most = max(most, len(pairing._environments) + len(pairing._lingering))
    emitted += len(pairing.finish())
    assert emitted == 20_000
    assert most < 600


def test_an_environment_that_lambda_made_in_advance_is_no_cold_start() -> None:
    early, prompt = paired(
        [
            event(0, "INIT_START Runtime Version: python:3.13.v20\tRuntime Version ARN: arn:x"),
            event(10_480, start("r1")),
            event(10_490, report("r1", 9.0, "Init Duration: 480.00 ms\t")),
            event(0, "INIT_START Runtime Version: python:3.13.v20\tRuntime Version ARN: arn:x", B),
            event(10_479, start("r2"), B),
            event(10_490, report("r2", 9.0, "Init Duration: 480.00 ms\t"), B),
        ]
    )
    assert (early.kind, early.cold, early.init_ms) == (InitKind.PROACTIVE, False, 480.0)
    assert early.notes == ("initialized 10 s before the invocation",)
    assert (prompt.kind, prompt.cold) == (InitKind.ON_DEMAND, True)


def test_an_init_record_says_that_the_environment_was_made_in_advance() -> None:
    record = {
        "message": "monitor.init",
        "function_request_id": "r1",
        "monitor_init": {"version": 1, "observed_init_ms": 400.0, "start": "proactive", "invoked_after_ms": 61_000.0},
    }
    found = only([event(0, start("r1")), event(1, json.dumps(record)), event(9, report("r1", 9.0))])
    assert (found.kind, found.cold) == (InitKind.PROACTIVE, False)
    assert found.notes == ("initialized 61 s before the invocation",)


def test_a_durable_execution_that_was_resumed_is_no_cold_start_by_its_init_record() -> None:
    record = {
        "message": "monitor.init",
        "function_request_id": "r1",
        "monitor_init": {"version": 1, "observed_init_ms": 400.0, "start": "durable-replay"},
    }
    found = only(
        [event(0, start("r1")), event(1, json.dumps(record)), event(9, report("r1", 9.0, "Init Duration: 480.00 ms\t"))]
    )
    assert (found.kind, found.cold, found.init_ms) == (InitKind.REPLAY, False, 480.0)


def test_a_failed_import_is_one_failed_start_whose_caller_waited_for_both_tries() -> None:
    failed = "Status: error\tError Type: Runtime.ImportModuleError"
    found = only(
        [
            event(0, "INIT_START Runtime Version: python:3.13.v20\tRuntime Version ARN: arn:x"),
            event(120, f"INIT_REPORT Init Duration: 120.11 ms\tPhase: init\t{failed}"),
            event(250, f"INIT_REPORT Init Duration: 127.68 ms\tPhase: invoke\t{failed}"),
            event(250, start("r1")),
            event(258, report("r1", 137.75, failed)),
        ]
    )
    assert (found.kind, found.cold, found.init_ms, found.failed_init_ms) == (InitKind.FAILED, True, 127.68, 120.11)
    assert found.error is not None
    assert (found.error.kind, found.error.error_type) == (FailureKind.INIT, "Runtime.ImportModuleError")
    cold = cold_start(found)
    assert cold is not None
    assert (cold.before_ms, cold.first_total_ms) == (120.11, 120.11 + 137.75)


def test_an_init_that_took_too_long_and_then_went_well_is_suppressed_and_both_were_waited_for() -> None:
    found = only(
        [
            event(0, "INIT_START Runtime Version: python:3.13.v20\tRuntime Version ARN: arn:x"),
            event(10_000, "INIT_REPORT Init Duration: 9999.50 ms\tPhase: init\tStatus: timeout"),
            event(10_010, start("r1")),
            event(22_000, report("r1", 12_000.0)),
        ]
    )
    assert (found.kind, found.cold, found.init_ms, found.failed_init_ms) == (InitKind.SUPPRESSED, True, None, 9999.5)
    cold = cold_start(found)
    assert cold is not None
    assert cold.first_total_ms == 9999.5 + 12_000.0


def test_what_follows_a_report_belongs_to_it_in_a_log_of_reports_alone() -> None:
    # As in a log that was filtered for REPORT and `Task timed out`.
    timed_out = "2026-11-23T02:00:00.030Z b Task timed out after 3.00 seconds\n"
    lines = [report("a"), report("b"), timed_out, report("c"), report("d"), report("d")]
    found = paired(event(at * 10, line) for at, line in enumerate(lines))
    assert [one.request_id for one in found] == ["a", "b", "c", "d"]
    assert [one.error.kind if one.error else None for one in found] == [None, FailureKind.TIMEOUT, None, None]
    assert found[3].notes == ("REPORT twice",)
