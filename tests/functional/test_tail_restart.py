"""A tail that is killed again and again: its checkpoint loses nothing, and doubles what the docs allow."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from tests.fakes.ledger_server import Faults, LedgerServer, schedule

GROUP = "/aws/lambda/fn"


def test_sigkill_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    now_ms = time.time_ns() // 1_000_000
    events = schedule(now_ms, seconds=8, per_s=100, late_ms=2_000, same=False)
    printed = tmp_path / "printed"
    with LedgerServer(Faults(throttle=0.1, empty=0.1), page_events=300) as server, printed.open("ab") as out:
        server.put(GROUP, events)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "AWS_ENDPOINT_URL": server.url,
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        }
        command = [sys.executable, "-m", "monitor", "tail", GROUP, "--since", "1m", "-o", "raw"]
        command += ["--checkpoint", str(tmp_path / "point"), "--reorder", "500ms"]
        for lives_s in (2.3, 2.9, 3.4, 8.0):
            process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.DEVNULL)
            time.sleep(lives_s)
            process.send_signal(signal.SIGKILL)
            process.wait()
    found = Counter(printed.read_text().splitlines())
    assert set(found) == {event.message for event in events}
    # Three kills while events came, each after at most a second's worth and a poll's.
    assert sum(found.values()) - len(found) <= 3 * 100 * 3
