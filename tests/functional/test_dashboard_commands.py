"""`monitor dashboard` as a person uses it, on the embedded stack: the console's part is played through the API."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.aws.connection import Connection
from monitor.dashboards.body.rows import expand_all
from tests.functional.conftest import Driven, Run

FUNCTION = "dashboard-sample"
COLD = f"{FUNCTION}-cold-starts"
Edit = Callable[[str, str], None]


@pytest.fixture
def in_the_console(connection: Connection) -> Edit:
    """Changes a widget's title, as somebody would in the console."""

    def edit(name: str, title: str) -> None:
        body = json.loads(connection.call("cloudwatch", "GetDashboard", DashboardName=name)["DashboardBody"])
        body["widgets"][1]["properties"]["title"] = title
        connection.call("cloudwatch", "PutDashboard", DashboardName=name, DashboardBody=json.dumps(body))

    return edit


def deploy(monitor: Run, *arguments: str) -> str:
    done = monitor("--local", "dashboard", "deploy", "--function", FUNCTION, *arguments)
    assert done.code == 0, done.err
    return done.out


def test_from_the_first_deploy_to_the_delete(monitor: Run, in_the_console: Edit, tmp_path: Path) -> None:
    assert "1 to create" in deploy(monitor, "--dry-run")
    assert f"created    dashboard {COLD}" in deploy(monitor, "--yes")
    assert "no changes" in deploy(monitor, "--yes")
    assert "no changes" in deploy(monitor, "--check")

    listed = monitor("--local", "dashboard", "list", "--prefix", FUNCTION, "-o", "json")
    assert [one["name"] for one in listed.json] == [COLD]
    shown = monitor("--local", "dashboard", "show", COLD)
    assert "deployed by monitor from lambda-cold-starts" in shown.out

    in_the_console(COLD, "Renamed by hand")
    refused = monitor("--local", "dashboard", "deploy", "--function", FUNCTION, "--yes")
    assert refused.code == 1
    assert '"Renamed by hand" → "Invocations, errors, throttles"' in refused.out
    assert refused.err.splitlines()[-1] == "monitor: 1 refused"

    mine = tmp_path / "mine.json"
    pulled = monitor("--local", "dashboard", "pull", COLD, "--to", str(mine))
    assert pulled.code == 0, pulled.err
    assert "Renamed by hand" in mine.read_text()
    assert "no changes" in deploy(monitor, str(mine), "--yes")

    assert "forced" in deploy(monitor, "--yes", "--force")
    assert "Renamed" not in monitor("--local", "dashboard", "show", COLD).out

    deleted = monitor("--local", "dashboard", "delete", COLD, "--yes")
    assert deleted.code == 0, deleted.err
    assert monitor("--local", "dashboard", "show", COLD).code == 3


def test_diff_tells_what_a_deploy_would_change_and_check_fails_for_it(monitor: Run) -> None:
    deploy(monitor, "--yes", "--name", "dashboard-diff")
    arguments = ("--local", "dashboard", "diff", "--function", FUNCTION, "--name", "dashboard-diff")
    same = monitor(*arguments, "--check")
    other = monitor(*arguments, "--check", "--set", "period=60")

    assert (same.code, same.out.strip().splitlines()[-1]) == (0, "no changes")
    assert other.code == 1
    assert "properties/period: 300 → 60" in other.out
    assert other.err.splitlines()[-1] == "monitor: 1 of 1 differ"


def test_a_folder_is_deployed_and_pruned_with_its_alarms(monitor: Run, tmp_path: Path) -> None:
    folder = tmp_path / "boards"
    (folder / "alarms").mkdir(parents=True)
    for name in ("folder-one", "folder-two"):
        widget = {"type": "text", "properties": {"markdown": f"# {name}"}}
        (folder / f"{name}.json").write_text(json.dumps({"widgets": [widget]}))
    alarm = {
        "AlarmName": "folder-alarm",
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    (folder / "alarms" / "folder-alarm.json").write_text(json.dumps(alarm))

    def run(*more: str) -> list[tuple[str, str]]:
        done = monitor("--local", "dashboard", "deploy", str(folder), "--prune", "--yes", "-o", "json", *more)
        assert done.code == 0, done.err
        return [(one["name"], one["action"]) for one in done.json["outcomes"]]

    assert run() == [("folder-alarm", "create"), ("folder-one", "create"), ("folder-two", "create")]
    assert run() == []
    (folder / "folder-two.json").unlink()
    (folder / "alarms" / "folder-alarm.json").unlink()
    assert sorted(run()) == [("folder-alarm", "delete"), ("folder-two", "delete")]


def test_the_function_s_dashboard_brings_its_alarms(monitor: Run, connection: Connection) -> None:
    arguments = ("lambda-function", "--set", "timeout_ms=30000", "--yes")
    assert "6 to create" in deploy(monitor, *arguments)
    assert "no changes" in deploy(monitor, *arguments)

    alarms = connection.call("cloudwatch", "DescribeAlarms", AlarmNamePrefix=FUNCTION)["MetricAlarms"]
    assert len(alarms) == 5


def test_without_a_terminal_a_deploy_asks_for_yes(monitor: Run) -> None:
    done = monitor("--local", "dashboard", "deploy", "--function", FUNCTION)

    assert done.code == 2
    assert done.err.splitlines() == [
        "monitor: no terminal to ask for confirmation",
        "  hint: add --yes to apply the plan, or --dry-run to see it",
    ]


@pytest.mark.parametrize(
    ("command", "path"),
    [
        *(("render", "nowhere.json"), ("show", "dashboards/nowhere"), ("validate", "./nowhere.yaml")),
        *(("pull", "boards/*.json"), ("diff", "nowhere.json"), ("delete", "dashboards/nowhere")),
        *(("delete --yes", "./nowhere.yaml"), ("export --as sam", "boards/*.json"), ("deploy", "nowhere.json")),
        *(("deploy --yes", "dashboards/nowhere"), ("deploy --check --function f", "./nowhere.yaml")),
        *(("render --in", "nowhere.json"), ("deploy lambda-function", "boards/*.json"), ("validate", "boards/*.json")),
        *(("show", "nowhere.json"), ("render", "./nowhere.yaml")),
    ],
)
def test_a_file_that_does_not_exist_is_told_before_aws_or_the_user_is_asked(
    monitor: Run, command: str, path: str
) -> None:
    done = monitor("--endpoint-url", "http://127.0.0.1:9", "dashboard", *command.split(), path)
    if command == "validate":
        done = monitor("dashboard", "validate", path)

    assert (done.code, done.err.splitlines()[0]) == (2, f"monitor: no such file: {path}")
    assert done.err.splitlines()[1].startswith("  hint: ")


def test_what_no_dashboard_can_be_named_is_told_before_aws_is_asked(monitor: Run) -> None:
    for command in ("render", "show", "pull", "delete --yes", "export --as sam"):
        done = monitor("--endpoint-url", "http://127.0.0.1:9", "dashboard", *command.split(), "my board")
        assert (done.code, "'my board' is not the name of a dashboard" in done.err) == (2, True)


def test_validate_needs_no_account_and_names_the_place(monitor: Run, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text('{"widgets": [\n  {"type": "metric", "properties": {"metrics": [["AWS/Lambda"]]}}\n]}')
    done = monitor("dashboard", "validate", str(path))
    github = monitor("dashboard", "validate", str(path), "-o", "github")
    piped = monitor("dashboard", "validate", "-", "-o", "json", stdin=path.read_text())

    assert done.code == 1
    assert f"{path}:2:49: error: /widgets/0/properties/metrics/0: a row needs" in done.out
    assert done.err.splitlines()[-1] == "monitor: 1 file: 1 error, 1 warning"
    assert "::error file=" in github.out
    assert [one["rule"] for one in piped.json] == ["schema-required", "row-too-short"]


def test_the_shipped_templates_are_listed_shown_and_valid_without_an_account(monitor: Run) -> None:
    listed = monitor("dashboard", "list", "--templates", "-o", "json")
    names = [one["name"] for one in listed.json]

    assert names == ["api-latency", "lambda-cold-starts", "lambda-function", "lambda-overview"]
    assert monitor("dashboard", "validate", *names, "--strict").code == 0
    assert "Slowest cold starts" in monitor("dashboard", "show", "lambda-cold-starts").out


def test_the_cold_start_dashboard_of_the_example_names_metrics_that_exist(
    monitor: Run, connection: Connection, driven: Driven
) -> None:
    done = monitor("--local", "dashboard", "deploy", "--function", driven.function, "--name", "dashboard-real", "--yes")
    assert done.code == 0, done.err
    body = monitor("--local", "dashboard", "show", "dashboard-real", "-o", "json").json
    tables = [expand_all(widget["properties"].get("metrics", [])) for widget in body["widgets"]]
    rows = [row for table in tables for row in table if row[0] == "AiImageAnalyzer"]

    assert {row[1] for row in rows} == {"ColdStart", "ObservedInitDuration", "ImportDuration"}
    for namespace, name, *dimensions, _ in rows:
        pairs = zip(dimensions[::2], dimensions[1::2], strict=True)
        wanted = [{"Name": dimension, "Value": value} for dimension, value in pairs]
        found = connection.call("cloudwatch", "ListMetrics", Namespace=namespace, MetricName=name, Dimensions=wanted)
        assert len(found["Metrics"]) == 1, (namespace, name, wanted)


def test_a_dry_run_of_what_would_be_refused_says_so_by_its_exit_code(monitor: Run, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text('{"widgets": [{"type": "text", "width": 25, "properties": {"markdown": ""}}]}')
    done = monitor("--local", "dashboard", "deploy", str(path), "--dry-run")

    assert done.code == 2
    assert "error: /widgets/0/width: 25 is more than 24" in done.out
