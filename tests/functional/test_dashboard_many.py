"""A deploy of many that is killed in the middle, and run again: nothing is done twice."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from monitor.aws.connection import Connection
from monitor.aws.dashboards import list_dashboards
from monitor.local.server.stack import Stack
from tests.clean_environment import clean_environment
from tests.functional.conftest import Run

MANY = 40
PREFIX = "many-"


def folder(path: Path) -> Path:
    for number in range(MANY):
        body = {"widgets": [{"type": "text", "width": 6, "height": 6, "properties": {"markdown": f"Number {number}"}}]}
        (path / f"{PREFIX}{number:02d}.json").write_text(json.dumps(body))
    return path


def put_at(connection: Connection) -> dict[str, Any]:
    """When each dashboard was last put."""
    return {one.name: one.last_modified_ms for one in list_dashboards(connection, PREFIX)}


def test_a_deploy_that_is_killed_is_finished_by_the_next_and_repeats_nothing(
    stack: Stack, connection: Connection, monitor: Run, tmp_path: Path
) -> None:
    source = folder(tmp_path)
    command = [sys.executable, "-m", "monitor", "--local", "dashboard", "deploy", str(source), "--yes"]
    environment = clean_environment(MONITOR_LOCAL_ENDPOINT=stack.endpoint)
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while len(put_at(connection)) < 5 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    before = put_at(connection)
    assert 5 <= len(before) < MANY

    again = monitor("--local", "dashboard", "deploy", str(source), "--yes", "-o", "json")

    assert again.code == 0, again.err
    done = {outcome["name"] for outcome in again.json["outcomes"]}
    after = put_at(connection)
    assert len(after) == MANY
    assert done == set(after) - set(before)
    assert {name: after[name] for name in before} == before

    third = monitor("--local", "dashboard", "deploy", str(source), "--check")
    assert third.code == 0, third.err
