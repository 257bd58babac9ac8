"""Metrics flushed by hand, none by a decorator."""

from aws_lambda_powertools import Metrics

metrics = Metrics()


def handler(event, context):
    try:
        metrics.add_metric(name="Booked", unit="Count", value=1)
    finally:
        metrics.flush_metrics()
    return 1
