"""What a handler prints that looks like a line of Lambda's: it is no invocation, changes no figure, and is named."""

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from monitor.local.server.launch import PrivateStack
from monitor.records.event import LogEvent
from monitor.records.invocation import InitKind, Invocation
from monitor.records.pairing import pair
from tests.attacks.commands import patient, run
from tests.attacks.test_kills import until
from tests.functional.local.conftest import Function

AT_MS = 1_795_784_400_000
STREAM = "2026/11/27/[$LATEST]" + "a" * 32
IDS = [f"{letter * 8}-1c2d-4e3f-8a9b-0123456789ab" for letter in "abc"]
OTHER = "ffffffff-1c2d-4e3f-8a9b-0123456789ab"
VERSION = "Runtime Version: python:3.13.v60\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:ab"


def event(kind: str, **record: object) -> str:
    return json.dumps({"time": "2026-11-27T13:00:00.450Z", "type": f"platform.{kind}", "record": record})


def text_report(request_id: str, duration_ms: float, init: str = "") -> str:
    sizes = "Memory Size: 512 MB\tMax Memory Used: 91 MB"
    return f"REPORT RequestId: {request_id}\tDuration: {duration_ms} ms\tBilled Duration: 31 ms\t{sizes}{init}"


def json_report(request_id: str, duration_ms: float, init_ms: float | None = None) -> str:
    metrics = {"durationMs": duration_ms, "billedDurationMs": 31, "memorySizeMB": 512, "maxMemoryUsedMB": 91}
    if init_ms is not None:
        metrics["initDurationMs"] = init_ms
    return event("report", requestId=request_id, status="success", metrics=metrics)


def real(log_format: str, number: int) -> tuple[list[str], list[str]]:
    """The lines of an invocation before and after what its handler prints; the first is cold."""
    own = IDS[number]
    if log_format == "text":
        before = [f"INIT_START {VERSION}"] * (number == 0) + [f"START RequestId: {own} Version: $LATEST"]
        init = "" if number else "\tInit Duration: 400.25 ms"
        return before, [f"END RequestId: {own}", text_report(own, 30.0, init)]
    start = event("initStart", initializationType="on-demand", phase="init", runtimeVersion="python:3.13.v60")
    before = [start] * (number == 0) + [event("start", requestId=own, version="$LATEST")]
    return before, [json_report(own, 30.0, None if number else 400.25)]


def forged(request_id: str) -> dict[str, list[str]]:
    """Lines of each kind, alone and together, that a handler prints with its own or another request id."""
    start, end = f"START RequestId: {request_id} Version: 7", f"END RequestId: {request_id}"
    begun = event("start", requestId=request_id, version="7")
    return {
        "START": [start],
        "END": [end],
        "REPORT": [text_report(request_id, 9999.0)],
        "REPORT that is cold": [text_report(request_id, 1.0, "\tInit Duration: 5000.00 ms")],
        "END and REPORT": [end, text_report(request_id, 9999.0)],
        "START, END and REPORT": [start, end, text_report(request_id, 1.0, "\tInit Duration: 5000.00 ms")],
        "INIT_START": [f"INIT_START {VERSION}"],
        "INIT_REPORT": ["INIT_REPORT Init Duration: 9999 ms\tPhase: invoke"],
        "INIT_START and INIT_REPORT": [f"INIT_START {VERSION}", "INIT_REPORT Init Duration: 9999 ms\tPhase: init"],
        "RESTORE": [f"RESTORE_START {VERSION}", "RESTORE_REPORT Restore Duration: 9999 ms"],
        "platform.initStart": [event("initStart", initializationType="provisioned-concurrency", phase="init")],
        "platform.initReport": [
            event("initReport", initializationType="on-demand", phase="invoke", metrics={"durationMs": 9999})
        ],
        "platform.restoreStart": [event("restoreStart", runtimeVersion="x")],
        "platform.start": [begun],
        "platform.report": [json_report(request_id, 9999.0)],
        "platform.report that is cold": [json_report(request_id, 1.0, 5000.0)],
        "platform.start and platform.report": [begun, json_report(request_id, 1.0, 5000.0)],
    }


@dataclass(frozen=True)
class Case:
    log_format: str
    kind: str
    is_own: bool
    place: str
    number: int

    def lines(self) -> list[str]:
        found: list[str] = []
        for number in range(len(IDS)):
            before, after = real(self.log_format, number)
            printed = forged(IDS[self.number] if self.is_own else OTHER)[self.kind] if number == self.number else []
            match self.place:
                case "while it runs":
                    found += [*before, "hello", *printed, *after]
                case "before END and REPORT, but after an exception":
                    found += [*before, "[ERROR] logged", *printed, "more", *after]
                case "after REPORT":
                    found += [*before, *after, *printed]
        return found


PLACES = ("while it runs", "before END and REPORT, but after an exception", "after REPORT")
# What nobody can tell from Lambda's own line, at that place.
CREDIBLE_AFTER = {
    # An environment is started for the next invocation, or again.
    *("START", "END", "INIT_START", "INIT_REPORT", "INIT_START and INIT_REPORT", "RESTORE"),
    *("platform.initStart", "platform.initReport", "platform.restoreStart", "platform.start"),
    "START, END and REPORT",
    "platform.start and platform.report",
}


def cases() -> Iterator[Case]:
    for made in itertools.product(("text", "json"), forged(OTHER), (True, False), PLACES, (0, 1, 2)):
        case = Case(*made)
        # Of two REPORTs of one request the last one counts.
        if case.place == "after REPORT" and (case.kind in CREDIBLE_AFTER or case.is_own):
            continue
        yield case


def read(lines: list[str], stream: str, *, times: bool = True, keep: bool = False) -> list[Invocation]:
    events = (LogEvent(AT_MS + at * 40 if times else 0, one, stream, "/aws/lambda/f") for at, one in enumerate(lines))
    return list(pair(events, keep_events=keep))


def wrong(found: list[Invocation]) -> str:
    """What is not as it was."""
    seen = [(one.request_id, one.kind, one.init_ms, bool(one.error)) for one in found]
    expected = [
        (request_id, None if number else InitKind.ON_DEMAND, None if number else 400.25, False)
        for number, request_id in enumerate(IDS)
    ]
    durations = {getattr(one.report, "duration_ms", None) for one in found}
    return "" if seen == expected and durations == {30.0} else f"{seen} {durations}"


@pytest.mark.parametrize("keep", [False, True], ids=("facts", "all lines"))
def test_no_line_that_a_function_prints_changes_an_invocation_and_each_is_named(keep: bool) -> None:
    problems = []
    for case in cases():
        found = read(case.lines(), STREAM, keep=keep)
        problem = wrong(found)
        # END adds nothing to REPORT, and is not looked at.
        if not problem and case.kind != "END" and not any(one.ignored for one in found):
            problem = f"it is not named: {[one.notes for one in found]}"
        if problem:
            problems.append(f"{case}: {problem}")
    assert not problems, f"{len(problems)}\n" + "\n".join(problems[:40])


SECOND = "eeeeeeee-1c2d-4e3f-8a9b-0123456789ab"


def pairs(log_format: str) -> Iterator[tuple[str, list[str]]]:
    """The log of three invocations, one of which prints lines of two kinds, each with its own id or with another."""
    for number in range(len(IDS)):
        groups = [(one[0], kind, lines) for one in (IDS[number], OTHER, SECOND) for kind, lines in forged(one).items()]
        for (some_id, first, some), (more_id, second, more) in itertools.product(groups, groups):
            lines = []
            for at in range(len(IDS)):
                before, after = real(log_format, at)
                lines += [*before, *(some + more if at == number else []), *after]
            yield f"{first} of {some_id}, then {second} of {more_id}, in invocation {number}", lines


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_two_kinds_of_lines_change_an_invocation(log_format: str) -> None:
    """As above, one after the other: its own REPORT and an init after it, two whole invocations, and so on."""
    problems = []
    for what, lines in pairs(log_format):
        if problem := wrong(read(lines, STREAM)):
            problems.append(f"{what}: {problem}")
    assert not problems, f"{len(problems)}\n" + "\n".join(problems[:20])


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("count", [2, 6, 300])
def test_however_many_invocations_a_function_prints_its_own_is_the_one_that_counts(count: int, number: int) -> None:
    printed = [line for at in range(count) for line in forged(f"{at:08x}{OTHER[8:]}")["START, END and REPORT"]]
    lines = []
    for at in range(len(IDS)):
        before, after = real("text", at)
        lines += [*before, *(printed if at == number else []), *after]
    found = read(lines, STREAM)
    assert wrong(found) == ""
    assert [one.ignored for one in found] == [count if at == number else 0 for at in range(len(IDS))]


def test_a_start_that_never_ends_takes_no_invocation_after_it() -> None:
    """It was printed after a REPORT; the invocations after it are held until the end, or for 15 minutes of the log."""
    before, after = real("text", 0)
    lines = [*before, *after, f"START RequestId: {OTHER} Version: 7"]
    for at in (1, 2):
        before, after = real("text", at)
        lines += [*before, *after]
    assert wrong(read(lines, STREAM)) == ""


@pytest.mark.parametrize("times", [True, False], ids=("with times", "without times"))
def test_without_the_name_of_a_stream_a_report_of_another_request_is_none_either(times: bool) -> None:
    """Where its START would have been read. A whole other invocation is believed: others may run at the same time."""
    problems = []
    for case in cases():
        if case.is_own or case.place == "after REPORT" or "REPORT" not in case.kind.upper():
            continue
        if "START" in case.kind.upper() or (times and "cold" not in case.kind) or case.kind.startswith("INIT"):
            continue
        if "initReport" in case.kind:
            continue
        found = read(case.lines(), "", times=times)
        problem = wrong(found) or ("" if any(one.ignored for one in found) else "it is not named")
        if problem:
            problems.append(f"{case}: {problem}")
    assert not problems, "\n".join(problems[:40])


HANDLER = """
def handler(event, context):
    print("REPORT RequestId: OTHER\\tDuration: 9999.00 ms\\tBilled Duration: 9999 ms\\tMemory Size: 512 MB\\t"
          "Max Memory Used: 91 MB\\tInit Duration: 5000.00 ms")
    print("INIT_START Runtime Version: python:3.13.v60\\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:ab")
    print("2026-11-27T13:00:00.450Z OTHER Task timed out after 3.00 seconds")
    return context.aws_request_id
""".replace("OTHER", OTHER)


@pytest.mark.parametrize("live", [True, False], ids=("live", "from a file"))
def test_each_command_counts_the_real_invocations_and_names_what_it_ignored(
    deploy: Callable[..., Function], stack: PrivateStack, tmp_path: Path, live: bool
) -> None:
    function = deploy(HANDLER)
    ids = [function.invoke().payload for _ in range(3)]
    assert until(lambda: sum(line.startswith("REPORT") for line in function.log()) == 6, patient(20))

    def ask(*words: str, live: bool = live) -> tuple[str, str]:
        words = ("--local", *words, function.name, "--since", "1h") if live else (*words, "--from", "saved.log")
        here = {"MONITOR_LOCAL_ENDPOINT": stack.endpoint, "MONITOR_LOCAL_ACCESS_KEY": stack.access_key}
        done = run(*words, cwd=tmp_path, AWS_REGION="ap-southeast-1", **here)
        return done.out, done.err

    (tmp_path / "saved.log").write_text(ask("tail", "--no-follow", "-o", "json", live=True)[0], encoding="utf-8")
    counted, told = ask("coldstarts")
    assert "1 cold start in 3 invocations" in counted, told
    assert "ignored: 9 lines like Lambda's own, which the function printed" in counted
    one_each, _ = ask("tail", *(["--no-follow"] if live else []), "--invocations")
    assert [line.rpartition("  ")[2] for line in one_each.splitlines()] == ids
    assert one_each.count("ignored 3 lines like Lambda's") == 3
    failures, told = ask("errors")
    assert not failures
    assert "No failures" in told
    assert "ignored 9 lines like Lambda's own" in told
    shown, _ = ask("show", ids[0])
    assert "ignored a REPORT of another request: the function printed it" in shown
    nothing, told = ask("show", OTHER)
    assert not nothing
    assert OTHER in told
