"""PromQL over the wire: a signed query_range as Prometheus answers it, and answers of another shape."""

import json
from collections.abc import Iterator

import pytest

from monitor.aws.connection import Connection
from monitor.aws.promql import MOST_SERIES, query_range
from monitor.errors import DeniedError, MonitorError, RefusedError, UnreachableError
from monitor.kernel.clock import SystemClock
from tests.fakes.prometheus import Prometheus, matrix, prometheus

NOW = 1_795_413_600_000
MINUTE = (NOW - 60_000, NOW, 60)


class NoWait(SystemClock):
    def __init__(self) -> None:
        self.waited: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)


@pytest.fixture
def server() -> Iterator[Prometheus]:
    with prometheus() as fake:
        yield fake


@pytest.fixture
def connection(server: Prometheus, monkeypatch: pytest.MonkeyPatch) -> Connection:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    return Connection(region="eu-west-1", endpoint_url=server.url)


def test_a_query_is_signed_for_cloudwatch_and_its_series_are_read(connection: Connection, server: Prometheus) -> None:
    values = [[NOW / 1000, "2"], [NOW / 1000 - 60, "1.5"], [NOW / 1000, "NaN"], [NOW / 1000, "+Inf"], ["x"], None]
    server.default = (200, matrix(({"__name__": "up", "job": "a"}, values), warnings=["too many"]))

    answer = query_range(connection, "up", *MINUTE)

    (series,) = answer.series
    assert series.labels == (("__name__", "up"), ("job", "a"))
    assert series.points == ((NOW - 60_000, 1.5), (NOW, 2.0))
    assert answer.warnings == ("too many",)
    ((path, authorization, parameters),) = server.requests
    assert path == "/api/v1/query_range"
    assert authorization.startswith("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/")
    assert "/eu-west-1/monitoring/aws4_request" in authorization
    assert "x-amz-security-token" in authorization
    assert parameters == {
        "query": ["up"], "start": [str(NOW / 1000 - 60)], "end": [str(NOW / 1000)], "step": ["60"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "content", "error", "said"),
    [
        (400, b'{"status": "error", "errorType": "bad_data", "error": "parse error"}', RefusedError, ": parse error"),
        (422, b"", RefusedError, ": HTTP 422"),
        (403, b"<html>", DeniedError, "cloudwatch:GetMetricData is not allowed"),
        (
            403,
            b'{"__type": "com.amazon#AccessDeniedException", "message": "User: u is not authorized to perform: '
            b'cloudwatch:ListMetrics because no identity-based policy allows the cloudwatch:ListMetrics action"}',
            DeniedError,
            "access denied: cloudwatch:ListMetrics is not allowed",
        ),
        (403, b'{"__type": "x#ExpiredTokenException", "message": "m"}', RefusedError, "credentials have expired"),
        (404, b"", RefusedError, "does not answer PromQL queries"),
        (200, b"not JSON", UnreachableError, "as Prometheus does"),
        (200, b"[]", UnreachableError, "as Prometheus does"),
        (200, b'{"status": "error"}', UnreachableError, "as Prometheus does"),
        (200, b'{"status": "error", "error": "e"}', RefusedError, "refused"),
        (200, b"[" * 100_000, UnreachableError, "as Prometheus does"),
    ],
)
def test_an_answer_of_another_shape_is_an_error_that_says_so(
    connection: Connection, server: Prometheus, status: int, content: bytes, error: type[MonitorError], said: str
) -> None:
    server.default = (status, content)
    with pytest.raises(error, match=said):
        query_range(connection, "up", *MINUTE)
    assert len(server.requests) == 1


def test_a_throttled_query_is_repeated_a_few_times(connection: Connection, server: Prometheus) -> None:
    clock = NoWait()
    server.default = [(429, b""), (503, b""), (200, matrix(({}, [[NOW / 1000, "1"]])))]
    assert len(query_range(connection, "up", *MINUTE, clock=clock).series) == 1
    assert clock.waited == [0.5, 1.0]

    server.default = (429, b"")
    with pytest.raises(UnreachableError, match="throttled"):
        query_range(connection, "up", *MINUTE, clock=clock)
    assert len(server.requests) == 3 + 4


def test_an_endpoint_that_does_not_answer_is_an_error(connection: Connection) -> None:
    connection.endpoint_url = "http://127.0.0.1:9"
    with pytest.raises(UnreachableError, match="could not be reached"):
        query_range(connection, "up", *MINUTE)


def test_without_credentials_nothing_is_sent(
    connection: Connection, server: Prometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(RefusedError, match="no AWS credentials were found"):
        query_range(connection, "up", *MINUTE)
    assert server.requests == []


@pytest.mark.parametrize("data", [None, 3, {}, {"result": 3}, {"result": [3, {"metric": 1}, {"metric": {}}]}])
def test_an_answer_without_series_has_none(connection: Connection, server: Prometheus, data: object) -> None:
    server.default = (200, json.dumps({"status": "success", "data": data}).encode())
    assert not any(series.points for series in query_range(connection, "up", *MINUTE).series)


def test_a_scalar_is_one_series_without_labels(connection: Connection, server: Prometheus) -> None:
    server.default = (200, b'{"status": "success", "data": {"resultType": "scalar", "result": [60, "3"]}}')
    (series,) = query_range(connection, "3", *MINUTE).series
    assert (series.labels, series.points) == ((), ((60_000, 3.0),))


def test_no_more_series_are_read_than_cloudwatch_returns(connection: Connection, server: Prometheus) -> None:
    server.default = (200, matrix(*(({"n": str(n)}, []) for n in range(MOST_SERIES + 10))))
    assert len(query_range(connection, "up", *MINUTE).series) == MOST_SERIES
