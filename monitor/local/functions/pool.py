"""Selects the execution environment for each invocation, and ends idle and outdated ones."""

import asyncio
import time
import uuid
from datetime import UTC, datetime

from monitor.local.functions.code_store import CodeStore
from monitor.local.functions.environment import Environment
from monitor.local.functions.function_spec import FunctionSpec
from monitor.local.logs.log_writer import LogWriter
from monitor.local.process.sandbox import Sandbox, SandboxHost
from monitor.local.server.aws_calls import AwsCalls
from monitor.records.stream import stream_name

IDLE_LIMIT_S = 300.0
_SWEEP_EVERY_S = 5.0


def log_stream_name(spec: FunctionSpec, ident: str) -> str:
    """The log stream of an environment. In a custom log group its name contains the function's name."""
    return stream_name(datetime.now(UTC).date(), spec.name, spec.version, ident, shared=spec.shared_log_group)


class Pool:
    """Environments by function revision. At most `max_idle` are idle; the longest idle one is ended first."""

    def __init__(self, host: SandboxHost, aws: AwsCalls, code: CodeStore, init_limit_s: float, max_idle: int) -> None:
        self._host = host
        self._aws = aws
        self._code = code
        self._init_limit_s = init_limit_s
        self._max_idle = max_idle
        self._idle: list[Environment] = []
        self._busy: set[Environment] = set()
        self._endings: set[asyncio.Task[None]] = set()

    async def take(self, spec: FunctionSpec) -> Environment:
        """A warm environment of this revision, or a new one. Raises BadPackageError for unusable code."""
        environment = self._warm(spec) or await self._fresh(spec)
        self._busy.add(environment)
        return environment

    def give_back(self, environment: Environment) -> None:
        """Return an environment whose invocation has ended."""
        self._busy.discard(environment)
        if environment.retired:
            self._end(environment)
            return
        environment.idle_since_s = time.monotonic()
        self._idle.append(environment)
        if len(self._idle) > self._max_idle:
            self._end(self._idle.pop(0))

    def retire(self, function_key: tuple[str, str, str]) -> None:
        """End the environments of a function that was changed or deleted, once they are idle."""
        self._retire([one for one in (*self._idle, *self._busy) if one.spec.function_key == function_key])

    async def sweep(self) -> None:
        """Every few seconds end the environments that have been idle for five minutes; runs until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_EVERY_S)
            horizon = time.monotonic() - IDLE_LIMIT_S
            self._retire([one for one in self._idle if one.idle_since_s < horizon])

    async def close(self) -> None:
        """End every environment."""
        self._retire([*self._idle, *self._busy])
        for environment in self._busy:
            self._end(environment)
        if self._endings:
            await asyncio.wait(self._endings, timeout=5)

    def _warm(self, spec: FunctionSpec) -> Environment | None:
        key = spec.revision_key
        same = [one for one in self._idle if one.spec.function_key == spec.function_key]
        self._retire([one for one in same if one.spec.version == spec.version and one.spec.revision_key != key])
        for environment in reversed(same):
            if environment.spec.revision_key == key and not environment.retired:
                self._idle.remove(environment)
                return environment
        return None

    async def _fresh(self, spec: FunctionSpec) -> Environment:
        task_root = await self._code.task_root(spec)
        layers_root = await self._code.layers_root(spec)
        interpreter = await self._host.interpreters.find(spec.runtime)
        stream = log_stream_name(spec, uuid.uuid4().hex)
        sandbox = Sandbox(self._host, spec, interpreter, task_root, layers_root, stream)
        writer = LogWriter(self._aws, spec.tenant, spec.log_group, stream)
        await writer.prepare()
        return Environment(spec, sandbox, writer, self._init_limit_s)

    def _retire(self, environments: list[Environment]) -> None:
        for environment in environments:
            environment.retired = True
            if environment in self._idle:
                self._idle.remove(environment)
                self._end(environment)

    def _end(self, environment: Environment) -> None:
        task = asyncio.create_task(environment.close())
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)
