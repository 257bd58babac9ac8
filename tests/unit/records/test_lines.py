import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import UsageError
from monitor.records.event import LogEvent
from monitor.records.lines import parse_lines

AT_MS = 1_795_402_121_886  # 2026-11-23T02:48:41.886Z
STREAM = "2026/11/23/[$LATEST]5f2c"


def read(*lines: str) -> list[LogEvent]:
    return list(parse_lines(lines))


def test_plain_lines_are_events_without_a_time() -> None:
    assert read("START RequestId: 1 Version: $LATEST\n", "hello\r\n", "\n") == [
        LogEvent(0, "START RequestId: 1 Version: $LATEST"),
        LogEvent(0, "hello"),
    ]


def test_the_output_of_aws_logs_tail_keeps_its_time_and_stream() -> None:
    line = f"2026-11-23T02:48:41.886000+00:00 {STREAM} REPORT RequestId: 1\tDuration: 2.46 ms\n"
    assert read(line) == [LogEvent(AT_MS, "REPORT RequestId: 1\tDuration: 2.46 ms", stream=STREAM)]
    short = "2026-11-23T02:48:41.886 START RequestId: 1 Version: 3"
    assert read(short) == [LogEvent(AT_MS, "START RequestId: 1 Version: 3")]


def test_a_log_line_that_begins_with_a_time_stays_whole() -> None:
    line = "2026-11-23T02:48:41.886Z 5b86 Task timed out after 3.00 seconds"
    assert read(line) == [LogEvent(0, line)]


def test_a_continuation_line_has_the_time_of_the_line_before() -> None:
    first = f"2026-11-23T02:48:41.886000+00:00 {STREAM} [ERROR] ValueError: no"
    assert [event.timestamp_ms for event in read(first, "Traceback (most recent call last):")] == [AT_MS, AT_MS]


def test_our_own_json_lines_come_back_as_they_were() -> None:
    event = LogEvent(AT_MS, "xin chào ☀", stream=STREAM, group="/aws/lambda/a", event_id="7", ingestion_ms=AT_MS + 5)
    line = json.dumps(
        {
            "timestamp_ms": event.timestamp_ms,
            "message": event.message,
            "stream": event.stream,
            "group": event.group,
            "event_id": event.event_id,
            "ingestion_ms": event.ingestion_ms,
        }
    )
    assert read(line) == [event]


def test_a_json_log_line_is_the_message_and_gives_its_time() -> None:
    line = '{"time":"2026-11-23T02:48:41.886Z","type":"platform.start","record":{"requestId":"1"}}'
    assert read(line) == [LogEvent(AT_MS, line)]
    powertools = '{"level":"INFO","message":"hi","timestamp":"2026-11-23 02:48:41,886+0000"}'
    assert read(powertools)[0].message == powertools


@pytest.mark.parametrize("indent", [None, 4])
def test_filter_log_events_output_is_read_whole(indent: int | None) -> None:
    document = {"events": [{"timestamp": AT_MS, "message": "a\n", "logStreamName": STREAM, "eventId": "9"}]}
    lines = json.dumps(document, indent=indent).splitlines(keepends=True)
    assert list(parse_lines(lines)) == [LogEvent(AT_MS, "a\n", stream=STREAM, event_id="9")]


@pytest.mark.parametrize("text", ['{\n"events": [', '{"events": 3}', "[\n1\n]", '{"events": [{"message": 5}]}'])
def test_a_document_that_holds_no_events_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        list(parse_lines(text.splitlines(keepends=True)))


@given(st.lists(st.text(max_size=80), max_size=8))
def test_no_text_is_fatal_but_for_a_broken_document(lines: list[str]) -> None:
    try:
        events = list(parse_lines(lines))
    except UsageError:
        return
    assert all(isinstance(event.timestamp_ms, int) for event in events)


def test_a_json_message_behind_a_short_time_is_an_event() -> None:
    assert read('2026-11-23T02:48:41.886 {"a":1}') == [LogEvent(AT_MS, '{"a":1}')]


def test_once_the_short_format_is_known_every_line_loses_its_time() -> None:
    plain, offset = "2026-11-23T02:48:41.886 hello", "2026-11-23T02:48:41.886Z hello"
    start = "2026-11-23T02:48:41 START RequestId: 1 Version: 3"
    assert [event.message for event in read(plain, start, plain, offset)] == [
        plain, "START RequestId: 1 Version: 3", "hello", offset,
    ]  # fmt: skip


def test_lines_of_the_longer_format_do_not_make_it_the_short_one() -> None:
    plain = "2026-11-23T02:48:41.886 hello"
    start = f"2026-11-23T02:48:41.886000+00:00 {STREAM} START RequestId: 1 Version: 3"
    assert read(start, plain)[1] == LogEvent(AT_MS, plain)
