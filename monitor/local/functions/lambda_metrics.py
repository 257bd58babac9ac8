"""The AWS/Lambda metrics of invocations, published by PutMetricData."""

from typing import Any

from monitor.local.functions.function_spec import FunctionSpec
from monitor.local.server.aws_calls import AwsCalls

_NAMESPACE = "AWS/Lambda"


class LambdaMetrics:
    """Publishes with the dimensions FunctionName, FunctionName + Resource, and none (all functions of the region)."""

    def __init__(self, aws: AwsCalls) -> None:
        self._aws = aws

    async def invoked(
        self, spec: FunctionSpec, resource: str, *, failed: bool, duration_ms: float, concurrent: int, at_s: float
    ) -> None:
        """Publish one invocation. `resource` is the function's name, with `:qualifier` when the caller gave one."""
        values = {
            "Invocations": (1.0, "Count"),
            "Errors": (float(failed), "Count"),
            "Throttles": (0.0, "Count"),
            "Duration": (round(duration_ms, 2), "Milliseconds"),
            "ConcurrentExecutions": (float(concurrent), "Count"),
        }
        await self._put(spec, resource, values, at_s)

    async def throttled(self, spec: FunctionSpec, resource: str, at_s: float) -> None:
        """Publish one throttled invocation."""
        await self._put(spec, resource, {"Throttles": (1.0, "Count")}, at_s)

    async def _put(self, spec: FunctionSpec, resource: str, values: dict[str, tuple[float, str]], at_s: float) -> None:
        function = {"Name": "FunctionName", "Value": spec.name}
        data: list[dict[str, Any]] = [
            {"MetricName": name, "Dimensions": dimensions, "Value": value, "Unit": unit, "Timestamp": at_s}
            for dimensions in ([function], [function, {"Name": "Resource", "Value": resource}], [])
            for name, (value, unit) in values.items()
        ]
        payload = {"Namespace": _NAMESPACE, "MetricData": data}
        await self._aws.json(spec.tenant, "monitoring", "PutMetricData", payload)
