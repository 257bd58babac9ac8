"""Default dimensions, dimensions of one invocation, a high resolution, metadata, and the cold start."""

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricResolution, MetricUnit

STAGE = "prod"
metrics = Metrics(namespace="ServerlessAirline", service="booking")
metrics.set_default_dimensions(environment=STAGE, another="one")


@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event, context):
    metrics.add_metric(name="TurbineReads", unit=MetricUnit.Count, value=1)
    metrics.add_metric(name="TurbineReads", unit=MetricUnit.Count, value=8)
    metrics.add_metric(name="Latency", unit=MetricUnit.Milliseconds, value=2.5, resolution=MetricResolution.High)
    metrics.add_dimension(name="tenant", value=event["order"])
    metrics.add_metadata(key="booking_id", value="booking_uuid")
    if event["order"] == "bad":
        raise LookupError("the metrics are written nevertheless")
    return 1
