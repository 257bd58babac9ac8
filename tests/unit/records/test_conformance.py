"""The quick paths and the full reader come to the same, whatever the lines are: same input, same output.

Three paths take a short way past the full reader (`parse_message`): the usual forms of REPORT and START, a tail's
text (`QuickBodies`), and cold starts out of a file (`QuickColumns`).
"""

import itertools
import json
import random
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.coldstarts.analyze_tally import Tally
from monitor.coldstarts.model import By
from monitor.coldstarts.workflow import read_tallies
from monitor.console.text import Style
from monitor.kernel.jsonable import jsonable
from monitor.local.logs.emf import extract
from monitor.logs.model_saved import SavedFiles
from monitor.logs.render_bodies import Bodies, Limits
from monitor.logs.render_events import TailRenderer
from monitor.logs.tail import quick_json
from monitor.logs.tail.options import TailOptions
from monitor.logs.tail.printers import JsonPrinter, document
from monitor.logs.tail.quick_text import QuickBodies
from monitor.logs.tail.text_printer import TextPrinter
from monitor.logs.workflow_reading import open_saved
from monitor.records.event import LogEvent
from monitor.records.grammar import REPORT_FIGURES, REPORT_PATTERN, START_PATTERN, USUAL_REPORT, USUAL_START
from monitor.records.message import parse_fact, parse_message
from monitor.records.pairing import pair
from monitor.records.quick.columns import QuickColumns, is_quick
from monitor.records.quick.messages import QuickMessages
from monitor.records.quick.sink import Warm
from monitor.records.record import Application, Malformed, Metrics, Report
from monitor.records.report import parse_report, parse_start, report_by_field, start_by_field
from tests.attacks.test_forged_records import AT_MS, STREAM
from tests.attacks.test_forged_records import pairs as forged_pairs
from tests.examples import examples
from tests.fakes import log_lines
from tests.fakes.log_lines import REQUEST, messages, real_messages, saved_log
from tests.fakes.saved_logs import read_text

START = f"START RequestId: {REQUEST} Version: $LATEST\n"
REPORT = (
    f"REPORT RequestId: {REQUEST}\tDuration: 2900.00 ms\tBilled Duration: 417 ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 127 MB\tInit Duration: 413.61 ms\t\n"
)
EMF = {"_aws": {"Timestamp": 1, "CloudWatchMetrics": [{"Namespace": "A", "Dimensions": [["service"]],
       "Metrics": [{"Name": "Seen", "Unit": "Count"}, {"Name": "Took", "Unit": "Milliseconds"}]}]},
       "service": "s", "Seen": [1.0], "Took": 12.5}  # fmt: skip
OPTIONS = TailOptions(
    grep=(), exclude=(), level=None, request_id=(), trace_id=(), cold=False, errors=False, slow_ms=None,
    fields=None, query=None, context=0, invocations=False, no_fold=False, until_match=None, timeout_ms=None,
    checkpoint=None, save=None, live="off", lateness_ms=60_000.0, reorder_ms=2_000.0, tags=(),
)  # fmt: skip
BODIES = [Bodies(False), Bodies(True, limits=Limits(1_000, {"g": 3_000.0})), Bodies(True, ("width", "ok"))]


# ---- REPORT and START


def test_each_figure_of_report_is_a_field_of_its_record_in_text_and_in_json() -> None:
    line = "".join(f"\t{name}: {number}.5 {unit}" for number, (_, name, unit, _) in enumerate(REPORT_FIGURES, 1))
    event = {member: number for number, (*_, member) in enumerate(REPORT_FIGURES, 1)}
    expected = Report(REQUEST, 1.5, 2.5, 3, 4, 5.5, 6.5, 7.5)
    assert parse_message(f"REPORT RequestId: {REQUEST}{line}") == expected
    document = {"type": "platform.report", "record": {"requestId": REQUEST, "metrics": event}}
    assert parse_message(json.dumps(document)) == Report(REQUEST, 1.0, 2.0, 3, 4, 5.0, 6.0, 7.0)


@settings(max_examples=examples(400))
@given(log_lines.reports())
@example(REPORT)
def test_a_report_of_the_usual_form_reads_as_it_does_field_by_field(line: str) -> None:
    assert parse_report(line) == report_by_field(line)


@settings(max_examples=examples(200))
@given(log_lines.starts)
@example(START)
def test_a_start_of_the_usual_form_reads_as_it_does_field_by_field(line: str) -> None:
    assert parse_start(line) == start_by_field(line)


@settings(max_examples=examples(400))
@given(log_lines.reports() | log_lines.starts)
@example(REPORT)
@example(START)
def test_a_line_is_of_the_usual_form_in_bytes_as_in_text(line: str) -> None:
    for text_form, pattern in ((USUAL_REPORT, REPORT_PATTERN), (USUAL_START, START_PATTERN)):
        in_text, in_bytes = text_form.match(line), re.match(pattern.encode(), line.encode("utf-8", "surrogatepass"))
        groups = None if in_bytes is None else [one and one.decode() for one in in_bytes.groups()]
        assert groups == (None if in_text is None else list(in_text.groups()))


@pytest.mark.parametrize("line", [REPORT, REPORT.replace("\tInit Duration: 413.61 ms", "")])
def test_lambda_s_own_lines_are_of_the_usual_form(line: str) -> None:
    assert USUAL_REPORT.match(line)
    assert USUAL_START.match(START)


# ---- the records that bear on an invocation as a whole


PASSED_OVER = {"text", "metrics", "late_imports", "import_time"}


def check_fact(message: str) -> None:
    fact, record = parse_fact(message), parse_message(message)
    if isinstance(record, Application):
        assert fact == (record if record.unhandled else None)
    elif isinstance(record, Malformed):
        assert fact == (None if record.kind in PASSED_OVER else record)
    elif record.record_kind != "end":
        assert fact == (None if record.record_kind in PASSED_OVER else record)


@settings(max_examples=examples(400))
@given(messages)
def test_a_fact_is_what_the_full_reader_reads(message: str) -> None:
    check_fact(message)


def test_the_facts_of_real_lines_are_what_the_full_reader_reads(corpus: Path) -> None:
    for message in real_messages(corpus):
        check_fact(message)


# ---- the text of a tail


def short_and_long(bodies: Bodies, message: str) -> tuple[str | None, str]:
    record = parse_message(message)
    renderer = TailRenderer(Style(), UTC, {})
    renderer.bodies = bodies
    return QuickBodies(bodies).body(message, "g"), renderer.body(LogEvent(0, message, group="g"), record)


@pytest.mark.parametrize("bodies", BODIES)
@pytest.mark.parametrize(
    "message",
    [
        START,
        REPORT,
        f"END RequestId: {REQUEST}\n",
        f"[WARNING]\t2026-11-23T02:48:41.886Z\t{REQUEST}\tlow on\tspace\n",
        json.dumps({"level": "ERROR", "message": "đã\nhỏng", "width": 640, "ok": True, "none": None, "ratio": 0.25}),
        json.dumps(EMF),
        json.dumps(EMF | {"Seen": [1.0, 2.0]}),
        json.dumps(EMF | {"service": 7}),
        "plain \x1b[31mred\x1b[0m text\r\n",
        "",
    ],
)
def test_a_usual_line_takes_the_short_way_and_says_the_same(bodies: Bodies, message: str) -> None:
    short, long = short_and_long(bodies, message)
    assert short == long


@settings(max_examples=examples(1_000))
@given(messages)
@example('{"level": "INFO", "message": "m", "location": ' + "[" * 300 + "]" * 300 + "}")
@example('{"_aws": {"CloudWatchMetrics": []}, "x": ' + "[" * 300 + "]" * 300 + "}")
@example(json.dumps({"level": "INFO", "message": "m", "id": 2**70}))
@example('{"level": "INFO", "message": "\\ud800"}')
@example('{"level": "INFO", "message": "m", "LEVEL": "ERROR", "MESSAGE": "x", "Severity": 3}')
@example('{"level": "INFO", "message": "m", "Exception": "KeyError: x\\n   at f (a.js:1:2)"}')
@example('{"LEVEL": "ERROR", "MESSAGE": "x", "ErrorType": "KeyError", "ErrorMessage": "y"}')
@example('{"level": "INFO", "message": "m", "resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": "b"}]}]}]}')
def test_no_line_says_two_things(message: str) -> None:
    for bodies in BODIES:
        short, long = short_and_long(bodies, message)
        assert short in (None, long)


def test_real_lines_say_the_same_both_ways(corpus: Path) -> None:
    count = short_ways = 0
    for message in real_messages(corpus):
        short, long = short_and_long(BODIES[1], message)
        count += 1
        short_ways += short is not None
        assert short in (None, long), message
    assert short_ways > count / 4 > 50


def quick_record(message: str) -> dict[str, Any] | None:
    return quick_json.READERS.get(message[:1], quick_json.plain)(message)


@settings(max_examples=examples(1_000))
@given(messages)
@example('{"level": "INFO", "message": "m", "location": ' + "[" * 300 + "]" * 300 + "}")
@example(json.dumps({"level": "INFO", "message": "m", "id": 2**70}))
@example('{"level": "INFO", "message": "m", "id": 123456789012345678901}')
@example('{"level": "INFO", "message": "\\ud800"}')
@example('{"level": "INFO", "message": "m", "ts": 1795402121.5, "request_id": "mine"}')
@example('{"level": ["INFO"], "message": "m"}')
@example('{"level": "INFO", "message": "m", "event": "KeyError: x\\u000a    at f (a.js:1:2)"}')
@example('{"level": "INFO", "message": "m", "requestId": "", "function_request_id": 7}')
@example("plain \x1b[31mred\x1b[0m text\r\n")
@example(START)
@example(REPORT)
@example(f"[INFO]\t2026-11-23T02:48:41.886Z\t{REQUEST}\ta line\nof two lines\n")
@example(json.dumps(EMF))
@example(json.dumps(EMF | {"Seen": [1.0, 2.0], "level": "INFO", "requestId": "r"}))
@example('{"level": "INFO", "message": "m", "LEVEL": "ERROR", "MESSAGE": "x", "Severity": 3}')
@example('{"level": "INFO", "message": "m", "Exception": "KeyError: x\\n   at f (a.js:1:2)"}')
@example('{"LEVEL": "ERROR", "MESSAGE": "x", "ErrorType": "KeyError", "ErrorMessage": "y"}')
@example('{"level": "INFO", "message": "m", "resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": "b"}]}]}]}')
def test_no_line_is_two_objects(message: str) -> None:
    members = quick_record(message)
    event = LogEvent(0, message, "s", "g", "id", 1)
    if members is not None:
        assert JsonPrinter(OPTIONS).batch([event]).text == [document(event, parse_message(message))]


def test_usual_lines_take_the_quick_way_to_json() -> None:
    usual = [
        START,
        REPORT,
        f"END RequestId: {REQUEST}\n",
        json.dumps(EMF),
        "plain text\n",
        '{"level":"INFO","message":"m"}',
    ]
    assert all(quick_record(message) for message in usual)


def test_real_lines_are_the_same_objects_both_ways(corpus: Path) -> None:
    quick = 0
    for message in real_messages(corpus):
        event = LogEvent(0, message, "s", "g", "id", 1)
        quick += quick_record(message) is not None
        assert JsonPrinter(OPTIONS).batch([event]).text == [document(event, parse_message(message))], message
    assert quick > 50


class _Long(dict[str, object]):
    """Readers that leave every message to the long way."""

    def get(self, _first: object, _plain: object = None) -> object:
        return lambda _message, _group: None


def printed(events: list[LogEvent], batch: int, *, short: bool) -> tuple[list[str], list[LogEvent]]:
    """What a tail prints of events that come in batches, and the events behind it."""
    printer = TextPrinter(OPTIONS, TailRenderer(Style(), UTC, {"g": "g", "h": "h"}))
    if not short:
        printer._quick.readers = _Long()  # type: ignore[assignment]
    text: list[str] = []
    shown: list[LogEvent] = []
    for first in range(0, len(events), batch):
        for one in (printer.batch(events[first : first + batch]), printer.pulse(events[first].timestamp_ms)):
            text += one.text
            shown += one.events
    last = printer.finish()
    return text + last.text, shown + last.events


def check_printed(events: list[LogEvent], batch: int) -> list[str]:
    short, long = printed(events, batch, short=True), printed(events, batch, short=False)
    assert short == long
    assert sorted(map(repr, short[1])) == sorted(map(repr, events))
    return short[0]


# Mostly of the forms that open and close an invocation, so that invocations interrupt each other.
_turns = st.tuples(
    st.sampled_from([START, START, REPORT, REPORT, "a line\n", f"END RequestId: {REQUEST}\n"]) | messages,
    st.integers(0, 4),
    st.sampled_from([1, 1, 1, 700, 3_000, 9_000]),
)


@settings(max_examples=examples(300))
@given(st.lists(_turns, max_size=40), st.integers(1, 7))
def test_interleaved_streams_are_printed_the_same_both_ways(turns: list[tuple[str, int, int]], batch: int) -> None:
    at_ms, events = 1_795_402_121_000, []
    for message, stream, gap_ms in turns:
        at_ms += gap_ms
        events.append(LogEvent(at_ms, message, f"s{stream}", "gh"[stream % 2]))
    check_printed(events, batch)


@settings(max_examples=examples(60))
@given(st.integers(0, 2**32), st.integers(1, 12), st.integers(1, 50), st.sampled_from([3, 2_000]))
def test_the_logs_of_many_environments_are_printed_the_same_both_ways(
    seed: int, environments: int, batch: int, pause_ms: int
) -> None:
    text = saved_log(random.Random(seed), "tailed", environments, pause_ms)
    check_printed(read_text(text, "aws-tail")[1], batch)


def test_real_lines_of_many_streams_are_printed_the_same_both_ways(corpus: Path) -> None:
    chance = random.Random(20261123)
    real = list(real_messages(corpus))
    events = [
        LogEvent(1_795_402_121_000 + at * 400, chance.choice([*real, START, REPORT, REPORT]), f"s{at % 5}", "g")
        for at in range(2_000)
    ]
    assert any(line.endswith(" continues") for line in check_printed(events, 50))


# ---- cold starts out of a file


def outcome(tally: Tally) -> list[object]:
    return [jsonable(getattr(tally, name)()) for name in ("summaries", "groups", "listed")]


def quick_and_full(text: str, by: By, block: int = 1_000_000) -> tuple[list[object], list[object]]:
    full, quick = Tally(by=by), Tally(by=by)
    for invocation in pair(read_text(text, "aws-tail")[1]):
        full.add(invocation)
    reader, data = QuickColumns(quick, least_bytes=1), text.encode()
    for at in range(0, len(data), block):
        reader.take(data[at : at + block])
    reader.finish()
    return outcome(quick), outcome(full)


def messages_quick_and_full(text: str, by: By, block: int) -> tuple[list[object], list[object], int]:
    full, quick = Tally(by=by), Tally(by=by)
    for invocation in pair(read_text(text, "messages")[1]):
        full.add(invocation)
    reader, data = QuickMessages(quick, least_bytes=1), text.encode()
    warm = 0
    take = quick.warm

    def counted(function: str, version: str, found: Warm, at_ms: Callable[[bytes], int]) -> None:
        nonlocal warm
        warm += found.number
        take(function, version, found, at_ms)

    quick.warm = counted  # type: ignore[method-assign]
    for at in range(0, len(data), block):
        reader.take(data[at : at + block])
    reader.end_part()
    reader.finish()
    return outcome(quick), outcome(full), warm


@pytest.mark.parametrize("form", ["bare", "bare, one after the other"])
@settings(max_examples=examples(60))
@given(
    seed=st.integers(0, 2**32),
    by=st.sampled_from([one for one in By if one is not By.HOUR]),
    block=st.sampled_from([1, 64, 1_000, 100_000]),
)
def test_messages_without_columns_come_to_the_same_both_ways(form: str, seed: int, by: By, block: int) -> None:
    quick, full, _ = messages_quick_and_full(saved_log(random.Random(seed), form), by, block)
    assert quick == full


@settings(max_examples=examples(300))
@given(st.lists(st.sampled_from([START, REPORT.replace("\tInit Duration: 413.61 ms", "")]) | messages, max_size=40))
def test_hostile_messages_without_columns_come_to_the_same_both_ways(lines: list[str]) -> None:
    text = "\n".join(line.encode("utf-8", "replace").decode().removesuffix("\n") for line in lines)
    quick, full, _ = messages_quick_and_full(text, By.VERSION, 1_000)
    assert quick == full


@settings(max_examples=examples(150))
@given(seed=st.integers(0, 2**32), block=st.sampled_from([1_000_000, 6_000, 700]), share=st.sampled_from([0.0, 0.04]))
@example(seed=63, block=1_000_000, share=0.04)
def test_usual_messages_with_something_rare_among_them_come_to_the_same_both_ways(
    seed: int, block: int, share: float
) -> None:
    chance, lines = random.Random(seed), []
    for number in range(chance.randrange(5, 100)):
        request_id = f"{number:08x}-1111-4222-8333-{chance.randrange(1 << 40):012x}"
        lines.append(f"START RequestId: {request_id} Version: {chance.choice('777778')}")
        at = f"2026-11-23T02:{chance.randrange(60):02d}:41.886Z"
        for _ in range(chance.randrange(4)):
            usual = (f"[INFO]\t{at}\tid\ttext", json.dumps({"level": "INFO", "timestamp": at, "message": "m"}), "text")
            lines.append(chance.choice(FAILURES) if chance.random() < share else chance.choice(usual))
        figures = "Billed Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB"
        more = chance.choice(["", "\t", "\t\nXRAY TraceId: 1-5e\tSegmentId: 3f\tSampled: true"])
        more = "\tInit Duration: 4 ms" if chance.random() < share else more
        lines += [
            f"END RequestId: {request_id}",
            f"REPORT RequestId: {request_id}\tDuration: {number}.25 ms\t{figures}{more}",
        ]
    quick, full, warm = messages_quick_and_full("\n".join(lines), By.VERSION, block)
    assert quick == full
    assert share or warm > len(lines) // 10


def test_a_cold_start_before_them_does_not_keep_usual_messages_from_the_short_way() -> None:
    lines = []
    for number in range(100):
        request_id = f"{number:08x}-1111-4222-8333-{number:012x}"
        figures = "Billed Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB"
        more = "" if number else "\tInit Duration: 4 ms"
        lines += [
            f"START RequestId: {request_id} Version: 7",
            f"END RequestId: {request_id}",
            f"REPORT RequestId: {request_id}\tDuration: 5.25 ms\t{figures}{more}",
        ]
    quick, full, warm = messages_quick_and_full("\n".join(lines), By.VERSION, 1_000_000)
    assert quick == full
    assert warm == 98


@pytest.mark.parametrize("form", ["tailed", "tailed with names"])
@settings(max_examples=examples(300))
@given(seed=st.integers(0, 2**32), by=st.sampled_from(By))
def test_a_saved_log_comes_to_the_same_both_ways(form: str, seed: int, by: By) -> None:
    text = saved_log(random.Random(seed), form)
    assert is_quick(text)
    quick, full = quick_and_full(text, by)
    assert quick == full


@settings(max_examples=examples(20))
@given(seed=st.integers(0, 2**32), block=st.sampled_from([1, 7, 64, 1000]))
def test_blocks_of_any_size_are_the_same(seed: int, block: int) -> None:
    quick, full = quick_and_full(saved_log(random.Random(seed), "tailed"), By.VERSION, block)
    assert quick == full


def tailed(turns: Iterable[tuple[str, int]]) -> Iterator[str]:
    for at, (message, stream) in enumerate(turns):
        head = f"2026-11-23T02:48:41.{at:03d}000+00:00 2026/11/23/fn[7]{stream:032x} "
        yield head + message.encode("utf-8", "replace").decode()


@settings(max_examples=examples(300))
@given(st.lists(st.tuples(st.sampled_from([START, REPORT]) | messages, st.integers(0, 3)), max_size=40))
def test_hostile_lines_come_to_the_same_both_ways(turns: list[tuple[str, int]]) -> None:
    quick, full = quick_and_full("\n".join(tailed(turns)), By.VERSION)
    assert quick == full


DURABLE = "arn:aws:lambda:eu-west-1:123456789012:function:pay:7/durable-execution"
FAILURES = (
    "java.lang.IllegalStateException: no\n\tat shop.App.handle(App.java:9)\n\tat java.base/Thread.run(Thread.java:1)",
    "no stock: java.lang.IllegalStateException\njava.lang.IllegalStateException: no\n\tat shop.App.handle(App.java:9)",
    f"2026-11-23T02:48:41.886Z\t{REQUEST}\tERROR\tInvoke Error "
    '\t{"errorType":"TypeError","errorMessage":"x","stack":[]}',
    "[ERROR] KeyError: 'sku'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 1, in handler",
    '{"timestamp":"2026-11-23T02:48:41Z","level":"ERROR","errorType":"KeyError","errorMessage":"x","stackTrace":[]}',
    '{"level":"ERROR","message":"logged","errorType":"KeyError"}',
    f"2026-11-23T02:48:41.886Z {REQUEST} Task timed out after 3.00 seconds",
    f"RequestId: {REQUEST} Error: Runtime exited with error: signal: killed\nRuntime.ExitError",
    "INIT_START Runtime Version: python:3.13.v60\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:01",
    "INIT_REPORT Init Duration: 812.10 ms\tPhase: init\tStatus: error\tError Type: Runtime.ExitError",
    "a plain line\n2026-11-23 02:48:41 is its second line",
    "a plain line\n2026-11-23T02:48:41.000000+00:00 and no stream",
    '{"level":"ERROR",\n"errorType":"KeyError","errorMessage":"x",\n"stackTrace":[]}',
    '{"message":"form or a storm", "error":"for monitor"}',
    '\n{\n  "time": "2026-11-23T02:48:41Z",\n  "type": "platform.fault",\n  "record": {}\n}',
    "Traceback\n\tat a stack that is not of Java",
    "[INFO]\t2026-11-23T02:48:41.886Z\tid\ta line\nof two lines",
    json.dumps({"level": "INFO", "message": "step", "executionArn": f"{DURABLE}/a/1"}),
    json.dumps({"message": "step", "requestId": REQUEST, "durableExecutionArn": f"{DURABLE}/a/2"}, indent=1),
    f"2026-11-23T02:48:41Z step executionArn={DURABLE}/b/1",
    "EXTENSION\tName: lambda-adapter\tState: Ready\tEvents: []",
    "INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)",
    "[INFO] Listening at: http://0.0.0.0:8080 (9)",
    json.dumps({"message": "started", "DurableExecutionArn": f"{DURABLE}/a/1"}),
)


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_what_a_function_prints_like_lambda_s_lines_comes_to_the_same_both_ways(log_format: str) -> None:
    """A sample of what `tests/attacks/test_forged_records.py` reads in full."""
    problems = []
    for what, lines in itertools.islice(forged_pairs(log_format), 0, None, 23):
        times = (datetime.fromtimestamp(AT_MS / 1000 + at * 0.04, UTC) for at in range(len(lines)))
        columns = (
            f"{time:%Y-%m-%dT%H:%M:%S.%f}+00:00 {STREAM} {line}\n" for time, line in zip(times, lines, strict=True)
        )
        quick, full = quick_and_full("".join(columns), By.VERSION)
        if quick != full:
            problems.append(f"{what}: {quick} {full}")
    assert not problems, f"{len(problems)}\n" + "\n".join(problems[:3])


def usual_and_rare(chance: random.Random) -> str:
    """Invocations of several streams, with names of different widths, and now and then something else."""
    lines, at = [], 0
    running: dict[int, list[str]] = {}
    names = ("[7]", "[12]", "[$LATEST]", "fn[7]")
    for number in range(chance.randrange(20, 400)):
        stream = chance.randrange(5)
        left = running.setdefault(stream, [])
        if not left:
            request_id = f"{number:08x}-1111-4222-8333-{chance.randrange(1 << 40):012x}"
            figures = "Billed Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB"
            report = f"REPORT RequestId: {request_id}\tDuration: {chance.randrange(1, 900)}.25 ms\t{figures}"
            report += chance.choice(
                ["", "\t", "\t", "\t\nXRAY TraceId: 1-5e\tSegmentId: 3f\tSampled: true", "\tStatus: error"]
            )
            start = f"START RequestId: {request_id} Version: {chance.choice('777778')}"
            left += [report, f"END RequestId: {request_id}", "[INFO]\tplain", start]
        message = chance.choice(FAILURES) if chance.random() < 0.04 else left.pop()
        if chance.random() < 0.01:
            continue
        # A line that comes five seconds after its REPORT is the exception that the quick reader names.
        at += chance.randrange(10)
        fraction = f".{at % 1000:03d}000" if at % 1000 else ""
        head = f"2026-11-23T02:{at // 60_000:02d}:{at // 1000 % 60:02d}{fraction}+00:00 "
        lines.append(f"{head}2026/11/23/{names[stream % 4]}{stream:032x} {message}")
    return "\n".join(lines)


@settings(max_examples=examples(150))
@given(seed=st.integers(0, 2**32), block=st.sampled_from([1_000_000, 6_000, 700]))
def test_usual_invocations_with_something_rare_among_them_come_to_the_same_both_ways(seed: int, block: int) -> None:
    quick, full = quick_and_full(usual_and_rare(random.Random(seed)), By.VERSION, block)
    assert quick == full


def forged(chance: random.Random, line: str, head: str, stream: str) -> list[str]:
    """Lines that look almost like those that bear on an invocation, or that stand where these are expected."""
    request_id = f"{chance.randrange(1 << 32):08x}-1111-4222-8333-{chance.randrange(1 << 40):012x}"
    figures = "Billed Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\t"
    start, report = f"START RequestId: {request_id} Version: 7", f"REPORT RequestId: {request_id}\tDuration: "
    duration = chance.choice(["1.", ".5", "1.2.3", "1234567890123456.5", "5.1234567890", "7", "1e3", "-4.25", ""])
    garbage = "".join(chance.choice("0123456789-T:.+Z ") for _ in range(32))
    return chance.choice(
        [
            # Columns of the right width that are none, in a line that continues an event.
            [line, f"{garbage} {stream} {start}", f"{garbage} {stream} {report}4.25 ms\t{figures}"],
            [f"{head}{stream} {start}", f"{head[:7]}{garbage[:19]}+00:00 {stream} {report}4.25 ms\t{figures}"],
            [f"{head}{stream} {start}", f"{garbage} {stream} END RequestId: {request_id}", line],
            # Figures that are none.
            [f"{head}{stream} {start}", f"{head}{stream} {report}{duration} ms\t{figures}"],
            [f"{head}{stream} {start}", f"{head}{stream} {report}4.25 ms\t{figures.replace('9', duration, 1)}"],
            # What the function printed in front, behind, or in the line of another.
            [f"{head}{stream} {start}", f"{head}{stream} text {report}4.25 ms\t{figures}"],
            [f"{head}{stream} {start}\nmore of it", f"{head}{stream} {report}4.25 ms\t{figures}\nmore of it"],
            [f"{head}{stream} {start}{report}4.25 ms\t{figures}", line],
            [f"{head}{stream}  {start}", f"{head}{stream} {report}4.25 ms\t{figures}"],
            # Half of the columns alone.
            [line, head.strip(), stream, f"{head}{stream}", line],
            [f"{head}{stream} INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)", line],
            [f"{head}{stream} INIT_START Runtime Version: python:3.13.v60", f"{head}{stream} a: http://x on http://y"],
        ]
    )


def mixed_with_forged(seed: int) -> str:
    """A log of many streams, some of whose lines are forged, doubled, cut or moved."""
    chance = random.Random(seed)
    lines: list[str] = []
    for line in usual_and_rare(chance).split("\n"):
        lines.append(line)
        found = re.match(r"(\S+\+00:00 )(\S+) ", line)
        if found is None or chance.random() > 0.15:
            continue
        head = chance.choice([found[1], found[1][:19] + "+00:00 "])
        lines += forged(chance, line, head, found[2])
        if chance.random() < 0.2:
            lines.append(line[: chance.randrange(100)])
    return chance.choice(["\n", "\n", "\r\n"]).join(lines)


@settings(max_examples=examples(150))
@given(seed=st.integers(0, 2**32), block=st.sampled_from([1_000_000, 6_000, 700]), by=st.sampled_from(By))
@example(seed=306, block=1_000_000, by=By.KIND)
@example(seed=438, block=1_000_000, by=By.KIND)
@example(seed=501617, block=1_000_000, by=By.KIND)
def test_forged_lines_come_to_the_same_both_ways(seed: int, block: int, by: By) -> None:
    quick, full = quick_and_full(mixed_with_forged(seed), by, block)
    assert quick == full


@settings(max_examples=examples(150))
@given(seed=st.integers(0, 2**32), block=st.sampled_from([1_000_000, 6_000, 700]))
def test_forged_messages_without_columns_come_to_the_same_both_ways(seed: int, block: int) -> None:
    text = re.sub(r"(?m)^\S+\+00:00 \S+ ", "", mixed_with_forged(seed))
    quick, full, _ = messages_quick_and_full(text, By.VERSION, block)
    assert quick == full


def respelled(chance: random.Random, text: str, share: float) -> str:
    """The same times for a part of the lines as another tool writes them."""

    def other(found: re.Match[str]) -> str:
        if chance.random() >= share:
            return found[0]
        at = datetime.fromisoformat(found[1])
        zone = timezone(timedelta(minutes=chance.choice([0, 0, 120, -330])))
        digits = chance.choice([0, 3, 3, 6, 9])
        part = f"{at.microsecond:06d}000"[:digits]
        if digits < 9 and at.microsecond % 10 ** (6 - min(digits, 6)):
            return found[0]
        written = at.astimezone(zone).strftime(chance.choice(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"]))
        sign = (
            "Z" if zone.utcoffset(None) == timedelta() and chance.random() < 0.5 else at.astimezone(zone).strftime("%z")
        )
        return f"{written}{chance.choice('.,') + part if part else ''}{sign} "

    return re.sub(r"(?m)^(2026-11-23T\d\d:\d\d:\d\d(?:\.\d{6})?\+00:00) ", other, text)


@settings(max_examples=examples(150))
@given(
    seed=st.integers(0, 2**32),
    block=st.sampled_from([1_000_000, 6_000, 700]),
    by=st.sampled_from(By),
    share=st.sampled_from([0.02, 0.3, 1.0]),
)
def test_times_in_other_spellings_come_to_the_same_both_ways(seed: int, block: int, by: By, share: float) -> None:
    chance = random.Random(seed)
    text = respelled(chance, chance.choice([mixed_with_forged(seed), usual_and_rare(chance)]), share)
    quick, full = quick_and_full(text, by, block)
    assert quick == full


def invocation_lines(chance: random.Random, request_id: str, version: str, logged: bool, cold: bool) -> list[str]:
    """The lines of an invocation, usual most of the time."""
    lines = [
        "[INFO]\tplain",
        '{"level":"INFO","message":"step"}',
        "INFO:     Uvicorn running on http://0.0.0.0:8080 (Press CTRL+C to quit)",
        "a line\nof two lines",
        '{"level":"ERROR","errorType":"KeyError"}',
        f"[INFO] executionArn={DURABLE}/a/1",
    ]
    found = [f"START RequestId: {request_id} Version: {version}"]
    if logged:
        found += chance.choices(lines, [50, 50, 1, 1, 1, 1], k=chance.randrange(4))
    found += [f"END RequestId: {request_id}"] * (chance.random() < 0.95)
    figures = f"Billed Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: {chance.randrange(40, 44)} MB"
    report = f"REPORT RequestId: {request_id}\tDuration: {chance.randrange(1, 900)}.25 ms\t{figures}"
    if cold:
        init = f"INIT_START Runtime Version: python:3.13.v{chance.randrange(2)}\tRuntime Version ARN: arn:aws:lambda:x"
        found = [init, *found] if chance.random() < 0.9 else found
        found[1:1] = chance.choices(lines[:4], k=1) if chance.random() < 0.1 else []
        report += chance.choice(["\tInit Duration: 400.5 ms"] * 5 + [""])
    return [*found, report + chance.choice(["", "\t", "\t\nXRAY TraceId: 1-5e\tSegmentId: 3f\tSampled: true"])]


def whole_invocations(seed: int) -> str:
    """A log whose invocations have their lines together, most of them, in several streams; and now and then not."""
    chance = random.Random(seed)
    logged, rare = chance.random() < 0.3, chance.choice([0.0, 0.02, 0.2])
    # Request ids that are there again; without errors, because of the exception that the quick reader names.
    again = 0.0 if rare else chance.choice([0.0, 0.05])
    streams, number, at = [f"[7]{one:032x}" for one in range(chance.choice([1, 3, 12]))], 0, 0
    ids = [f"{chance.randrange(1 << 32):08x}-1111-4222-8333-{one:012x}" for one in range(400)]
    lines: list[str] = []
    seen: set[str] = set()

    def put(stream: str, message: str) -> None:
        nonlocal at
        at += chance.randrange(40)
        fraction = f".{at % 1000:03d}000" if at % 1000 else ""
        head = f"2026-11-23T02:{at // 60_000:02d}:{at // 1000 % 60:02d}{fraction}+00:00"
        lines.append(f"{head} 2026/11/23/{stream} {message}")

    for number in range(chance.randrange(20, 300)):
        place = chance.randrange(len(streams))
        if chance.random() < 0.03:
            # An environment ends, and another one begins.
            streams[place] = chance.choice(["[7]", "[7]", "[$LATEST]"]) + f"{number + 100:032x}"
        stream = streams[place]
        cold = stream not in seen or chance.random() < 0.01
        seen.add(stream)
        request_id = chance.choice(ids) if chance.random() < again else ids[number]
        messages = invocation_lines(chance, request_id, chance.choice("777778"), logged, cold)
        for message in messages:
            if chance.random() < rare / 4:
                put(stream, chance.choice(FAILURES))
            if chance.random() < rare / 4:
                put(chance.choice(streams), chance.choice([*FAILURES, *messages]))
            if chance.random() > rare / 20:
                put(stream, message)
            if rare and chance.random() < 0.005:
                lines[-1] = chance.choice(
                    [lines[-1][: chance.randrange(120)], f"{lines[-1]}\n{lines[-1][:20]}", lines[-1][2:]]
                )
    return "\n".join(lines)


@settings(max_examples=examples(300))
@given(
    seed=st.integers(0, 2**32),
    block=st.sampled_from([1_000_000, 20_000, 3_000]),
    by=st.sampled_from([By.KIND, By.VERSION, By.MEMORY, By.HOUR]),
)
def test_whole_invocations_come_to_the_same_both_ways(seed: int, block: int, by: By) -> None:
    """Invocations whose lines are together are counted by columns, and first cold starts are kept as rows."""
    quick, full = quick_and_full(whole_invocations(seed), by, block)
    assert quick == full


def test_a_line_between_two_invocations_that_was_ignored_is_noted_with_the_next_one() -> None:
    """A START without a REPORT: the pairing notes it with the invocation that comes next, whoever reads that."""
    lines = []
    for at, (number, reports) in enumerate([(1, []), (2, [2]), (3, []), (4, [4, 3]), (5, [5])]):
        lines.append((f"START RequestId: {number:036x} Version: 7", at))
        lines += [(f"REPORT RequestId: {one:036x}{REPORT_TAIL}", at) for one in reports]
    text = "\n".join(f"2026-11-23T02:48:{at:02d}.000001+00:00 2026/11/23/[7]{1:032x} {line}" for line, at in lines)
    quick, full = quick_and_full(text, By.VERSION)
    assert quick == full
    assert isinstance(full[0], list)
    assert full[0][0]["unread"]["ignored"] == 2


@pytest.mark.parametrize("form", ["columns", "messages"])
def test_a_line_of_lambda_can_bear_on_more_than_it_says_itself(form: str) -> None:
    """START, END and REPORT whose text names a durable execution, on the same line or the next."""
    problems = []
    for at, more in itertools.product(
        range(3), (f" executionArn={DURABLE}/a/1", f"\ndurableExecutionArn={DURABLE}/a/1")
    ):
        messages = []
        for number in range(1, 4):
            usual = [f"START RequestId: {number:036x} Version: 7", f"END RequestId: {number:036x}",
                     f"REPORT RequestId: {number:036x}{REPORT_TAIL}"]  # fmt: skip
            if number > 1:
                usual[at] += more
            messages += usual
        if form == "columns":
            head = f"2026-11-23T02:48:41.000001+00:00 2026/11/23/[7]{1:032x} "
            quick, full = quick_and_full("\n".join(head + one for one in messages), By.KIND)
        else:
            quick, full, _ = messages_quick_and_full("\n".join(messages), By.KIND, 1_000_000)
        if quick != full:
            problems.append((at, more))
    assert not problems


def test_real_lines_come_to_the_same_both_ways(corpus: Path) -> None:
    chance = random.Random(20261123)
    real = list(real_messages(corpus))
    for _ in range(20):
        turns = [(chance.choice([*real, START, REPORT]), chance.randrange(4)) for _ in range(400)]
        quick, full = quick_and_full("\n".join(tailed(turns)), By.KIND)
        assert quick == full


def test_a_log_holds_what_it_is_made_to_hold() -> None:
    """The generator is worth something: cold, failed and warm invocations of several functions."""
    tally = Tally(by=By.KIND)
    for seed in range(25):
        for invocation in pair(read_text(saved_log(random.Random(seed), "tailed"))[1]):
            tally.add(invocation)
    summaries = tally.summaries()
    assert sum(one.invocations for one in summaries) > 500
    assert all(one.errors and one.cold_starts and one.warm_duration.count for one in summaries)


REPORT_TAIL = "\tDuration: 5 ms\tBilled Duration: 5 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB"


def test_streams_that_end_without_a_word_are_let_go_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.records.quick.columns._MOST_STATES", 4)
    lines = []
    for number in range(50):
        head = f"2026-11-23T02:48:{number:02d}.000000+00:00 2026/11/23/[7]{number:032x} "
        request_id = f"{number:036x}"
        lines += [
            f"{head}START RequestId: {request_id} Version: 7",
            f"{head}REPORT RequestId: {request_id}{REPORT_TAIL}",
        ]
    quick, full = quick_and_full("\n".join(lines), By.VERSION)
    assert quick == full
    assert isinstance(quick[0], list)
    assert quick[0][0]["invocations"] == 50


@pytest.mark.parametrize("form", ["tailed", "bare, one after the other"])
def test_a_byte_order_mark_and_a_missing_line_end_change_nothing(form: str, tmp_path: Path) -> None:
    def figures(*contents: bytes) -> list[object]:
        paths = [tmp_path / f"{len(contents)}-{number}.log" for number in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
        (tally,) = read_tallies(open_saved(SavedFiles(tuple(map(str, paths)))), None, lambda count: None)
        return outcome(tally)

    lines = saved_log(random.Random(7), form).replace("\r\n", "\n").encode().rstrip(b"\n").split(b"\n")
    starts = [number for number, line in enumerate(lines) if b"START RequestId: " in line]
    lines = lines[starts[0] :]
    middle = starts[len(starts) // 2] - starts[0]
    whole = figures(b"\n".join([*lines, b""]))
    assert figures(b"\xef\xbb\xbf" + b"\n".join(lines)) == whole
    assert figures(b"\n".join(lines[:middle]), b"\n".join(lines[middle:])) == whole


def test_lines_that_name_no_function_are_taken_for_the_only_one_named(tmp_path: Path) -> None:
    path = tmp_path / "log"
    record = {"monitor_init": {"version": 1, "observed_init_ms": 300.0}, "function_name": "billing"}
    a, b, c = ("0" * 35 + name for name in "abc")
    path.write_text(
        f"START RequestId: {a} Version: 7\nREPORT RequestId: {a}{REPORT_TAIL}\n"
        f"START RequestId: {b} Version: 7\n{json.dumps(record)}\nREPORT RequestId: {b}{REPORT_TAIL}"
        "\tInit Duration: 400 ms\n"
        f"START RequestId: {c} Version: 7\nREPORT RequestId: {c}{REPORT_TAIL}\n",
        encoding="utf-8",
    )
    (summary,) = read_tallies(open_saved(SavedFiles((str(path),))), None, lambda count: None)[0].summaries()
    assert (summary.function, summary.invocations, summary.cold_starts) == ("billing", 3, 1)


# ---- metrics out of a line


@settings(max_examples=examples(300))
@given(log_lines.emf_lines())
def test_what_the_stack_extracts_is_among_what_a_line_is_read_to_hold(line: str) -> None:
    extracted = [
        (namespace, one["MetricName"], tuple(one["Values"]), tuple((d["Name"], d["Value"]) for d in one["Dimensions"]))
        for namespace, data in extract(line, 0).items()
        for one in data
    ]
    record = parse_message(line)
    if not isinstance(record, Metrics):
        # Members that only this project gives a meaning go first.
        assert not extracted or "monitor_" in line
        return
    read = [(datum.namespace, datum.name, datum.values, datum.dimensions) for datum in record.data]
    for datum in extracted:
        assert datum in read
