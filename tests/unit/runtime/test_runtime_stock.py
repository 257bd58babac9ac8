"""The same handler under stock Powertools and under the runtime: the same records, field by field."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.runtime_api import Run, run_handler

BODY = """
@tracer.capture_method
def total(items):
    tracer.put_annotation("Items", len(items))
    return sum(items)

{decorators}
def handler(event, context):
    logger.append_keys(order=event["order"])
    logger.info("collecting", extra={{"tiền": 5}})
    metrics.add_dimension("environment", "prod")
    metrics.add_metric("Orders", "Count", 1)
    metrics.add_metadata("order", event["order"])
    if event.get("fail"):
        try:
            raise LookupError("inner")
        except LookupError:
            logger.exception("went wrong")
        raise ValueError("outer")
    return {{"total": total([1, 2, 3])}}
"""
STOCK = (
    "from aws_lambda_powertools import Logger, Metrics, Tracer\n"
    "logger = Logger()\nmetrics = Metrics()\ntracer = Tracer()\n"
    + BODY.format(
        decorators="@tracer.capture_lambda_handler(capture_response=False)\n@logger.inject_lambda_context\n"
        "@metrics.log_metrics(capture_cold_start_metric=True)"
    )
)
OURS = "from monitor.runtime import logger, metrics, tracer\n" + BODY.format(decorators="")
ENV = {"POWERTOOLS_SERVICE_NAME": "payment", "POWERTOOLS_METRICS_NAMESPACE": "Shop"}
EVENTS = [{"order": "a-1"}, {"order": "a-2", "fail": True}, {"order": "a-3"}]

# What differs from run to run; frames and lines, where the decorators are others.
_VARIES = {"timestamp", "Timestamp", "id", "parent_id", "start_time", "end_time", "exception", "stack_trace", "cause"}


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _steady(inner) for key, inner in value.items() if key not in _VARIES}
    return [_steady(inner) for inner in value] if isinstance(value, list) else value


@pytest.fixture
def both(package: Callable[..., Path]) -> tuple[Run, Run]:
    folder = package(stock=STOCK, ours=OURS)
    stock = run_handler("stock.handler", folder, EVENTS, env=ENV)
    env = {**ENV, "MONITOR_HANDLER": "ours.handler"}
    return stock, run_handler("monitor.runtime.entry.lambda_handler", folder, EVENTS, env=env)


def test_results_and_errors_are_the_same(both: tuple[Run, Run]) -> None:
    stock, ours = both
    assert ours.results == stock.results == [{"total": 6}, {"total": 6}]
    assert [error["errorType"] for error in ours.errors] == [error["errorType"] for error in stock.errors]


def test_log_records_are_the_same_but_for_the_line_they_come_from(both: tuple[Run, Run]) -> None:
    logs = []
    for run in both:
        records = [_steady(record) for record in run.records if record.get("message") in {"collecting", "went wrong"}]
        for record in records:
            assert record.pop("location").startswith("handler:")
        logs.append(records)
    stock, ours = logs
    assert len(stock) == 4
    assert ours == stock


def test_metrics_are_the_same_and_only_their_order_differs(both: tuple[Run, Run]) -> None:
    stock, ours = ([_steady(record) for record in run.emf("Orders")] for run in both)
    assert len(stock) == 3
    assert ours == stock
    (cold_stock,), (cold_ours,) = (run.emf("ColdStart") for run in both)
    for member in ("ColdStart", "function_name", "service"):
        assert cold_ours[member] == cold_stock[member]
    directives = [cold["_aws"]["CloudWatchMetrics"][0] for cold in (cold_stock, cold_ours)]
    assert [each["Namespace"] for each in directives] == ["Shop", "Shop"]
    assert [each["Dimensions"] for each in directives] == [[["function_name", "service"]]] * 2


def test_subsegments_are_the_same(both: tuple[Run, Run]) -> None:
    def spans(run: Run) -> list[Any]:
        return [_steady(span) for span in run.datagrams if not span["name"].startswith("init: ")]

    stock, ours = map(spans, both)
    for span in stock + ours:
        span["name"] = span["name"].replace("stock.", "").replace("ours.", "")
        if "metadata" in span:  # `capture_method` keys its metadata by the module's name
            span["metadata"] = str(span["metadata"]).replace("stock.", "").replace("ours.", "")
    assert [span["name"] for span in stock] == ["## total", "## handler", "## handler", "## total", "## handler"]
    assert ours == stock
