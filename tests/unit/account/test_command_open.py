"""`monitor open`: addresses that need no call, and what it refuses."""

import json

import pytest
from click.testing import CliRunner, Result

from monitor.main import cli

TRACE = "1-5759e988-bd862e3fe1be46a994272793"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("DISPLAY", ":0")


def opened(*words: str) -> Result:
    return CliRunner().invoke(cli, ["open", *words])


def test_a_log_group_a_trace_and_a_dashboard_need_no_call() -> None:
    assert opened("/aws/lambda/api").output.endswith("log-group/$252Faws$252Flambda$252Fapi\n")
    assert opened("--trace", TRACE).output.endswith(f"#/traces/{TRACE}\n")
    found = json.loads(opened("--dashboard", "cold", "-o", "json", "--region", "cn-north-1").output)
    assert (found["page"], found["region"]) == ("dashboard", "cn-north-1")
    assert found["url"].startswith("https://cn-north-1.console.amazonaws.cn/")


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--trace", "latest"),
        ("--trace", TRACE, "api"),
        ("--dashboard", "cold", "--page", "logs"),
        ("--dashboard", "cold", "--region", "us-iso-east-1"),
        ("/aws/lambda/api", "--page", "traces"),
        ("api-*",),
        ("--local", "api"),
    ],
    ids=" ".join,
)
def test_what_has_no_page_is_refused(words: tuple[str, ...]) -> None:
    from monitor.errors import UsageError

    assert isinstance(opened(*words).exception, UsageError), opened(*words).output
