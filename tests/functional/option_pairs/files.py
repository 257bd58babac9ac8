"""The files of the folder in which each line is typed."""

import io
import json
import zipfile
from typing import Any

from tests.functional.option_pairs.account import log_text, saved_traces


def files(now_s: int) -> dict[str, bytes]:
    """By name."""
    return {
        "saved.log": log_text(now_s).encode(),
        "earlier.log": log_text(now_s - 86_400, count=7).encode(),
        "traces.json": saved_traces(now_s),
        "monitor.toml": b"ask_above_usd = 0\n",
        "packages/boto3-1.2.dist-info/METADATA": b"Metadata-Version: 2.1\nName: the-sdk\nVersion: 1.2\n",
        "packages/boto3-1.2.dist-info/RECORD": b"boto3/__init__.py,,\nbotocore/__init__.py,,\n",
        "boards/one.json": _board("now"),
        "boards/alarms/low.json": json.dumps(ALARM).encode(),
        "boards/pairs-fresh.json": json.dumps({"widgets": [_text("fresh")]}).encode(),
        "before/one.json": _board("before"),
        "before/pairs-gone.json": json.dumps({"widgets": [_text("gone")]}).encode(),
        "before/alarms/low.json": json.dumps(ALARM).encode(),
        "doubtful.json": json.dumps({"widgets": [{**_text("x"), "color": "red"}]}).encode(),
        "stack.json": json.dumps(STACK).encode(),
        "project/lambda_function.py": _HANDLER.encode(),
        "project/pyproject.toml": _PROJECT,
        "project/other.txt": b"thing==1.0\n",
        "event.json": b'{"tenant": 1}',
        "vars.env": b"TABLE=images\n",
        "one.zip": _zipped(
            {"lambda_function.py": _HANDLER, "helper.py": _HANDLER, "lib/deep/er/more.py": "x = 1\n", **_THING}
        ),
        "two.zip": _zipped({"lambda_function.py": _HANDLER, "helper.py": "x = 1\n" + _HANDLER}),
    }


_THING = {
    "lib/deep/er/more.py": "x = 1\n",
    "thing/__init__.py": "x = 1\n",
    "thing-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n",
    "thing-1.0.dist-info/RECORD": "thing/__init__.py,,\nthing-1.0.dist-info/METADATA,,\n",
    "loose/__init__.py": "y = 2\n",
    "yaml/__init__.py": "z = 3\n",
}
_PROJECT = b"""[project]
name = "shop"
version = "1"
dependencies = ["thing==1.0"]
[project.optional-dependencies]
fast = ["loose==1.0"]
[dependency-groups]
extra = ["lib==1.0"]
"""
_HANDLER = "import json\n\ndef lambda_handler(event, context):\n    return 1\n\nhandler = lambda_handler\n"
_PARAMETERS = {"period": {"default": 300, "description": "seconds"}}
ALARM: dict[str, Any] = {
    "template": {"description": "Errors.", "per": "function", "parameters": _PARAMETERS},
    "AlarmName": "${function}-low",
    "Namespace": "AWS/Lambda",
    "MetricName": "Errors",
    "Dimensions": [{"Name": "FunctionName", "Value": "${function}"}],
    "Statistic": "Sum",
    "Period": "${period}",
    "EvaluationPeriods": 1,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}
_WRAPPED = (
    '{"widgets": [{"type": "metric", "width": 6, "height": 6, "color": "red", "properties": {"region": "eu-west-1", '
    '"metrics": [["AWS/Lambda", "Errors"]], "stat": "Sum", "period": ${period}}}]}'
)
STACK: dict[str, Any] = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Parameters": {"period": {"Type": "Number", "Default": 300}},
    "Resources": {
        "Board": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {"DashboardName": "b", "DashboardBody": {"Fn::Sub": _WRAPPED}},
        }
    },
}


def _text(markdown: str) -> dict[str, Any]:
    return {"type": "text", "width": 6, "height": 6, "properties": {"markdown": markdown}}


def _board(title: str) -> bytes:
    metric = ["AWS/Lambda", "Errors", "FunctionName", "${function}"]
    properties = {"region": "${region}", "metrics": [metric], "period": "${period}", "stat": "Sum", "title": title}
    template = {
        "description": "Errors.", "name": "${function}-pairs", "per": "function", "parameters": _PARAMETERS,
        "alarms": ["low"],
    }  # fmt: skip
    widget = {"type": "metric", "width": 12, "height": 6, "properties": properties}
    arns = ["arn:aws:cloudwatch:${region}:${account}:alarm:${function}-low"]
    alarms = {"type": "alarm", "width": 6, "height": 6, "properties": {"title": "alarms", "alarms": arns}}
    return json.dumps({"template": template, "widgets": [widget, alarms]}).encode()


def _zipped(contents: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in contents.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return out.getvalue()
