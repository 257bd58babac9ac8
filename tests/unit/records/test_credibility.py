"""What a function prints does not change what happened, however much it looks like a line of Lambda's platform."""

import json

import pytest

from monitor.coldstarts.model import By
from monitor.records.event import LogEvent
from monitor.records.invocation import InitKind, Invocation
from monitor.records.pairing import pair
from tests.unit.records.test_conformance import quick_and_full

AT_MS = 1_795_784_400_000
STREAM = "2026/11/27/[$LATEST]" + "a" * 32
OTHER_ID = "ffffffff-1c2d-4e3f-8a9b-0123456789ab"
IDS = [f"{letter * 8}-1c2d-4e3f-8a9b-0123456789ab" for letter in "abc"]
FIGURES = "Duration: 30.00 ms\tBilled Duration: 31 ms\tMemory Size: 512 MB\tMax Memory Used: 91 MB"
LONGER = FIGURES.replace("30.00", "9999.00")
INIT = "INIT_START Runtime Version: python:3.13.v60\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:ab"


def event(kind: str, **record: object) -> str:
    return json.dumps({"time": "2026-11-27T13:00:00.450Z", "type": f"platform.{kind}", "record": record})


def messages(printed: list[str], cold: bool) -> list[str]:
    """A cold invocation and two warm ones; the first, or the second, prints something."""
    found = [INIT]
    for number, request_id in enumerate(IDS):
        init = "" if number else "\tInit Duration: 400.25 ms"
        prints = printed if number == (0 if cold else 1) else []
        found += [f"START RequestId: {request_id} Version: $LATEST", *prints, f"END RequestId: {request_id}"]
        found.append(f"REPORT RequestId: {request_id}\t{FIGURES}{init}")
    return found


def paired(lines: list[str], stream: str = STREAM) -> list[Invocation]:
    return list(pair(LogEvent(AT_MS + at * 10, one, stream, "/aws/lambda/f") for at, one in enumerate(lines)))


def printed_lines(own: str) -> dict[str, list[str]]:
    return {
        "its own REPORT": [f"REPORT RequestId: {own}\t{LONGER}"],
        "its own REPORT with an init": [f"REPORT RequestId: {own}\t{LONGER}\tInit Duration: 5000 ms"],
        "another's REPORT": [f"REPORT RequestId: {OTHER_ID}\t{LONGER}\tInit Duration: 5000 ms"],
        "a whole other invocation": [
            f"START RequestId: {OTHER_ID} Version: 7",
            f"END RequestId: {OTHER_ID}",
            f"REPORT RequestId: {OTHER_ID}\t{LONGER}\tInit Duration: 5000 ms",
        ],
        "INIT_START": [INIT],
        "INIT_START and INIT_REPORT": [INIT, "INIT_REPORT Init Duration: 9999 ms\tPhase: invoke"],
        "a restore": [
            "RESTORE_START Runtime Version: x\tRuntime Version ARN: y",
            "RESTORE_REPORT Restore Duration: 5 ms",
        ],
        "a report in JSON": [event("report", requestId=own, metrics={"durationMs": 9999, "initDurationMs": 5000})],
        "an init in JSON": [event("initStart", initializationType="provisioned-concurrency", phase="init")],
        "END and REPORT": [f"END RequestId: {own}", f"REPORT RequestId: {own}\t{LONGER}"],
    }


@pytest.mark.parametrize("what", printed_lines(""))
@pytest.mark.parametrize("cold", [True, False])
def test_what_a_function_prints_changes_no_figure(what: str, cold: bool) -> None:
    lines = messages(printed_lines(IDS[0 if cold else 1])[what], cold)
    found = paired(lines)
    assert [one.request_id for one in found] == IDS
    assert [one.kind for one in found] == [InitKind.ON_DEMAND, None, None]
    assert [one.init_ms for one in found] == [400.25, None, None]
    assert {one.report.duration_ms for one in found if one.report is not None} == {30.0}  # type: ignore[union-attr]
    assert not any(one.error for one in found)
    # What was ignored is named.
    assert any(one.notes for one in found)


@pytest.mark.parametrize("what", printed_lines(""))
@pytest.mark.parametrize("cold", [True, False])
def test_the_quick_reader_ignores_the_same(what: str, cold: bool) -> None:
    lines = messages(printed_lines(IDS[0 if cold else 1])[what], cold)
    text = "".join(f"2026-11-27T13:00:00.{at:03d}000+00:00 {STREAM} {line}\n" for at, line in enumerate(lines))
    quick, full = quick_and_full(text, By.KIND)
    assert quick == full


def test_a_report_that_is_printed_long_before_the_end_is_counted_once() -> None:
    lines = messages([f"REPORT RequestId: {IDS[1]}\t{LONGER}"], cold=False)
    events = [LogEvent(AT_MS + at * 8_000, one, STREAM, "g") for at, one in enumerate(lines)]
    assert [one.request_id for one in pair(events)] == IDS


def test_an_init_inside_an_invocation_after_a_crash_is_lambda_s() -> None:
    crashed = [
        INIT,
        f"START RequestId: {IDS[0]} Version: $LATEST",
        f"RequestId: {IDS[0]} Error: Runtime exited with error: exit status 1\nRuntime.ExitError",
        f"END RequestId: {IDS[0]}",
        f"REPORT RequestId: {IDS[0]}\t{FIGURES}\tInit Duration: 400.25 ms\tStatus: error\tError Type: Runtime.X",
        f"START RequestId: {IDS[1]} Version: $LATEST",
        INIT,
        f"END RequestId: {IDS[1]}",
        f"REPORT RequestId: {IDS[1]}\t{FIGURES}",
    ]
    assert [one.kind for one in paired(crashed)] == [InitKind.ON_DEMAND, InitKind.SUPPRESSED]


def test_requests_that_run_at_once_on_a_managed_instance_are_all_counted() -> None:
    lines = [event("initStart", initializationType="lambda-managed-instances", phase="init")]
    lines += [event("start", requestId=one, version="3") for one in IDS]
    lines += [event("report", requestId=one, status="success", metrics={"durationMs": 5}) for one in reversed(IDS)]
    assert {one.request_id for one in paired(lines)} == set(IDS)
