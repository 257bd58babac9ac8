"""What extensions added to a start, from the end of its log."""

import json
from typing import Any

import pytest

from monitor.kernel.missing import Missing
from monitor.measure.parse_tail import extension_times

ID = "8286a188-ba32-4475-8077-530cd35c09a9"
EXTENSION = "EXTENSION\tName: telemetry\tState: Ready\tEvents: [INVOKE, SHUTDOWN]"
REPORT = f"REPORT RequestId: {ID}\tDuration: 20.00 ms\tBilled Duration: 520 ms\tMemory Size: 512 MB\t"


def event(kind: str, at: str, **record: Any) -> str:
    return json.dumps({"time": f"2026-11-30T10:00:{at}Z", "type": f"platform.{kind}", "record": record})


def events(*, extension: bool = True, debug: bool = True) -> str:
    named = [event("extension", "00.300", name="telemetry", state="Ready", events=["INVOKE"])] * extension
    ready = [event("initRuntimeDone", "00.400", initializationType="on-demand", status="success")] * debug
    ended = [event("initReport", "00.650", initializationType="on-demand", metrics={"durationMs": 650.0})] * debug
    done = [event("runtimeDone", "00.900", requestId=ID, status="success", metrics={"durationMs": 12.0})] * debug
    report = event(
        "report", "01.000", requestId=ID, status="success", metrics={"durationMs": 20.5, "initDurationMs": 1}
    )
    start = event("initStart", "00.000", initializationType="on-demand", phase="init")
    return "\n".join([start, *named, *ready, *ended, *done, report])


def test_times_of_the_platform_s_events_give_the_extensions_share() -> None:
    found = extension_times(events())
    assert found.names == ("telemetry",)
    assert found.init_ms == pytest.approx(250)
    assert found.after_response_ms == pytest.approx(8.5)


def test_a_start_without_extensions_has_a_share_of_zero() -> None:
    for tail in (events(extension=False), f"INIT_START Runtime Version: python:3.13.v1\n{REPORT}"):
        assert extension_times(tail).init_ms == 0.0


def test_without_times_of_the_runtime_the_share_is_missing_and_not_zero() -> None:
    for tail in (events(debug=False), f"INIT_START Runtime Version: python:3.13.v1\n{EXTENSION}\n{REPORT}"):
        found = extension_times(tail)
        assert found.names == ("telemetry",)
        assert isinstance(found.init_ms, Missing)
        assert "system log level DEBUG" in found.init_ms.reason


@pytest.mark.parametrize("tail", ["", REPORT, '{"time": 5, "type": 1}', "{" * 500, '{"type": "platform.initReport"}'])
def test_a_log_that_does_not_reach_back_to_init_says_so(tail: str) -> None:
    found = extension_times(tail)
    assert isinstance(found.init_ms, Missing)
    assert "does not reach back" in found.init_ms.reason
