"""Selects the Python of a function: the one that its Runtime names when it is installed, otherwise this one."""

import asyncio
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from monitor.local.process.clean_env import clean_environment
from monitor.local.process.sandbox_env import build_runtime_dir

OWN_NAME = f"python{sys.version_info.major}.{sys.version_info.minor}"
_PROBE = "import sys; print(*sys.version_info[:3], sep='.')"
_PROBE_LIMIT_S = 10.0


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python and its runtime folder. `label` is the runtime version in INIT_START."""

    path: str
    name: str
    label: str
    runtime_root: Path


class Interpreters:
    """Finds and caches the interpreter of each runtime name."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = asyncio.Lock()
        self._known: dict[str, Interpreter] = {}

    async def find(self, runtime: str) -> Interpreter:
        """The interpreter for a function's Runtime (`python3.12`). Raises UsageError without awslambdaric."""
        async with self._lock:
            if runtime not in self._known:
                self._known[runtime] = await asyncio.to_thread(self._find, runtime)
            return self._known[runtime]

    def _find(self, runtime: str) -> Interpreter:
        if runtime != OWN_NAME:
            path = shutil.which(runtime)
            version = _version(path) if path is not None else ""
            if path is not None and runtime == "python" + version.rpartition(".")[0]:
                return Interpreter(path, runtime, f"python:{version}", self._runtime_root(runtime))
        version = ".".join(map(str, sys.version_info[:3]))
        note = "" if runtime == OWN_NAME else f" (here in place of {runtime})"
        # The real file, not a virtual environment's link: processes that a handler starts must not see our packages.
        path = os.path.realpath(sys.executable)
        return Interpreter(path, OWN_NAME, f"python:{version}{note}", self._runtime_root(OWN_NAME))

    def _runtime_root(self, name: str) -> Path:
        target = self._root / name / "var" / "runtime"
        if not target.exists():
            build_runtime_dir(target, compiled=name == OWN_NAME)
        return target


def _version(path: str) -> str:
    """`3.12.1`, or "" when it does not run, for example a pyenv shim without that version."""
    try:
        done = subprocess.run(
            [path, "-I", "-S", "-c", _PROBE],
            capture_output=True,
            text=True,
            timeout=_PROBE_LIMIT_S,
            check=False,
            env=clean_environment(),
            cwd="/",
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
