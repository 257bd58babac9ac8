"""Real records of the corpus: each of the kind that it is, the awkward ones to the digit."""

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.records.message import parse_fact, parse_message
from monitor.records.record import (
    Application,
    Exited,
    Extension,
    InitReport,
    InitStart,
    LogsDropped,
    Malformed,
    PlatformOther,
    Record,
    Report,
    RestoreReport,
    RestoreStart,
    RuntimeDone,
    Start,
    TimedOut,
)

# What a person calls it, by the corpus's own word for it (`type` for JSON events; None: the function's own line).
KINDS = {
    "app": {"application", "text"},
    "function": {"application"},
    "platform.start": {"start"},
    "platform.end": {"end"},
    "platform.report": {"report"},
    "platform.runtimeDone": {"runtime_done"},
    "platform.initStart": {"init_start"},
    "platform.initReport": {"init_report"},
    "platform.initRuntimeDone": {"init_report"},
    "platform.restoreStart": {"restore_start"},
    "platform.restoreReport": {"restore_report"},
    "platform.restoreRuntimeDone": {"restore_report"},
    "platform.extension": {"extension"},
    "platform.telemetrySubscription": {"extension"},
    "platform.logsSubscription": {"extension"},
    "platform.logsDropped": {"logs_dropped"},
    "platform.fault": {"exit"},
}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def texts(corpus: Path) -> list[dict[str, Any]]:
    return lines(corpus / "report_lines.jsonl")


@pytest.fixture(scope="module")
def events(corpus: Path) -> list[dict[str, Any]]:
    return [item["event"] for item in lines(corpus / "platform_events.jsonl")]


def the_one(texts: list[dict[str, Any]], *parts: str) -> Record:
    found = [item["text"] for item in texts if all(part in item["text"] for part in parts)]
    assert len(found) == 1, (parts, found)
    return parse_message(found[0])


def test_every_text_record_is_of_the_kind_it_is_called(texts: list[dict[str, Any]]) -> None:
    assert len(texts) == 193
    for item in texts:
        record = parse_message(item["text"])
        if item.get("malformed"):
            assert isinstance(record, Malformed), item["text"]
        else:
            assert record.record_kind in KINDS.get(item["kind"], {item["kind"]}), item["text"]


def test_every_json_event_is_of_the_kind_it_is_called(events: list[dict[str, Any]]) -> None:
    assert len(events) == 130
    odd = []
    for event in events:
        kind = event.get("type")
        record = parse_message(json.dumps(event))
        if isinstance(record, Malformed):
            odd.append(record)
        elif kind in (None, "extension"):
            assert isinstance(record, Application), event
        else:
            assert record.record_kind in KINDS[kind], event
    assert [(record.kind, record.reason) for record in odd] == [("runtime_done", "its record is not an object")]


def test_the_quick_reader_agrees_with_the_full_one(texts: list[dict[str, Any]], events: list[dict[str, Any]]) -> None:
    facts = 0
    for message in [item["text"] for item in texts] + [json.dumps(event) for event in events]:
        fact, record = parse_fact(message), parse_message(message)
        if fact is None:
            assert record.record_kind in ("application", "text", "end"), message
        else:
            facts += 1
            assert fact == record, message
    # By the corpus's own counts: the platform's text lines (of END, only the 4 that a tool's prefix hides), its
    # JSON ones, and the exceptions that left a handler: one [ERROR] with its traceback, one behind a
    # LAMBDA_WARNING, and two JSON documents.
    text_lines = 81 + 4 + 22 + 16 + 11 + 5 + 4 + 4 + 4 + 3
    json_events = 17 + 9 + 6 + 6 + 5 + 5 + 4 + 4 + 4 + 3 + 3 + 2 + 1 + 1 + 1
    assert facts == text_lines + json_events + 4


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("f8ac1208...", Report("f8ac1208...", 237.17, 300, 128, 26, 48.26)),
        ("12.34 ms", Report("3604209a-e9a3-11e6-939a-754dd98c7be3", 12.34, 100, 128, 18)),
        ("400 msMemory", Report("a7502fd0-519a-4740-be51-187c70542f8e", 336.54, 400, 3008, 3008, 0.41)),
        ("3008 M", None),
        ("125.46 ms", Report("test-invoke-id-123", 125.46)),
        ("Init Duration: 120.96", Report("db275f87-a934-471a-8980-b63bf4dc1beb", 1.76, 100, 128, 48, 120.96)),
        ("31920.84", Report("3ec2886e-e739-4764-be3b-a8e5a48a4986", 31920.84, 32733, 128, 128, 811.55)),
        ("9540.93", Report("d1e95652-2d6f-11e8-93f6-2921c8ae65e7", 9540.93, 9600, 128, 37)),
        ("1314.27", Report("33333333-2222-1111-0000-999999999999", 1314.27, 1315, 768, 731)),
        (
            "Billed Duration: 600517",
            Report(
                "c4c2a78d-5976-4177-91ae-64e7418b9769", 600000, 600517, 1024, 1024, 516.31, status="timeout",
                trace_id="1-6ac7d74a-019546e11f8bb3cd382c293c", segment_id="f8f17b1699891cfe", sampled=True,
            ),
        ),
        (
            "344356.22",
            Report(
                "3b9e07c5-5fa2-47ad-af06-e44d2b64ec8f", 344356.22, 344756, 1024, 1024, 399.33, status="error",
                error_type="Runtime.OutOfMemory", trace_id="1-6ac7d856-23c5b0d2790c4b5677597fc1",
                segment_id="382f97d370ef6f64",
            ),
        ),
        (
            "Restore Duration: 325.93",
            Report(
                "24addd09-6e64-49fb-b187-94ba9b60b59a", 127.1, 154, 2048, 212, restore_ms=325.93,
                billed_restore_ms=26, trace_id="1-66d978e5-56c7378e556e94b5461da07c",
                segment_id="29c3839e6ecb5895", sampled=True,
            ),
        ),
        ("204.27", Report("2f98d5aa-c63b-41e8-a9d2-0d2c21d7410d", 13.82, 129, 512, 71, restore_ms=204.27)),
        ("Task timed out after 30.00", Report("test-request-id", status="timeout")),
        ("Task failed: RuntimeError", Report("test-request-id", status="error", error_type="RuntimeError")),
        ("Task failed with an unknown error", Report("test-request-id", status="error")),
        ("Post Runtime Duration", Report("test-request-id", 100, 128, 256, 64, 50)),
    ],
)  # fmt: skip
def test_awkward_reports(texts: list[dict[str, Any]], part: str, expected: Report | None) -> None:
    if expected is None:
        report = the_one(texts, "abda8f75", "3896.76")
        assert isinstance(report, Report)
        assert (report.memory_mb, report.max_memory_mb, report.init_ms) == (3008, 3008, 0.56)
        return
    assert the_one(texts, part, "REPORT") == expected


def test_other_awkward_lines(texts: list[dict[str, Any]]) -> None:
    assert the_one(texts, "START", "9ca08945-de9b-46ec-adc6-3fe9ef0d2e8d") == Start(
        "9ca08945-de9b-46ec-adc6-3fe9ef0d2e8d", "$LATEST"
    )
    assert the_one(texts, "cache-extension-demo") == Extension("cache-extension-demo", "Ready", ("INVOKE", "SHUTDOWN"))
    assert the_one(texts, "13316.04") == InitReport(13316.04)
    assert the_one(texts, "9804ms") == InitReport(9804, "init", "error", "Extension.Crash")
    assert the_one(texts, "315.26") == RestoreReport(315.26)
    assert the_one(texts, "2026-08-26T10:55:30.960") == RestoreStart(
        "java:21.mainline.v82",
        "arn:aws:lambda:ap-southeast-2::runtime:1a7a66b2ea919f8f9034670f834e0512201a5998cd8767785a8d17f2ca7e204e",
    )
    assert the_one(texts, "python:3.12.mainlinev2.v43") == InitStart(
        "python:3.12.mainlinev2.v43",
        "arn:aws:lambda:us-east-1::runtime:36aeb19f3326e129d9f096dea0a3c6a9ca8dce2610e62d2b2060747602d863ae",
    )
    assert the_one(texts, "2020-02-25T22:04:08.390Z") == TimedOut("2ea49a23-ff39-4bf5-8761-439f99b7c5f6", 3.0)
    assert the_one(texts, "2ea49a23", "Runtime exited") == Exited(
        "2ea49a23-ff39-4bf5-8761-439f99b7c5f6", "signal: killed", "Runtime.ExitError"
    )


def test_what_the_function_logged_keeps_level_id_and_message(texts: list[dict[str, Any]]) -> None:
    info = the_one(texts, "Database initialized")
    warn = the_one(texts, "Event not processed")
    spaced = the_one(texts, "## ENVIRONMENT VARIABLES")
    for record in (info, warn, spaced):
        assert isinstance(record, Application)
    assert (info.level, info.request_id) == ("INFO", "abda8f75-5d04-4864-ab9c-91b1b9384f80")  # type: ignore[union-attr]
    assert (warn.level, warn.message) == ("WARN", "Event not processed.")  # type: ignore[union-attr]
    assert (spaced.level, spaced.message) == ("INFO", "## ENVIRONMENT VARIABLES")  # type: ignore[union-attr]


def test_the_warning_with_json_after_a_carriage_return_is_the_exception(texts: list[dict[str, Any]]) -> None:
    record = the_one(texts, "LAMBDA_WARNING", "UnicodeDecodeError")
    assert isinstance(record, Application)
    assert record.exception is not None
    assert (record.level, record.exception.type, len(record.exception.stack)) == ("ERROR", "UnicodeDecodeError", 14)
    assert record.message == "'utf-8' codec can't decode byte 0x80 in position 7: invalid start byte"
    assert record.request_id == "ca52c236-a38d-40fc-aa6b-7e3be2b7aa55"
    assert record.unhandled


def test_awkward_json_events(events: list[dict[str, Any]]) -> None:
    read = [parse_message(json.dumps(event)) for event in events]
    restored = [record for record in read if isinstance(record, RestoreReport) and record.billed_restore_ms]
    assert restored == [RestoreReport(70.87, 13.0)]
    managed = [record for record in read if isinstance(record, Report) and record.memory_mb is None]
    assert [(record.duration_ms, record.billed_ms) for record in managed] == [(1.148, None), (2.524, None)]
    timeouts = [record for record in read if isinstance(record, Report) and record.status == "timeout"]
    assert [(record.duration_ms, record.init_ms) for record in timeouts] == [
        (30000.0, 985.413), (5000.0, None), (3000.0, None),
    ]  # fmt: skip
    assert not [record for record in read if isinstance(record, PlatformOther)]
    dropped = [record for record in read if isinstance(record, LogsDropped)]
    assert [(record.records, record.size_bytes) for record in dropped] == [(123, 12345), (1, 1024), (123, 12345)]
    assert all(record.reason for record in dropped)
    faults = [record for record in read if isinstance(record, Exited)]
    assert faults == [
        Exited("d783b35e-a91d-4251-af17-035953428a2c", "Process exited before completing request"),
        Exited(None, "Unknown application error occurred"),
    ]
    started = [record for record in read if isinstance(record, InitStart) and record.function_name == "billing"]
    assert started == [InitStart("python:3.13.v10", "runtime-arn", "on-demand", "init", "billing", "$LATEST", "i-1")]
    done = [record for record in read if isinstance(record, RuntimeDone) and record.error_type]
    assert done == [RuntimeDone("req-1", "error", "Runtime.ExitError")]
    timed_out_init = [record for record in read if isinstance(record, InitReport) and record.status == "timeout"]
    assert timed_out_init == [InitReport(10000.487, "init", "timeout", None, "on-demand")]
    traced = [record for record in read if isinstance(record, Start) and record.trace_id]
    assert {record.trace_id for record in traced} == {
        "1-6352a70e-1e2c502e358361800241fd45", "1-692cc6c7-f2ce8d3383524609b99c07a9",
    }  # fmt: skip
