"""`monitor metrics`: options that would have no effect together, and one name for a figure in every form."""

import csv
import io

import pytest
from click.testing import CliRunner

from monitor.coldstarts.analyze_figures import METRIC_FIGURES
from monitor.errors import UsageError
from monitor.main import cli
from monitor.metrics.render import csv_metrics, metrics_document
from monitor.records.metric import FunctionMetrics

ROW = FunctionMetrics(
    "shop", "us-east-1", (0, 60_000), 10.0, 1.0, 0.0, 2.0, 5.0, 6.0, 7.0, 8.0, 3.0, 300.0, 900.0, profile="team"
)


@pytest.mark.parametrize(
    "given",
    [
        ("--fail-over", "errors > 1", "--watch"), ("--fail-over", "errors > 1", "--period", "5m"),
        ("--fail-over", "errors > 1", "--plot"), ("--fail-over", "errors > 1", "--custom"),
        ("--custom", "--plot"), ("--namespace", "N", "--sort", "errors"), ("--plot", "--memory"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_options_that_would_have_no_effect_are_refused(given: tuple[str, ...]) -> None:
    failed = CliRunner().invoke(cli, ["metrics", "shop", *given], standalone_mode=False).exception
    assert isinstance(failed, UsageError)
    assert "has no effect with" in failed.message


def test_csv_json_and_conditions_call_a_figure_by_one_name() -> None:
    (row,) = csv.DictReader(io.StringIO(csv_metrics([ROW])))
    assert [*row] == ["function", "region", "profile", *METRIC_FIGURES]
    document = metrics_document(ROW)
    assert set(METRIC_FIGURES) <= document.keys()
    assert (document["p99_duration_ms"], row["p99_duration_ms"], document["profile"]) == (7.0, "7.0", "team")
