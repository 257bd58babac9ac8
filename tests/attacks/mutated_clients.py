"""Who talks to `monitor serve` and `monitor mcp` while they run: a page that asks for everything, and an assistant."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from queue import Empty, Queue
from typing import IO, Any

from tests.attacks.commands import patient

_LIMIT_S = 60
_REQUESTS = (
    *("state", "functions?again=1", "cold?fn={0}&since=1h", "traces?fn={0}&since=1h", "dashboards"),
    *("invocation?fn={0}&id=5b86d4d4-0c1f-4d2c-9a0e-3f7e5b8f6000&since=1h", "page/dashboard?name=mutated&since=1h"),
    *("page/trace?id=latest&fn={0}&since=1h", "page/diagnosis?fn={0}&since=1h"),
)
_TOOLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("find_functions", {}),
    ("list_dashboards", {}),
    ("dashboard_data", {"name": "mutated", "since": "1h"}),
    ("show_trace", {"which": "latest", "function": "{0}"}),
    *(
        (name, {"function": "{0}"})
        for name in (
            *("tail", "errors", "cold_starts", "show_invocation", "list_traces", "metrics", "inspect_package"),
            *("diagnose", "plan_instrument"),
        )
    ),
)


def _start(arguments: list[str], environment: dict[str, str], folder: Path, **streams: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "monitor", *arguments]
    return subprocess.Popen(command, env=environment, cwd=folder, text=True, **streams)


def visit(arguments: list[str], environment: dict[str, str], folder: Path, function: str) -> int | str | None:
    """Ask the page for everything that it has, then press Ctrl-C: its exit code, or what was wrong."""
    out, err = folder / "out", folder / "err"
    with out.open("w") as printed, err.open("w") as told:
        process = _start(arguments, environment, folder, stdin=subprocess.DEVNULL, stdout=printed, stderr=told)
        end_s = time.monotonic() + patient(_LIMIT_S)
        found = None
        while not found and process.poll() is None and time.monotonic() < end_s:
            found = re.search(r"(http://127\.0\.0\.1:\d+)/#token=([\w-]{43})\n", out.read_text())
            time.sleep(0.05)
        wrong = ""
        if found:
            for path in _REQUESTS:
                wrong = wrong or _ask(found[1], found[2], path.format(function))
            process.send_signal(signal.SIGINT)
        try:
            return wrong or process.wait(patient(10))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None


def _ask(address: str, token: str, path: str) -> str:
    """What is wrong with the answer to one request."""
    request = urllib.request.Request(f"{address}/api/{path}", headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=patient(_LIMIT_S)) as answer:
            text = answer.read().decode()
    except urllib.error.HTTPError as error:
        text = error.read().decode()
        if error.code == 500:
            return f"{path}: {text[:300]}"
    except OSError as error:
        return f"{path}: {error}"
    if "defect of monitor" in text:
        return f"{path}: a defect: {text[:300]}"
    return ""


def assist(arguments: list[str], environment: dict[str, str], folder: Path, function: str) -> int | str | None:
    """Call every tool once, then close stdin: the exit code, or what was wrong."""
    with (folder / "out").open("w") as printed, (folder / "err").open("w") as told:
        process = _start(arguments, environment, folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=told)
        assert process.stdin
        assert process.stdout
        lines: Queue[str] = Queue()
        thread = threading.Thread(target=_read, args=(process.stdout, lines, printed))
        thread.start()
        wrong = _converse(process.stdin, lines, function)
        try:
            process.stdin.close()
            return wrong or process.wait(patient(10))
        except (subprocess.TimeoutExpired, OSError):
            process.kill()
            process.wait()
            return wrong or None
        finally:
            thread.join()


def _read(stream: IO[str], lines: "Queue[str]", copy: IO[str]) -> None:
    for line in stream:
        copy.write(line)
        lines.put(line)
    copy.flush()
    lines.put("")


def _converse(stdin: IO[str], lines: "Queue[str]", function: str) -> str:
    start = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    calls: list[tuple[str, dict[str, Any]]] = [("initialize", start), ("tools/list", {})]
    for name, given in _TOOLS:
        filled = {key: value.format(function) for key, value in given.items()}
        calls.append(("tools/call", {"name": name, "arguments": filled}))
    for number, (method, given) in enumerate(calls, 1):
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": given}
        try:
            stdin.write(json.dumps(request) + "\n")
            if number == 1:
                stdin.write('{"jsonrpc": "2.0", "method": "notifications/initialized"}\n')
            stdin.flush()
            line = lines.get(timeout=patient(_LIMIT_S))
        except (OSError, Empty) as error:
            return f"{given.get('name', method)} was not answered: {error!r}"
        if not line:
            return f"it ended at {given.get('name', method)}"
        if json.loads(line).get("id") != number:
            return f"another answer than that of {given.get('name', method)}: {line[:300]}"
        # A log line may contain a traceback of its own.
        if "defect of monitor" in line:
            return f"{given.get('name', method)}: a defect: {line[:600]}"
    return ""


CLIENTS: dict[str, Callable[[list[str], dict[str, str], Path, str], int | str | None]] = {
    "page": visit,
    "assistant": assist,
}
