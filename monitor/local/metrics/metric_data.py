"""GetMetricData with expressions and labels: the emulator returns the metrics, metric math is evaluated here.

Source: CloudWatch API reference, GetMetricData; User Guide, "Using dynamic labels", "Search expression syntax".
"""

import json
import math
import re
from collections.abc import Awaitable, Callable
from typing import Any

from monitor.kernel.expressions.metric_math import Call, Expression, Number, Text, ids, nodes, parse
from monitor.kernel.expressions.metric_search import ExpressionError, Search, parse_search
from monitor.local.metrics.metric_evaluation import EvaluationContext, MathError, Points, Result, TimeSeries, evaluate
from monitor.local.server.aws_calls import AwsCalls
from monitor.local.server.http_answer import HttpAnswer, error_answer
from monitor.local.server.request import parse_object
from monitor.local.server.tenant import Tenant

_JSON = "application/x-amz-json-1.0"
# SEARCH returns at most 500 series.
_MAX_FOUND = 500
_MAX_PAGES = 20
_LABEL = re.compile(r"\$\{([^{}]*)\}")


class MetricData:
    """Answers GetMetricData in the JSON protocol."""

    def __init__(self, calls: AwsCalls) -> None:
        self._calls = calls

    async def answer(self, tenant: Tenant, body: bytes) -> HttpAnswer | None:
        """The response; None for a body that the emulator should answer itself."""
        fields = parse_object(body)
        queries = fields.get("MetricDataQueries") if fields else None
        if not fields or not isinstance(queries, list) or not all(isinstance(query, dict) for query in queries):
            return None
        try:
            results = await _Request(self._ask, tenant, fields).results()
        except MathError as error:
            return error_answer(400, "ValidationError", str(error))
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # The request is read as it comes: a member of another type, or none where one is required.
            message = f"MetricDataQueries has a member that cannot be read ({type(error).__name__})"
            return error_answer(400, "ValidationError", message)
        return HttpAnswer(200, json.dumps({"MetricDataResults": results, "Messages": []}).encode(), content_type=_JSON)

    async def _ask(self, tenant: Tenant, operation: str, payload: dict[str, Any]) -> dict[str, Any]:
        answer = await self._calls.json(tenant, "monitoring", operation, payload)
        return parse_object(answer.body) or {} if answer.status == 200 else {}


class _Request:
    def __init__(
        self,
        ask: Callable[[Tenant, str, dict[str, Any]], Awaitable[dict[str, Any]]],
        tenant: Tenant,
        fields: dict[str, Any],
    ) -> None:
        self._ask = ask
        self._tenant = tenant
        self._fields = fields
        self._queries: list[dict[str, Any]] = fields["MetricDataQueries"]
        self._found: dict[tuple[str, str, int], list[TimeSeries]] = {}
        self._metrics: dict[str, TimeSeries] = {}

    async def results(self) -> list[dict[str, Any]]:
        plain = [query for query in self._queries if query.get("MetricStat")]
        lines = await self._lines(plain)
        period_s = min((_period(query) for query in plain), default=60)
        expressions = {
            str(query.get("Id")): (_parsed(query), int(query.get("Period") or period_s))
            for query in self._queries
            if _is_math(query)
        }
        for expression, default_s in expressions.values():
            await self._search_ahead(expression, default_s)
        known: dict[str, Result] = dict(lines)
        self._metrics = lines
        for name in _in_order({name: ids(expression) for name, (expression, _) in expressions.items()}):
            expression, default_s = expressions[name]
            try:
                known[name] = evaluate(expression, EvaluationContext(known, self._metrics, self._searched, default_s))
            except MathError as error:
                raise MathError(f"Error in expression '{name}': {error}") from error
        return [
            result
            for query in self._queries
            if query.get("ReturnData", True)
            for result in self._results_of(query, known.get(str(query.get("Id"))))
        ]

    async def _lines(self, queries: list[dict[str, Any]]) -> dict[str, TimeSeries]:
        """The series of queries without an expression, by query id."""
        if not queries:
            return {}
        payload = {
            "MetricDataQueries": [{**_bare(query), "ReturnData": True} for query in queries],
            "StartTime": self._fields.get("StartTime"),
            "EndTime": self._fields.get("EndTime"),
        }
        answer = await self._ask(self._tenant, "GetMetricData", payload)
        points = {str(one.get("Id")): _points(one) for one in answer.get("MetricDataResults", [])}
        return {str(query.get("Id")): _line(query, points.get(str(query.get("Id")), {})) for query in queries}

    async def _search_ahead(self, expression: Expression, default_s: int) -> None:
        """Run the searches of SEARCH before the evaluation, which is synchronous."""
        for node in nodes(expression):
            match node:
                case Call("SEARCH", (Text(search), Text(stat), *period)):
                    period_s = period[0].value if period and isinstance(period[0], Number) else default_s
                    if math.isfinite(period_s) and (search, stat, period_s) not in self._found:
                        self._found[search, stat, int(period_s)] = await self._search(search, stat, int(period_s))

    def _searched(self, search: str, stat: str, period_s: int) -> list[TimeSeries]:
        return self._found[search, stat, period_s]

    async def _search(self, text: str, stat: str, period_s: int) -> list[TimeSeries]:
        search = parse_search(text)
        payload: dict[str, Any] = {"Namespace": search.namespace} if search.namespace else {}
        metrics: list[dict[str, Any]] = []
        for _ in range(_MAX_PAGES):
            page = await self._ask(self._tenant, "ListMetrics", payload)
            metrics += page.get("Metrics", [])
            if not page.get("NextToken"):
                break
            payload["NextToken"] = page["NextToken"]
        wanted = [metric for metric in metrics if _finds(search, metric)][:_MAX_FOUND]
        queries = [
            {"Id": f"s{number}", "MetricStat": {"Metric": metric, "Period": period_s, "Stat": stat}}
            for number, metric in enumerate(wanted)
        ]
        found = await self._lines(queries)
        return [line for line in found.values() if line.points]

    def _results_of(self, query: dict[str, Any], result: Result | None) -> list[dict[str, Any]]:
        newest_first = self._fields.get("ScanBy") != "TimestampAscending"
        if isinstance(result, float):
            # A number becomes a series with the timestamps of the request's metrics.
            times = {at for line in self._metrics.values() for at in line.points}
            result = TimeSeries(dict.fromkeys(times, result) if result == result else {}, str(query.get("Id")))
        lines = [TimeSeries({})] if result is None else result if isinstance(result, list) else [result]
        results = []
        for line in lines:
            points = sorted(line.points.items(), reverse=newest_first)
            results.append(
                {
                    "Id": query.get("Id"),
                    "Label": _label(query, line),
                    "StatusCode": "Complete",
                    "Timestamps": [at for at, _ in points],
                    "Values": [value for _, value in points],
                }
            )
        return results


def _is_math(query: dict[str, Any]) -> bool:
    return bool(query.get("Expression")) and not query.get("MetricStat")


def _parsed(query: dict[str, Any]) -> Expression:
    try:
        return parse(str(query["Expression"]))
    except ExpressionError as error:
        raise MathError(f"Error in expression '{query.get('Id')}': {error}") from error


def _bare(query: dict[str, Any]) -> dict[str, Any]:
    return {"Id": query.get("Id"), "MetricStat": query["MetricStat"]}


def _period(query: dict[str, Any]) -> int:
    return int(query["MetricStat"].get("Period") or 60)


def _points(result: dict[str, Any]) -> Points:
    pairs = zip(result.get("Timestamps", []), result.get("Values", []), strict=False)
    return {int(at): float(value) for at, value in sorted(pairs)}


def _line(query: dict[str, Any], points: Points) -> TimeSeries:
    metric = query["MetricStat"].get("Metric", {})
    dimensions = [(f"Dim.{one['Name']}", str(one["Value"])) for one in metric.get("Dimensions") or []]
    properties = [("MetricName", str(metric.get("MetricName", ""))), ("Namespace", str(metric.get("Namespace", "")))]
    properties.append(("Stat", str(query["MetricStat"].get("Stat", ""))))
    return TimeSeries(points, str(metric.get("MetricName", "")), (*properties, *dimensions), _period(query))


def _in_order(uses: dict[str, tuple[str, ...]]) -> list[str]:
    """The ids of the expressions, each after the ids that it uses."""
    ordered: list[str] = []
    waiting = {name: set(used) & set(uses) for name, used in uses.items()}
    while waiting:
        ready = [name for name, needed in waiting.items() if needed <= set(ordered)]
        if not ready:
            raise MathError(f"the expressions {', '.join(sorted(waiting))} use each other")
        ordered += ready
        for name in ready:
            del waiting[name]
    return ordered


def _finds(search: Search, metric: dict[str, Any]) -> bool:
    dimensions = {one["Name"]: str(one["Value"]) for one in metric.get("Dimensions", [])}
    return search.finds(str(metric.get("Namespace", "")), str(metric.get("MetricName", "")), dimensions)


def _label(query: dict[str, Any], line: TimeSeries) -> str:
    """The query's label with dynamic values; without a label the metric's name, or the expression's id."""
    label = query.get("Label")
    if not label:
        return line.label if query.get("MetricStat") or line.metric else str(query.get("Id"))
    values = [value for _, value in sorted(line.points.items())]
    known = dict(line.metric)
    figures: dict[str, Callable[[], float]] = {
        "LAST": lambda: values[-1],
        "FIRST": lambda: values[0],
        "MAX": lambda: max(values),
        "MIN": lambda: min(values),
        "SUM": lambda: sum(values),
        "AVG": lambda: sum(values) / len(values),
    }

    def fill(match: re.Match[str]) -> str:
        inside = match[1].strip()
        if inside in figures:
            return f"{figures[inside]():.6g}" if values else "--"
        if inside == "LABEL":
            return line.label
        wanted = re.fullmatch(r"PROP\(\s*['\"](.*)['\"]\s*\)", inside)
        return known.get(wanted[1], match[0]) if wanted else match[0]

    return _LABEL.sub(fill, str(label))
