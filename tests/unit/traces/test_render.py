import json
import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from monitor.console.text import Style
from monitor.records.xray.documents import parse_summary, parse_trace, parse_traces
from monitor.records.xray.trace import Trace, TraceSummary
from monitor.traces.analyze_invocations import trace_figures
from monitor.traces.analyze_waterfall import build_waterfall
from monitor.traces.model import Figures
from monitor.traces.render import render_waterfall
from monitor.traces.render_list import render_list
from tests.examples import examples

TESTS = Path(__file__).parents[2]
SAMPLES = sorted((TESTS / "samples" / "traces").glob("*.json"))
# What an absurd time would look like: a sign before a number, or five digits of anything.
ABSURD = re.compile(r"(?<![\w.-])-\d|\b\d{5,} (ms|s|m|h|d)\b|\d d \d|\bnan\b|\binf\b")


def traces_in(path: Path) -> tuple[Trace, ...]:
    saved = json.loads(path.read_text())
    if isinstance(saved, dict):
        saved = saved.get("trace", saved.get("segment", saved))
    return parse_traces(saved)


def shown(trace: Trace, style: Style, max_rows: int | None = None) -> str:
    return render_waterfall(build_waterfall(trace), trace_figures(trace), style, utc=True, max_rows=max_rows)


def check_golden(name: str, text: str) -> None:
    """Compare with tests/golden/traces; MONITOR_UPDATE_GOLDEN=1 writes it anew, to be read in the diff."""
    path = TESTS / "golden" / "traces" / name
    if os.environ.get("MONITOR_UPDATE_GOLDEN"):
        path.write_text(text + "\n")
    assert text + "\n" == path.read_text()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
@pytest.mark.parametrize("width", [60, 100, 160])
def test_our_samples_look_as_they_were_when_last_looked_at(sample: Path, width: int) -> None:
    text = "\n\n".join(shown(trace, Style(width)) for trace in traces_in(sample))
    check_golden(f"{sample.stem}.{width}.txt", text)


def test_color_and_ascii_look_as_they_were_when_last_looked_at() -> None:
    (trace,) = traces_in(TESTS / "samples" / "traces" / "fault.json")
    check_golden("fault.80.color.txt", shown(trace, Style(80, color=True)))
    text = shown(trace, Style(80, unicode=False))
    check_golden("fault.80.ascii.txt", text)
    assert text.isascii()


@pytest.mark.parametrize("width", [60, 100, 160])
def test_every_real_trace_fits_its_width_and_shows_no_absurd_time(corpus: Path, width: int) -> None:
    paths = sorted((corpus / "xray_traces").glob("*.json"))
    assert len(paths) == 33
    for path in paths:
        for trace in traces_in(path):
            for style in (Style(width), Style(width, unicode=False)):
                text = shown(trace, style)
                assert max(map(cell_len, text.split("\n"))) <= width, path.name
                assert not ABSURD.search(text), path.name


def test_a_real_cold_start_can_be_read(corpus: Path) -> None:
    (trace,) = traces_in(corpus / "xray_traces" / "todo_app_apigw_lambda_lambda_ddb.json")
    lines = shown(trace, Style(100)).split("\n")
    assert lines[0] == "1-643aca1d-02e095f7341508e00b9b6d2b  2023-04-15 16:00:29.579Z  1.45 s"
    assert lines[1] == "todo-list-app-dev-postTask"
    assert lines[2] == ("  cold · total 1.43 s · environment 374 ms · init 852 ms · handler 197 ms · downstream 167 ms")
    (init,) = [line for line in lines if line.lstrip().startswith("Initialization")]
    assert re.search(r"Initialization +█{13,} +852 ms$", init)


def test_the_request_id_of_each_invocation_is_told(corpus: Path) -> None:
    (trace,) = traces_in(corpus / "xray_traces" / "todo_app_apigw_lambda_lambda_ddb.json")
    text = shown(trace, Style(60))
    assert "request 372607be-98bc-4960-bcb8-352704034263" in text
    assert "request 1a61d1e3-4df6-4c2e-9beb-e150bc55ff34" in text


def test_missing_segments_are_said(corpus: Path) -> None:
    (trace,) = traces_in(corpus / "xray_traces" / "iatk_eventbridge_consumer.json")
    text = shown(trace, Style(100))
    assert "X-Ray reports 2.78 s: segments are missing" in text
    assert "its parent 60af780ecc5b639d is in no document" in " ".join(text.split())


def test_an_exception_is_shown_as_a_person_reads_it(corpus: Path) -> None:
    (trace,) = traces_in(corpus / "xray_traces" / "servibench_image_processing_app_error.json")
    lines = shown(trace, Style(100)).split("\n")
    at = lines.index("PhotoDoesNotMeetRequirementError: Detected 0 faces in the photo.")
    assert lines[at + 1] == "  in wildrydes-FaceDetectionFunction-UB72KZMWRLCF"
    assert lines[at + 2] == "  at Object.<anonymous> (/var/task/index.js:52)"
    assert lines[-1] == "  and 4 more frames"


def test_a_long_trace_is_shortened_to_what_matters(corpus: Path) -> None:
    (trace,) = traces_in(corpus / "xray_traces" / "iatk_trace01_big.json")
    assert len(shown(trace, Style(100)).split("\n")) > 700
    lines = shown(trace, Style(100), max_rows=20).split("\n")
    assert len(lines) < 45
    left_out = sum(int(found) for line in lines for found in re.findall(r"^ +(\d+) more spans?$", line))
    rows = len(build_waterfall(trace).rows)
    assert 0 <= rows - left_out - 20 <= 10  # with the parents of those that matter
    assert "ExecuteRunner" in "\n".join(lines)


@pytest.mark.parametrize(
    "style", [Style(60), Style(100, color=True), Style(160, unicode=False)], ids=["60", "color", "ascii"]
)
def test_hostile_names_and_messages_stay_inert(style: Style) -> None:
    (trace,) = traces_in(TESTS / "samples" / "traces" / "hostile_text.json")
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown(trace, style)) if style.color else shown(trace, style)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", text)
    assert "\\x1b]0;owned\\x07" in text
    assert "[red]" in text
    assert max(map(cell_len, text.split("\n"))) <= style.width


def test_a_trace_that_is_not_there_says_why() -> None:
    missing = traces_in(TESTS / "samples" / "traces" / "cold_old_layout_imports.json")[1]
    text = shown(missing, Style(100))
    assert text.startswith("1-6ab13b80-0c01d00000000000000000ff\nthe trace has no spans\n")
    assert "not indexed yet" in text


def test_what_runs_has_no_end_and_no_duration() -> None:
    (trace,) = traces_in(TESTS / "samples" / "traces" / "in_progress.json")
    lines = shown(trace, Style(100)).split("\n")
    assert lines[0].endswith("200 ms so far")
    assert "warm" not in lines[2]
    (partner,) = [line for line in lines if line.lstrip().startswith("slow-partner")]
    assert re.search(r">  +-  in progress$", partner)


def test_five_thousand_subsegments_are_no_burden() -> None:
    subsegments = [
        {
            "id": f"{i:016x}",
            "name": f"S3 {i}",
            "namespace": "aws",
            "start_time": 1e9 + i / 1e3,
            "end_time": 1e9 + i / 1e3 + 5e-4,
        }
        for i in range(5000)
    ]
    segment = {"id": "f", "name": "f", "start_time": 1e9, "end_time": 1e9 + 5, "origin": "AWS::Lambda::Function"}
    saved = json.dumps({"Id": "1-a", "Segments": [{"Document": json.dumps({**segment, "subsegments": subsegments})}]})
    started = time.process_time()
    text = shown(parse_traces(saved)[0], Style(160, color=True))
    assert time.process_time() - started < 5  # measured: 0.7 s
    assert text.count("\n") > 5000


def listed(width: int, **style: bool) -> list[str]:
    summary = parse_summary(
        {
            "Id": "1-6ab13b80-0c01d0000000000000000001",
            "StartTime": 1790000000.123,
            "Duration": 1.5,
            "HasFault": True,
            "Http": {"HttpURL": "https://x.example.com/prod/ảnh\x1b[2J", "HttpMethod": "POST", "HttpStatus": 502},
        }
    )
    assert summary is not None
    figures = Figures(
        "f",
        "5b86c8f2-0000-4000-8000-000000000001",
        init_ms=640,
        handler_ms=569,
        downstream_ms=190,
        cold=True,
    )
    other = TraceSummary("1-6ab13b80-0c01d0000000000000000002", duration_ms=50)
    return render_list([(summary, figures), (other, None)], Style(width, **style), utc=True).split("\n")


def test_a_wide_list_shows_all_that_is_known() -> None:
    head, first, second = listed(200)
    assert " ".join(head.split()) == "TIME TRACE ID TOTAL INIT HANDLER DOWNSTREAM STATUS REQUEST ID URL"
    assert first.split("  ")[0] == "2026-09-21 14:13:20.123Z"
    assert re.search(r" 1\.50 s +640 ms +569 ms +190 ms  502 fault  5b86c8f2-", first)
    assert first.endswith("POST https://x.example.com/prod/ảnh\\x1b[2J")
    assert re.search(r"0002 +50\.0 ms +- +- +-  ok$", second)


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (60, "TIME TRACE ID TOTAL"),
        (80, "TIME TRACE ID TOTAL INIT STATUS"),
        (100, "TIME TRACE ID TOTAL INIT HANDLER STATUS"),
    ],
)
def test_a_narrow_list_keeps_what_is_needed_to_go_on(width: int, columns: str) -> None:
    lines = listed(width)
    assert " ".join(lines[0].split()) == columns
    assert all(cell_len(line) <= width for line in lines)
    assert all("1-6ab13b80-0c01d000000000000000000" in line for line in lines[1:])


def test_a_list_of_nothing_says_so() -> None:
    assert render_list([], Style(80)) == "no traces"


def test_faults_are_red_in_a_list() -> None:
    assert "\x1b[31m502 fault\x1b[0m" in listed(100, color=True)[1]


NAMES = st.text(max_size=30)
TIMES = st.none() | st.floats(0, 1e6) | st.floats() | st.integers()
SUBSEGMENT = st.fixed_dictionaries(
    {"start_time": TIMES, "end_time": TIMES, "name": NAMES | st.sampled_from(["Init", "Invocation", "Overhead"])},
    optional={"namespace": st.just("aws"), "fault": st.booleans(), "in_progress": st.booleans(), "cause": st.text()},
)
SEGMENT = st.builds(
    lambda base, below, origin: {**base, "subsegments": below, "origin": origin},
    SUBSEGMENT,
    st.lists(SUBSEGMENT, max_size=5),
    st.sampled_from(["AWS::Lambda", "AWS::Lambda::Function", ""]),
)


@settings(max_examples=examples(40), deadline=None, database=None)
@given(st.lists(SEGMENT, max_size=5), st.integers(60, 200))
def test_whatever_the_clocks_and_names_a_trace_can_be_shown(segments: list[object], width: int) -> None:
    trace = parse_trace(segments)
    text = shown(trace, Style(width))
    assert max(map(cell_len, text.split("\n"))) <= width
    for figures in trace_figures(trace):
        values = [figures.total_ms, figures.handler_ms, figures.init_ms, figures.environment_ms, figures.overhead_ms]
        assert all(value is None or 0 <= value <= 7 * 86_400_000 for value in values)
    assert all(row.offset_ms is None or row.offset_ms >= 0 for row in build_waterfall(trace).rows)
