"""A Tracer that patches some libraries only, and one that patches none."""

import sys

from aws_lambda_powertools import Tracer

tracer = Tracer(service="one", patch_modules=["sqlite3"])
other = Tracer(service="other", auto_patch=False)


@tracer.capture_lambda_handler
def handler(event, context):
    import sqlite3

    sqlite3.connect(":memory:").execute("select 1")
    return "aws_xray_sdk.ext.sqlite3" in sys.modules
