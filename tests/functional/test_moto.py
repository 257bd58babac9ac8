"""The reading commands against moto's server, a second implementation of AWS's APIs beside the embedded stack.

moto evaluates neither percentiles nor filters of traces nor Logs Insights' statistics.
"""

import io
import json
import logging
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.session import get_session
from click.testing import CliRunner, Result

from monitor.main import cli
from tests.fakes.moto_state import empty_account

REGION = "us-east-1"
NAME = "orders"
STREAM = "2026/11/29/[$LATEST]0123456789abcdef0123456789abcdef"
INVOCATIONS, FAILING = 6, 3
BEGAN_S = int(time.time()) - 600
Monitor = Callable[..., Result]


def request_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def trace_id() -> str:
    return f"1-{BEGAN_S:08x}-a006649127e371903a2de979"


def lines(start_ms: int) -> Iterator[tuple[int, str]]:
    """The log of a cold start, warm invocations, and one with an exception."""
    yield start_ms - 500, "INIT_START Runtime Version: python:3.12.v30\tRuntime Version ARN: arn:aws:lambda:::runtime:x"
    for number in range(INVOCATIONS):
        at, name = start_ms + 1000 * number, request_id(number)
        yield at, f"START RequestId: {name} Version: $LATEST\n"
        if number == FAILING:
            frames = 'Traceback (most recent call last):\n  File "/var/task/app.py", line 7, in handler'
            yield at + 1, f"[ERROR] ValueError: no order {number}\n{frames}"
        yield at + 2, f"END RequestId: {name}\n"
        memory = "Memory Size: 512 MB\tMax Memory Used: 90 MB"
        init = "\tInit Duration: 480.00 ms" if number == 0 else ""
        yield (
            at + 3,
            f"REPORT RequestId: {name}\tDuration: {12 + number}.00 ms\tBilled Duration: 13 ms\t{memory}{init}\t\n",
        )


def fill(client: Callable[[str], Any]) -> None:
    """A function with its log, metrics, a trace and an alarm."""
    role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): ...")
    client("lambda").create_function(
        FunctionName=NAME,
        Runtime="python3.12",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": package.getvalue()},
        MemorySize=512,
        Timeout=30,
    )
    logs, group = client("logs"), f"/aws/lambda/{NAME}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=STREAM)
    events = [{"timestamp": at, "message": text} for at, text in lines(time.time_ns() // 1_000_000 - 600_000)]
    logs.put_log_events(logGroupName=group, logStreamName=STREAM, logEvents=events)
    before = datetime.now(UTC) - timedelta(minutes=8)
    for metric, value in (("Invocations", INVOCATIONS), ("Errors", 1), ("Duration", 15)):
        dimensions = [{"Name": "FunctionName", "Value": NAME}]
        datum = {"MetricName": metric, "Dimensions": dimensions, "Timestamp": before, "Value": value}
        client("cloudwatch").put_metric_data(Namespace="AWS/Lambda", MetricData=[datum])
    began = float(BEGAN_S)
    segment = {
        "name": NAME,
        "id": "70de5b6f19ff9a0a",
        "trace_id": trace_id(),
        "start_time": began,
        "end_time": began + 0.5,
    }
    client("xray").put_trace_segments(TraceSegmentDocuments=[json.dumps(segment)])


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    statistics = pytest.importorskip("moto.cloudwatch.models").Statistics
    original = statistics.get_statistics_for_type

    def known(self: Any, stat: str) -> Any:
        # moto answers null for percentiles, which its own serializer cannot write.
        self.stats = ["Maximum"] if stat.startswith("p") else self.stats
        return original(self, self.stats[0] if stat.startswith("p") else stat)

    statistics.get_statistics_for_type = known
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    empty_account(url)
    session = get_session()
    session.set_credentials("testing", "testing")
    fill(lambda service: session.create_client(service, region_name=REGION, endpoint_url=url))
    yield url
    server.stop()
    statistics.get_statistics_for_type = original


@pytest.fixture
def monitor(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Monitor:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")

    def run(*arguments: str) -> Result:
        options = ("--region", REGION, "--endpoint-url", endpoint)
        return CliRunner().invoke(cli, [*arguments, *options], standalone_mode=False, env={"COLUMNS": "140"})

    return run


def document(result: Result) -> Any:
    assert result.exception is None, result.output
    return json.loads(result.stdout)


def test_tail_prints_the_log(monitor: Monitor) -> None:
    result = monitor("tail", NAME, "--since", "1h", "--no-follow")
    assert result.exception is None, result.output
    assert result.stdout.count(" REPORT ") == INVOCATIONS
    assert "cold start, init 480 ms" in result.stdout
    assert "ValueError: no order 3" in result.stdout


def test_errors_names_the_exception_and_its_frame(monitor: Monitor) -> None:
    result = monitor("errors", NAME, "--since", "1h")
    assert "ValueError: no order <n>" in result.stdout
    assert "app.py:handler" in result.stdout


@pytest.mark.parametrize("engine", ["scan", "auto"])
def test_coldstarts_counts_them(monitor: Monitor, engine: str) -> None:
    found = document(monitor("coldstarts", NAME, "--since", "1h", "--engine", engine, "-o", "json"))
    text = json.dumps(found)
    assert '"cold_starts": 1' in text
    assert f'"invocations": {INVOCATIONS}' in text


def test_show_finds_an_invocation(monitor: Monitor) -> None:
    result = monitor("show", request_id(FAILING), NAME, "--since", "1h")
    assert result.exception is None, result.output
    assert "ValueError" in result.stdout


def test_metrics_reads_cloudwatch(monitor: Monitor) -> None:
    text = json.dumps(document(monitor("metrics", NAME, "--since", "1h", "-o", "json")))
    assert f'"invocations": {INVOCATIONS}' in text
    assert '"errors": 1' in text


def test_function_show_prints_the_configuration(monitor: Monitor) -> None:
    result = monitor("function", "show", NAME)
    assert "python3.12 on x86_64" in result.stdout
    assert "512 MB" in result.stdout


def test_a_trace_is_shown_by_its_id(monitor: Monitor) -> None:
    result = monitor("traces", "show", trace_id())
    assert result.exception is None, result.output
    assert NAME in result.stdout
    assert "500 ms" in result.stdout


def test_doctor_finds_the_credentials(monitor: Monitor) -> None:
    result = monitor("doctor", "--function", NAME)
    assert "123456789012" in result.output


def test_a_dashboard_is_deployed_pulled_and_rendered(monitor: Monitor, tmp_path: Path) -> None:
    assert monitor("dashboard", "deploy", "--function", NAME, "--yes").exception is None
    assert "no changes" in monitor("dashboard", "deploy", "--function", NAME, "--check").output
    assert f"{NAME}-cold-starts" in monitor("dashboard", "list").stdout

    pulled = tmp_path / "pulled.json"
    assert monitor("dashboard", "pull", f"{NAME}-cold-starts", "--to", str(pulled)).exception is None
    assert "no changes" in monitor("dashboard", "deploy", str(pulled), "--function", NAME, "--check").output

    page = tmp_path / "page.html"
    arguments = (f"{NAME}-cold-starts", "--since", "1h", "--engine", "scan", "--out", str(page))
    assert monitor("dashboard", "render", *arguments).exception is None
    assert "Invocations, errors, throttles" in page.read_text()
    assert request_id(0) in page.read_text()


def test_what_is_not_there_is_said(monitor: Monitor) -> None:
    assert "nothing-here" in str(monitor("function", "show", "nothing-here").exception)
    assert "nothing-here" in str(monitor("dashboard", "show", "nothing-here").exception)
    assert "nothing-here" in str(monitor("tail", "nothing-here", "--since", "1h", "--no-follow").exception)
