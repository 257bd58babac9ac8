"""Records kept back until an error, or an exception that leaves the handler."""

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.buffer import LoggerBufferConfig

logger = Logger(level="INFO", buffer_config=LoggerBufferConfig(max_bytes=20480, flush_on_error_log=True))


@logger.inject_lambda_context(flush_buffer_on_uncaught_error=True)
def handler(event, context):
    logger.debug("kept back")
    logger.info("written at once")
    if event["order"] == "bad":
        raise ValueError("uncaught")
    logger.error("lets the others out")
    return 1
