import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from monitor.local.logs import log_writer
from monitor.local.logs.log_writer import LogWriter
from monitor.local.process.log_frames import LogRecord
from monitor.local.server.asgi_call import AsgiCaller, AsgiResponse
from monitor.local.server.aws_calls import AwsCalls
from monitor.local.server.tenant import Tenant

RECORDS = [LogRecord(1, "INIT_START"), LogRecord(2, "START")]


async def no_app(*_: Any) -> None:
    raise AssertionError("not to be called")


class Fake(AwsCalls):
    """Keeps events; `failures` are given out first, by operation: an error name, or something to raise."""

    def __init__(self, delay_s: float = 0.0, **failures: list[str | Exception]) -> None:
        super().__init__(AsgiCaller(no_app, asyncio.new_event_loop()))
        self._caller._loop.close()
        self.failures = failures
        self.delay_s = delay_s
        self.messages: list[str] = []
        self.called: list[str] = []

    async def json(self, tenant: Tenant, service: str, operation: str, payload: dict[str, Any]) -> AsgiResponse:
        self.called.append(operation)
        await asyncio.sleep(self.delay_s)
        failure = next(iter(self.failures.get(operation, [])), None)
        if failure is not None:
            self.failures[operation].pop(0)
            if isinstance(failure, Exception):
                raise failure
            return AsgiResponse(400, (), json.dumps({"__type": failure}).encode())
        self.messages += [event["message"] for event in payload.get("logEvents", [])]
        return AsgiResponse(200, (), b"{}")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_writer, "_RETRY_AFTER_S", (0.0, 0.001, 0.001))


def write(aws: Fake) -> None:
    async def once() -> None:
        writer = LogWriter(aws, Tenant("a", "r"), "/aws/lambda/fn", "stream")
        writer.add(RECORDS)
        await writer.flush()

    asyncio.run(once())


@pytest.mark.parametrize(
    "make",
    [
        lambda: Fake(PutLogEvents=["OperationAbortedException", "ServiceUnavailableException"]),
        lambda: Fake(PutLogEvents=["ResourceNotFoundException"]),
        lambda: Fake(PutLogEvents=[RuntimeError("no answer")]),
        lambda: Fake(CreateLogGroup=["OperationAbortedException"]),
        lambda: Fake(CreateLogGroup=["ResourceAlreadyExistsException"]),
        lambda: Fake(CreateLogStream=["ServiceUnavailableException"]),
    ],
)
def test_a_put_that_fails_at_first_is_tried_again(make: Callable[[], Fake], capsys: pytest.CaptureFixture[str]) -> None:
    aws = make()

    write(aws)

    assert aws.messages == ["INIT_START", "START"]
    assert not any(aws.failures.values())
    assert capsys.readouterr().err == ""


def test_a_group_deleted_under_a_warm_function_is_made_again() -> None:
    aws = Fake(PutLogEvents=["ResourceNotFoundException"])

    write(aws)

    assert aws.called == ["CreateLogGroup", "CreateLogStream", "PutLogEvents"] * 2


def test_a_put_that_never_succeeds_is_told_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    aws = Fake(PutLogEvents=["Odd\x1b[2JException"] * 9)

    write(aws)

    told = capsys.readouterr().err
    assert told.startswith('error: 2 log events could not be written to "/aws/lambda/fn" "stream": "Odd')
    assert "\x1b" not in told
    assert aws.called.count("PutLogEvents") == 4


@pytest.mark.parametrize("after_s", [0.005, 0.015, 0.03, 0.05])
def test_a_flush_that_is_cancelled_loses_and_repeats_nothing(after_s: float) -> None:
    aws = Fake(delay_s=0.02)

    async def cancelled() -> None:
        writer = LogWriter(aws, Tenant("a", "r"), "g", "s")
        writer.add(RECORDS)
        first = asyncio.create_task(writer.flush())
        await asyncio.sleep(after_s)
        first.cancel()
        writer.add([LogRecord(3, "REPORT")])
        await writer.flush()

    asyncio.run(cancelled())

    assert aws.messages == ["INIT_START", "START", "REPORT"]
