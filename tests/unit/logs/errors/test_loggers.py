"""`errors` and `--level` on what loggers really print: tests/samples/loggers has a file from each logger."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.logs.analyze_select import LineLevels
from monitor.logs.errors.analyze import Failures
from monitor.logs.errors.model import FailureGroup
from monitor.records.event import LogEvent
from monitor.records.levels import ERROR
from monitor.records.logger_grammar import without_colors
from monitor.records.loggers import parse_logger_text
from monitor.records.message import parse_message
from monitor.records.tracebacks import begins_traceback
from tests.examples import examples

SAMPLES = Path(__file__).parents[3] / "samples" / "loggers"
ID = "6f0d1c9e-3f0a-4a1b-9a55-0b3c8f1e2d00"
START = f"START RequestId: {ID} Version: $LATEST\n"
REPORT = (
    f"REPORT RequestId: {ID}\tDuration: 9.00 ms\tBilled Duration: 9 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\n"
)
STOCK = ("RuntimeError", "stock is gone")
PLAIN = ("ERROR", "plain error")
NULL = ("TypeError", "Cannot read properties of null (reading 'x')")
TWO_FAILED = ("ExceptionGroup", "two failed (2 sub-exceptions)\n  ValueError: bad sku\n  TypeError: bad price")
# The failures in each sample: the type, and how the message begins.
EXPECTED = {
    "asctime1": [STOCK, PLAIN],
    "asctime2": [TWO_FAILED, PLAIN],
    "asctime6": [STOCK, PLAIN],
    "asctime9": [STOCK, PLAIN],
    "basicconfig": [STOCK, PLAIN],
    "bunyan": [NULL, ("ERROR", "x"), ("FATAL", "gone")],
    "chalice": [STOCK],
    "django": [STOCK],
    "django-verbose": [STOCK],
    "ecs": [STOCK, PLAIN],
    "eliot": [STOCK, STOCK, ("KeyError", "'k'")],
    "flask": [STOCK, ("ERROR", "plain")],
    "google-severity": [STOCK, ("ERROR", "ERROR:shop.main:plain error")],
    "gunicorn": [STOCK],
    "lambda-json": [STOCK, PLAIN, ("ExceptionGroup", "two failed (2 sub-exceptions)")],
    "logfmt": [STOCK, PLAIN],
    "loguru": [STOCK, PLAIN, ("CRITICAL", "gone")],
    "loguru-colored": [STOCK, PLAIN],
    "loguru-serialize": [STOCK, PLAIN],
    "opentelemetry": [STOCK, ("ERROR", "ERROR:shop.main:plain error")],
    "opentelemetry-indented": [STOCK, ("ERROR", "ERROR:shop.main:plain error")],
    "pino": [NULL, ("FATAL", "gone"), ("ERROR", "no base")],
    "powertools": [STOCK, PLAIN],
    "printed": [STOCK, STOCK, TWO_FAILED],
    "printed-notes": [
        ("ValueError", "first line"),
        ("SyntaxError", "invalid syntax"),
        ("RecursionError", "maximum recursion depth exceeded"),
        ("ExceptionGroup", "outer (1 sub-exception)\n  ExceptionGroup: inner (1 sub-exception)\n  KeyError: 'k'"),
    ],
    "python-json-logger": [STOCK, PLAIN],
    "python-json-logger-message-only": [STOCK],
    "python-json-logger-severity": [STOCK, PLAIN],
    "rich": [STOCK, PLAIN],
    "structlog-console": [STOCK, PLAIN],
    "structlog-console-plain": [STOCK],
    "structlog-dict": [STOCK, TWO_FAILED],
    "structlog-json": [STOCK],
    "structlog-kv": [STOCK],
    "structlog-logfmt": [STOCK],
    "structlog-number": [("ERROR", "x")],
    "uvicorn": [STOCK],
    "uvicorn-colored": [STOCK],
    "winston": [NULL, ("ERROR", "reading failed"), ("Error", "printed"), ("StockError", "stock")],
}

# Each line of each sample.
LINES = sorted({line for path in SAMPLES.glob("*.log") for line in path.read_text("utf-8").splitlines(keepends=True)})


def lines_of(name: str) -> list[str]:
    return (SAMPLES / f"{name}.log").read_text("utf-8").splitlines(keepends=True)


def records_of(name: str) -> Iterator[str]:
    """The same text, as a logger that writes each of its records at once makes it: one event a record."""
    held = ""
    for line in lines_of(name):
        bare = without_colors(line)
        begins = bare.startswith("{") or parse_logger_text(line) is not None
        prints = begins_traceback(bare.rstrip()) and parse_logger_text(held.partition("\n")[0]) is None
        chained = "another exception" in held[-90:] or "direct cause" in held[-90:]
        if held and (begins or (prints and not chained and not held.startswith("Internal"))):
            yield held
            held = ""
        held += line
    yield held


def events(messages: list[str]) -> list[LogEvent]:
    texts = [START, *messages, f"END RequestId: {ID}\n", REPORT]
    return [LogEvent(1_000 + at, text, "2026/11/23/[$LATEST]a", "/aws/lambda/fn") for at, text in enumerate(texts)]


def groups(messages: list[str]) -> list[FailureGroup]:
    failures = Failures()
    for event in events(messages):
        failures.add(event, parse_message(event.message))
    failures.finish()
    assert {one.request_id for one in failures.groups(None, lambda _: None)} <= {ID}
    return failures.groups(None, lambda _: None)


def check(messages: list[str], name: str) -> None:
    found = groups(messages)
    left = list(found)
    for kind, text in EXPECTED[name]:
        one = next((one for one in left if one.type == kind and one.message.startswith(text)), None)
        assert one is not None, (name, kind, text, [(one.type, one.message) for one in found])
        left.remove(one)
    assert not left, (name, [(one.type, one.message) for one in left])


def test_there_is_an_expectation_for_each_sample() -> None:
    assert {path.stem for path in SAMPLES.glob("*.log")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_each_failure_is_named_once_when_each_line_is_an_event(name: str) -> None:
    check(lines_of(name), name)


@pytest.mark.parametrize("name", sorted(set(EXPECTED) - {"opentelemetry-indented", "winston", "printed-notes"}))
def test_each_failure_is_named_once_when_each_record_is_an_event(name: str) -> None:
    check(list(records_of(name)), name)


@pytest.mark.parametrize("name", ["basicconfig", "loguru", "uvicorn", "printed", "gunicorn", "rich"])
def test_the_application_frame_is_found_in_a_traceback_of_many_events(name: str) -> None:
    frames = [one.frame for one in groups(lines_of(name)) if one.type == "RuntimeError"]
    assert frames
    assert all(re.fullmatch(r"(?:gapp|shop)\.py:\w+", frame) for frame in frames)


@pytest.mark.parametrize("name", ["asctime1", "basicconfig", "chalice", "flask", "gunicorn", "uvicorn"])
def test_a_traceback_that_lost_its_indentation_is_read(name: str) -> None:
    check([line.lstrip(" ") for line in lines_of(name)], name)


def levels(messages: list[str]) -> list[tuple[str, int | None]]:
    found = LineLevels()
    return [(event.message, found.of(event, parse_message(event.message))) for event in events(messages)]


@pytest.mark.parametrize(
    "name", ["asctime1", "basicconfig", "chalice", "flask", "gunicorn", "loguru", "printed", "uvicorn"]
)
def test_the_lines_of_a_traceback_have_the_level_of_the_error(name: str) -> None:
    at_error = "".join(text for text, level in levels(lines_of(name)) if level is not None and level >= ERROR)
    for wanted in ("Traceback (most recent call last)", "RuntimeError: stock is gone", 'File "/var/task/'):
        assert wanted in at_error
    for unwanted in ("INFO", "WARNING", "REPORT"):
        assert unwanted not in at_error


def test_a_line_after_a_traceback_is_no_part_of_it() -> None:
    lines = ["ERROR:shop:failed\n", "Traceback (most recent call last):\n", '  File "a.py", line 1, in f\n']
    lines += ["ValueError: no\n", "the next order\n", "  and its details\n"]
    assert [level for _, level in levels(lines)][1:-2] == [40, 40, 40, 40, None, None]


@pytest.mark.parametrize(
    ("text", "level", "message"),
    [
        ("ERROR:shop.main:reading failed", "ERROR", "reading failed"),
        ("2026-11-29 21:18:04,653:ERROR:shop.main:reading failed", "ERROR", "reading failed"),
        ("2026-11-29 21:18:04,653 - root - MainThread - ERROR - reading failed", "ERROR", "reading failed"),
        ("29/Nov/2026 21:18:04 [8] ERROR: reading failed", "ERROR", "reading failed"),
        ("[2026-11-29 21:18:04,653] [ERROR] [shop.main] reading failed", "ERROR", "reading failed"),
        ("[2026-11-29 21:18:35,123: ERROR/MainProcess] reading failed", "ERROR", "reading failed"),
        ("21:18:04.653 [main] ERROR com.shop.Main - reading failed", "ERROR", "reading failed"),
        ("2026-11-29T21:18:05.106Z ERROR 1 --- [main] c.s.Main : reading failed", "ERROR", "reading failed"),
        ("Nov 29, 2026 9:18:05 PM com.shop.Main read", None, ""),
        ("SEVERE: reading failed", "SEVERE", "reading failed"),
        ("2026-11-29 21:18:05 [error    ] reading failed", "ERROR", "reading failed"),
        ("error: reading failed", "ERROR", "reading failed"),
        ('time="2026-11-29T21:18:05Z" level=error msg="reading failed"', "ERROR", "reading failed"),
        ("CRITICAL reading failed", "CRITICAL", "reading failed"),
        ("E1129 21:18:04.653123 139712 main.py:12] reading failed", "ERROR", "reading failed"),
        ("[W 261129 21:18:04 main:12] reading failed", "WARNING", "reading failed"),
        ("[E 2026-11-29 21:18:04.653 ServerApp] reading failed", "ERROR", "reading failed"),
        ("F, [2026-11-29T21:18:04.653123 #8] FATAL -- shop: reading failed", "FATAL", "reading failed"),
        ("2026-11-29 21:18:04 host shop.main[8] ERROR reading failed", "ERROR", "reading failed"),
        ("Nov 29 21:18:04 host shop[8]: ERROR reading failed", "ERROR", "reading failed"),
        ("[2026-11-29T21:18:04.653123+00:00] shop.ERROR: reading failed", "ERROR", "reading failed"),
        ("[2026-11-29T21:18:04Z ERROR shop::main] reading failed", "ERROR", "reading failed"),
        ("fail: Shop.Orders.Reader[1002]\n      reading failed", "FAIL", "reading failed"),
        ("\N{CROSS MARK} ERROR reading failed", "ERROR", "reading failed"),
        ("\N{WARNING SIGN}\N{VARIATION SELECTOR-16} WARNING: reading failed", "WARNING", "reading failed"),
        ("\N{POLICE CARS REVOLVING LIGHT}[ERROR] reading failed", "ERROR", "reading failed"),
        ("[\N{CROSS MARK} ERROR] reading failed", "ERROR", "reading failed"),
        ("[shop] \N{FIRE} CRITICAL reading failed", "CRITICAL", "reading failed"),
        ("[!] ERROR reading failed", "ERROR", "reading failed"),
        ("!!! ERROR: reading failed", "ERROR", "reading failed"),
        # What people print is no logger's line.
        ("\N{CROSS MARK} the ERROR was fixed", None, ""),
        ("\N{FIRE} sale of errors", None, ""),
        ("- ERROR is the name of a table", None, ""),
        ("E1129 is the number of the order", None, ""),
        ("[E 261129] reading", None, ""),
        ("fail: the stock[0] is gone", None, ""),
        ("2026-11-29 21:18:05 we read shop.error: none", None, ""),
        ("we saw an ERROR here", None, ""),
        ("2026-11-29 we have seen an ERROR here", None, ""),
        ("2026-11-29 21:18:05 the last ERROR was fixed", None, ""),
        ("ERRORS: 3", None, ""),
        ("information about the stock", None, ""),
        ("x=1 y=2 level=7", None, ""),
        ('127.0.0.1 - - [29/Nov/2026:21:18:35 +0000] "GET / HTTP/1.1" 500 0', None, ""),
    ],
)
def test_the_level_and_the_message_of_a_text_line(text: str, level: str | None, message: str) -> None:
    record = parse_logger_text(text + "\n")
    assert (record and record.level, (record and record.message) or "") == (level, message)


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ({"level": 40, "msg": "x", "time": 1}, "WARN"),
        ({"level": 50, "msg": "x", "pid": 1, "hostname": "h"}, "ERROR"),
        ({"level": 40, "message": "x"}, "ERROR"),
        ({"level": "40", "message": "x"}, "ERROR"),
        ({"level": 40, "level_name": "ERROR", "msg": "x", "time": 1}, "ERROR"),
        ({"level": 3, "short_message": "x"}, "ERROR"),
        ({"severity_number": 17, "body": "x"}, "ERROR"),
        ({"severity_number": 21, "body": "x"}, "FATAL"),
        ({"severity": 500, "message": "x"}, "ERROR"),
        ({"level_value": 40000, "message": "x"}, "ERROR"),
        ({"level": "gold", "severity": "ERROR", "message": "x"}, "ERROR"),
        ({"level": "gold", "message": "x"}, "gold"),
        ({"log.level": "error", "message": "x"}, "error"),
        ({"log": {"level": "error"}, "message": "x"}, "error"),
        ({"@l": "Error", "@m": "x"}, "Error"),
        ({"lvl": "warn", "msg": "x"}, "warn"),
        ({"log": {"level": "error", "msg": "x"}}, "error"),
        ({"status": "error", "message": "x", "dd": {"service": "shop"}}, "error"),
        ({"status": "error", "message": "x"}, None),
        ({"status": "done", "message": "x", "ddsource": "python"}, "done"),
        ({"PRIORITY": "3", "MESSAGE": "x"}, "ERROR"),
        ({"PRIORITY": 6, "MESSAGE": "x"}, "INFO"),
        ({"PRIORITY": "9" * 5_000, "MESSAGE": "x"}, None),
        ({"PRIORITY": "3", "message": "x"}, None),
        ({"message": "x"}, None),
    ],
)
def test_the_level_of_a_json_line(line: dict[str, object], level: str | None) -> None:
    record = parse_message(json.dumps(line))
    assert (getattr(record, "level", None), getattr(record, "message", None)) == (level, "x")


@pytest.mark.parametrize(
    "line",
    [
        {"level": "ERROR", "message": "failed", "error": {"type": "ValueError", "message": "no", "stack": "a\n  at b"}},
        {"level": "ERROR", "message": "failed", "error": {"class": "ValueError", "value": "no"}},
        {"level": "ERROR", "message": "failed", "error.type": "ValueError", "error.message": "no"},
        {"level": "ERROR", "message": "failed", "exc_type": "ValueError", "exc_value": "no"},
        {
            "level": "ERROR",
            "message": "failed",
            "stack_trace": 'Traceback (most recent call last):\n  File "a"\nValueError: no',
        },
        {"level": "ERROR", "message": "failed", "traceback": ["Traceback (most recent call last):", "ValueError: no"]},
        {"message": 'failed\nTraceback (most recent call last):\n  File "a.py", line 1, in f\nValueError: no'},
        {"level": "ERROR", "attributes": {"exception.type": "ValueError", "exception.message": "no"}, "body": "failed"},
        {
            "level": "ERROR",
            "message": "failed",
            "thrown": {"name": "ValueError", "message": "no", "extendedStackTrace": []},
        },
    ],
)
def test_the_exception_of_a_json_line(line: dict[str, object]) -> None:
    (one,) = groups([json.dumps(line)])
    assert (one.kind, one.type, one.message) == ("exception", "ValueError", "no")


@pytest.mark.parametrize(
    "line",
    [
        {"level": "INFO", "message": "done", "error": None},
        {"statusCode": 400, "error": {"type": "invalid_request", "message": "no"}},
        {"level": "INFO", "message": "retried", "error": {"type": "Throttled", "message": "slow down"}},
        {"message": "an ERROR is not here", "exc_info": False},
    ],
)
def test_a_json_line_that_reports_no_failure(line: dict[str, object]) -> None:
    assert groups([json.dumps(line)]) == []


def test_a_logger_line_that_the_telemetry_api_wraps() -> None:
    text = (
        'ERROR:shop:failed\nTraceback (most recent call last):\n  File "/var/task/a.py", line 1, in f\nValueError: no'
    )
    (one,) = groups([json.dumps({"time": "2026-11-27T13:00:00.000Z", "type": "function", "record": text})])
    assert (one.kind, one.type, one.message, one.frame) == ("exception", "ValueError", "no", "a.py:f")


def test_an_exception_that_is_logged_with_its_module_and_raised_is_one_failure() -> None:
    frames = '  File "/var/task/shop.py", line 5, in read\n    get()\n'
    trace = f"Traceback (most recent call last):\n{frames}botocore.exceptions.ClientError: denied\n"
    lines = ["ERROR:shop:failed\n", *trace.splitlines(keepends=True)]
    lines.append(f"[ERROR] ClientError: denied\rTraceback (most recent call last):\r{frames}".replace("\n", "\r"))
    (one,) = groups(lines)
    assert one.count == 1


def test_a_group_that_is_logged_and_raised_is_one_failure() -> None:
    lines = [line for line in lines_of("printed") if re.match(r"\s+[|+]", line)]
    frame = re.search(r'File "([^"]+)", line 12, in group', "".join(lines))
    assert frame is not None
    stack = f'  File "{frame[1]}", line 12, in group\r    raise ExceptionGroup()\r'
    lines.append(f"[ERROR] ExceptionGroup: two failed (2 sub-exceptions)\rTraceback (most recent call last):\r{stack}")
    (one,) = groups(lines)
    assert (one.count, one.type) == (1, "ExceptionGroup")


def test_a_validation_error_names_its_field() -> None:
    message = "1 validation error for Order\nsku\n  Field required [type=missing, input_value={}, input_type=dict]\n"
    frame = '  File "/var/task/shop.py", line 5, in f\n'
    trace = f"Traceback (most recent call last):\n{frame}pydantic.ValidationError: {message}"
    for lines in (trace.splitlines(keepends=True), [trace]):
        (one,) = groups([*lines, "[INFO]\t2026-11-29T21:18:05.106Z\t\tnext\n"])
        assert one.pattern.startswith("<n> validation error for Order: sku, Field required")


def test_two_environments_that_print_tracebacks_at_once_stay_apart() -> None:
    traces = {
        stream: f'Traceback (most recent call last):\n  File "/var/task/{stream}.py", line 5, in f\n{stream}Error: no\n'
        for stream in ("A", "B", "C")
    }
    failures = Failures()
    split = {stream: text.splitlines() for stream, text in traces.items()}
    for number in range(3):
        for stream, lines in split.items():
            event = LogEvent(1_000 + number, lines[number], stream, "/aws/lambda/fn")
            failures.add(event, parse_message(event.message))
    failures.finish()
    assert {(one.type, one.frame) for one in failures.groups(None, lambda _: None)} == {
        (f"{stream}Error", f"{stream}.py:f") for stream in traces
    }


@settings(max_examples=examples(25), deadline=None)
@given(st.lists(st.sampled_from(sorted(EXPECTED)), min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_the_lines_of_many_environments_in_any_order_give_the_same_failures(names: list[str], chance: Random) -> None:
    left = {f"s{number}": events(lines_of(name)) for number, name in enumerate(names)}
    failures, at_ms = Failures(), 1_000
    while left:
        stream = chance.choice(sorted(left))
        for _ in range(min(chance.randint(1, 9), len(left[stream]))):
            at_ms += 1
            text = left[stream].pop(0).message.replace(ID, f"{ID[:-2]}{stream}")
            failures.add(LogEvent(at_ms, text, stream, f"/aws/lambda/{stream}"), parse_message(text))
        if not left[stream]:
            del left[stream]
    failures.finish()
    found = Counter((one.function, one.type) for one in failures.groups(None, lambda _: None))
    assert found == Counter((f"s{number}", kind) for number, name in enumerate(names) for kind, _ in EXPECTED[name])


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=30), st.randoms(use_true_random=False))
def test_any_mix_of_lines_is_read_without_an_exception(lines: list[str], chance: Random) -> None:
    cut = [line[chance.randint(0, len(line)) :] if chance.random() < 0.2 else line for line in lines]
    found, spread = LineLevels(), Failures()
    for at_ms, text in enumerate(cut):
        event = LogEvent(at_ms, text, "s", "g")
        record = parse_message(text)
        found.of(event, record)
        spread.add(event, record)
    spread.finish()
    joined = "".join(cut)
    whole = Failures()
    whole.add(LogEvent(0, joined, "s", "g"), parse_message(joined))
    whole.finish()
    assert sum(one.count for one in spread.groups(None, lambda _: None)) <= len(cut)
