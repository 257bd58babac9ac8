"""A Logger without its decorator, formatted otherwise, copied to the loggers of libraries."""

import logging

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging import utils
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter


class Formatter(LambdaPowertoolsFormatter):
    def serialize(self, log):
        return super().serialize({"event": log.pop("message"), **log})


library = logging.getLogger("library")
logger = Logger(service="order", logger_formatter=Formatter(log_record_order=["level", "event"]), use_rfc3339=True)
utils.copy_config_to_registered_loggers(source_logger=logger, include={"library"})


@logger.inject_lambda_context
def handler(event, context):
    logger.info("first")
    library.info("of the library")
    logger.structure_logs(append=True, more="kept")
    logger.info("second %s", "argument")
    return 1
