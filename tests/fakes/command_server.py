"""Runs many commands quickly: one process imports monitor once, and each command runs in a fork of it.

`python -m tests.fakes.command_server` reads one JSON object a line (`arguments`, `environment`, `out`, `err`,
`timeout_s`) and answers each with one: `code`, the exit code, or None where the command had to be killed.
"""

import json
import os
import signal
import sys
import time
from typing import Any

_MODULES = (
    *(
        "monitor.main",
        "monitor.logs.tail.command",
        "monitor.metrics.command",
        "monitor.coldstarts.command",
        "monitor.traces.command",
    ),
    *("monitor.traces.command_invocation", "monitor.logs.errors.command", "monitor.diagnose.command"),
    *("monitor.dashboards.command", "monitor.packages.command", "monitor.account.command_function"),
    *("monitor.instrument.command", "monitor.account.command_doctor", "monitor.aws.connection", "orjson", "rich.table"),
)


def run(wanted: dict[str, Any]) -> int | None:
    """The exit code of one command."""
    pid = os.fork()
    if not pid:
        _become(wanted)
    end_s = time.monotonic() + wanted["timeout_s"]
    while time.monotonic() < end_s:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def _become(wanted: dict[str, Any]) -> None:
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(wanted[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(wanted["environment"])
    os.chdir(wanted["folder"])
    sys.argv = ["monitor", *wanted["arguments"]]
    from monitor.__main__ import main

    code: Any = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code
    except BaseException as error:  # noqa: BLE001
        os.write(2, f"Traceback past main: {error!r}".encode())
        code = 99
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


def serve() -> None:
    """Answer until the input ends."""
    from importlib import import_module

    for name in _MODULES:
        import_module(name)
    for line in sys.stdin:
        print(json.dumps({"code": run(json.loads(line))}), flush=True)


if __name__ == "__main__":
    serve()
