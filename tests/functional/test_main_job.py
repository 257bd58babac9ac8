"""The main job: a function that ran on the stack is found again, to the digit, by every command."""

from tests.functional.conftest import COLD, WARM, Driven, Run

ALL = COLD + WARM + 1


def test_tail_prints_every_event_once_with_reports_parsed(monitor: Run, driven: Driven) -> None:
    done = monitor("--local", "tail", driven.function, "--since", "1h", "--no-follow", "-o", "json")
    assert done.code == 0, done.err
    events = done.lines
    ids = [event["event_id"] for event in events]
    assert len(ids) == len(set(ids)) > ALL
    reports = [event["record"] for event in events if event["record"]["record_kind"] == "report"]
    assert [report["request_id"] for report in reports] == [result.request_id for result in driven.results]
    assert [report["duration_ms"] for report in reports] == [
        result.report.duration_ms for result in driven.results if result.report
    ]
    kinds = {event["record"]["record_kind"] for event in events}
    assert {"start", "end", "report", "metrics", "init_record", "application"} <= kinds


def test_coldstarts_reports_exactly_those_that_were_made(monitor: Run, driven: Driven) -> None:
    done = monitor("--local", "coldstarts", driven.function, "--since", "1h", "-o", "json")
    assert done.code == 0, done.err
    (summary,) = done.json["summaries"]
    assert (summary["invocations"], summary["cold_starts"]) == (ALL, COLD)
    found = [(one["request_id"], one["init_ms"], one["duration_ms"]) for one in done.json["cold_starts"]]
    assert found == [
        (result.request_id, result.report.init_ms, result.report.duration_ms) for result in driven.cold if result.report
    ]
    assert summary["init"]["max"] == max(init_ms for _, init_ms, _ in found)
    packages = {row["package"] for row in done.json["imports"]}
    assert {"fastapi", "app"} <= packages


def test_the_init_record_lies_within_the_init_that_was_measured_outside(monitor: Run, driven: Driven) -> None:
    done = monitor("--local", "coldstarts", driven.function, "--since", "1h", "-o", "json")
    for one in done.json["cold_starts"]:
        observed_ms = one["init_record"]["observed_init_ms"]
        assert observed_ms <= one["init_ms"] * 1.05 + 12
        assert observed_ms >= one["init_ms"] * 0.5


def test_traces_of_every_traced_invocation_are_listed(monitor: Run, driven: Driven) -> None:
    done = monitor("--local", "traces", "list", driven.function, "--since", "1h", "-o", "json")
    assert done.code == 0, done.err
    by_request = {one["figures"]["request_id"]: one["figures"] for one in done.lines}
    traced = [result for result in driven.results if result.report and result.report.sampled]
    assert traced
    assert set(by_request) == {result.request_id for result in traced}
    for result in traced:
        assert result.report is not None
        assert by_request[result.request_id]["cold"] is result.is_cold


def test_metrics_agree_with_the_log(monitor: Run, driven: Driven) -> None:
    done = monitor("--local", "metrics", driven.function, "--since", "1h", "-o", "json")
    assert done.code == 0, done.err
    (row,) = done.json
    reports = [result.report for result in driven.results if result.report]
    assert (row["invocations"], row["errors"], row["throttles"]) == (ALL, 1, 0)
    assert row["cold_starts"] == COLD
    assert row["max_duration_ms"] == max(report.duration_ms for report in reports if report.duration_ms is not None)


def test_show_joins_lines_report_init_record_and_trace(monitor: Run, driven: Driven) -> None:
    slowest = max(driven.cold, key=lambda result: (result.report.init_ms or 0) + (result.report.duration_ms or 0))
    done = monitor("--local", "show", "slowest-cold", driven.function, "--since", "1h", "-o", "json")
    assert done.code == 0, done.err
    invocation = done.json["invocation"]
    assert invocation["request_id"] == slowest.request_id
    assert invocation["init_record"]["imports"]["tree"]
    assert done.json["trace"]["trace"]["id"] == invocation["trace_id"]
    named = monitor("--local", "show", slowest.request_id, driven.function, "--since", "1h")
    assert named.code == 0, named.err
    assert slowest.request_id in named.out


def test_traces_show_draws_the_init_and_its_imports(monitor: Run, driven: Driven) -> None:
    done = monitor("--local", "traces", "show", "slowest-cold", driven.function, "--since", "1h")
    assert done.code == 0, done.err
    assert "Init" in done.out
    assert "fastapi" in done.out
    assert all(len(line) <= 120 for line in done.out.splitlines())


def test_an_error_is_seen_by_show_latest(monitor: Run, driven: Driven) -> None:
    done = monitor("--local", "show", "latest", driven.function, "--since", "1h")
    assert done.code == 0, done.err
    assert driven.results[-1].request_id in done.out
    assert "exception" in done.out


def test_function_show_hides_the_environment_s_values(monitor: Run, driven: Driven) -> None:
    done = monitor("--local", "function", "show", driven.function)
    assert done.code == 0, done.err
    assert "MONITOR_HANDLER" in done.out
    assert "app.main.handler" not in done.out


def test_doctor_finds_the_stack_well(monitor: Run, driven: Driven) -> None:
    done = monitor("--local", "doctor", "-o", "json")
    assert done.code == 0, done.err
    assert {check["outcome"] for check in done.json} == {"ok"}
