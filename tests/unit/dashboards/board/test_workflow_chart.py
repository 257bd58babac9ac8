"""`chart` widgets: the series of their PromQL queries, in the view and with the labels that the widget asks for."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from monitor.aws.connection import Connection
from monitor.dashboards.board.model import Axis, Chart, Unavailable, View
from monitor.dashboards.board.workflow_chart import chart_widget
from monitor.dashboards.board.workflow_context import RenderContext
from monitor.kernel.window import Window
from monitor.main import cli
from tests.fakes.prometheus import Prometheus, matrix, prometheus

NOW = 1_795_413_600_000
VALUES = [[NOW / 1000 - 60, "1"], [NOW / 1000, "2"]]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Prometheus]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with prometheus() as fake:
        yield fake


def shown(server: Prometheus, *queries: dict[str, Any], local: bool = False, **properties: Any) -> Any:
    connection = Connection(region="eu-west-1", endpoint_url=server.url, local=local)
    context = RenderContext(connection, Window(NOW - 3_600_000, NOW), NOW, "insights")
    return chart_widget({"data": {"queries": list(queries)}, **properties}, context)


def promql(text: str, **members: Any) -> dict[str, Any]:
    return {"language": "PromQL", "query": text, **members}


def test_the_series_of_a_metric_are_told_apart_by_their_labels(server: Prometheus) -> None:
    pair = [{"__name__": "up", "job": job, "x": "y"} for job in ("a", "b")]
    server.default = (200, matrix(*((labels, VALUES) for labels in pair)))
    content, notes = shown(server, promql("up"))
    assert [(curve.label, len(curve.points)) for curve in content.curves] == [("a", 2), ("b", 2)]
    assert notes == ()


def test_the_series_of_a_grouped_query_have_the_values_of_its_labels(server: Prometheus) -> None:
    server.default = (200, matrix(({"user.email": "ann"}, VALUES), ({"user.email": "bob"}, VALUES)))
    content, _ = shown(server, promql('sum by ("user.email")({"a.b"})'))
    assert [curve.label for curve in content.curves] == ["ann", "bob"]


def test_the_label_of_a_query_is_that_of_its_series(server: Prometheus) -> None:
    server.default = (200, matrix(({}, VALUES)))
    content, _ = shown(server, promql("sum(a)", label="Total"), promql("sum(b)"), promql("sum(c)", visible=False))
    assert [curve.label for curve in content.curves] == ["Total", "sum(b)"]


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("number", View.SINGLE_VALUE), ("gauge", View.GAUGE), ("pie", View.PIE), ("bar", View.BAR),
        ("table", View.TABLE), ("line", View.TIME_SERIES), ("new", View.TIME_SERIES), (None, View.TIME_SERIES),
    ],
)  # fmt: skip
def test_the_view_is_that_of_the_widget(server: Prometheus, view: str | None, expected: View) -> None:
    assert shown(server, promql("up"), view=view)[0].view is expected


def test_step_axis_legend_and_stacking_are_those_of_the_widget(server: Prometheus) -> None:
    options = {
        "legend": {"show": False},
        "yAxis": [{"type": "linear", "title": {"text": "ms"}, "min": 0, "max": 9}],
        "style": {"lineOptions": {"stacked": True}},
    }
    content, _ = shown(server, promql("up", step=300), plotOptions=options)
    assert isinstance(content, Chart)
    assert (content.period_s, content.stacked, content.legend) == (300, True, False)
    assert content.left == Axis("ms", 0.0, 9.0)
    assert server.requests[0][2]["step"] == ["300"]


def test_a_widget_reads_its_own_time_range(server: Prometheus) -> None:
    shown(server, promql("up"), start="-PT2H")
    assert server.requests[0][2]["start"] == [str(NOW / 1000 - 7200)]


def test_a_query_that_fails_is_named_beside_those_that_do_not(server: Prometheus) -> None:
    server.default = (200, matrix(({}, VALUES), warnings=["too many points"]))
    server.answers["sum(b)"] = (400, b'{"status": "error", "error": "no metric b"}')
    content, notes = shown(
        server, promql("sum(a)"), promql("sum(b)"), promql("sum("), {"language": "SQL", "query": "S"}
    )
    assert len(content.curves) == 1
    assert len(notes) == 4
    assert notes[0] == "queries in SQL are not supported"
    assert notes[1] == "too many points"
    assert notes[2].startswith("sum(b): ")
    assert "no metric b" in notes[2]
    assert notes[3].startswith("sum(: not valid PromQL: ")


def test_a_chart_that_cannot_be_read_says_why(server: Prometheus) -> None:
    server.default = (403, b"")
    assert "cloudwatch:GetMetricData is not allowed" in shown(server, promql("up"))[0].reason
    assert shown(server)[0] == Unavailable("the widget has no PromQL query")
    assert shown(server, {"language": "SQL", "query": "S"})[0].reason == "queries in SQL are not supported"
    assert "embedded stack does not evaluate PromQL" in shown(server, promql("up"), local=True)[0].reason


def test_the_rendered_page_has_the_series_and_says_what_failed(server: Prometheus, tmp_path: Path) -> None:
    server.default = (200, matrix(({"model": "small"}, VALUES), ({"model": "large"}, VALUES)))
    server.answers["bad_metric"] = (400, b'{"status": "error", "error": "unknown metric"}')
    properties = [
        {"title": "Models", "view": "line", "data": {"queries": [promql("sum by (model)(tokens)")]}},
        {"title": "Broken", "view": "number", "data": {"queries": [promql("bad_metric")]}},
    ]
    widgets = [
        {"type": "chart", "x": 12 * n, "y": 0, "width": 12, "height": 6, "properties": one | {"region": "eu-west-1"}}
        for n, one in enumerate(properties)
    ]
    (tmp_path / "d.json").write_text(json.dumps({"widgets": widgets}))
    arguments = ["dashboard", "render", str(tmp_path / "d.json"), "--region", "eu-west-1", "--endpoint-url", server.url]
    result = CliRunner().invoke(cli, [*arguments, "--since", "1h", "--out", str(tmp_path / "d.html")])
    assert result.exit_code == 0, result.output
    page = (tmp_path / "d.html").read_text()
    assert '"label":"small"' in page
    assert '"label":"large"' in page
    assert "unknown metric" in page
    assert "not shown: Broken: bad_metric: the PromQL query was refused" in result.stderr
