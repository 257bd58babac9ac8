from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.local.functions.platform_log import (
    Exited,
    InitReport,
    InitStart,
    PlatformEvent,
    Report,
    Start,
    TimedOut,
    TraceRef,
    json_lines,
    text_lines,
)
from monitor.records import record
from monitor.records.message import parse_message

NOW_MS = 1_795_402_121_886  # 2026-11-23T02:48:41.886Z
PLAIN = TraceRef("1-5e34a614-10bdabcdabcdabcdabcdabcd", "07f5abcdabcdabcd", sampled=False)
TRACED = replace(PLAIN, sampled=True)
REPORT = Report(
    request_id="5b86",
    duration_ms=133.614,
    billed_ms=214,
    memory_mb=128,
    max_memory_mb=31,
    produced_bytes=2,
    trace=PLAIN,
    init_ms=80.0,
)


def test_text_lines_have_lambdas_form() -> None:
    assert text_lines(InitStart("python:3.11.7", "arn:r", "init"), NOW_MS) == [
        "INIT_START Runtime Version: python:3.11.7\tRuntime Version ARN: arn:r\n"
    ]
    assert text_lines(Start("5b86", "$LATEST", PLAIN), NOW_MS) == ["START RequestId: 5b86 Version: $LATEST\n"]
    assert text_lines(TimedOut("5b86", 3), NOW_MS) == [
        "2026-11-23T02:48:41.886Z 5b86 Task timed out after 3.00 seconds\n\n"
    ]
    assert text_lines(Exited("5b86", "Runtime exited with error: signal: killed"), NOW_MS) == [
        "RequestId: 5b86 Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n"
    ]
    assert text_lines(InitReport(10000.004, "init", "timeout", ""), NOW_MS) == [
        "INIT_REPORT Init Duration: 10000.00 ms\tPhase: init\tStatus: timeout\n"
    ]
    assert text_lines(InitReport(83.58, "invoke", "error", "Runtime.ImportModuleError"), NOW_MS) == [
        "INIT_REPORT Init Duration: 83.58 ms\tPhase: invoke\tStatus: error\tError Type: Runtime.ImportModuleError\n"
    ]


def test_a_text_report_is_tabbed_and_ends_with_a_tab() -> None:
    end, report = text_lines(REPORT, NOW_MS)

    assert end == "END RequestId: 5b86\n"
    assert report == (
        "REPORT RequestId: 5b86\tDuration: 133.61 ms\tBilled Duration: 214 ms\tMemory Size: 128 MB"
        "\tMax Memory Used: 31 MB\tInit Duration: 80.00 ms\t\n"
    )


def test_a_text_report_names_the_status_only_when_the_runtime_failed() -> None:
    failed = replace(REPORT, init_ms=None, status="error", error_type="Runtime.ExitError", platform_failed=True)
    timed_out = replace(REPORT, status="timeout", platform_failed=True, trace=TRACED)

    assert text_lines(failed, NOW_MS)[1].endswith("31 MB\tStatus: error\tError Type: Runtime.ExitError\n")
    assert text_lines(timed_out, NOW_MS)[1].endswith(
        "Init Duration: 80.00 ms\tStatus: timeout\n"
        "XRAY TraceId: 1-5e34a614-10bdabcdabcdabcdabcdabcd\tSegmentId: 07f5abcdabcdabcd\tSampled: true\t\n"
    )
    assert "Status" not in text_lines(replace(REPORT, status="error", error_type="ValueError"), NOW_MS)[1]


def test_a_successful_on_demand_init_writes_no_report_line() -> None:
    assert text_lines(InitReport(80, "init", "success", ""), NOW_MS) == []
    assert text_lines(InitStart("python:3.11.7", "arn:r", "invoke"), NOW_MS) == []


def test_json_lines_are_the_telemetry_schemas_events() -> None:
    (start,) = json_lines(Start("5b86", "3", TRACED), NOW_MS)
    (report,) = json_lines(REPORT, NOW_MS)

    assert start == (
        '{"time":"2026-11-23T02:48:41.886Z","type":"platform.start","record":{"requestId":"5b86","version":"3",'
        '"tracing":{"spanId":"07f5abcdabcdabcd","type":"X-Amzn-Trace-Id",'
        '"value":"Root=1-5e34a614-10bdabcdabcdabcdabcdabcd;Parent=07f5abcdabcdabcd;Sampled=1"}}}\n'
    )
    assert report == (
        '{"time":"2026-11-23T02:48:41.886Z","type":"platform.report","record":{"requestId":"5b86",'
        '"status":"success","metrics":{"durationMs":133.614,"billedDurationMs":214,"memorySizeMB":128,'
        '"maxMemoryUsedMB":31,"initDurationMs":80.0}}}\n'
    )


@pytest.mark.parametrize(
    ("level", "success", "failure"),
    [("DEBUG", ["runtimeDone", "report"], 2), ("INFO", ["report"], 2), ("WARN", [], 2)],
)
def test_json_lines_obey_the_system_log_level(level: str, success: list[str], failure: int) -> None:
    lines = json_lines(REPORT, NOW_MS, level)
    failed = json_lines(replace(REPORT, status="timeout"), NOW_MS, level)

    assert [kind for line in lines for kind in ("runtimeDone", "report") if f'"platform.{kind}"' in line] == success
    assert len(failed) == failure


def test_json_shows_a_folded_init_at_info_and_a_plain_one_not() -> None:
    assert json_lines(InitReport(80, "init", "success", ""), NOW_MS) == []
    assert '"phase":"invoke","status":"success"' in json_lines(InitReport(80, "invoke", "success", ""), NOW_MS)[0]


def records_of(lines: list[str]) -> list[record.Record]:
    return [parse_message(line) for line in lines]


_figures = st.integers(0, 10**8).map(lambda hundredths: hundredths / 100)
_reports = st.builds(
    Report,
    request_id=st.uuids().map(str),
    duration_ms=_figures,
    billed_ms=st.integers(0, 10**7),
    memory_mb=st.integers(128, 10_240),
    max_memory_mb=st.integers(1, 10_240),
    produced_bytes=st.integers(0, 6_000_000),
    trace=st.sampled_from([PLAIN, TRACED]),
    init_ms=st.none() | _figures,
    status=st.sampled_from(["success", "error", "timeout"]),
    error_type=st.sampled_from(["", "Runtime.ExitError"]),
    platform_failed=st.just(True),
)


@given(_reports)
def test_what_is_written_of_an_invocation_is_what_is_read(report: Report) -> None:
    _, text = records_of(text_lines(report, NOW_MS))
    done, event = records_of(json_lines(report, NOW_MS, "DEBUG"))

    figures = (report.duration_ms, report.billed_ms, report.memory_mb, report.max_memory_mb, report.init_ms)
    for found in (text, event):
        assert isinstance(found, record.Report)
        assert (found.duration_ms, found.billed_ms, found.memory_mb, found.max_memory_mb, found.init_ms) == figures
        assert (found.request_id, found.status) == (report.request_id, report.status)
        assert found.trace_id == (report.trace.trace_id if report.trace.sampled else None)
    assert isinstance(done, record.RuntimeDone)
    assert (done.duration_ms, done.produced_bytes) == (report.duration_ms, report.produced_bytes)


@pytest.mark.parametrize(
    ("event", "text", "document"),
    [
        (Start("5b86", "3", PLAIN), record.Start("5b86", "3"), record.Start("5b86", "3")),
        (TimedOut("5b86", 3), record.TimedOut("5b86", 3.0), None),
        (
            Exited("5b86", "Runtime exited with error: signal: killed"),
            record.Exited("5b86", "signal: killed", "Runtime.ExitError"),
            None,
        ),
        (
            InitStart("python:3.11.7", "arn:r", "init"),
            record.InitStart("python:3.11.7", "arn:r"),
            record.InitStart("python:3.11.7", "arn:r", "on-demand", "init"),
        ),
        (
            InitReport(80.5, "init", "error", "Runtime.ExitError"),
            record.InitReport(80.5, "init", "error", "Runtime.ExitError"),
            record.InitReport(80.5, "init", "error", "Runtime.ExitError", "on-demand"),
        ),
    ],
)
def test_what_is_written_of_an_environment_is_what_is_read(
    event: PlatformEvent, text: record.Record, document: record.Record | None
) -> None:
    assert records_of(text_lines(event, NOW_MS)) == [text]
    assert records_of(json_lines(event, NOW_MS, "DEBUG")) == ([] if document is None else [document])
