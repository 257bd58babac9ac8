"""The stacks that run on this machine: one small file per port, with which `--local`, `status` and `down` find them.

The file is `stack-PORT.json` in $MONITOR_STATE_HOME, $XDG_STATE_HOME/lambda-monitor or ~/.local/state/lambda-monitor;
its mode is 0600 and it is replaced atomically. A file can be stale: `is_alive` checks that the stack that wrote it
still answers.
"""

import contextlib
import json
import os
import signal
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from monitor.errors import MonitorError, NotFoundError, UsageError

_ANSWER_LIMIT_S = 2.0
_START_LIMIT_S = 60.0
_STOP_LIMIT_S = 90.0
_LOG_TAIL_BYTES = 2000
_MAX_FILE_CHARS = 4096


@dataclass(frozen=True, slots=True)
class StackInfo:
    """A running stack as described by its file. `started_at` is ISO 8601 in UTC."""

    pid: int
    port: int
    endpoint: str
    started_at: str
    access_key: str = field(repr=False)


def state_home() -> Path:
    """The folder of the files."""
    override = os.environ.get("MONITOR_STATE_HOME")
    if override:
        return Path(override)
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "lambda-monitor"


def describe(endpoint: str, access_key: str) -> StackInfo:
    """Describe the stack of this process, for `write`."""
    port = int(endpoint.rpartition(":")[2])
    return StackInfo(os.getpid(), port, endpoint, datetime.now(UTC).isoformat(timespec="seconds"), access_key)


def write(info: StackInfo) -> Path:
    """Write the stack's file. Raises UsageError when the folder cannot be written."""
    path = _path(info.port)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # mkstemp makes it 0600.
        descriptor, partial = tempfile.mkstemp(prefix=path.name, dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(info), file)
        Path(partial).replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", "set MONITOR_STATE_HOME to another folder") from None
    return path


def read(port: int) -> StackInfo | None:
    """The stack in the file of that port; None when the file is missing, invalid, or belongs to another user."""
    try:
        with _path(port).open(encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_uid != os.geteuid():
                return None
            info = StackInfo(**json.loads(file.read(_MAX_FILE_CHARS)))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    texts = all(isinstance(value, str) for value in (info.endpoint, info.started_at, info.access_key))
    is_own = info.port == port and info.endpoint == f"http://127.0.0.1:{port}"
    return info if texts and is_own and isinstance(info.pid, int) else None


def read_all() -> list[StackInfo]:
    """All stacks that have a file, by port."""
    try:
        ports = [path.stem.removeprefix("stack-") for path in state_home().glob("stack-*.json")]
    except OSError:
        return []
    found = (read(int(port)) for port in ports if port.isdecimal() and port.isascii())
    return sorted((info for info in found if info is not None), key=lambda info: info.port)


def living() -> list[StackInfo]:
    """The stacks that answer, by port."""
    return [info for info in read_all() if is_alive(info)]


def newest_of(known: Sequence[StackInfo]) -> StackInfo:
    """The stack that is used when none is named: the newest."""
    return max(known, key=lambda info: info.started_at)


def remove(port: int, access_key: str | None = None) -> None:
    """Remove the file of that port; with `access_key`, only if it still belongs to that stack."""
    info = read(port)
    if access_key is None or (info is not None and info.access_key == access_key):
        _path(port).unlink(missing_ok=True)


def is_alive(info: StackInfo) -> bool:
    """Whether the stack that wrote the file answers at its endpoint.

    It must answer a challenge with its access key and its pid, so that another process on this port cannot pass for it.
    """
    # Imported here: `--local` reads the file in every command, and rarely asks the stack.
    import urllib.request
    from hmac import compare_digest
    from http.client import HTTPException

    from monitor.local.server.access import HEALTH_PATH, proof

    challenge = os.urandom(16).hex()
    url = f"http://127.0.0.1:{info.port}{HEALTH_PATH}?challenge={challenge}"
    # Never use the environment's proxies for the loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=_ANSWER_LIMIT_S) as response:
            answer = json.loads(response.read(4096))
    except (OSError, ValueError, HTTPException, RecursionError):
        return False
    given = answer.get("proof") if isinstance(answer, dict) else None
    expected = proof(info.access_key, challenge, info.pid)
    return isinstance(given, str) and compare_digest(given.encode(), expected.encode())


def log_path(port: int) -> Path:
    """The log file of a detached stack."""
    return state_home() / f"stack-{port}.log"


def detach(port: int, state_dir: Path | None = None) -> StackInfo:
    """Start a stack in the background, in its own session, and wait until it answers.

    Raises UsageError with the child's message when it cannot start (port in use, extra not installed).
    """
    import subprocess

    from monitor.local.process.clean_env import clean_environment
    from monitor.local.server.launch import command, start_error

    running = read(port) if port else None
    if running is not None and is_alive(running):
        raise UsageError(f"port {port} is in use: a stack runs there (pid {running.pid})", "choose another with --port")
    home = state_home()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    # While the port is not known, the name must not collide with that of a stack that starts at the same time.
    log = log_path(port) if port else home / f"stack-new-{os.urandom(4).hex()}.log"
    with log.open("wb") as output:
        log.chmod(0o600)
        child = subprocess.Popen(
            command(port, state_dir),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=clean_environment(),
            cwd="/",
        )
    deadline = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < deadline:
        info = next((one for one in read_all() if one.pid == child.pid), None)
        if info is not None and is_alive(info):
            log.replace(log_path(info.port))
            return info
        if child.poll() is not None:
            raise start_error(log.read_bytes()[-_LOG_TAIL_BYTES:].decode("utf-8", "replace"), log)
        time.sleep(0.05)
    child.kill()
    child.wait()
    raise MonitorError(f"the stack did not answer within {_START_LIMIT_S:.0f} s", f"its output is in {log}")


def down(port: int) -> StackInfo:
    """End the stack of that port, and wait until its process has ended.

    Raises NotFoundError when no stack runs there; the pid in a stale file is never signalled. Raises MonitorError when
    the stack takes longer than a minute and a half. The log is removed too, unless it contains an error.
    """
    info = read(port)
    if info is None or not is_alive(info):
        remove(port)
        raise NotFoundError(f"no stack runs on port {port}", "`monitor local status` lists the running stacks")
    os.kill(info.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_LIMIT_S
    while time.monotonic() < deadline:
        if not _exists(info.pid):
            remove(port, info.access_key)
            _remove_log(port)
            return info
        time.sleep(0.05)
    raise MonitorError(
        f"the stack on port {port} (pid {info.pid}) is still shutting down after {_STOP_LIMIT_S:.0f} s",
        f"it continues to shut down; its output is in {log_path(port)}",
    )


def _exists(pid: int) -> bool:
    # A child that has ended exists until it is reaped.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _remove_log(port: int) -> None:
    log = log_path(port)
    with contextlib.suppress(FileNotFoundError):
        tail = log.read_bytes()[-_LOG_TAIL_BYTES:]
        if not any(line.startswith((b"error: ", b"Traceback ")) for line in tail.splitlines()):
            log.unlink()


def _path(port: int) -> Path:
    return state_home() / f"stack-{port}.json"
