"""A dashboard or an alarm with anything in the place of anything: an error of ours, never a defect."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from monitor.errors import MonitorError, UsageError
from monitor.main import cli
from tests.fakes.mutated import paths, replaced

_HEAD = {"description": "Errors.", "per": "function", "parameters": {"period": {"default": 300}}}
BOARD = {
    "template": {**_HEAD, "name": "${function}-x", "alarms": ["low"]},
    "widgets": [
        {"type": "metric", "width": 6, "height": 6, "properties": {
            "region": "${region}", "metrics": [["AWS/Lambda", "Errors", "FunctionName", "${function}"]],
            "period": "${period}", "annotations": {"horizontal": [{"value": 1}]},
        }},
    ],
}  # fmt: skip
_ALARM = {"AlarmName": "${function}-low", "EvaluationPeriods": 1, "Threshold": 1, "AlarmActions": ["arn"]}
ALARMS = {
    "one metric": {
        "template": _HEAD, **_ALARM, "ComparisonOperator": "GreaterThanThreshold", "Namespace": "AWS/Lambda",
        "MetricName": "Errors", "Dimensions": [{"Name": "FunctionName", "Value": "${function}"}], "Statistic": "Sum",
        "Period": "${period}",
    },
    "an expression": {
        "template": _HEAD, **_ALARM, "ComparisonOperator": "GreaterThanThreshold",
        "Metrics": [
            {"Id": "a", "ReturnData": False, "MetricStat": {
                "Metric": {"Namespace": "N", "MetricName": "M", "Dimensions": [{"Name": "F", "Value": "x"}]},
                "Period": 60, "Stat": "Sum",
            }},
            {"Id": "b", "Expression": "a * 2"},
        ],
    },
}  # fmt: skip


def defects(board: Any, alarm: Any) -> Iterator[str]:
    Path("board.json").write_text(json.dumps(board))
    Path("alarms/low.json").write_text(json.dumps(alarm))
    for words in (("show", "board.json"), ("export", "board.json", "--as", "terraform")):
        error = CliRunner().invoke(cli, ["dashboard", *words]).exception
        if error is not None and not isinstance(error, SystemExit | MonitorError):
            yield f"{words[0]}: {error!r}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "alarms").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")


@pytest.mark.parametrize("by", [None, 5, [[]], [None], {}, "x"])
def test_a_damaged_dashboard_is_refused(by: object) -> None:
    found = {place: list(defects(replaced(BOARD, place, by), ALARMS["one metric"])) for place in paths(BOARD)}
    assert {place: told for place, told in found.items() if told} == {}


@pytest.mark.parametrize("by", [None, 5, [[]], [None], {}, "x"])
@pytest.mark.parametrize("name", ALARMS)
def test_a_damaged_alarm_is_refused(name: str, by: object) -> None:
    alarm = ALARMS[name]
    found = {place: list(defects(BOARD, replaced(alarm, place, by))) for place in paths(alarm)}
    assert {place: told for place, told in found.items() if told} == {}


@pytest.mark.parametrize("widgets", [None, 5, "x", {}])
@pytest.mark.parametrize(
    "words", [("show",), ("export", "--as", "sam"), ("export", "--as", "terraform"), ("render",), ("deploy", "--check")]
)
def test_widgets_that_are_not_a_list_are_refused_by_every_command(words: tuple[str, ...], widgets: object) -> None:
    Path("board.json").write_text(json.dumps({**BOARD, "widgets": widgets}))
    error = CliRunner().invoke(cli, ["dashboard", words[0], "board.json", *words[1:]]).exception
    assert isinstance(error, UsageError)
    assert error.message == "board.json: widgets is not a list"
