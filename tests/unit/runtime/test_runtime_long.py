"""Many warm invocations: what a long-lived environment must not collect."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.runtime_api import SAMPLED

LOOP = """
import json, os, socket, sys, threading
sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); sink.bind(("127.0.0.1", 0))
os.environ["AWS_XRAY_DAEMON_ADDRESS"] = f"127.0.0.1:{sink.getsockname()[1]}"
class Context:
    function_name = "f"; function_version = "1"; memory_limit_in_mb = 128; aws_request_id = "r"
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:f"
out, sys.stdout = sys.stdout, open(os.devnull, "w")
from monitor.runtime.entry import lambda_handler
def seen():
    with open("/proc/self/statm") as file:
        memory_kb = int(file.read().split()[1]) * 4
    return [memory_kb, len(os.listdir("/proc/self/fd")), threading.active_count()]
states = []
for number in range(int(sys.argv[1])):
    try: lambda_handler({"items": [1, 2], "n": number}, Context)
    except ValueError: pass
    if number % (int(sys.argv[1]) // 10) == 1000: states.append(seen())
out.write(json.dumps(states))
"""
HANDLERS = {
    "plain": "def handler(event, context): return event",
    "logger and metrics": (
        "from monitor.runtime import logger, metrics\n"
        "def handler(event, context):\n    logger.info('seen', extra={'n': event['n']})\n"
        "    metrics.add_metric('Items', 'Count', 1)\n    return 1"
    ),
    "raises": "def handler(event, context):\n    if event['n'] % 2: raise ValueError(event['n'])",
    "opentelemetry": (
        "from opentelemetry import trace\ntracer = trace.get_tracer('t')\n"
        "def handler(event, context):\n"
        "    with tracer.start_as_current_span('s') as span: span.set_attribute('n', event['n'])"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("traces", ["xray", "otlp"])
@pytest.mark.parametrize("name", HANDLERS)
def test_memory_sockets_and_threads_stay_as_they_are(package: Callable[..., Path], name: str, traces: str) -> None:
    folder = package(app=HANDLERS[name], loop=LOOP)
    env = {
        "MONITOR_HANDLER": "app.handler",
        "MONITOR_TRACES": traces,
        "LAMBDA_TASK_ROOT": str(folder),
        "_X_AMZN_TRACE_ID": SAMPLED,
        "POWERTOOLS_METRICS_NAMESPACE": "N",
        "POWERTOOLS_SERVICE_NAME": "s",
        "PYTHONPATH": f"{folder}:{Path(__file__).parents[3]}",
    }
    command = [sys.executable, "loop.py", "200000"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True)
    states = json.loads(done.stdout)
    assert len(states) == 10
    assert {(files, threads) for _, files, threads in states} == {(states[0][1], states[0][2])}
    # Of the allocator's arenas; a thing kept for each invocation would be 200,000 things.
    assert states[-1][0] - states[1][0] < 1024, states
