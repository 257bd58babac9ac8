"""Whatever documents hold, every way of showing them ends without an exception and without an absurd time."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from monitor.console.text import Style
from monitor.records.xray.documents import parse_traces
from monitor.traces.analyze_compare import TraceComparison
from monitor.traces.analyze_invocations import measure
from monitor.traces.analyze_summary import summary_of
from monitor.traces.analyze_waterfall import lay_out
from monitor.traces.render import render_waterfall
from monitor.traces.render_comparison import render_comparison
from monitor.traces.render_html import render_html
from monitor.traces.render_list import LineRenderer, render_list
from monitor.traces.render_otlp import render_otlp
from tests.examples import examples

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
)
TIMES = st.floats(0, 1e6) | st.floats(1.7e9, 1.7e9 + 100) | SCALARS
NAMES = st.sampled_from(
    ["Initialization", "Init", "Invocation", "Overhead", "Restore", "## h", "Dwell Time", "Attempt #1"]
)
IDS = st.sampled_from(["a" * 16, "b" * 16, "c", "", "\ud800"]) | SCALARS
CAUSE = st.fixed_dictionaries({"exceptions": st.lists(st.fixed_dictionaries({}, optional={
    "id": IDS, "type": SCALARS, "message": SCALARS, "stack": st.lists(ANYTHING, max_size=2), "truncated": SCALARS,
}), max_size=2)})  # fmt: skip
FIELDS = {
    "id": IDS,
    "parent_id": IDS,
    "trace_id": st.just("1-6ab13b80-0c01d0000000000000000001") | SCALARS,
    "name": NAMES | SCALARS,
    "start_time": TIMES,
    "end_time": TIMES,
    "in_progress": st.booleans() | SCALARS,
    "origin": st.sampled_from(["AWS::Lambda", "AWS::Lambda::Function", "AWS::S3"]) | SCALARS,
    "namespace": st.sampled_from(["aws", "remote"]) | SCALARS,
    "type": st.just("subsegment") | SCALARS,
    "inferred": st.booleans(),
    "fault": st.booleans(),
    "cause": CAUSE | ANYTHING,
    "http": ANYTHING,
    "aws": ANYTHING | st.fixed_dictionaries({}, optional={"request_id": SCALARS, "function_arn": SCALARS}),
    "sql": ANYTHING,
    "annotations": ANYTHING,
    "metadata": ANYTHING | st.just({"monitor": {"kind": "import"}}),
    "links": ANYTHING,
    "resource_arn": SCALARS,
}
DOCUMENT = st.recursive(
    st.fixed_dictionaries({}, optional=FIELDS),
    lambda inner: st.builds(
        lambda node, below: {**node, "subsegments": below},
        st.fixed_dictionaries({}, optional=FIELDS),
        st.lists(inner | SCALARS, max_size=3),
    ),
    max_leaves=6,
)


def shown_in_every_way(data: object) -> None:
    for trace in parse_traces(data):
        measured = measure(trace)
        shown = lay_out(measured)
        for width in (60, 100, 160):
            text = render_waterfall(shown.waterfall, shown.figures, Style(width), utc=True)
            assert max(map(cell_len, text.split("\n"))) <= width
        assert all(row.duration_ms is None or row.duration_ms >= 0 for row in shown.waterfall.rows)
        assert "\x1b" not in render_html(shown, utc=True)
        json.loads(render_otlp(trace)).keys()
        render_otlp(trace).encode()
        summary = summary_of(trace)
        figures = measured.figures
        render_list([(summary, figures[0] if figures else None)], Style(100))
        LineRenderer(Style(80)).line(summary, figures[0] if figures else None, "late")
        comparison = TraceComparison("f")
        for one in figures:
            comparison.add(measured, one)
        render_comparison(comparison.result(), Style(80))


@settings(max_examples=examples(120), deadline=None, database=None)
@given(st.lists(DOCUMENT, max_size=4))
def test_documents_of_any_content_are_shown(documents: list[object]) -> None:
    shown_in_every_way(documents)
    shown_in_every_way({"Traces": [{"Id": "1-x", "Segments": [{"Id": "x", "Document": one} for one in documents]}]})


@settings(max_examples=examples(100), deadline=None, database=None)
@given(ANYTHING | st.binary(max_size=200) | st.text(max_size=200))
def test_what_is_no_document_is_an_absence(data: object) -> None:
    shown_in_every_way(data)


@pytest.mark.slow
@settings(max_examples=5000, deadline=None, database=None)
@given(st.lists(DOCUMENT, max_size=5))
def test_documents_of_any_content_are_shown_for_long(documents: list[object]) -> None:
    shown_in_every_way(documents)
