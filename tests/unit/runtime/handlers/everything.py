"""The three together, around a router, inside a middleware of the application."""

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.middleware_factory import lambda_handler_decorator

logger = Logger()
metrics = Metrics()
tracer = Tracer()
app = APIGatewayRestResolver()


@lambda_handler_decorator
def middleware(handler, event, context, key="order"):
    logger.info("before", extra={"order": event[key]})
    response = handler(event, context)
    logger.info("after")
    return response


@app.get("/hello/<name>")
@tracer.capture_method
def hello(name: str):
    tracer.put_annotation("user", name)
    metrics.add_metric("Greetings", MetricUnit.Count, 1)
    logger.info("greeting", name_of_user=name)
    logger.debug("details")
    if name == "bad":
        raise KeyError("no such user")
    return {"message": f"hello {name}"}


@middleware
@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event, context):
    return app.resolve(event, context)
