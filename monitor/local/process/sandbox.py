"""The folders of an execution environment, and the start of a process in them."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from monitor.local.functions.function_spec import FunctionSpec
from monitor.local.process.interpreter import Interpreter, Interpreters
from monitor.local.process.log_frames import LogRecord
from monitor.local.process.process import RuntimeProcess
from monitor.local.process.remover import remove_tree
from monitor.local.process.sandbox_env import SandboxPaths, build_environment, translate_path
from monitor.local.process.spawn_client import SpawnClient
from monitor.local.server.access import AccessKeys

# Hard-coded in many functions: Lambda's only writable folder. Devices and /proc are needed by libraries.
_WRITABLE = ("/tmp", "/dev", "/proc")  # noqa: S108


@dataclass(frozen=True, slots=True)
class SandboxHost:
    """The parts that all sandboxes of a stack share."""

    spawner: SpawnClient
    folder: Path
    interpreters: Interpreters
    endpoint: str
    xray_address: str
    keys: AccessKeys


class Sandbox:
    """The folders of one environment: read-only code and layers, and a TMPDIR that is kept after a crash."""

    def __init__(
        self,
        host: SandboxHost,
        spec: FunctionSpec,
        interpreter: Interpreter,
        task_root: Path,
        layers_root: Path,
        log_stream: str,
    ) -> None:
        self.interpreter = interpreter
        self._host = host
        self._spec = spec
        self._log_stream = log_stream
        # A key of its own: what a function prints of its environment must not open the stack after its end.
        self._access_key = host.keys.issue()
        self._folder = Path(tempfile.mkdtemp(prefix="sandbox-", dir=host.folder))
        home, tmp = self._folder / "home", self._folder / "tmp"
        tmp.mkdir()
        # Lambda has no home folder either. A real one would give the function its owner's credentials.
        self.paths = SandboxPaths(task_root, layers_root, interpreter.runtime_root, home, tmp)

    async def launch(self, on_records: Callable[[list[LogRecord]], int]) -> RuntimeProcess:
        """Start a new runtime process. Its log records go to `on_records`."""
        process = RuntimeProcess(self._host.spawner, self._spec.memory_mb, on_records)
        # -S: the only site-packages are those of the runtime folder, not those of this interpreter.
        main = str(self.paths.runtime_root / "sandbox_main.py")
        command = [self.interpreter.path, "-S", main, self._spec.handler]
        if wrapper := dict(self._spec.environment).get("AWS_LAMBDA_EXEC_WRAPPER"):
            # AWS, "Modifying the runtime environment": the wrapper gets the command that starts the runtime.
            command.insert(0, translate_path(wrapper, self.paths))
        writable = [str(self._folder), *_WRITABLE]
        await process.start(command, self._variables, self.paths.task_root, writable)
        return process

    def _variables(self, runtime_api: str) -> dict[str, str]:
        return build_environment(
            self._spec,
            self.paths,
            runtime_name=self.interpreter.name,
            runtime_api=runtime_api,
            endpoint=self._host.endpoint,
            xray_address=self._host.xray_address,
            log_stream=self._log_stream,
            access_key=self._access_key,
        )

    def remove(self) -> None:
        """Delete the folders of this environment, and revoke its access key."""
        self._host.keys.revoke(self._access_key)
        remove_tree(str(self._folder))
