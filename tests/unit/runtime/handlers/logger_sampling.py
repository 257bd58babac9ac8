"""Debug logging for a share of the invocations: here all of them."""

from aws_lambda_powertools import Logger

logger = Logger(service="payment", level="INFO", sampling_rate=1)


@logger.inject_lambda_context
def handler(event, context):
    logger.debug("Verifying whether order_id is present")
    logger.info("Collecting payment")
    return 1
