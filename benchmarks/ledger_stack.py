"""`monitor tail` through microburst in front of the embedded stack: what was put is counted against what was printed.

    python benchmarks/ledger_stack.py --microburst PATH-OF-ITS-PROGRAM [--seconds 20]

microburst (on PyPI) answers a fifth of FilterLogEvents with ThrottlingException, 5% with 503, resets 3% and is slow
with 5%. Events are put out of order, ten at a time in one millisecond, one of them an hour ahead.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from monitor.aws.connection import Connection  # noqa: E402
from monitor.local.server.stack import Stack, StackOptions  # noqa: E402

GROUP, REGION = "/aws/lambda/late", "ap-southeast-1"
RULE = {"service": "logs", "operation": "FilterLogEvents"}
RULES = [
    {**RULE, "probability": 0.2, "error": {"code": "ThrottlingException", "status": 400}},
    {**RULE, "probability": 0.05, "error": {"code": "ServiceUnavailableException", "status": 503}},
    {**RULE, "probability": 0.03, "reset": True},
    {**RULE, "probability": 0.05, "latency": {"min": 500, "max": 2000}},
]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def put(connection: Connection, seconds: float) -> set[str]:
    """Ten events a tenth of a second, in two streams, out of order; answers the messages."""
    connection.call("logs", "CreateLogGroup", logGroupName=GROUP)
    for stream in "ab":
        connection.call("logs", "CreateLogStream", logGroupName=GROUP, logStreamName=stream)
    said: set[str] = set()
    number, ends = 0, time.monotonic() + seconds
    while time.monotonic() < ends:
        now_ms = time.time_ns() // 1_000_000
        batch = []
        for _ in range(10):
            number += 1
            text = f"event {number}"
            said.add(text)
            ahead_ms = 3_600_000 if number == 50 else -(number * 7919 % 4000)
            batch.append({"timestamp": now_ms + ahead_ms // 100 * 100, "message": text})
        batch.sort(key=lambda one: int(str(one["timestamp"])))
        connection.call(
            "logs", "PutLogEvents", logGroupName=GROUP, logStreamName="ab"[number // 10 % 2], logEvents=batch
        )
        time.sleep(0.1)
    return said


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--microburst", required=True)
    options.add_argument("--seconds", type=float, default=20)
    asked = options.parse_args()
    with Stack(StackOptions(access_key="local")) as stack, tempfile.TemporaryDirectory() as folder:
        stack.start()
        rules, out, port = Path(folder) / "rules.yml", Path(folder) / "out", free_port()
        rules.write_text(json.dumps({"rules": RULES}))
        command = [asked.microburst, "--upstream", stack.endpoint, "--port", str(port), "--config", str(rules)]
        errors = Path(folder) / "errors"
        connection = Connection(region=REGION, endpoint_url=stack.endpoint, local=True)
        said: set[str] = set()
        putting = threading.Thread(target=lambda: said.update(put(connection, asked.seconds)))
        tail = [sys.executable, "-m", "monitor", "--local", "tail", GROUP, "--since", "1m"]
        env = {"PATH": os.environ["PATH"], "HOME": folder, "PYTHONPATH": str(ROOT)}
        env["MONITOR_LOCAL_ENDPOINT"] = f"http://127.0.0.1:{port}"
        with (
            out.open("wb") as printed,
            errors.open("wb") as told,
            subprocess.Popen([*command, "--host", "127.0.0.1"], stdout=told, stderr=told) as proxy,
        ):
            time.sleep(4)
            putting.start()
            time.sleep(1)
            with subprocess.Popen(tail, env=env, stdout=printed, stderr=subprocess.DEVNULL) as following:
                putting.join()
                time.sleep(25)
                following.terminate()
            proxy.terminate()
        found = Counter(line[13:] for line in out.read_text().splitlines() if " event " in line)
        lost, doubled = len(said - set(found)), sum(found.values()) - len(found)
        answers = errors.read_text()
        faults = ", ".join(f"{answers.count(f' {status} ')} answers {status}" for status in (200, 400, 503))
        print(f"through microburst: {len(said)} events, lost {lost}, doubled {doubled}; {faults}")


if __name__ == "__main__":
    main()
