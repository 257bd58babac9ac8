"""Log records of one execution environment -> its log stream, in order, by PutLogEvents."""

import asyncio
from collections import deque

from monitor.local.aws_calls import AwsCalls, error_code
from monitor.local.log_frames import LogRecord
from monitor.local.tenant import Tenant

_EVENT_OVERHEAD_BYTES = 26
_MAX_BATCH_BYTES = 1_048_576
_MAX_BATCH_EVENTS = 10_000


class LogWriter:
    """Buffers records and writes them in batches; `flush` returns when a reader can see them."""

    def __init__(self, aws: AwsCalls, tenant: Tenant, group: str, stream: str) -> None:
        self._aws = aws
        self._tenant = tenant
        self.group = group
        self.stream = stream
        self._pending: deque[LogRecord] = deque()
        self._created = False
        self._lock = asyncio.Lock()
        self._newest_ms = 0
        self.pending_bytes = 0

    def add(self, records: list[LogRecord]) -> None:
        """Append; a record never goes before the one that was written ahead of it."""
        for record in sorted(records, key=lambda record: record.timestamp_ms):
            self._newest_ms = max(self._newest_ms, record.timestamp_ms)
            self._pending.append(LogRecord(self._newest_ms, record.message))
            self.pending_bytes += len(record.message)

    async def flush(self) -> None:
        """Write what was added before the call; not what a thread that never stops adds meanwhile."""
        async with self._lock:
            left = len(self._pending)
            while left > 0:
                batch = self._take(left)
                left -= len(batch)
                await self._put(batch)

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

    async def _put(self, batch: list[LogRecord]) -> None:
        names = {"logGroupName": self.group, "logStreamName": self.stream}
        events = [{"timestamp": record.timestamp_ms, "message": record.message} for record in batch]
        if not self._created:
            await self._create(names)
        response = await self._aws.json(self._tenant, "logs", "PutLogEvents", {**names, "logEvents": events})
        if response.status == 400 and error_code(response) == "ResourceNotFoundException":
            # The group was deleted under a warm environment; Lambda makes it again.
            await self._create(names)
            await self._aws.json(self._tenant, "logs", "PutLogEvents", {**names, "logEvents": events})

    async def _create(self, names: dict[str, str]) -> None:
        self._created = True
        await self._aws.json(self._tenant, "logs", "CreateLogGroup", {"logGroupName": self.group})
        await self._aws.json(self._tenant, "logs", "CreateLogStream", names)
