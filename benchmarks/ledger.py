"""Who loses events: `monitor tail` and its peers follow one late, failing log group; what they printed is counted.

    python benchmarks/ledger.py [--seconds 30] [--peers DIR…]

All contestants follow the same loopback group at the same time. Events become visible up to `late` after their
timestamps; in the second round a fifth of the calls is throttled, some fail, and one event is dated an hour ahead.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.fakes.ledger_server import Faults, LedgerServer, schedule  # noqa: E402

GROUP = "/aws/lambda/late"
_EVENT = re.compile(r"\bevent (\d+)\b|an hour ahead")


def contestants(folders: list[str]) -> dict[str, list[str]]:
    tail = [sys.executable, "-m", "monitor", "tail", GROUP, "--since", "5s"]
    known = {
        # Version 2 of the AWS CLI alone has it, which is not on PyPI.
        "aws logs tail --follow": ["aws2", "logs", "tail", GROUP, "--follow", "--since", "5s"],
        "sam logs --tail": ["sam", "logs", "--cw-log-group", GROUP, "--tail", "-s", "5s ago"],
        "awslogs --watch": ["awslogs", "get", GROUP, "ALL", "--watch", "--start", "1m", "--color", "never"],
    }
    found = {"monitor tail": tail, "monitor tail --live": [*tail, "--live"]}
    for name, (program, *arguments) in known.items():
        for folder in folders:
            if (Path(folder) / program).exists():
                found[name] = [str(Path(folder) / program), *arguments]
    return found


def round_of(
    title: str, seconds: float, late_ms: int, faults: Faults, future: bool, folders: list[str], per_s: int = 50
) -> None:
    now_ms = time.time_ns() // 1_000_000
    # They need a few seconds to start; nobody is to lose what was logged before that.
    events = schedule(now_ms + 6_000, seconds, per_s, late_ms, future=future, same=False)
    expected = {event.message for event in events}
    with LedgerServer(faults) as server, tempfile.TemporaryDirectory() as folder:
        server.put(GROUP, events)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL": server.url,
            "SAM_CLI_TELEMETRY": "0",
            "PYTHONWARNINGS": "ignore",
        }
        running = {}
        for name, command in contestants(folders).items():
            out = Path(folder) / name.replace(" ", "_")
            env = environment if name.startswith("monitor") else {**environment, "PYTHONPATH": ""}
            with out.open("wb") as file, out.with_suffix(".err").open("wb") as errors:
                running[name] = (subprocess.Popen(command, env=env, stdout=file, stderr=errors), out)
        time.sleep(6 + seconds + late_ms / 1000 + 25)
        print(f"\n{title}: {len(events)} events")
        for name, (process, out) in running.items():
            ended = process.poll()
            process.terminate()
            process.wait()
            printed = Counter(found[0] for found in _EVENT.finditer(out.read_text(errors="replace")))
            lost = len(expected - set(printed))
            doubled = sum(times - 1 for text, times in printed.items() if text in expected)
            died = "" if ended is None else f"  (ended by itself with {ended})"
            share = 100 * lost / len(expected)
            print(f"  {name:26} lost {lost:5} ({share:4.1f}%)   doubled {doubled:5}{died}", flush=True)
            if ended is not None:
                print("    " + out.with_suffix(".err").read_text(errors="replace").strip()[-200:])


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--seconds", type=float, default=30)
    options.add_argument("--peers", nargs="*", default=[])
    asked = options.parse_args()
    round_of("up to 6 s late", asked.seconds, 6_000, Faults(), False, asked.peers)
    worst = Faults(throttle=0.2, error=0.05, reset=0.02, slow=0.02, empty=0.1)
    round_of("1,500 a second, up to 6 s late", asked.seconds / 3, 6_000, Faults(), False, asked.peers, per_s=1_500)
    round_of("up to 30 s late, a fifth throttled, one an hour ahead", asked.seconds, 30_000, worst, True, asked.peers)


if __name__ == "__main__":
    main()
