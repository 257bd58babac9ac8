"""The embedded stack under load: every invocation is answered, and its REPORT is in the log."""

import io
import json
import sys
import threading
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config

from monitor.local.server.launch import PrivateStack
from tests.functional.local.conftest import REGION

ECHO = "def handler(event, context):\n    return event\n"


def client(stack: PrivateStack, service: str, connections: int) -> Any:
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=stack.endpoint,
        region_name=REGION,
        aws_access_key_id=stack.access_key,
        aws_secret_access_key="x",
        # No second attempt: a connection that is reset must show.
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=connections, read_timeout=300),
    )


def drive(invocations: int, at_once: int) -> Counter[str]:
    """Invoke a function; how many answers were right, and how many REPORTs there are of them."""
    with PrivateStack() as stack:
        lambda_ = client(stack, "lambda", at_once)
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as opened:
            opened.writestr("app.py", ECHO)
        lambda_.create_function(
            FunctionName="echo",
            Runtime=f"python{sys.version_info.major}.{sys.version_info.minor}",
            Role="arn:aws:iam::000000000000:role/r",
            Handler="app.handler",
            Code={"ZipFile": archive.getvalue()},
            Timeout=60,
        )
        together = threading.Barrier(at_once)

        def invoke(number: int) -> str:
            if number < at_once:
                together.wait()
            answer = lambda_.invoke(FunctionName="echo", Payload=json.dumps(number).encode())
            assert json.loads(answer["Payload"].read()) == number
            return str(answer["ResponseMetadata"]["RequestId"])

        with ThreadPoolExecutor(at_once) as pool:
            ids = set(pool.map(invoke, range(invocations)))
        reported: set[str] = set()
        token: dict[str, str] = {}
        logs = client(stack, "logs", 1)
        while True:
            page = logs.filter_log_events(logGroupName="/aws/lambda/echo", filterPattern="REPORT", **token)
            reported |= {event["message"].split()[2] for event in page["events"]}
            if "nextToken" not in page:
                break
            token = {"nextToken": page["nextToken"]}
    return Counter(invoked=len(ids), reported=len(reported & ids))


@pytest.mark.parametrize(
    ("invocations", "at_once"),
    [
        (40, 20),
        pytest.param(2000, 50, marks=pytest.mark.slow),
        pytest.param(1200, 400, marks=pytest.mark.slow),
    ],
)
def test_every_invocation_at_once_is_answered_and_reported(invocations: int, at_once: int) -> None:
    assert drive(invocations, at_once) == {"invoked": invocations, "reported": invocations}
