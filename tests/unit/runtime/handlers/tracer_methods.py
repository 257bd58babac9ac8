"""Methods, annotations, metadata, generators, context managers, errors that are kept out."""

from contextlib import contextmanager

from aws_lambda_powertools import Tracer

tracer = Tracer(service="booking")


@tracer.capture_method
def collect_payment(charge_id):
    tracer.put_annotation(key="PaymentId", value=charge_id)
    tracer.put_metadata(key="payment", value={"id": charge_id, "parts": [1, 2]})
    return f"dummy payment collected for charge: {charge_id}"


@tracer.capture_method(capture_response=False, capture_error=False)
def kept_to_itself(charge_id):
    if charge_id == "bad":
        raise ValueError("sensitive")
    return "sensitive"


@tracer.capture_method
def numbers():
    yield 1
    yield 2


@contextmanager
@tracer.capture_method
def resource():
    yield "open"


@tracer.capture_lambda_handler
def handler(event, context):
    tracer.put_annotation("order", event["order"])
    collect_payment(event["order"])
    with resource() as state:
        tracer.put_metadata("state", state)
    with tracer.provider.in_subsegment("## by hand") as subsegment:
        subsegment.put_annotation("depth", 1)
    total = sum(numbers())
    kept_to_itself(event["order"])
    return {"total": total}
