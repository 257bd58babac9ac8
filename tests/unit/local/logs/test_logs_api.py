"""What becomes of the metrics in log lines when the store does not take them."""

import asyncio
import json
from typing import Any, cast

import pytest

from monitor.local.logs.logs_api import LogsApi
from monitor.local.server.asgi_call import AsgiResponse
from monitor.local.server.aws_calls import AwsCalls
from monitor.local.server.tenant import Tenant

LINE = {
    "_aws": {"Timestamp": 1, "CloudWatchMetrics": [{"Namespace": "N", "Dimensions": [[]], "Metrics": [{"Name": "M"}]}]},
    "M": 1,
}


class Calls:
    def __init__(self, status: int, body: bytes) -> None:
        self.answer = AsgiResponse(status, (), body)
        self.asked: list[Any] = []

    async def json(self, *asked: Any) -> AsgiResponse:
        self.asked.append(asked)
        return self.answer


@pytest.mark.parametrize(("status", "said"), [(400, "1 metrics of 'N' were not stored: InvalidParameter"), (200, "")])
def test_metrics_that_were_not_stored_are_told(status: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    calls = Calls(status, b'{"__type": "com.amazonaws#InvalidParameter"}')
    api = LogsApi(cast("Any", None), cast("AwsCalls", calls))
    body = json.dumps({"logEvents": [{"timestamp": 1, "message": json.dumps(LINE)}]}).encode()
    asyncio.run(api._extract(cast("Tenant", None), body))
    assert len(calls.asked) == 1
    assert capsys.readouterr().err.strip() == said
