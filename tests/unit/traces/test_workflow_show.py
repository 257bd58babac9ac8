"""One trace, shown by whatever a person has in hand: what it holds, and that nothing of it is computed twice."""

import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from monitor.aws.logs import LogGroupSource
from monitor.kernel.target import LogTarget
from monitor.kernel.window import Window
from monitor.logs.workflow_reading import Reading
from monitor.records.invocation import InitKind
from monitor.traces import analyze_invocations, analyze_waterfall, workflow_show
from monitor.traces.analyze_waterfall import lay_out
from monitor.traces.model import ShownTrace
from monitor.traces.workflow_file import choose_trace, read_file
from monitor.traces.workflow_show import IMPORTS_FROM_LOG, show_trace

SAMPLES = Path(__file__).parents[2] / "samples" / "traces"
BASE_S = 1_790_000_000
WINDOW = Window((BASE_S - 600) * 1000, (BASE_S + 600) * 1000)
TRACE_ID = f"1-{BASE_S:08x}-{7:024x}"
REQUEST = "5b86d4d4-0c1f-4d2c-9a0e-3f7e5b8f6a11"
STREAM = "2026/11/23/[1]aaaa"
REPORT = (
    f"REPORT RequestId: {REQUEST}\tDuration: 100.00 ms\tBilled Duration: 101 ms\tMemory Size: 512 MB\t"
    f"Max Memory Used: 90 MB\tInit Duration: 900.00 ms\t\nXRAY TraceId: {TRACE_ID}\tSegmentId: 11\tSampled: true\t\n"
)
RECORD = {
    "monitor_init": {
        "version": 1,
        "observed_init_ms": 800.0,
        "started_at_ms": BASE_S * 1000 + 50,
        "phases": [{"name": "application", "start_ms": 10.0, "duration_ms": 700.0}],
        "imports": {
            "count": 1,
            "total_ms": 600.0,
            "tree": [{"module": "boto3", "root": -1, "start_ms": 20.0, "self_ms": 600.0, "cumulative_ms": 600.0}],
        },
    },
    "function_request_id": REQUEST,
}
FAILED = [
    "INIT_START Runtime Version: python:3.12.v5\tRuntime Version ARN: arn:x",
    "INIT_REPORT Init Duration: 80.00 ms\tPhase: init\tStatus: error\tError Type: Runtime.Unknown",
    f"START RequestId: {REQUEST} Version: 1",
    REPORT.replace("\tInit Duration: 900.00 ms", ""),
]
LOGGED = [FAILED[0], FAILED[2], json.dumps(RECORD), REPORT]


def documents(init_s: float = 0.9) -> list[dict[str, Any]]:
    begun, end = BASE_S + 0.1 + init_s, BASE_S + 0.2 + init_s
    below = [{"id": "2" * 16, "name": "Invocation", "start_time": begun, "end_time": end}]
    if init_s:
        below.append({"id": "3" * 16, "name": "Initialization", "start_time": BASE_S + 0.1, "end_time": begun})
    service = {"id": "0" * 16, "name": "f", "origin": "AWS::Lambda", "start_time": BASE_S, "end_time": end}
    function = {"id": "1" * 16, "parent_id": "0" * 16, "name": "f", "origin": "AWS::Lambda::Function"}
    times = {"start_time": begun, "end_time": end, "subsegments": below}
    return [{**service, "aws": {"request_id": REQUEST}}, {**function, **times}]


class Account:
    """A connection to an account that holds one trace and the log of its function."""

    profile, region, where, local = None, "eu-west-1", "eu-west-1", True

    def __init__(self, lines: list[str], traced: list[dict[str, Any]]) -> None:
        self.lines, self.traced = lines, traced

    def call(self, service: str, operation: str, /, **asked: Any) -> dict[str, Any]:
        if operation == "BatchGetTraces":
            return {"Traces": [{"Id": TRACE_ID, "Segments": self.traced}]}
        assert operation == "GetTraceSegmentDestination"
        return {"Destination": "XRay", "Status": "ACTIVE"}

    def pages(self, service: str, operation: str, /, token: str, **asked: Any) -> Any:
        if operation == "GetTraceSummaries":
            yield {"TraceSummaries": [{"Id": TRACE_ID, "Duration": 1.1}]}
            return
        assert operation == "FilterLogEvents"
        yield {
            "events": [
                {"timestamp": BASE_S * 1000 + at, "message": line, "logStreamName": STREAM, "eventId": str(at)}
                for at, line in enumerate(self.lines)
            ]
        }

    def reading(self) -> Reading:
        target = LogTarget("f", "/aws/lambda/f", "eu-west-1", "f")
        return Reading((LogGroupSource(self, target),), (target,), (self,))  # type: ignore[arg-type]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Account]:
    def made(lines: list[str] = LOGGED, init_s: float = 0.9) -> Account:
        found = Account(lines, documents(init_s))
        monkeypatch.setattr(workflow_show, "open_target", lambda *_: found.reading())
        return found

    return made


def shown(account: Account, which: str, target: str | None = "f") -> ShownTrace:
    found = show_trace(account, which, target, WINDOW)  # type: ignore[arg-type]
    assert isinstance(found, ShownTrace)
    return found


COUNTED: dict[CodeType, str] = {
    function.__code__: function.__name__
    for function in (
        analyze_invocations.measure,
        analyze_invocations.invocations,
        analyze_waterfall.build_waterfall,
        analyze_waterfall.build_views,
    )
}


def calls(run: Callable[[], object]) -> dict[str, int]:
    """How often each step was taken, under whatever name it was imported."""
    counts: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code in COUNTED:
            counts[COUNTED[frame.f_code]] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(before)
    return dict(counts)


ONCE = {"measure": 1, "invocations": 1, "build_waterfall": 1, "build_views": 1}


def test_a_trace_by_its_id_is_measured_and_laid_out_once(account: Callable[..., Account]) -> None:
    held = account(["nothing of this request"], 0.0)
    assert calls(lambda: shown(held, TRACE_ID)) == ONCE


@pytest.mark.parametrize("which", [TRACE_ID, REQUEST])
def test_imports_of_the_log_are_put_in_before_it_is_laid_out(account: Callable[..., Account], which: str) -> None:
    held = account()
    # The spans of a tree with imports are new ones: its invocations are found again, their figures stay.
    assert calls(lambda: shown(held, which)) == ONCE | {"invocations": 2}
    found = shown(held, which)
    assert [row.name for row in found.waterfall.rows if row.name == "boto3"] == ["boto3"]
    assert found.notes == (IMPORTS_FROM_LOG,)


@pytest.mark.parametrize("which", ["latest", "slowest-cold"])
def test_a_trace_that_is_looked_for_is_measured_once_for_the_list_and_once_as_shown(
    account: Callable[..., Account], which: str
) -> None:
    held = account()
    assert calls(lambda: shown(held, which)) == {
        "measure": 2,
        "invocations": 3,
        "build_waterfall": 1,
        "build_views": 1,
    }


@pytest.mark.parametrize("which", [TRACE_ID, REQUEST])
def test_an_init_that_failed_is_taken_off_the_environment_once(account: Callable[..., Account], which: str) -> None:
    (figures,) = shown(account(FAILED, 0.0), which).figures
    # Of the 100 ms before the invocation 80 were the init that failed.
    assert (figures.kind, figures.init_ms, figures.environment_ms) == (InitKind.SUPPRESSED, 80.0, pytest.approx(20.0))


@pytest.mark.parametrize(
    ("which", "measured"), [("slowest-cold", 3), ("latest", 1), (TRACE_ID, 1), ("another-request", 2)]
)
def test_a_trace_of_a_file_is_measured_once_and_the_chosen_one_laid_out_once(
    tmp_path: Path, which: str, measured: int
) -> None:
    path = tmp_path / "saved.json"
    traces = []
    for number, request_id in ((7, REQUEST), (8, "another-request"), (9, "a-third")):
        segments = json.loads(json.dumps(documents()).replace(REQUEST, request_id))
        traces.append({"Id": f"1-{BASE_S:08x}-{number:024x}", "Segments": segments})
    path.write_text(json.dumps({"Traces": traces}))
    counts = calls(lambda: lay_out(choose_trace(read_file(str(path)), which, "saved")))
    assert counts == {"measure": measured, "invocations": measured, "build_waterfall": 1, "build_views": 1}
