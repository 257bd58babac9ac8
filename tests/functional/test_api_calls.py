"""What each command asks AWS: every call and parameter against botocore's models, and the same with any endpoint.

Nothing here reaches AWS. A command that is pointed at AWS signs and addresses its requests for the real endpoints, and
just before one is sent its host is exchanged for the embedded stack's.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator
from click.testing import CliRunner

from monitor.account.analyze_policies import NEEDS
from monitor.aws import connection as connections
from monitor.local.server.stack import Stack
from monitor.main import cli
from tests.functional.conftest import REGION, Driven

Calls = list[tuple[str, str, dict[str, Any]]]

COMMANDS = {
    "tail": ("tail", "FUNCTION", "--since", "1h", "--no-follow"),
    "tail of a log group": ("tail", "/aws/lambda/FUNCTION", "--since", "1h", "--no-follow", "--filter", "REPORT"),
    "tail of a glob": ("tail", "ai-*", "--since", "1h", "--no-follow"),
    "metrics": ("metrics", "FUNCTION", "--since", "1h"),
    "coldstarts": ("coldstarts", "FUNCTION", "--since", "1h"),
    "coldstarts --imports": ("coldstarts", "FUNCTION", "--since", "1h", "--imports"),
    "metrics --plot": ("metrics", "FUNCTION", "--since", "1h", "--plot"),
    "metrics --custom": ("metrics", "FUNCTION", "--since", "1h", "--custom"),
    "metrics --memory": ("metrics", "FUNCTION", "--since", "1h", "--memory"),
    "show": ("show", "slowest-cold", "FUNCTION", "--since", "1h"),
    "traces list": ("traces", "list", "FUNCTION", "--since", "1h"),
    "traces list filtered": ("traces", "list", "FUNCTION:$LATEST", "--since", "8h", "--cold", "--slower-than", "1ms"),
    "traces compare": ("traces", "compare", "FUNCTION", "--cold", "--since", "1h"),
    "traces show with its log": ("traces", "show", "slowest-cold", "FUNCTION", "--since", "1h", "--logs"),
    "traces show": ("traces", "show", "latest", "FUNCTION", "--since", "1h"),
    "function show": ("function", "show", "FUNCTION"),
    "dashboard deploy": ("dashboard", "deploy", "lambda-cold-starts", "--function", "FUNCTION", "--yes"),
    "dashboard list": ("dashboard", "list"),
    "dashboard delete": ("dashboard", "delete", "FUNCTION-cold-starts", "--yes"),
    "doctor": ("doctor",),
}
READ_TRACES = {"xray:GetTraceSegmentDestination", "xray:GetTraceSummaries", "xray:BatchGetTraces"}
# Which kind of start an invocation had that X-Ray shows no init of.
ASK_THE_LOG = {"lambda:GetFunctionConfiguration", "logs:FilterLogEvents"}
EXPECTED = {
    "tail": {"lambda:GetFunctionConfiguration", "logs:FilterLogEvents"},
    "tail of a log group": {"logs:FilterLogEvents"},
    "tail of a glob": {"lambda:ListFunctions", "logs:FilterLogEvents"},
    "metrics": {"lambda:GetFunctionConfiguration", "cloudwatch:ListMetrics", "cloudwatch:GetMetricData"},
    "coldstarts": {"lambda:GetFunctionConfiguration", "logs:DescribeLogGroups", "logs:FilterLogEvents"},
    "coldstarts --imports": {"lambda:GetFunctionConfiguration", "logs:FilterLogEvents"},
    "metrics --plot": {"lambda:GetFunctionConfiguration", "cloudwatch:GetMetricData"},
    "metrics --custom": {
        *("lambda:GetFunctionConfiguration", "cloudwatch:ListMetrics", "cloudwatch:GetMetricData"),
    },
    "metrics --memory": {
        *("lambda:GetFunctionConfiguration", "cloudwatch:ListMetrics", "cloudwatch:GetMetricData"),
        "logs:FilterLogEvents",
    },
    "show": {"lambda:GetFunctionConfiguration", "logs:FilterLogEvents", "xray:BatchGetTraces"},
    "traces list": {*READ_TRACES, *ASK_THE_LOG, "cloudwatch:GetMetricData"},
    "traces list filtered": {*READ_TRACES, *ASK_THE_LOG},
    "traces compare": {*READ_TRACES, *ASK_THE_LOG},
    "traces show": {*READ_TRACES, *ASK_THE_LOG},
    "traces show with its log": {*READ_TRACES, *ASK_THE_LOG},
    "function show": {"lambda:GetFunctionConfiguration"},
    "doctor": {
        "sts:GetCallerIdentity",
        *(need.call for need in NEEDS["doctor"]),
    },
}
# What differs from run to run: the window that "1h" comes to, page tokens, and a dashboard's time of deployment.
VOLATILE = {"startTime", "endTime", "StartTime", "EndTime", "nextToken", "NextToken", "DashboardBody"}


@pytest.fixture
def record(monkeypatch: pytest.MonkeyPatch, stack: Stack) -> Callable[..., Calls]:
    """Runs a command in this process and answers the calls that it made."""
    calls: Calls = []

    class RecordingSession(Session):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.register("provide-client-params", self._note)
            self.register("before-send", self._reroute)

        def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
            calls.append((model.service_model.service_name, model.name, dict(params)))

        def _reroute(self, request: Any, **_: Any) -> None:
            parts = urlsplit(request.url)
            assert parts.hostname == "127.0.0.1" or parts.hostname.endswith(".amazonaws.com"), request.url
            request.url = urlunsplit(parts._replace(scheme="http", netloc=urlsplit(stack.endpoint).netloc))

    monkeypatch.setattr(connections, "Session", RecordingSession)
    monkeypatch.setenv("MONITOR_LOCAL_ENDPOINT", stack.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.delenv("AWS_PROFILE", raising=False)

    def run(*arguments: str) -> Calls:
        calls.clear()
        result = CliRunner().invoke(cli, arguments, standalone_mode=False, catch_exceptions=False)
        assert not result.exit_code, result.output
        return list(calls)

    return run


def filled(arguments: tuple[str, ...], function: str) -> list[str]:
    return [argument.replace("FUNCTION", function) for argument in arguments]


def lasting(calls: Calls) -> set[tuple[str, str, str]]:
    return {
        (service, operation, repr(sorted((k, v) for k, v in params.items() if k not in VOLATILE)))
        for service, operation, params in calls
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_every_call_is_one_that_botocore_s_model_knows(name: str, record: Callable[..., Calls], driven: Driven) -> None:
    calls = record("--local", *filled(COMMANDS[name], driven.function))
    assert calls
    if name in EXPECTED:
        asked = {f"{service}:{operation}" for service, operation, _ in calls}
        # The log is asked only where X-Ray leaves open how an invocation started, X-Ray only for one that was sampled.
        at_times = ASK_THE_LOG if name.startswith("traces") else {"xray:BatchGetTraces"} if name == "show" else set()
        assert EXPECTED[name] - at_times <= asked <= EXPECTED[name]
    models = defaultdict(lambda: Session())
    for service, operation, params in calls:
        model = models[service].get_service_model(service).operation_model(operation)
        report = ParamValidator().validate(params, model.input_shape)
        assert not report.has_errors(), f"{service}:{operation}: {report.generate_report()}"


@pytest.mark.parametrize("name", COMMANDS)
def test_aws_and_the_stack_are_asked_the_same(name: str, record: Callable[..., Calls], driven: Driven) -> None:
    arguments = filled(COMMANDS[name], driven.function)
    if name.startswith("dashboard"):
        # A deploy depends on what is there already, and a delete needs it: each begins from the same state.
        record("--local", *filled(COMMANDS["dashboard deploy"], driven.function))
    locally = record("--local", *arguments)
    if name.startswith("dashboard"):
        record("--local", *filled(COMMANDS["dashboard deploy"], driven.function))
    remotely = record(*arguments)
    assert lasting(remotely) == lasting(locally)
