"""An account with one function in memory, with the face of monitor.aws.connection.Connection.

Every call's parameters are held against botocore's own model of the service.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from botocore import session
from botocore.validate import ParamValidator

from monitor.errors import DeniedError, MonitorError, NotFoundError

NAME = "analyzer"
ARN = f"arn:aws:lambda:eu-west-1:123456789012:function:{NAME}"
BASE_MS = 1_790_000_000_000
_SERVICES = ("lambda", "logs", "cloudwatch", "xray")


def report(request_id: str, *, duration_ms: float = 20.0, init_ms: float | None = None, trace_id: str = "") -> str:
    init = f"Init Duration: {init_ms:.2f} ms\t" if init_ms is not None else ""
    trace = f"\nXRAY TraceId: {trace_id}\tSegmentId: 07f5\tSampled: true\t" if trace_id else ""
    return (
        f"REPORT RequestId: {request_id}\tDuration: {duration_ms:.2f} ms\tBilled Duration: 21 ms\t"
        f"Memory Size: 512 MB\tMax Memory Used: 90 MB\t{init}{trace}\n"
    )


class OneFunction:
    """`refused` and `absent` operations answer with an error; `variables` is the function's environment."""

    region = where = "eu-west-1"
    profile = endpoint_url = None
    local = False

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.refused: set[str] = set()
        self.absent: set[str] = set()
        self.broken: dict[str, BaseException] = {}
        self.variables: dict[str, str] = {}
        self.configuration: dict[str, Any] = {}
        self.code_url = ""
        self.events: list[dict[str, Any]] = []
        self.segments: dict[str, list[dict[str, Any]]] = {}
        self.invocations: float | None = 12.0
        self._models = {name: session.get_session().get_service_model(name) for name in _SERVICES}

    def log(self, at_ms: int, message: str, stream: str = "2026/11/23/[$LATEST]aaaa") -> None:
        self.events.append(
            {
                "timestamp": BASE_MS + at_ms,
                "message": message,
                "logStreamName": stream,
                "eventId": str(len(self.events)),
            }
        )

    def cold_start(self, at_ms: int, request_id: str, *lines: str, init_ms: float = 400.0, trace_id: str = "") -> None:
        stream = f"2026/11/23/[$LATEST]{request_id}"
        self.log(at_ms, "INIT_START Runtime Version: python:3.12.v5\tRuntime Version ARN: arn:x\n", stream)
        for line in lines:
            self.log(at_ms + 1, line, stream)
        self.log(at_ms + round(init_ms), f"START RequestId: {request_id} Version: $LATEST\n", stream)
        self.log(at_ms + round(init_ms) + 20, f"END RequestId: {request_id}\n", stream)
        self.log(at_ms + round(init_ms) + 20, report(request_id, init_ms=init_ms, trace_id=trace_id), stream)

    def warn_denied(self, error: MonitorError, instead: str) -> None:
        """Connection's way to say what is done instead; nothing is shown here."""

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        shape = self._models[service].operation_model(operation).input_shape
        problems = ParamValidator().validate(parameters, shape)
        assert not problems.has_errors(), problems.generate_report()
        self.calls[f"{service}:{operation}"] += 1
        if operation in self.broken:
            raise self.broken[operation]
        if operation in self.refused:
            raise DeniedError(
                f"access denied: {service}:{operation} is not allowed in {self.region}", "add it to your IAM policy"
            )
        if operation in self.absent or parameters.get("FunctionName", NAME) != NAME:
            raise NotFoundError(f"not found: {operation}", "check the name and --region")
        answer: dict[str, Any] = getattr(self, f"_{operation}", lambda **_: {})(**parameters)
        return answer

    def pages(self, service: str, operation: str, /, token: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        yield self.call(service, operation, **parameters)

    def _GetFunctionConfiguration(self, **_: Any) -> dict[str, Any]:  # noqa: N802
        return {
            "FunctionName": NAME,
            "FunctionArn": ARN,
            "Runtime": "python3.12",
            "Handler": "app.main.handler",
            "MemorySize": 512,
            "LastModified": "2026-11-22T10:00:00.000+0000",
            "Version": "$LATEST",
            "TracingConfig": {"Mode": "Active"},
            "Environment": {"Variables": self.variables},
            **self.configuration,
        }

    def _GetFunction(self, **_: Any) -> dict[str, Any]:  # noqa: N802
        return {"Configuration": self._GetFunctionConfiguration(), "Code": {"Location": self.code_url}}

    def _ListFunctions(self, **_: Any) -> dict[str, Any]:  # noqa: N802
        return {"Functions": [self._GetFunctionConfiguration()]}

    def _ListVersionsByFunction(self, **_: Any) -> dict[str, Any]:  # noqa: N802
        published = {"Version": "7", "LastModified": "2026-11-21T10:00:00.000+0000", "Description": "before"}
        return {"Versions": [self._GetFunctionConfiguration(), published]}

    def _GetFunctionConcurrency(self, **_: Any) -> dict[str, Any]:  # noqa: N802
        return {"ReservedConcurrentExecutions": 10}

    def _ListProvisionedConcurrencyConfigs(self, **_: Any) -> dict[str, Any]:  # noqa: N802
        return {
            "ProvisionedConcurrencyConfigs": [
                {"FunctionArn": f"{ARN}:live", "RequestedProvisionedConcurrentExecutions": 3}
            ]
        }

    def _GetAccountSettings(self, **_: Any) -> dict[str, Any]:  # noqa: N802
        return {"AccountLimit": {"ConcurrentExecutions": 1000}}

    def _DescribeLogGroups(self, **_: Any) -> dict[str, Any]:  # noqa: N802
        return {"logGroups": [{"logGroupName": f"/aws/lambda/{NAME}"}]}

    def _FilterLogEvents(self, **_: Any) -> dict[str, Any]:  # noqa: N802
        return {"events": self.events}

    def _BatchGetTraces(self, TraceIds: list[str]) -> dict[str, Any]:  # noqa: N802, N803
        return {"Traces": [{"Id": one, "Segments": self.segments[one]} for one in TraceIds if one in self.segments]}

    def _GetMetricData(self, MetricDataQueries: list[dict[str, Any]], **_: Any) -> dict[str, Any]:  # noqa: N802, N803
        values = [] if self.invocations is None else [self.invocations]
        times = [datetime.fromtimestamp(BASE_MS / 1000, UTC)] * len(values)
        return {
            "MetricDataResults": [
                {"Id": one["Id"], "Label": "x", "Timestamps": times, "Values": values} for one in MetricDataQueries
            ]
        }


def failing(error: MonitorError) -> OneFunction:
    """An account that answers every call with `error`."""
    account = OneFunction()
    operations = (
        *("GetFunctionConfiguration", "GetFunction", "ListFunctions", "ListVersionsByFunction", "FilterLogEvents"),
        *("GetFunctionConcurrency", "ListProvisionedConcurrencyConfigs", "GetAccountSettings", "DescribeLogGroups"),
        *("BatchGetTraces", "GetTraceSummaries", "GetTraceSegmentDestination", "GetMetricData", "ListMetrics"),
    )
    account.broken = dict.fromkeys(operations, error)
    return account
