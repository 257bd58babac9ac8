"""CloudWatch's dashboards and alarms in memory, with the face of monitor.aws.connection.Connection.

Every call's parameters are held against botocore's own model of the service.
"""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from botocore import session
from botocore.validate import ParamValidator

from monitor.errors import MonitorError, NotFoundError

ACCOUNT = "123456789012"


class FakeCloudWatch:
    """`dashboards` and `alarms` are the account's; `failing` maps a name to what its PutDashboard raises."""

    def __init__(self, region: str = "ap-southeast-1") -> None:
        self.region = region
        self.where = region
        self.calls: Counter[str] = Counter()
        self.dashboards: dict[str, str] = {}
        self.alarms: dict[str, dict[str, Any]] = {}
        self.metrics: list[dict[str, Any]] = []
        self.functions: dict[str, dict[str, Any]] = {}
        self.failing: dict[str, MonitorError] = {}
        self.messages: list[dict[str, str]] = []
        self.tags: dict[str, dict[str, str]] = {}
        self._models = {name: session.get_session().get_service_model(name) for name in ("cloudwatch", "lambda", "sts")}

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        report = ParamValidator().validate(parameters, self._models[service].operation_model(operation).input_shape)
        assert not report.has_errors(), report.generate_report()
        self.calls[f"{service}:{operation}"] += 1
        answer: dict[str, Any] = getattr(self, f"_{operation}")(**parameters)
        return answer

    def pages(self, service: str, operation: str, /, token: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        yield self.call(service, operation, **parameters)

    def body(self, name: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.dashboards[name])
        return document

    def _GetDashboard(self, DashboardName: str) -> dict[str, Any]:  # noqa: N802, N803
        if DashboardName not in self.dashboards:
            raise NotFoundError(f"Dashboard {DashboardName} does not exist")
        return {"DashboardName": DashboardName, "DashboardBody": self.dashboards[DashboardName]}

    def _ListTagsForResource(self, ResourceARN: str) -> dict[str, Any]:  # noqa: N802, N803
        return {"Tags": []}

    def _PutDashboard(  # noqa: N802
        self,
        DashboardName: str,  # noqa: N803
        DashboardBody: str,  # noqa: N803
        Tags: list[dict[str, str]] = [],  # noqa: B006, N803
    ) -> dict[str, Any]:
        if DashboardName in self.failing:
            raise self.failing[DashboardName]
        DashboardBody.encode()
        if DashboardName not in self.dashboards:
            self.tags[DashboardName] = {tag["Key"]: tag["Value"] for tag in Tags}
        self.dashboards[DashboardName] = DashboardBody
        return {"DashboardValidationMessages": self.messages}

    def _DeleteDashboards(self, DashboardNames: list[str]) -> dict[str, Any]:  # noqa: N802, N803
        for name in DashboardNames:
            del self.dashboards[name]
        return {}

    def _ListDashboards(self, DashboardNamePrefix: str = "") -> dict[str, Any]:  # noqa: N802, N803
        modified = datetime(2026, 11, 23, tzinfo=UTC)
        return {
            "DashboardEntries": [
                {"DashboardName": name, "DashboardArn": "", "Size": len(body), "LastModified": modified}
                for name, body in self.dashboards.items()
                if name.startswith(DashboardNamePrefix)
            ]
        }

    def _PutMetricAlarm(self, **alarm: Any) -> dict[str, Any]:  # noqa: N802
        # What DescribeAlarms adds to what was put.
        told = {"ActionsEnabled": True, "OKActions": [], "InsufficientDataActions": [], "Dimensions": []}
        told |= {"AlarmArn": f"arn:aws:cloudwatch:{self.region}:{ACCOUNT}:alarm:{alarm['AlarmName']}"}
        self.alarms[alarm["AlarmName"]] = told | {"StateValue": "OK", "StateReason": "", **alarm}
        return {}

    def _PutLogAlarm(self, **alarm: Any) -> dict[str, Any]:  # noqa: N802
        query = {"QueryARN": "arn:aws:logs:r:a:scheduled-query:q", **alarm["ScheduledQueryConfiguration"]}
        self._PutMetricAlarm(**alarm)
        self.alarms[alarm["AlarmName"]]["ScheduledQueryConfiguration"] = query
        return {}

    def _DescribeAlarms(self, **wanted: Any) -> dict[str, Any]:  # noqa: N802
        found = [alarm for name, alarm in self.alarms.items() if name in wanted.get("AlarmNames", self.alarms)]
        kinds = wanted.get("AlarmTypes", ["MetricAlarm"])
        logs = [alarm for alarm in found if "ScheduledQueryConfiguration" in alarm]
        metrics = [alarm for alarm in found if alarm not in logs]
        return {"MetricAlarms": metrics, "LogAlarms": logs if "LogAlarm" in kinds else []}

    def _DeleteAlarms(self, AlarmNames: list[str]) -> dict[str, Any]:  # noqa: N802, N803
        for name in AlarmNames:
            del self.alarms[name]
        return {}

    def _ListMetrics(self, MetricName: str, Dimensions: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N802, N803
        wanted = {(one["Name"], one["Value"]) for one in Dimensions}
        return {
            "Metrics": [
                metric
                for metric in self.metrics
                if metric["MetricName"] == MetricName
                and wanted <= {(one["Name"], one["Value"]) for one in metric["Dimensions"]}
            ]
        }

    def _GetFunctionConfiguration(self, FunctionName: str) -> dict[str, Any]:  # noqa: N802, N803
        if FunctionName not in self.functions:
            raise NotFoundError(f"there is no function {FunctionName!r}")
        return self.functions[FunctionName]

    def _ListFunctions(self, MaxItems: int = 50) -> dict[str, Any]:  # noqa: N802, N803
        return {"Functions": list(self.functions.values())}

    def _GetCallerIdentity(self) -> dict[str, Any]:  # noqa: N802
        return {"Account": ACCOUNT}
