"""A dashboard's page in a real browser: drawn with the data of a real run, and of texts that mean harm."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.aws.connection import Connection
from monitor.dashboards.board.model import (
    Alarms,
    AlarmState,
    Annotation,
    Board,
    CategoryChart,
    Chart,
    MarkdownText,
    Series,
    Unavailable,
    View,
    Widget,
)
from monitor.dashboards.board.render_page import render_page
from monitor.dashboards.board.workflow import RenderRequest, draw
from monitor.dashboards.body import template
from monitor.records.query_result import LogResult
from monitor.resources import data_folder
from tests.functional.conftest import CHROMIUM, Driven, Run
from tests.unit.dashboards.test_corpus import PLAIN, text_of

HOUR = 3_600_000
START = 1_795_410_000_000
EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}\u202e\x1b[31m"


class Opened:
    """A page, and what happened on it that should not have."""

    def __init__(self, browser: Any, path: Path, scheme: str = "light", width: int = 1200) -> None:
        self.context = browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 900}, timezone_id="Asia/Ho_Chi_Minh"
        )
        self.page = self.context.new_page()
        self.trouble: list[str] = []
        self.page.on("request", lambda request: self._note("request", request.url, path.as_uri()))
        self.page.on("console", lambda message: self._note("console", message.text, ""))
        self.page.on("pageerror", lambda error: self._note("error", str(error), ""))
        self.page.on("dialog", lambda dialog: (self._note("dialog", dialog.message, ""), dialog.dismiss()))
        self.page.goto(path.as_uri())
        assert self.page.evaluate("document.documentElement.dataset.drawn") == "yes"

    def _note(self, what: str, text: str, allowed: str) -> None:
        if not allowed or text != allowed:
            self.trouble.append(f"{what}: {text}")

    def widget(self, title: str) -> Any:
        return self.page.locator("section.widget").filter(has=self.page.get_by_role("heading", name=title, exact=True))

    def points(self, title: str) -> int:
        return int(self.widget(title).locator(".plot").get_attribute("data-points"))

    def ink(self, title: str) -> int:
        """How many colors a chart's canvas has: an empty one has a single one."""
        return int(
            self.widget(title)
            .locator("canvas")
            .first.evaluate(
                "c => new Set(new Uint32Array(c.getContext('2d').getImageData(0,0,c.width,c.height).data.buffer)).size"
            )
        )

    def range(self, start: str, end: str) -> None:
        self.page.fill("#from", start)
        self.page.fill("#to", end)


def board(*widgets: Widget, name: str = "sample") -> Board:
    return Board(name, "made for a test", "nowhere", START, START + 6 * HOUR, START + 6 * HOUR, widgets)


def widget(content: Any, title: str = "W", *, x: int = 0, y: int = 0, width: int = 12, height: int = 6) -> Widget:
    return Widget("metric", title, x, y, width, height, content)


def opened(browser: Any, folder: Path, drawn: Board, **how: Any) -> Opened:
    path = folder / "page.html"
    path.write_text(render_page(drawn, utc=True), encoding="utf-8")
    return Opened(browser, path, **how)


CURVE = Series("p50", tuple((START + hour * HOUR, float(hour)) for hour in range(6)))


def test_every_widget_of_the_cold_start_dashboard_is_drawn_with_a_real_run(
    browser: Any, monitor: Run, driven: Driven, tmp_path: Path
) -> None:
    page = tmp_path / "cold.html"
    done = monitor(
        *("--local", "dashboard", "render", "lambda-cold-starts", "--function", driven.function),
        *("--set", "period=60", "--since", "1h", "--out", str(page)),
    )
    assert done.code == 0, done.err
    assert "rendered 12 of 12 widgets" in done.err
    seen = Opened(browser, page)

    source = template.read(data_folder("dashboards") / "lambda-cold-starts.json").document["widgets"]
    by_kind = {kind: [one["properties"] for one in source if one["type"] == kind] for kind in ("metric", "log")}
    charts = by_kind["metric"] + [one for one in by_kind["log"] if one["view"] == "timeSeries"]
    tables = [one for one in by_kind["log"] if one["view"] == "table"]
    assert (len(charts), len(tables)) == (8, 3)
    for one in charts:
        assert seen.points(one["title"]) > 0, one["title"]
        assert seen.ink(one["title"]) > 10, one["title"]
    for one in tables:
        assert seen.widget(one["title"]).locator("tbody tr").count() > 0, one["title"]
    assert seen.page.get_by_role("heading", name=f"Cold starts of {driven.function}").count() == 1

    # What is drawn is what was run: two cold starts of six invocations.
    cold = seen.widget("Cold and warm invocations: time to respond and billed GB-seconds")
    counts = {row.split("\t")[0]: row.split("\t")[1] for row in cold.locator("tbody tr").all_inner_texts()}
    assert counts == {"1": str(len(driven.cold)), "0": str(len(driven.results) - len(driven.cold))}
    assert seen.widget("Slowest cold starts").locator("tbody tr").count() == len(driven.cold)
    assert seen.trouble == []


def test_a_range_shows_what_lies_in_it(browser: Any, tmp_path: Path) -> None:
    rows = tuple((f"2026-11-23 {hour:02d}:00:00.000", f"line {hour}") for hour in range(5, 11))
    seen = opened(
        browser,
        tmp_path,
        board(
            widget(Chart(View.TIME_SERIES, (CURVE,), 60), "Line"),
            widget(Chart(View.SINGLE_VALUE, (CURVE,), 60), "Number", x=12),
            widget(LogResult(("@timestamp", "@message"), rows), "Log", y=6),
        ),
    )
    assert seen.points("Line") == 6
    assert seen.widget("Number").locator("dd").inner_text() == "5"

    # The picker reads and writes the page's zone, not the browser's.
    assert seen.page.input_value("#from") == "2026-11-23T05:00"
    seen.range("2026-11-23T05:00:00", "2026-11-23T07:30:00")
    assert seen.points("Line") == 3
    assert seen.widget("Number").locator("dd").inner_text() == "2"
    shown = seen.widget("Log").locator("tbody tr:not([hidden])").all_inner_texts()
    assert [text.split("\t")[1] for text in shown] == ["line 5", "line 6", "line 7"]
    assert "3 of 6 log rows" in seen.page.inner_text("#status")

    seen.page.get_by_role("button", name="1 h", exact=True).click()
    assert seen.points("Line") == 1
    assert seen.page.get_by_role("button", name="1 h", exact=True).get_attribute("aria-pressed") == "true"
    seen.page.get_by_role("button", name="All").click()
    assert seen.points("Line") == 6
    assert seen.trouble == []


def test_an_empty_range_and_a_range_the_wrong_way_round_are_said(browser: Any, tmp_path: Path) -> None:
    late = Series("late", ((START + 5 * HOUR, 1.0),))
    line, target = Chart(View.TIME_SERIES, (late,), 60), (Annotation(3.0, "target"),)
    seen = opened(
        browser,
        tmp_path,
        board(widget(line, "Line"), widget(replace(line, marks=target), "Line with a target", x=12)),
    )

    seen.range("2026-11-23T05:00:00", "2026-11-23T06:00:00")
    for title in ("Line", "Line with a target"):
        assert "No data in this range" in seen.widget(title).inner_text()
    seen.page.fill("#to", "2026-11-23T04:00:00")
    assert seen.page.evaluate("document.getElementById('to').validationMessage") == "The range must end after it starts"
    assert seen.trouble == []


def test_every_view_is_drawn_in_light_and_dark_and_on_a_telephone(browser: Any, tmp_path: Path) -> None:
    marks = (
        Annotation(3.0, "target"),
        Annotation(1.0, "band", "#d62728", 2.0),
        Annotation(float(START + HOUR), "deploy", vertical=True),
    )
    curves = (CURVE, Series("errors", CURVE.points, "#d62728", right=True))
    drawn = board(
        *(widget(Chart(view, curves, 3600, marks=marks), view.value, y=6 * row) for row, view in enumerate(View)),
        widget(Chart(View.TIME_SERIES, curves, 3600, stacked=True), "stacked", y=40),
        widget(CategoryChart(View.BAR, ("count",), (("GET /", (3.0,)), ("POST /", (None,)))), "log bars", y=46),
        widget(CategoryChart(View.PIE, ("count",), (("GET /", (3.0,)),)), "log pie", y=52),
        widget(Alarms((AlarmState("a", "ALARM", "too high", START), AlarmState("b", ""))), "alarms", y=58),
        widget(Unavailable("it is an explorer", "open the console"), "explorer", y=64),
    )
    for scheme in ("light", "dark"):
        seen = opened(browser, tmp_path, drawn, scheme=scheme)
        for title in ("timeSeries", "bar", "pie", "stacked", "log bars", "log pie"):
            assert seen.ink(title) > 5, title
        assert seen.widget("singleValue").locator("dd").all_inner_texts() == ["5", "5"]
        assert seen.widget("gauge").locator("meter").count() == 2
        assert seen.widget("table").locator("tbody tr").first.inner_text().split("\t") == [
            *("p50", "5", "0", "5", "2.5", "15"),
        ]
        assert "too high" in seen.widget("alarms").inner_text()
        assert "it is an explorer" in seen.widget("explorer").inner_text()
        background = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(15, 20, 26)") == (scheme == "dark")
        seen.page.get_by_role("button", name="Light / dark").click()
        assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") != background
        assert seen.trouble == []

    narrow = opened(browser, tmp_path, drawn, width=390)
    assert narrow.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert narrow.ink("timeSeries") > 5
    assert narrow.trouble == []


def test_legend_and_data_are_for_the_keyboard_too(browser: Any, tmp_path: Path) -> None:
    other = Series("p99", CURVE.points)
    seen = opened(browser, tmp_path, board(widget(Chart(View.TIME_SERIES, (CURVE, other), 3600), "Line")))
    plot = seen.widget("Line").get_by_role("img")
    assert plot.get_attribute("aria-label") == "Line: p50, latest 5; p99, latest 5"

    button = seen.widget("Line").get_by_role("button", name="p99")
    button.focus()
    seen.page.keyboard.press("Enter")
    assert seen.widget("Line").get_by_role("button", name="p99").get_attribute("aria-pressed") == "false"
    assert seen.page.evaluate("document.activeElement.textContent") == "p99"

    seen.widget("Line").locator("summary").focus()
    seen.page.keyboard.press("Enter")
    assert seen.widget("Line").locator("details td").nth(0).inner_text() == "23 Nov 2026, 10:00:00"
    assert seen.widget("Line").locator("details tbody tr").count() == 6
    assert seen.trouble == []


def test_texts_that_mean_harm_stay_texts(browser: Any, tmp_path: Path) -> None:
    hostile = Series(EVIL, CURVE.points, "#ff0000")
    markdown = (
        f"# {EVIL}\n\n<script>alert(3)</script>\n\n[x](javascript:alert(4)) ![y](https://example.com/y.png) {EVIL}"
    )
    drawn = board(
        widget(MarkdownText(markdown), EVIL),
        widget(Chart(View.TIME_SERIES, (hostile,), 60, marks=(Annotation(1.0, EVIL),)), EVIL, y=6),
        widget(Chart(View.SINGLE_VALUE, (hostile,), 60), EVIL, y=12),
        widget(CategoryChart(View.PIE, (EVIL,), ((EVIL, (1.0,)),)), EVIL, y=18),
        widget(LogResult((EVIL, "@message"), ((EVIL, EVIL),)), EVIL, y=24),
        widget(Alarms((AlarmState(EVIL, EVIL, EVIL),)), EVIL, y=30),
        widget(Unavailable(EVIL, EVIL), EVIL, y=36),
        name=EVIL,
    )
    seen = opened(browser, tmp_path, drawn)
    for box in seen.page.locator(".plot canvas").all():
        box.hover(position={"x": 200, "y": 60})
    for summary in seen.page.locator("details.data summary").all():
        summary.click()

    assert seen.page.locator("section.widget").count() == 7
    assert seen.page.locator("img").count() == 0
    assert seen.page.locator("a[href^='javascript']").count() == 0
    assert seen.page.locator("script").count() == 3
    assert "<script>alert(1)</script>" in seen.page.inner_text("section.table")
    assert "<script>alert(3)</script>" in seen.page.inner_text("section.prose")
    assert seen.page.locator("section.prose a").get_attribute("href") == "https://example.com/y.png"
    assert "\u202e" not in seen.page.content()
    assert seen.trouble == []


def test_a_log_line_of_the_function_that_means_harm_stays_text(
    browser: Any, connection: Connection, monitor: Run, tmp_path: Path
) -> None:
    group, now_ms = "/aws/lambda/hostile", time.time_ns() // 1_000_000
    connection.call("logs", "CreateLogGroup", logGroupName=group)
    connection.call("logs", "CreateLogStream", logGroupName=group, logStreamName="s")
    event = {"timestamp": now_ms, "message": f"[ERROR] {EVIL}"}
    connection.call("logs", "PutLogEvents", logGroupName=group, logStreamName="s", logEvents=[event])
    page = tmp_path / "hostile.html"

    done = monitor(
        *("--local", "dashboard", "render", "lambda-function", "--function", "hostile", "--out", str(page), "--since"),
        "10m",
    )
    assert done.code == 0, done.err
    seen = Opened(browser, page)
    assert "<img src=x onerror=alert(2)>" in seen.widget("Latest errors and timeouts").inner_text()
    assert "\x1b" not in done.err
    assert seen.trouble == []


def test_a_picture_is_as_large_as_the_grid_and_the_browser_leaves_nothing_at_home(
    browser: Any, monitor: Run, driven: Driven, tmp_path: Path
) -> None:
    picture = tmp_path / "board.png"
    home = tmp_path / "home"
    home.mkdir()
    done = monitor(
        *("--local", "dashboard", "render", "--function", driven.function, "--set", "period=60", "--since", "1h"),
        *("-o", "png", "--out", str(picture), "--theme", "dark"),
        MONITOR_CHROMIUM=CHROMIUM,
        HOME=str(home),
    )
    assert done.code == 0, done.err
    assert list(home.rglob("*")) == []
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG")
    width, height = (int.from_bytes(content[start : start + 4], "big") for start in (16, 20))
    # 37 rows of 56 px, less the last gap, and the head.
    assert (width, height) == (1600, 48 + 16 + 37 * 56 - 8)


@pytest.mark.slow
def test_no_page_of_the_corpus_troubles_the_browser(
    browser: Any, connection: Connection, corpus: Path, tmp_path: Path
) -> None:
    trouble: dict[str, list[str]] = {}
    drawn = 0
    for name in PLAIN:
        body = tmp_path / f"{Path(name).stem}.json"
        body.write_text(text_of(corpus, name))
        if not isinstance(json.loads(body.read_text()).get("widgets"), list):
            continue
        page = tmp_path / "page.html"
        page.write_text(render_page(draw(connection, RenderRequest(str(body)), time.time_ns() // 1_000_000)))
        seen = Opened(browser, page)
        drawn += seen.page.locator("section.widget").count()
        if seen.trouble:
            trouble[name] = seen.trouble
        seen.context.close()

    assert trouble == {}
    assert drawn > 250
