"""Lambda context, the event, a correlation id, keys that come and go, a child, an exception."""

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging import correlation_paths

logger = Logger(service="payment", level="INFO", location="[%(funcName)s] %(module)s")
child = Logger(service="payment", child=True)


@logger.inject_lambda_context(log_event=True, correlation_id_path=correlation_paths.API_GATEWAY_REST, clear_state=True)
def handler(event, context):
    logger.append_keys(order_id=event["order"], sample_key="value")
    logger.info("Collecting payment", extra={"tiền": 5})
    logger.remove_keys(["sample_key"])
    logger.info({"operation": "collect_payment", "charge_id": event["order"]}, debugging=True)
    child.warning("Collecting payment from the child")
    if event["order"] == "bad":
        logger.append_keys(special_key="cleared by the next invocation")
        try:
            int("something went wrong")
        except ValueError:
            logger.exception("Received an exception")
    with logger.append_context_keys(tenant="a"):
        logger.debug("below the level")
        logger.info("inside")
    logger.info("outside", extra={"keys": sorted(logger.get_current_keys())})
    return {"correlation": logger.get_correlation_id()}
