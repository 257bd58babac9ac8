"""What a person reads of a log, line by line."""

import json
from datetime import UTC

import pytest

from monitor.model.event import LogEvent
from monitor.parse.record import parse_message
from monitor.render.tail import TailRenderer
from monitor.render.text import Style

AT_MS = 1_795_402_121_886  # 2026-11-23T02:48:41.886Z
REQUEST = "5b86d4d4-0c1f-4d2c-9a0e-3f7e5b8f6a11"


def shown(message: str, *, colour: bool = False, fold: bool = True, names: dict[str, str] | None = None) -> str | None:
    renderer = TailRenderer(Style(colour=colour), UTC, names or {}, fold=fold)
    return renderer.render(LogEvent(AT_MS, message, group="/aws/lambda/a"), parse_message(message))


def test_a_cold_report_is_one_line_with_its_init() -> None:
    message = (
        f"REPORT RequestId: {REQUEST}\tDuration: 2.46 ms\tBilled Duration: 417 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 97 MB\tInit Duration: 413.61 ms\t\n"
    )
    assert shown(message) == (
        f"02:48:41.886 REPORT  2.46 ms  billed 417 ms  97 of 128 MB  cold start, init 414 ms  {REQUEST}"
    )


@pytest.mark.parametrize("message", [f"START RequestId: {REQUEST} Version: $LATEST\n", f"END RequestId: {REQUEST}\n"])
def test_start_and_end_fold_away_and_come_back_unfolded(message: str) -> None:
    assert shown(message) is None
    assert shown(message, fold=False) == f"02:48:41.886 {message.strip()}"


def test_a_time_out_and_a_crash_stand_out() -> None:
    timed_out = shown(f"2026-11-23T02:48:41.886Z {REQUEST} Task timed out after 3.00 seconds\n\n", colour=True)
    assert timed_out is not None
    assert "\x1b[1;31mTIMED OUT after 3 s" in timed_out
    crashed = shown(f"RequestId: {REQUEST} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n")
    assert crashed is not None
    assert "CRASHED" in crashed
    assert "signal: killed" in crashed


def test_a_structured_line_is_level_message_and_the_fields_that_matter() -> None:
    line = {
        "level": "INFO",
        "message": "đã phân tích ảnh",
        "timestamp": "2026-11-23 02:48:41,886+0000",
        "service": "ai-image-analyzer",
        "function_request_id": REQUEST,
        "cold_start": True,
        "format": "PNG",
        "width": 640,
    }
    assert shown(json.dumps(line, ensure_ascii=False)) == "02:48:41.886 INFO    đã phân tích ảnh  format=PNG width=640"


def test_an_exception_is_shown_with_its_stack() -> None:
    line = {
        "level": "ERROR",
        "message": "analysis failed",
        "exception": 'Traceback (most recent call last):\n  File "/var/task/app/main.py", line 3, in f\nValueError: no',
        "exception_name": "ValueError",
    }
    text = shown(json.dumps(line))
    assert text is not None
    first, *rest = text.split("\n")
    assert first == "02:48:41.886 ERROR   analysis failed"
    assert any("main.py" in row for row in rest)
    assert all(row.startswith(" " * 13) for row in rest)


def test_an_emf_line_folds_to_its_metrics() -> None:
    blob = {
        "_aws": {
            "Timestamp": AT_MS,
            "CloudWatchMetrics": [
                {
                    "Namespace": "AiImageAnalyzer",
                    "Dimensions": [["service"]],
                    "Metrics": [{"Name": "AnalysisDuration", "Unit": "Milliseconds"}, {"Name": "ColdStart"}],
                }
            ],
        },
        "service": "s",
        "AnalysisDuration": [12.5],
        "ColdStart": 1,
    }
    assert shown(json.dumps(blob)) == "02:48:41.886 metric AnalysisDuration=12.5ms ColdStart=1"


@pytest.mark.parametrize("evil", ["\x1b]0;owned\x07", "\x1b[2J", "a\x9b31mb", "\u202egnp.exe", "x\x00y", "l\u2028l"])
def test_nothing_logged_can_act_on_a_terminal(evil: str) -> None:
    messages = [
        evil,
        json.dumps({"level": "INFO", "message": evil, evil: evil}),
        f"REPORT RequestId: {REQUEST}\tDuration: 1 ms\tStatus: error\tError Type: {evil}",
        f"RequestId: {REQUEST} Error: {evil}\nRuntime.ExitError",
    ]
    for message in messages:
        for fold in (True, False):
            text = shown(message, fold=fold) or ""
            assert not any(sign in text for sign in "\x1b\x07\x9b\u202e\x00\u2028"), message


def test_several_groups_are_told_apart_by_name() -> None:
    names = {"/aws/lambda/a": "a", "/aws/lambda/longer": "longer"}
    assert shown("hello", names=names) == "02:48:41.886 a      hello"


def test_a_line_of_many_lines_is_indented_below_its_time() -> None:
    assert shown("one\ntwo\r\nthree\n") == f"02:48:41.886 one\n{' ' * 13}two\n{' ' * 13}three"
