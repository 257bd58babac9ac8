"""Metrics of their own dimensions, and an error where an invocation adds none."""

from aws_lambda_powertools import Metrics, single_metric
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

metrics = Metrics(namespace="Shop", service="orders")
apart = EphemeralMetrics(namespace="Apart", service="orders")


@metrics.log_metrics(raise_on_empty_metrics=True, default_dimensions={"environment": "dev"})
def handler(event, context):
    with single_metric(name="MySingleMetric", unit=MetricUnit.Count, value=1, namespace="Other") as metric:
        metric.add_dimension(name="key", value=event["order"])
    apart.add_metric(name="Apart", unit=MetricUnit.Count, value=2)
    apart.flush_metrics()
    if event["order"] != "bad":
        metrics.add_metric(name="Filled", unit=MetricUnit.Count, value=1)
    return 1
