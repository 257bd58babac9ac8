"""Whatever a log line holds, reading it neither raises nor takes long."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.kernel.jsonable import jsonable
from monitor.records.message import parse_fact, parse_message, printed_before_end
from monitor.records.record import Malformed, Report, Start
from tests.examples import examples

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "log_records.jsonl"

heads = st.sampled_from(
    [
        "REPORT RequestId: a\tDuration: ", "START RequestId:", "END RequestId: ", "INIT_START ", "INIT_REPORT ",
        "RESTORE_START ", "RESTORE_REPORT ", "XRAY TraceId:", "EXTENSION\tName:", "TELEMETRY\tName:", "LOGS\tName:",
        "RequestId: a Error: ", "Error: Runtime exited with error: ", "Error: Task timed out after ", "import time: ",
        "[ERROR] ", "[INFO]\t2026-11-23T02:48:41.886Z\ta\t", "LAMBDA_WARNING: x\r{", "2026-11-23T02:48:41.886Z a Task",
        "2026/11/23/[1]ab 2026-11-23T02:48:41.886Z REPORT ", '{"type":"platform.report","record":', '{"_aws":',
        '{"monitor_init":', '{"errorType":"', "[ERROR] E: m\rTraceback (most recent call last):",
    ]
)  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KEYS = (
    "type", "record", "time", "_aws", "CloudWatchMetrics", "monitor_init", "requestId", "metrics", "durationMs",
    "level", "message", "errorType", "stackTrace", "exception", "error", "version", "observed_init_ms", "imports",
    "tree", "tracing", "value", "Namespace", "Metrics", "Name", "Dimensions", "status", "phase",
)  # fmt: skip
TYPES = ("platform.report", "platform.start", "platform.initReport", "platform.fault", "function", "extension", 5)
documents = st.recursive(
    st.dictionaries(st.sampled_from(KEYS), values | st.sampled_from(TYPES), max_size=6),
    lambda inner: st.dictionaries(st.sampled_from(KEYS), inner | st.lists(inner, max_size=2), max_size=5),
    max_leaves=8,
)


def check(message: str) -> None:
    record = parse_message(message)
    json.dumps(jsonable(record), allow_nan=False)
    fact = parse_fact(message)
    assert fact is None or fact == record


@settings(max_examples=examples(300), deadline=None)
@given(st.text() | st.builds(str.__add__, heads, st.text(max_size=80)))
@example("REPORT RequestId: \x00\tDuration: ٣ ms")
@example("Error: Runtime exited")
@example("RequestId:")
@example("RequestId: \n")
@example("XRAY ")
@example("\ud800")
def test_no_text_raises(message: str) -> None:
    check(message)


@settings(max_examples=examples(300), deadline=None)
@given(documents | values)
def test_no_json_raises(document: object) -> None:
    check(json.dumps(document))


ids = st.uuids().map(str)
milliseconds = st.integers(0, 10**8).map(lambda hundredths: hundredths / 100)
megabytes = st.integers(1, 20_000)


@settings(max_examples=examples(200), deadline=None)
@given(
    st.builds(
        Report,
        ids,
        milliseconds,
        st.integers(0, 10**7).map(float),
        megabytes,
        megabytes,
        st.none() | milliseconds,
        st.none() | milliseconds,
        st.none() | st.integers(0, 10**6).map(float),
        st.sampled_from([None, "timeout", "error", "failure"]),
        st.sampled_from([None, "Runtime.ExitError", "Extension.Crash"]),
        st.none() | st.from_regex(r"\A1-[0-9a-f]{8}-[0-9a-f]{24}\Z"),
        st.none(),
        st.none(),
    ),
    st.sampled_from(["\t", " \t", "  "]),
    st.randoms(use_true_random=False),
)
def test_a_report_reads_back_as_it_was_written_in_any_order(report: Report, apart: str, random: object) -> None:
    fields = [
        ("Duration", report.duration_ms, ".2f", " ms"),
        ("Billed Duration", report.billed_ms, ".0f", " ms"),
        ("Memory Size", report.memory_mb, "d", " MB"),
        ("Max Memory Used", report.max_memory_mb, "d", " MB"),
        ("Init Duration", report.init_ms, ".2f", " ms"),
        ("Restore Duration", report.restore_ms, ".2f", " ms"),
        ("Billed Restore Duration", report.billed_restore_ms, ".0f", " ms"),
        ("Status", report.status, "", ""),
        ("Error Type", report.error_type, "", ""),
        ("XRAY TraceId", report.trace_id, "", ""),
    ]
    parts = [f"{key}: {value:{form}}{unit}" for key, value, form, unit in fields if value is not None]
    random.shuffle(parts)  # type: ignore[attr-defined]
    assert parse_message(apart.join([f"REPORT RequestId: {report.request_id}", *parts])) == report


@pytest.mark.parametrize(
    "message",
    [
        "REPORT " + "A " * 500_000,
        "REPORT RequestId: x " + "Aaaaaaaaaa " * 90_000,
        "2026-11-23" + " " * 900_000 + "x",
        "2026-11-23T[" + "[" * 900_000,
        "[ERROR] " + "Traceback (most recent call last):\r" * 25_000,
        "import time: " + " " * 900_000,
        "EXTENSION\tName: " + "[" * 900_000,
        "RequestId: x Error: " + "Runtime." * 100_000,
        "x" * 1_000_000,
    ],
    ids=["keys", "words", "blanks", "brackets", "tracebacks", "import", "extension", "exit", "text"],
)
def test_a_hostile_line_of_a_megabyte_is_read_at_once(message: str) -> None:
    # Anything quadratic takes minutes here; the bound leaves room for a busy machine.
    began = time.process_time()
    parse_message(message)
    parse_fact(message)
    assert time.process_time() - began < 2.0


def test_our_own_samples_are_of_their_kind() -> None:
    kinds = set()
    for line in SAMPLES.read_text(encoding="utf-8").splitlines():
        sample = json.loads(line)
        record = parse_message(sample["text"])
        kinds.add(record.record_kind)
        assert record.record_kind == sample["kind"], sample["text"]
        if isinstance(record, Malformed):
            assert record.text == sample["text"]
    assert len(kinds) == 17


def test_a_tools_prefix_is_told_from_the_line() -> None:
    line = "START RequestId: 6f0d Version: 7"
    prefix = "2026/11/23/analyzer[7]0123 2026-11-23T02:48:41.899000 "
    assert parse_message(prefix + line) == Start("6f0d", "7")


@pytest.mark.parametrize("prefix", ["", "2026/11/23/analyzer[7]0123 2026-11-23T02:48:41.899000 "])
def test_what_a_handler_printed_before_an_end_is_told_from_it(prefix: str) -> None:
    end = "END RequestId: 6f0d1c9e-3f0a-4a1b-9a55-0b3c8f1e2d01\n"
    assert printed_before_end(prefix + end) == ""
    assert printed_before_end("no newline here" + end) == "no newline here"
