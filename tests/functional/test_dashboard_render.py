"""`monitor dashboard render` on the embedded stack, and every dashboard of other people."""

import json
import time
from pathlib import Path

import pytest

from monitor.aws.connection import Connection
from monitor.dashboards.board.model import Chart, Unavailable, Widget
from monitor.dashboards.board.render_page import render_page
from monitor.dashboards.board.workflow import RenderRequest, draw
from monitor.errors import UsageError
from tests.functional.conftest import Driven, Run
from tests.unit.dashboards.test_corpus import EXPECTED, PLAIN, text_of

NOT_JSON = sorted(name for name in EXPECTED if any(rule == "json" for _, rule, _ in EXPECTED[name]))


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def reasons(widgets: tuple[Widget, ...]) -> set[str]:
    return {widget.content.reason for widget in widgets if isinstance(widget.content, Unavailable)}


@pytest.mark.parametrize("name", [one for one in PLAIN if one not in NOT_JSON] + ["custom_widget_duplicate_title.txt"])
def test_every_dashboard_of_the_corpus_is_drawn(
    connection: Connection, corpus: Path, tmp_path: Path, name: str
) -> None:
    body = tmp_path / f"{Path(name).stem}.json"
    body.write_text(text_of(corpus, name))
    document = json.loads(body.read_text())
    widgets = document.get("widgets")
    if not isinstance(widgets, list):
        with pytest.raises(UsageError, match="holds no widgets"):
            draw(connection, RenderRequest(str(body)), now_ms())
        return

    board = draw(connection, RenderRequest(str(body)), now_ms())

    assert len(board.widgets) == len(widgets)
    assert not [reason for reason in reasons(board.widgets) if "traceback" in reason.lower()]
    places = [(w.x + column, w.y + row) for w in board.widgets for column in range(w.width) for row in range(w.height)]
    assert len(places) == len(set(places))
    assert max(x for x, _ in places) < 24
    page = render_page(board)
    assert page.count('<section class="widget') == len(widgets)


@pytest.mark.parametrize("name", NOT_JSON)
def test_what_is_no_dashboard_is_refused_in_a_line(corpus: Path, monitor: Run, tmp_path: Path, name: str) -> None:
    body = tmp_path / "body.json"
    body.write_text(text_of(corpus, name))

    done = monitor("--local", "dashboard", "render", str(body))

    assert done.code == 2
    assert "is not JSON" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize("template", ["lambda-function", "lambda-overview", "api-latency"])
def test_every_shipped_template_is_drawn_whole(connection: Connection, driven: Driven, template: str) -> None:
    board = draw(connection, RenderRequest(template, (driven.function,), (("period", 60),)), now_ms())

    # Lambda's asynchronous metrics do not exist for a function that is only called directly.
    empty = {"Asynchronous: oldest event, dropped, dead letters"}
    assert reasons(board.widgets) == set()
    without = {
        widget.title
        for widget in board.widgets
        if isinstance(widget.content, Chart) and not any(curve.points for curve in widget.content.curves)
    }
    assert without <= empty
    assert not [note for widget in board.widgets for note in widget.notes]


def test_search_finds_the_routes_and_names_the_lines_after_them(connection: Connection, driven: Driven) -> None:
    board = draw(connection, RenderRequest("api-latency", (driven.function,), (("period", 60),)), now_ms())

    content = next(widget.content for widget in board.widgets if widget.title == "Requests by route")
    assert isinstance(content, Chart)
    analyzed = {curve.label: sum(value for _, value in curve.points) for curve in content.curves}
    assert analyzed == {"/analyze": float(len(driven.results) - 1)}


def test_a_deployed_dashboard_is_drawn_without_its_marker_and_with_its_alarms(
    connection: Connection, monitor: Run, driven: Driven, tmp_path: Path
) -> None:
    deployed = monitor("--local", "dashboard", "deploy", "lambda-function", "--function", driven.function, "--yes")
    assert deployed.code == 0, deployed.err

    board = draw(connection, RenderRequest(driven.function), now_ms())

    assert board.origin == "in the account"
    assert "monitor:1" not in render_page(board)
    alarms = next(widget for widget in board.widgets if widget.kind == "alarm").content
    assert [state.name for state in alarms.states].count(f"{driven.function}-error-rate") == 1  # type: ignore[union-attr]
    assert {bool(state.state) for state in alarms.states} == {True}  # type: ignore[union-attr]
    monitor("--local", "dashboard", "delete", driven.function, "--alarms", "--yes")


def test_what_a_widget_needs_and_is_not_there_is_said(monitor: Run, tmp_path: Path) -> None:
    widgets = [
        {"type": "metric", "properties": {"title": "band", "metrics": [
            ["AWS/Lambda", "Errors", {"id": "m1"}], [{"expression": "ANOMALY_DETECTION_BAND(m1)", "id": "e1"}]]}},
        {"type": "log", "properties": {"title": "glob", "query": "SOURCE '/x' | pattern @message"}},
        {"type": "metric", "properties": {"title": "regions", "region": "eu-west-1", "metrics": [
            ["AWS/Lambda", "Errors", {"id": "m1"}],
            ["AWS/Lambda", "Errors", {"id": "m2", "region": "us-east-1"}],
            [{"expression": "m1 + m2", "id": "e1"}]]}},
        {"type": "explorer", "properties": {"title": "ec2"}},
    ]  # fmt: skip
    body = tmp_path / "odd.json"
    body.write_text(json.dumps({"widgets": widgets}))

    done = monitor("--local", "dashboard", "render", str(body), "--out", str(tmp_path / "odd.html"))

    assert done.code == 0, done.err
    assert "rendered 2 of 4 widgets" in done.err
    assert "ANOMALY_DETECTION_BAND() is not evaluated by the embedded stack" in done.err
    assert "the command `pattern` is not supported" in done.err
    page = (tmp_path / "odd.html").read_text()
    assert "expression e1 uses m2, of another region" in page


def test_what_cannot_be_drawn_at_all_is_an_error(monitor: Run, tmp_path: Path) -> None:
    absent = monitor("--local", "dashboard", "render", "no-such-dashboard")
    assert absent.code == 3
    assert "no dashboard, template or file 'no-such-dashboard'" in absent.err

    no_function = monitor("--local", "dashboard", "render")
    assert (no_function.code, "give --function NAME" in no_function.err) == (2, True)

    no_browser = monitor("--local", "dashboard", "render", "--function", "f", "-o", "png", PATH="/nonexistent")
    assert (no_browser.code, "needs Chromium or Chrome" in no_browser.err) == (2, True)

    nowhere = monitor("--local", "dashboard", "render", "--function", "f", "--out", str(tmp_path / "no" / "x.html"))
    assert (nowhere.code, "cannot be written" in nowhere.err) == (2, True)


def test_native_pictures_are_not_drawn_by_the_stack_and_it_is_said(monitor: Run, tmp_path: Path) -> None:
    done = monitor(
        *("--local", "dashboard", "render", "--function", "f", "--native", "--out", str(tmp_path / "n.html")),
    )
    assert done.code == 0, done.err
    assert "GetMetricWidgetImage" in done.err
    # The log widgets fail too: nothing was logged.
    assert "rendered 1 of 12 widgets" in done.err


def test_the_page_goes_to_stdout_for_a_pipe(monitor: Run) -> None:
    done = monitor("--local", "dashboard", "render", "--function", "f", "--out", "-")

    assert done.code == 0, done.err
    assert done.out.startswith("<!doctype html>")
    assert done.out.rstrip().endswith("</html>")
