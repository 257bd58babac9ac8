"""The page of a dashboard as text; what a browser makes of it is tested with one."""

import hashlib
import html
import json
import re
from pathlib import Path

import monitor.dashboards.board.render_page
from monitor.dashboards.board.model import Board, Chart, Image, Series, Unavailable, View, Widget
from monitor.dashboards.board.render_page import render_page, still_height_px
from monitor.records.query_result import LogResult

VENDOR = Path(monitor.dashboards.board.render_page.__file__).parent / "vendor"


def board(*widgets: Widget) -> Board:
    return Board("b", "o", "s", 0, 3_600_000, 3_600_000, widgets, ("a note",))


def test_the_library_is_as_it_was_published_and_its_license_is_beside_it() -> None:
    script = (VENDOR / "echarts.common.min.js").read_bytes()
    assert hashlib.sha256(script).hexdigest() == (VENDOR / "echarts.sha256").read_text().split()[0]
    version = re.search(r'version="(\d+\.\d+\.\d+)"', script.decode())
    assert version
    assert f"| {version[1]} | Apache-2.0" in (VENDOR / "README.md").read_text()
    assert "Apache License" in (VENDOR / "LICENSE").read_text()
    assert b"new Function" not in script
    assert b"eval(" not in script
    assert b"</script" not in script.lower()


def test_a_page_points_to_nothing_outside_itself() -> None:
    page = render_page(board(Widget("metric", "t", 0, 0, 6, 6, Chart(View.TIME_SERIES, ()))))
    without_library = page.replace((VENDOR / "echarts.common.min.js").read_text(), "")

    assert not re.findall(r"(?:src|href)=\"(?!data:)", without_library)
    assert "url(" not in without_library
    assert "default-src 'none'" in html.unescape(page)
    assert "unsafe" not in page.partition("</head>")[0].partition("<style>")[0]


def test_data_cannot_end_the_element_that_it_stands_in() -> None:
    curve = Series("</script><!--", ((0, 1.0), (1, float("nan"))))
    page = render_page(board(Widget("metric", "t", 0, 0, 6, 6, Chart(View.TIME_SERIES, (curve,)))))

    text = page.partition('id="board">')[2].partition("</script>")[0]
    (widget,) = json.loads(text)["widgets"]
    assert widget["curves"][0] == {"label": "</script><!--", "points": [[0, 1.0]], "color": "", "right": False}


def test_long_results_are_cut_and_it_is_said() -> None:
    rows = tuple((f"2026-11-23 05:54:{second % 60:02d}.000", "x" * 10_000) for second in range(1200))
    page = render_page(board(Widget("log", "t", 0, 0, 6, 6, LogResult(("@timestamp", "@message"), rows))), utc=True)

    assert page.count("<tr data-at") == 1000
    assert "200 more rows" in page
    assert "x" * 4001 not in page
    assert "2026-11-23 05:54:59.000Z" in page


def test_what_is_not_drawn_says_why_and_a_picture_is_in_the_page() -> None:
    page = render_page(
        board(
            Widget("explorer", "", 0, 0, 6, 6, Unavailable("it is <special>", "open the console")),
            Widget("metric", "t", 6, 0, 6, 6, Image(b"\x89PNG")),
        )
    )
    assert "it is &lt;special&gt; <small>open the console</small>" in page
    assert '<img src="data:image/png;base64,iVBORw==" alt="t, drawn by CloudWatch">' in page
    assert "#w1{grid-area:1/7/span 6/span 6}" in page
    assert "<p>a note</p>" in page


def test_a_still_page_is_as_high_as_its_grid() -> None:
    drawn = board(Widget("text", "", 0, 4, 24, 6, Unavailable("x")))

    assert still_height_px(drawn) == 48 + 16 + 10 * 56 - 8
    page = render_page(drawn, still=True, theme="dark")
    assert 'data-theme="dark" class="still"' in page
    assert 'class="range"' not in page
