"""The page of a trace: one file, nothing from outside, every text inert."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from monitor.records.xray.documents import parse_traces
from monitor.traces.analyze_invocations import measure
from monitor.traces.analyze_waterfall import lay_out
from monitor.traces.model import ShownTrace
from monitor.traces.render_html import render_html

SAMPLES = sorted((Path(__file__).parents[2] / "samples" / "traces").glob("*.json"))
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'{{ 7*7 }}<!--\x1b]0;x\x07"


class Page(HTMLParser):
    """What a browser would make of it: elements with their attributes, and the text of the visible ones."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._raw = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._raw = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._raw = False

    def handle_data(self, data: str) -> None:
        if not self._raw:
            self.text.append(data)


def sample(name: str) -> ShownTrace:
    path = next(path for path in SAMPLES if path.stem == name)
    return lay_out(measure(parse_traces(path.read_text())[0]))


def hostile() -> ShownTrace:
    segment = {"id": "a" * 16, "name": EVIL, "start_time": 100.0, "end_time": 101.0, "trace_id": EVIL, "fault": True}
    segment["annotations"] = {EVIL: EVIL}
    segment["metadata"] = {EVIL: {EVIL: [EVIL]}}
    segment["http"] = {"request": {"method": EVIL, "url": f"javascript:{EVIL}"}, "response": {"status": 500}}
    segment["aws"] = {"operation": EVIL, "request_id": EVIL, "resource_names": [EVIL]}
    stack = [{"path": EVIL, "line": 1, "label": EVIL}]
    segment["cause"] = {"exceptions": [{"id": "1", "type": EVIL, "message": EVIL, "stack": stack}]}
    segment["origin"] = "AWS::Lambda::Function"
    segment["subsegments"] = [{"id": "b", "name": EVIL, "sql": {"sanitized_query": EVIL}, "start_time": 100}, 7]
    return lay_out(measure(parse_traces(segment)[0]))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_page_refers_to_nothing_outside(path: Path) -> None:
    for trace in parse_traces(path.read_text()):
        page = Page(render_html(lay_out(measure(trace)), log=["a line"]))
        for tag, attributes in page.elements:
            assert not {"src", "href", "action", "data", "poster", "srcset"} & set(attributes), tag
            assert not any(name.startswith("on") for name in attributes)
        assert not {"link", "iframe", "object", "embed", "img", "base", "form"} & {tag for tag, _ in page.elements}


def test_every_span_is_a_row_with_its_detail() -> None:
    shown = sample("cold_old_layout_imports")
    text = render_html(shown, utc=True)
    page = Page(text)
    assert sum(tag == "details" for tag, _ in page.elements) == len(shown.waterfall.rows)
    seen = " ".join(" ".join(page.text).split())
    for expected in (
        "Initialization",
        "640 ms",
        "pydantic",
        "phân tích ảnh",
        "2026-09-21 14:13:20.000Z",
        "environment",
    ):
        assert expected in seen
    widths = [float(found) for found in re.findall(r"width:([\d.]+)%", text)]
    lefts = [float(found) for found in re.findall(r"left:([\d.]+)%;width", text)]
    assert all(0 < width <= 100 for width in widths)
    assert all(left + width <= 100.01 for left, width in zip(lefts, widths, strict=True))


@pytest.mark.parametrize("total_ms", [1.0, 80.0, 100.0, 1_000.0, 1_150.0, 40_000.0])
def test_no_label_of_the_axis_runs_over_the_page_s_edge(total_ms: float) -> None:
    shown = sample("fault")
    page = render_html(replace(shown, waterfall=replace(shown.waterfall, total_ms=total_ms)))
    labels = [float(left) for left in re.findall(r'<i style="left:([0-9.]+)%">', page)]
    assert labels[0] == 0
    assert len(labels) > 2
    assert max(labels) <= 91


def test_hostile_text_stays_text() -> None:
    plain = Page(render_html(sample("fault")))
    page = Page(render_html(hostile(), log=[EVIL.replace("\x1b", "")]))
    scripts = [attributes for tag, attributes in page.elements if tag == "script"]
    assert len(scripts) == sum(tag == "script" for tag, _ in plain.elements) == 1
    assert not any(tag == "img" for tag, _ in page.elements)
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    seen = "".join(page.text)
    assert "<script>alert(1)</script>" in seen
    assert "{{ 7*7 }}" in seen
    assert "49" not in seen.replace("1.49", "")
    assert "\x1b" not in seen
    assert "\\x1b]0;x\\x07" in seen


def test_only_the_page_s_own_script_may_run() -> None:
    text = render_html(hostile())
    policy = next(a["content"] for tag, a in Page(text).elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/]{43}='", policy)
    assert "unsafe-inline" not in policy.partition("script-src")[2]


def test_exceptions_absences_and_notes_are_on_the_page() -> None:
    seen = " ".join(Page(render_html(sample("fault"))).text)
    assert "ClientError: An error occurred (ThrottlingException)" in seen
    assert "at _make_api_call (client.py:1078)" in seen
    missing = lay_out(measure(parse_traces(json.dumps({"Traces": [], "UnprocessedTraceIds": ["1-a"]}))[0]))
    assert "no spans to show" in (page := " ".join(Page(render_html(missing)).text))
    assert "not indexed yet" in page


def test_five_thousand_spans_make_a_page_of_a_few_megabytes() -> None:
    below = [
        {"id": f"{n:016x}", "name": f"S3 {n}", "start_time": 1e9 + n / 1e3, "end_time": 1e9 + n / 1e3}
        for n in range(5000)
    ]
    segment = {"id": "f", "name": "f", "start_time": 1e9, "end_time": 1e9 + 5, "subsegments": below}
    text = render_html(lay_out(measure(parse_traces(segment)[0])))
    assert text.count("<details") == 5001
    assert len(text) < 10_000_000


def test_a_time_is_written_in_utc_with_its_zone() -> None:
    """The page is read in another zone than it was made in."""
    (found,) = [a for tag, a in Page(render_html(sample("fault"))).elements if tag == "time"]
    assert found["datetime"]
    assert found["datetime"].endswith("Z")
    assert "data-fixed" not in found
    (fixed,) = [a for tag, a in Page(render_html(sample("fault"), utc=True)).elements if tag == "time"]
    assert "data-fixed" in fixed
