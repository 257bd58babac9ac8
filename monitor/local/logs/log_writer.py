"""Writes the log records of one execution environment to its log stream, in order, with PutLogEvents."""

import asyncio
import json
import sys
from collections import deque
from typing import Any

from monitor.local.process.log_frames import LogRecord
from monitor.local.server.asgi_call import AsgiResponse
from monitor.local.server.aws_calls import AwsCalls, error_code
from monitor.local.server.tenant import Tenant

_EVENT_OVERHEAD_BYTES = 26
_MAX_BATCH_BYTES = 1_048_576
_MAX_BATCH_EVENTS = 10_000
_RETRY_AFTER_S = (0.0, 0.2, 1.0)


class LogWriter:
    """Buffers records and writes them in batches. When `flush` returns, readers can see them."""

    def __init__(self, aws: AwsCalls, tenant: Tenant, group: str, stream: str) -> None:
        self._aws = aws
        self._tenant = tenant
        self.group = group
        self.stream = stream
        self._pending: deque[LogRecord] = deque()
        self._created = False
        self._lock = asyncio.Lock()
        self._flushing: set[asyncio.Task[None]] = set()
        self._newest_ms = 0
        self.pending_bytes = 0

    def add(self, records: list[LogRecord]) -> None:
        """Append records. A record never gets an earlier time than the record before it."""
        for record in sorted(records, key=lambda record: record.timestamp_ms):
            self._newest_ms = max(self._newest_ms, record.timestamp_ms)
            self._pending.append(LogRecord(self._newest_ms, record.message))
            self.pending_bytes += len(record.message)

    async def prepare(self) -> None:
        """Create group and stream before the environment starts, as Lambda does. A failure shows at the first flush."""
        async with self._lock:
            if not self._created:
                await self._create()

    async def flush(self) -> None:
        """Write the records that were added before the call, not those that a thread adds meanwhile.

        The write continues when the caller is cancelled: a batch is neither lost nor sent twice. A batch that cannot
        be written after several attempts is reported on stderr; nothing is raised.
        """
        task = asyncio.create_task(self._flush())
        self._flushing.add(task)
        task.add_done_callback(self._flushing.discard)
        await asyncio.shield(task)

    async def _flush(self) -> None:
        async with self._lock:
            left = len(self._pending)
            while left > 0:
                batch = self._take(left)
                left -= len(batch)
                await self._deliver(batch)

    def _take(self, limit: int) -> list[LogRecord]:
        batch: list[LogRecord] = []
        size = 0
        while len(batch) < min(limit, _MAX_BATCH_EVENTS):
            cost = len(self._pending[0].message.encode()) + _EVENT_OVERHEAD_BYTES
            if batch and size + cost > _MAX_BATCH_BYTES:
                break
            size += cost
            record = self._pending.popleft()
            self.pending_bytes -= len(record.message)
            batch.append(record)
        return batch

    async def _deliver(self, batch: list[LogRecord]) -> None:
        failure = ""
        for pause_s in (*_RETRY_AFTER_S, None):
            try:
                failure = await self._put(batch)
            except Exception as error:  # noqa: BLE001 - the batch is retried after any error, then reported
                failure = f"{type(error).__name__}: {error}"
            if not failure:
                return
            if pause_s is not None:
                await asyncio.sleep(pause_s)
        self._report(f"{len(batch)} log events could not be written", failure)

    async def _put(self, batch: list[LogRecord]) -> str:
        """Write a batch. Returns the error, or ""."""
        if not self._created:
            failure = await self._create()
            if failure:
                return failure
        events = [{"timestamp": record.timestamp_ms, "message": record.message} for record in batch]
        response = await self._call("PutLogEvents", {"logStreamName": self.stream, "logEvents": events})
        failure = _failure(response)
        if failure == "ResourceNotFoundException":
            # The group was deleted while the environment was warm. Lambda creates it again.
            self._created = False
        if not failure and b"rejectedLogEventsInfo" in response.body:
            rejected = json.loads(response.body).get("rejectedLogEventsInfo")
            self._report("log events were rejected", json.dumps(rejected))
        return failure

    async def _create(self) -> str:
        """Create group and stream unless they exist. Returns the error, or ""."""
        for operation, names in (("CreateLogGroup", {}), ("CreateLogStream", {"logStreamName": self.stream})):
            failure = _failure(await self._call(operation, names))
            if failure not in ("", "ResourceAlreadyExistsException"):
                return failure
        self._created = True
        return ""

    async def _call(self, operation: str, fields: dict[str, Any]) -> AsgiResponse:
        return await self._aws.json(self._tenant, "logs", operation, {"logGroupName": self.group, **fields})

    def _report(self, what: str, why: str) -> None:
        # As JSON, so that control characters in names and responses do not reach a terminal.
        sys.stderr.write(f"error: {what} to {json.dumps(self.group)} {json.dumps(self.stream)}: {json.dumps(why)}\n")
        sys.stderr.flush()


def _failure(response: AsgiResponse) -> str:
    return "" if response.status == 200 else error_code(response) or f"HTTP status {response.status}"
