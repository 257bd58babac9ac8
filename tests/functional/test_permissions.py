"""What each command needs to be allowed: the policy table against the calls, and each command without each of them.

Everything here goes over the wire: a proxy in front of the embedded stack counts the calls, and refuses those of one
permission as IAM refuses them.
"""

import asyncio
import base64
import html
import json
import re
import signal
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from botocore.session import Session

from monitor.account.analyze_policies import NEEDS
from monitor.aws.connection import Connection
from monitor.aws.deploy import invoke, wait_until_active, wait_until_updated
from monitor.aws.insights import QueryPolling
from monitor.kernel.iam import ACTIONS
from monitor.local.server.stack import Stack
from monitor.main import main
from monitor.packages.building.installed import runtime_entries
from tests.fakes.iam_proxy import IamProxy
from tests.functional.api_runs import RUNS, ApiRun
from tests.functional.conftest import REGION, zip_of
from tests.unit.test_docs import leaves

ROLE = "arn:aws:iam::000000000000:role/lambda-monitor-local"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()

LOG_ALARM = {
    "AlarmName": "iam-log",
    "ScheduledQueryConfiguration": {
        "QueryString": "filter level = 'ERROR' | stats count(*) as n",
        "LogGroupIdentifiers": ["/aws/lambda/iam-example"],
        "ScheduledQueryRoleARN": ROLE,
        "ScheduleConfiguration": {"ScheduleExpression": "rate(5 minutes)", "StartTimeOffset": 300},
        "AggregationExpression": "max(n)",
    },
    "QueryResultsToEvaluate": 3,
    "QueryResultsToAlarm": 2,
    "Threshold": 0,
    "ComparisonOperator": "GreaterThanThreshold",
}


def asked_of(proxy: IamProxy) -> set[str]:
    """The calls that need a permission."""
    return {call for call in proxy.calls if call not in ACTIONS or ACTIONS[call].name}


def create(connection: Connection, name: str, **more: Any) -> None:
    source = {"lambda_function.py": "def lambda_handler(event, context):\n    return 1\n"}
    connection.call(
        "lambda", "CreateFunction", FunctionName=name, Handler="lambda_function.lambda_handler", Role=ROLE,
        Runtime="python3.11", Code={"ZipFile": zip_of(source)}, **more,
    )  # fmt: skip
    wait_until_active(connection, name)


@dataclass
class Said:
    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def words(connection: Connection, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the words in capitals stand for; FUNCTION has run twice, and has a version, an alias and a tag."""
    function = "iam-example"
    for name, more in ((function, {"TracingConfig": {"Mode": "Active"}}), ("plain-iam", {})):
        create(connection, name, **more)
    for _ in range(2):
        invoke(connection, function, b"{}")
        time.sleep(1.05)  # the first request of each second is sampled
    found = connection.call("lambda", "GetFunctionConfiguration", FunctionName=function)
    version = connection.call("lambda", "PublishVersion", FunctionName=function)["Version"]
    connection.call("lambda", "CreateAlias", FunctionName=function, Name="live", FunctionVersion=version)
    connection.call("lambda", "TagResource", Resource=found["FunctionArn"], Tags={"stage": "iam"})
    files = {f"python/{entry.name}": entry.path.read_text("utf-8") for entry in runtime_entries()}
    layer = connection.call(
        "lambda", "PublishLayerVersion", LayerName="iam-runtime", Content={"ZipFile": zip_of(files)}
    )["LayerVersionArn"]
    create(connection, "layered-iam", Layers=[layer])
    folder = tmp_path_factory.mktemp("dashboards")
    body = {"widgets": [{"type": "text", "width": 6, "height": 6, "properties": {"markdown": "iam"}}]}
    (folder / "iam-only.json").write_text(json.dumps(body))
    foreign = json.dumps({"widgets": []})
    connection.call("cloudwatch", "PutDashboard", DashboardName="iam-foreign", DashboardBody=foreign)
    (folder / "alarms").mkdir()
    (folder / "alarms" / "iam-log.json").write_text(json.dumps(LOG_ALARM))
    # Longest first: no word may eat a part of another.
    return {
        "FUNCTION": function,
        "FOLDER": str(folder),
        "EVENT": str(folder / "iam-only.json"),
        "LAYERED": "layered-iam",
        "LAYER": layer,
        "PLAIN": "plain-iam",
    }


@pytest.fixture(scope="module")
def proxy(stack: Stack) -> Iterator[IamProxy]:
    with IamProxy(stack.endpoint) as running:
        yield running


@pytest.fixture
def typed(
    proxy: IamProxy, words: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """Types a line at a shell whose AWS is the proxy; `denied` is a call that is refused."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    # A query that never ends is waited for no longer than this.
    soon = QueryPolling(0.2, 1.0, 0.2, 1.0)
    monkeypatch.setattr("monitor.dashboards.board.workflow_logs._POLLING", soon)
    monkeypatch.setattr("monitor.aws.trace_search._QUERY_POLLING", soon)

    def run(line: str, denied: str = "", seconds: float = 0.0) -> Said:
        line = line.replace("FRESH", f"fresh-{uuid.uuid4().hex[:8]}")
        typed_words = [words.get(word, word.replace("FUNCTION", words["FUNCTION"])) for word in line.split()]
        monkeypatch.setattr(sys, "argv", ["monitor", *typed_words])
        proxy.calls.clear()
        proxy.denied, proxy.action = denied, ACTIONS[denied].name if denied else ""
        capfd.readouterr()
        with interrupted_after(seconds), pytest.raises(SystemExit) as ended:
            main()
        proxy.denied = ""
        out, err = capfd.readouterr()
        code = ended.value.code
        return Said(code if isinstance(code, int) else 0, out, err)

    return run


@contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    """Ctrl-C after so long; never, for 0."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def prepared(
    typed: Callable[..., Said],
    proxy: IamProxy,
    connection: Connection,
    words: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[ApiRun], None]]:
    """Brings about what a run begins from."""

    def prepare(run: ApiRun) -> None:
        for line in run.before:
            if run.command == "instrument":
                wait_until_updated(connection, "plain-iam")
            typed(line)
        if run.command == "instrument":
            wait_until_updated(connection, "plain-iam")
        for name, value in run.environment.items():
            monkeypatch.setenv(name, value)
        paths = [path.replace("FUNCTION", words["FUNCTION"]) for path in run.visits]
        monkeypatch.setattr("webbrowser.open", lambda address: visited(address, paths))
        asks = [(tool, {key: words.get(one, one) for key, one in more.items()}) for tool, more in run.asks]
        monkeypatch.setattr("mcp.server.MCPServer.run", lambda server, _: asked_tools(server, asks))
        proxy.answers = {
            "cloudwatch:GetMetricWidgetImage": lambda _: {"MetricWidgetImage": PNG},
            "cloudwatch:PutLogAlarm": lambda _: {},
        }
        if run.searched:
            proxy.answers |= transaction_search(connection)
        if run.unfinished:
            proxy.answers["logs:GetQueryResults"] = lambda _: {"status": "Running", "results": []}

    yield prepare
    proxy.answers = {}


def asked_tools(server: Any, asks: list[tuple[str, dict[str, str]]]) -> None:
    """Call these tools of `monitor mcp`, and print their answers."""
    for tool, arguments in asks:
        print(json.dumps(asyncio.run(server.call_tool(tool, arguments)), default=lambda one: one.model_dump()))


def visited(address: str, paths: list[str]) -> bool:
    """Ask the page that `monitor serve` opens for these, print what it could not read, and press Ctrl-C."""
    page = Path(unquote(urlsplit(address).path)).read_text()
    found = re.search(r"http://127\.0\.0\.1:(\d+)/#token=([\w-]+)", page)
    assert found is not None
    for path in paths:
        request = urllib.request.Request(f"http://127.0.0.1:{found[1]}/api/{path}")
        request.add_header("Authorization", f"Bearer {found[2]}")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                body = read_stream(answer) if path == "events" else answer.read()
        except urllib.error.HTTPError as error:
            body = error.read()
        text = body.decode()
        if "is not allowed" in text:
            print(text)
        if '{"page":"' in text:
            name = json.loads(text)["page"]
            with urllib.request.urlopen(f"http://127.0.0.1:{found[1]}{name}", timeout=60) as answer:
                print(html.unescape(answer.read().decode()))
    raise KeyboardInterrupt


def read_stream(answer: Any) -> bytes:
    """The events of a stream until the past has been read, or why it was not."""
    read = b""
    while b'"caught_up":true' not in read and b"reading continues" not in read:
        read += answer.readline()
    return read


def transaction_search(connection: Connection) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
    """The stack's own traces, as they are had where spans go to aws/spans."""
    now_s = time.time()
    found = connection.call("xray", "GetTraceSummaries", StartTime=now_s - 1800, EndTime=now_s)["TraceSummaries"]
    ids = [one["Id"] for one in found][:5]
    traces = connection.call("xray", "BatchGetTraces", TraceIds=ids)["Traces"] if ids else []
    whole = [
        {"Id": one["Id"], "Spans": [{"Id": part["Id"], "Document": part["Document"]} for part in one["Segments"]]}
        for one in traces
    ]
    rows = [[{"field": "traceId", "value": one[2:].replace("-", "")}] for one in ids]
    return {
        "xray:GetTraceSegmentDestination": lambda _: {"Destination": "CloudWatchLogs", "Status": "ACTIVE"},
        "xray:BatchGetTraces": lambda asked: {"Traces": [], "UnprocessedTraceIds": asked["TraceIds"]},
        "xray:StartTraceRetrieval": lambda _: {"RetrievalToken": "token"},
        "xray:ListRetrievedTraces": lambda _: {"RetrievalStatus": "COMPLETE", "TraceFormat": "XRAY", "Traces": whole},
        "logs:StartQuery": lambda _: {"queryId": "q-1"},
        "logs:GetQueryResults": lambda _: {"status": "Complete", "results": rows},
    }


def test_every_command_is_in_the_table() -> None:
    import click

    from monitor.main import cli

    known = {path.partition(" ")[2] for path, _ in leaves(cli, click.Context(cli, info_name="monitor"))}
    assert known == set(NEEDS)


def test_every_action_is_an_operation_of_its_service_or_one_that_iam_names_otherwise() -> None:
    session = Session()
    for call, action in ACTIONS.items():
        service, _, operation = call.partition(":")
        assert operation in session.get_service_model(service).operation_names, call
        renamed = {"lambda:InvokeFunction", "lambda:GetLayerVersion", "tag:GetResources", ""}
        assert action.name == call or action.name in renamed, call


@pytest.mark.parametrize("command", [name for name, needs in NEEDS.items() if needs])
def test_a_command_s_policy_is_exactly_what_it_asks(
    command: str, typed: Callable[..., Said], prepared: Callable[[ApiRun], None], proxy: IamProxy
) -> None:
    allowed, asked = {need.call for need in NEEDS[command] if not need.part_of}, set[str]()
    for run in [one for one in RUNS if one.command == command]:
        prepared(run)
        said = typed(run.line, run.denied, run.seconds)
        assert "Traceback" not in said.err
        assert said.code == 0 or run.fails, f"{run.name}: {said.err}"
        assert asked_of(proxy) <= allowed, run.name
        asked |= asked_of(proxy)
    assert asked == allowed


def one_by_one() -> Iterator[Any]:
    """A run a command; the others, which share most of their calls with it, are for the slow tests."""
    seen = set[str]()
    for run in RUNS:
        if not run.denied and run.line:
            yield pytest.param(run, id=run.name, marks=[pytest.mark.slow] if run.command in seen else [])
            seen.add(run.command)


@pytest.mark.parametrize("run", list(one_by_one()))
def test_without_one_permission_a_command_goes_on_or_says_in_one_line_what_it_lacks(
    run: ApiRun, typed: Callable[..., Said], prepared: Callable[[ApiRun], None], proxy: IamProxy
) -> None:
    for part in parts_of(run):
        without_each(part, typed, prepared, proxy)


def parts_of(run: ApiRun) -> list[ApiRun]:
    """One for each request of a page and each tool: what one of them lacks, the others need not be asked."""
    asked = [replace(run, asks=(one,)) for one in run.asks] + [replace(run, visits=(one,)) for one in run.visits]
    return [asked[0], *(replace(one, before=()) for one in asked[1:])] if asked else [run]


def without_each(run: ApiRun, typed: Callable[..., Said], prepared: Callable[[ApiRun], None], proxy: IamProxy) -> None:
    prepared(run)
    allowed = typed(run.line, "", run.seconds)
    # A page and tools only read.
    again = replace(run, before=()) if run.asks or run.visits else run
    for call in sorted(asked_of(proxy)):
        prepared(again)
        said = typed(run.line, call, run.seconds)
        if run.fails and said.code == allowed.code and said.err == allowed.err:
            continue  # it fails for the same reason, for which the call is not needed
        lacking, case = ACTIONS[call].name, f"{run.name} without {call}"
        assert "Traceback" not in said.err, case
        # A table of outcomes breaks its lines where the width ends.
        told = " ".join((said.out + said.err).split())
        assert lacking in told, f"{case}: {told}"
        policy = f"`monitor iam-policy {run.command}`"
        # 2: a part could not be made without what was not told, an alarm on an unknown time-out. 1: a part was refused.
        if said.code in (0, 2) or (said.code == 1 and run.fails):
            goes_on = [need for need in NEEDS[run.command] if need.call == call and need.without]
            assert goes_on, f"{case} goes on, and the table does not know it"
            continue
        assert said.code == 3, f"{case}: {said.code} {said.err}"
        assert f"access denied: {lacking} is not allowed" in told, case
        assert policy in told, f"{case}: {told}"
