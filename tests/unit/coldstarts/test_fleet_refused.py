"""Fifty functions' logs, one of which may not be read: made by a fake on loopback in the shapes of botocore's model."""

import time
from typing import Any

import pytest
from click.testing import CliRunner

from monitor.main import cli
from tests.fakes.aws_json import AwsError, FakeAws

REGION = "eu-west-1"
ARN = f"arn:aws:lambda:{REGION}:123456789012:function"
STREAM = "2026/11/23/[1]aaaa"


def list_functions(_: dict[str, Any]) -> dict[str, Any]:
    return {
        "Functions": [
            {"FunctionName": f"f{number:02d}", "FunctionArn": f"{ARN}:f{number:02d}", "MemorySize": 512,
             "Architectures": ["x86_64"], "Runtime": "python3.12", "CodeSize": 1,
             "LastModified": "2026-01-01T00:00:00.000+0000"}
            for number in range(50)
        ]
    }  # fmt: skip


def filter_events(params: dict[str, Any]) -> dict[str, Any]:
    name = params["logGroupName"].rpartition("/")[2]
    if name == "f25":
        raise AwsError("AccessDeniedException", "not authorized to perform: logs:FilterLogEvents on f25")
    if name == "f07":
        return {"events": []}
    at_ms, rid = int(time.time() * 1000) - 60_000, f"{name}-1"
    report = (
        f"REPORT RequestId: {rid}\tDuration: 10.00 ms\tBilled Duration: 490 ms\tMemory Size: 512 MB\t"
        "Max Memory Used: 90 MB\tInit Duration: 480.00 ms\t"
    )
    lines = (f"START RequestId: {rid} Version: 1", report)
    return {
        "events": [
            {"timestamp": at_ms + n, "message": line, "logStreamName": STREAM, "eventId": f"{rid}{n}",
             "ingestionTime": at_ms}
            for n, line in enumerate(lines)
        ]
    }  # fmt: skip


def test_one_group_of_fifty_without_permission_is_named_the_rest_shown_and_the_code_is_three(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_REGION", REGION)):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    operations = {
        "lambda:ListFunctions": list_functions,
        "logs:FilterLogEvents": filter_events,
        "logs:DescribeLogGroups": lambda _: {"logGroups": []},
    }
    with FakeAws(operations) as fake:
        arguments = ["--endpoint-url", fake.endpoint, "coldstarts", "--all", "--engine", "scan", "--since", "1h"]
        done = CliRunner().invoke(cli, arguments, standalone_mode=False, env={"COLUMNS": "140"})
    assert done.exception is None, done.exception
    assert done.return_value == 3
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()[1:]}
    assert len(rows) == 50
    assert rows["f25"] == ["not", "read"]
    assert rows["f07"] == ["no", "data"]
    assert sum(row[:3] == ["1", "1", "100.0%"] for row in rows.values()) == 48
    assert "f25 could not be read: access denied: logs:FilterLogEvents" in done.stderr
    assert "`monitor iam-policy coldstarts`" in done.stderr
