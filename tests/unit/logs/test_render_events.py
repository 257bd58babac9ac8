"""What a person reads of a log, line by line."""

import json
import re
from datetime import UTC, date
from typing import Any

import pytest

from monitor.console.text import Style
from monitor.logs.render_bodies import Bodies, Limits
from monitor.logs.render_events import TailRenderer
from monitor.logs.tail.quick_text import QuickBodies
from monitor.records.event import LogEvent
from monitor.records.message import parse_message

AT_MS = 1_795_402_121_886  # 2026-11-23T02:48:41.886Z
REQUEST = "5b86d4d4-0c1f-4d2c-9a0e-3f7e5b8f6a11"


def shown(message: str, *, color: bool = False, fold: bool = True, names: dict[str, str] | None = None) -> str | None:
    renderer = TailRenderer(Style(color=color), UTC, names or {}, fold=fold)
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
    timed_out = shown(f"2026-11-23T02:48:41.886Z {REQUEST} Task timed out after 3.00 seconds\n\n", color=True)
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


def lines_of(*messages: str, names: dict[str, str] | None = None, **options: Any) -> list[str]:
    renderer = TailRenderer(Style(), UTC, names or {}, **options)
    events = [LogEvent(AT_MS + 3_600_000 * 12 * at, text, group="/aws/lambda/a") for at, text in enumerate(messages)]
    texts = [renderer.render(event, parse_message(event.message)) for event in events]
    return "\n".join(text for text in texts if text).split("\n")


def test_a_logged_exception_is_printed_once() -> None:
    frames = '  File "app.py", line 3, in f\n    1 / 0\n'
    trace = f"Traceback (most recent call last):\n{frames}ZeroDivisionError: division by zero"
    text = shown(f"[ERROR]\t2026-11-23T02:48:41.886Z\t{REQUEST}\tfailed\n{trace}\n")
    assert text is not None
    assert text.count("ZeroDivisionError") == text.count("app.py") == text.count("failed") == 1
    colored = shown(f"[ERROR]\t2026-11-23T02:48:41.886Z\t{REQUEST}\tfailed\n{trace}\n", color=True)
    assert colored is not None
    assert "\x1b[31mZeroDivisionError: division by zero\x1b[0m" in colored


def test_a_line_without_level_and_message_begins_with_its_first_member() -> None:
    assert shown('{"order": 7, "paid": true}') == "02:48:41.886 order=7 paid=true"


def test_members_are_shown_as_json() -> None:
    line = {"message": "m", "user": {"ok": True, "none": None}, "tags": ["a"], "none": None, "ratio": 0.5}
    assert shown(json.dumps(line)) == ('02:48:41.886 m  user={"ok": true, "none": null} tags=["a"] none=null ratio=0.5')


def test_further_lines_stand_under_the_first_whatever_comes_before_it() -> None:
    names = {"/aws/lambda/a": "a", "/aws/lambda/longer": "longer"}
    assert lines_of("one\ntwo", names=names) == ["02:48:41.886 a      one", " " * 20 + "two"]
    assert lines_of("one\ntwo", dated=True) == ["2026-11-23 02:48:41.886 one", " " * 24 + "two"]


def test_a_new_day_is_said_once_or_on_every_line() -> None:
    assert lines_of("a", "b", "c", day=date(2026, 11, 23)) == [
        *("02:48:41.886 a", "14:48:41.886 b", "── 2026-11-24", "02:48:41.886 c"),
    ]
    assert lines_of("a", "b", day=date.min)[0] == "── 2026-11-23"
    assert lines_of("a", "b", "c", dated=True)[2] == "2026-11-24 02:48:41.886 c"
    assert lines_of("a", "b", "c") == ["02:48:41.886 a", "14:48:41.886 b", "02:48:41.886 c"]


def test_a_group_that_joined_gets_a_name_and_one_of_the_same_name_elsewhere_another() -> None:
    renderer = TailRenderer(Style(), UTC, {"eu /aws/lambda/a": "a"})
    events = [LogEvent(AT_MS, "x", group="/aws/lambda/a", origin=origin) for origin in ("eu", "us")]
    events.append(LogEvent(AT_MS, "x", group="/aws/lambda/new", origin="eu"))
    found = [renderer.render(event, parse_message("x")) for event in events]
    assert found == ["02:48:41.886 a x", "02:48:41.886 a us x", "02:48:41.886 new x"]


@pytest.mark.parametrize(
    ("duration_ms", "memory_mb", "duration", "memory"),
    [
        (20, 60, "  20.0 ms", "  60 of 128 MB"),
        (1_200, 60, "\x1b[33m1.20 s", "  60 of 128 MB"),
        (2_500, 110, "\x1b[33m2.50 s", "\x1b[33m110 of 128 MB"),
        (2_990, 127, "\x1b[31m2.99 s", "\x1b[31m127 of 128 MB"),
    ],
)
def test_a_report_is_colored_when_slow_and_when_near_its_limits(
    duration_ms: int, memory_mb: int, duration: str, memory: str
) -> None:
    message = (
        f"REPORT RequestId: {REQUEST}\tDuration: {duration_ms}.00 ms\tBilled Duration: 3000 ms\t"
        f"Memory Size: 128 MB\tMax Memory Used: {memory_mb} MB\t\n"
    )
    text = Bodies(True, limits=Limits(1_000, {"g": 3_000})).of(parse_message(message), "g")
    assert duration in text
    assert memory in text


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("width", [60, 80, 100])
@pytest.mark.parametrize("init", ["", "\tInit Duration: 899.50 ms\t"])
def test_a_report_fits_a_terminal_and_is_whole_in_a_pipe(init: str, width: int, *, color: bool) -> None:
    request_id = "8f5b1c2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d"
    figures = "Duration: 12345.67 ms\tBilled Duration: 12346 ms\tMemory Size: 10240 MB\tMax Memory Used: 1024 MB"
    message = f"REPORT RequestId: {request_id}\t{figures}{init}"
    event = LogEvent(1_795_784_400_000, message, "2026/11/27/[$LATEST]a", "/aws/lambda/fn")
    look = Style(color=color, width=width)
    fitted = TailRenderer(look, UTC, {}, fitted=True)
    line = fitted.render(event, parse_message(message))
    assert line is not None
    shown = re.sub(r"\x1b\[[0-9;]*m", "", line)
    assert len(shown) <= width
    assert request_id[:8] in shown
    assert not init or "init 900 ms" in shown
    assert QuickBodies(fitted.bodies).body(message, event.group) == fitted.body(event, parse_message(message))
    whole = TailRenderer(look, UTC, {}).render(event, parse_message(message))
    assert whole is not None
    assert "billed" in whole
    assert "1024 of 10240 MB" in whole
    assert request_id in whole


NAMES = ("ObservedInitDuration", "ImportDuration", "RouteLatency", "AnalysisDuration")
EMF = {
    "_aws": {
        "Timestamp": AT_MS,
        "CloudWatchMetrics": [
            {
                "Namespace": "shop",
                "Dimensions": [[]],
                "Metrics": [{"Name": one, "Unit": "Milliseconds"} for one in NAMES],
            }
        ],
    },
    **dict.fromkeys(NAMES, 1474.39),
}
PHASES = [
    {"name": name, "start_ms": 0, "duration_ms": duration_ms}
    for name, duration_ms in (("runtime", 92.9), ("entry", 32.3), ("instruments", 133), ("application", 1_220))
]
INIT_RECORD = {"monitor_init": {"version": 1, "observed_init_ms": 1478.3, "phases": PHASES}}


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("logged", [EMF, INIT_RECORD], ids=("metrics", "init record"))
def test_what_the_instruments_log_fits_a_terminal_and_no_name_is_cut(logged: dict[str, Any], *, color: bool) -> None:
    message = json.dumps(logged)
    event = LogEvent(AT_MS, message, "2026/11/27/[$LATEST]a", "/aws/lambda/fn")

    def shown_at(width: int, *, fitted: bool = True) -> str:
        renderer = TailRenderer(Style(color=color, width=width), UTC, {}, fitted=fitted)
        assert QuickBodies(renderer.bodies).body(message, event.group) in (
            None, renderer.body(event, parse_message(message)),
        )  # fmt: skip
        line = renderer.render(event, parse_message(message))
        assert line is not None
        return re.sub(r"\x1b\[[0-9;]*m", "", line)

    whole = shown_at(60, fitted=False)
    assert shown_at(len(whole)) == whole
    words = {*re.split(r"[ ,:]+", whole), "more", "1", "2", "3"}
    for width in range(60, len(whole)):
        line = shown_at(width)
        assert len(line) <= width
        assert set(re.split(r"[ ,:]+", line)) <= words
        assert line.endswith(" more") or "measured" in whole
    if logged is INIT_RECORD:
        assert shown_at(60).endswith("init record  1.48 s: application 1.22 s, 3 more")
