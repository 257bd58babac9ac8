"""PromQL over CloudWatch's metrics: the Prometheus HTTP API of the monitoring endpoint, signed as any other request.

botocore has no model of it. Sources: CloudWatch User Guide, "QueryMetrics" and "PromQL querying".
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from monitor.aws.bounded import BoundedSession
from monitor.aws.connection import Connection
from monitor.aws.errors import translated
from monitor.errors import MonitorError, RefusedError, UnreachableError
from monitor.kernel.budgets import CONNECT_S, SILENT_S
from monitor.kernel.clock import Clock, SystemClock
from monitor.kernel.secrets import without_secrets

MOST_SERIES = 500
"""The limit of CloudWatch for the series of one answer."""
_WAITS_S = (0.5, 1.0, 2.0)
_REPEATED = frozenset({429, 500, 502, 503, 504})
_SERVICE = "monitoring"
_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class LabeledSeries:
    """A time series of a query: its labels, and (epoch ms, value) pairs in ascending time."""

    labels: tuple[tuple[str, str], ...]
    points: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    """The series of a query, and the warnings of CloudWatch."""

    series: tuple[LabeledSeries, ...]
    warnings: tuple[str, ...] = ()


def query_range(
    connection: Connection, query: str, start_ms: int, end_ms: int, step_s: int, *, clock: Clock | None = None
) -> QueryAnswer:
    """The series of a PromQL query over a time range, with a point every `step_s`.

    Raises:
        RefusedError: the query is not valid, or not allowed.
        UnreachableError: the endpoint did not answer, or its answer is not that of Prometheus.
    """
    parameters = {"query": query, "start": start_ms / 1000, "end": end_ms / 1000, "step": step_s}
    waiter = clock or SystemClock()
    for wait_s in (*_WAITS_S, None):
        status, content = _post(connection, urlencode(parameters))
        if status not in _REPEATED or wait_s is None:
            break
        waiter.sleep(wait_s)
    answer = _object(content)
    if status >= 400:
        raise _refused(connection, status, answer or {})
    if answer is None or answer.get("status") != "success":
        text = _text(answer or {})
        if text:
            raise RefusedError(f"the PromQL query was refused in {connection.where}: {text}")
        raise UnreachableError(
            f"{connection.where} did not answer a PromQL query as Prometheus does", "check --endpoint-url"
        )
    return QueryAnswer(tuple(_series(answer)), tuple(_warnings(answer)))


def _post(connection: Connection, body: str) -> tuple[int, bytes]:
    """The status and the content of an answer."""
    if connection.on_call is not None:
        connection.on_call("cloudwatch", "QueryRange", {})
    url = f"{connection.client('cloudwatch').meta.endpoint_url.rstrip('/')}/api/v1/query_range"
    request = AWSRequest("POST", url, dict(_HEADERS), body)
    session = connection.session
    try:
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        SigV4Auth(credentials.get_frozen_credentials(), _SERVICE, connection.region).add_auth(request)
        verify = session.get_config_variable("ca_bundle") or True
        proxies = get_environ_proxies(url)
        timeout: Any = (CONNECT_S, SILENT_S)  # botocore's stubs know a single number only
        http = BoundedSession(URLLib3Session(verify=verify, proxies=proxies, timeout=timeout))
        try:
            response = http.send(request.prepare())
            return response.status_code, response.content
        finally:
            http.close()
    except (BotoCoreError, HTTPClientError) as error:
        raise translated(error, "cloudwatch", "GetMetricData", connection.where, connection.command) from error


def _refused(connection: Connection, status: int, answer: Mapping[str, Any]) -> MonitorError:
    code = str(answer.get("__type") or answer.get("code") or answer.get("Code") or "").rpartition("#")[2]
    text = _text(answer)
    if status == 404 and not text:
        return RefusedError(
            f"{connection.where} does not answer PromQL queries", "use a region in which CloudWatch does"
        )
    if not code and status in (401, 403):
        code = "AccessDenied"
    elif not code and status < 500 and status != 429:
        return RefusedError(f"the PromQL query was refused in {connection.where}: {text or f'HTTP {status}'}")
    error = {"Code": code or f"HTTP {status}", "Message": text}
    raised = ClientError({"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}, "QueryMetrics")  # type: ignore[typeddict-item]
    return translated(raised, "cloudwatch", "GetMetricData", connection.where, connection.command)


def _text(answer: Mapping[str, Any]) -> str:
    found = answer.get("error") or answer.get("message") or answer.get("Message") or ""
    return without_secrets(" ".join(str(found).split()))[:600]


def _object(content: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _warnings(answer: Mapping[str, Any]) -> Iterable[str]:
    for name in ("warnings", "infos"):
        listed = answer.get(name)
        yield from (str(one)[:600] for one in (listed if isinstance(listed, list) else [])[:5])


def _series(answer: Mapping[str, Any]) -> Iterable[LabeledSeries]:
    """The series of a matrix or a vector; a scalar is one series without labels."""
    data = answer.get("data")
    result = data.get("result") if isinstance(data, dict) else None
    listed = result if isinstance(result, list) else []
    if isinstance(data, dict) and data.get("resultType") in ("scalar", "string"):
        listed = [{"metric": {}, "value": listed}]
    for one in listed[:MOST_SERIES]:
        labels = one.get("metric") if isinstance(one, dict) else None
        if isinstance(labels, dict):
            values = one.get("values") if isinstance(one.get("values"), list) else [one.get("value")]
            points = (point for value in values if (point := _point(value)) is not None)
            named = tuple((str(key), str(value)) for key, value in labels.items())
            yield LabeledSeries(named, tuple(sorted(points)))


def _point(value: Any) -> tuple[int, float] | None:
    """`[1435781430.781, "1"]`; None for anything else, and for NaN and infinity, which no chart shows."""
    try:
        at, number = value
        found = round(float(at) * 1000), float(number)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if abs(found[1]) < float("inf") else None
