"""Loads ministack in this process without its logging, and runs its lifespan."""

import asyncio
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from monitor.errors import UsageError
from monitor.local.server.asgi_call import AsgiApp, AsgiCaller, Lifespan
from monitor.local.server.tenant import DEFAULT_ACCOUNT, DEFAULT_REGION

EXTRA_HINT = "pip install 'lambda-monitor[local]'"
# The emulator's services that the stack uses; services.py says which of their operations.
SERVICES = ("cloudformation", "iam", "lambda", "logs", "monitoring", "s3", "sts", "tagging")
_MODULES = ("ministack", "hypercorn", "h11", "awslambdaric")
_loaded_with: list[Path | None] = []


def require_extra() -> None:
    """Raise UsageError when packages of the extra `local` are not installed."""
    absent = [name for name in _MODULES if find_spec(name) is None]
    if absent:
        raise UsageError(f"the embedded stack needs {', '.join(absent)}, which is not installed", EXTRA_HINT)


@contextmanager
def settings(port: int, state_dir: Path | None) -> Iterator[None]:
    """Set the environment variables that ministack reads at import and at each request, while it runs.

    DOCKER_HOST points to a socket that does not exist: at start and stop ministack removes the containers of every
    emulator, and the user's containers must not be touched.
    """
    values = {
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_ACCOUNT_ID": DEFAULT_ACCOUNT,
        "MINISTACK_REGION": DEFAULT_REGION,
        "AUTH": "false",
        "SERVICES": ",".join(SERVICES),
        "LOCALSTACK_PERSISTENCE": "0",
        "LOG_LEVEL": "CRITICAL",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": "unix:///nonexistent/docker.sock",
        "PERSIST_STATE": "1" if state_dir else "0",
        "S3_PERSIST": "1" if state_dir else "0",
    }
    if state_dir is not None:
        values["STATE_DIR"] = str(state_dir / "emulator")
        values["S3_DATA_DIR"] = str(state_dir / "s3")
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


async def started(state_dir: Path | None) -> tuple[AsgiApp, Lifespan]:
    """The application, loaded and started. It is empty, or contains the state saved in `state_dir`."""
    again = bool(_loaded_with)
    app = await asyncio.to_thread(_load, state_dir)
    lifespan = Lifespan(app)
    await lifespan.startup()
    if again and state_dir is None:
        await AsgiCaller(app, asyncio.get_running_loop()).call("POST", "/_ministack/reset")
    return app, lifespan


def _load(state_dir: Path | None) -> AsgiApp:
    """Import ministack's application without letting it configure this program's logging.

    ministack keeps its state in modules and reads its state folder at import, so a process can use only one folder.
    """
    if _loaded_with and _loaded_with[0] != state_dir:
        raise UsageError(
            "this process has already run a stack with another state folder", "start this stack in another process"
        )
    root = logging.getLogger()
    # With a handler present its logging.basicConfig does nothing, and no warning is printed to stderr.
    if not any(isinstance(handler, logging.NullHandler) for handler in root.handlers):
        root.addHandler(logging.NullHandler())
    from ministack.app import app

    if not _loaded_with:
        _loaded_with.append(state_dir)
    loaded: AsgiApp = app
    return loaded
