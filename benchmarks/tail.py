"""`monitor tail` against a boto3 loop and, where they are installed, against its peers; ratios of one run.

    python benchmarks/tail.py [--events 100000] [--rounds 5] [--million] [--peers DIR…]

A loopback server answers prepared pages of a Lambda log. Contestants take turns; medians are compared, of wall time and
of the time that each took of a core, which tells more on a machine that others use too. `--peers` are
folders (a virtual environment's bin) that hold `awslogs` or `sam`. `--million` reads a million events and prints
the memory at a tenth of them and at all.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.clean_environment import clean_environment  # noqa: E402

GROUP = "/aws/lambda/ai-image-analyzer-fastapi"

LOOP = """
import sys, boto3
client = boto3.client("logs")
asked = dict(logGroupName=sys.argv[1], startTime=int(sys.argv[2]))
write = sys.stdout.write
while True:
    page = client.filter_log_events(**asked)
    for event in page["events"]:
        print(event["message"].rstrip("\\n"))
    if not page.get("nextToken"):
        break
    asked["nextToken"] = page["nextToken"]
"""
FIRST = """
import sys, boto3
client = boto3.client("logs")
print(client.filter_log_events(logGroupName=sys.argv[1], startTime=int(sys.argv[2]), limit=1)["events"][0]["message"])
"""


def lines() -> list[dict[str, str]]:
    """The lines of a thousand invocations as Lambda, Powertools and EMF write them."""
    made: list[dict[str, str]] = []
    for number in range(1000):
        request_id = f"{number:08x}-0c1f-4d2c-9a0e-3f7e5b8f6a11"
        stream = f"2026/11/23/[$LATEST]{number % 20:032x}"
        powertools = {
            "level": "INFO",
            "location": "analyze:41",
            "message": "image analyzed",
            "timestamp": "2026-11-23 02:48:41,886+0000",
            "service": "ai-image-analyzer",
            "cold_start": number % 50 == 0,
            "function_name": "ai-image-analyzer-fastapi",
            "function_memory_size": "512",
            "function_arn": "arn:aws:lambda:ap-southeast-1:123456789012:function:ai-image-analyzer-fastapi",
            "function_request_id": request_id,
            "width": 640,
            "height": 480,
            "xray_trace_id": "1-6ac7d63e-397ed61b1542f1a3653bcd46",
        }
        emf = {
            "_aws": {
                "Timestamp": 1795402121886,
                "CloudWatchMetrics": [
                    {
                        "Namespace": "Analyzer",
                        "Dimensions": [["service"]],
                        "Metrics": [{"Name": "Analysed", "Unit": "Count"}],
                    }
                ],
            },
            "service": "ai-image-analyzer",
            "Analysed": [1.0],
        }
        init = "\tInit Duration: 412.10 ms" if number % 50 == 0 else ""
        texts = [
            f"START RequestId: {request_id} Version: $LATEST\n",
            f"[INFO]\t2026-11-23T02:48:41.886Z\t{request_id}\treading s3://images/cat-{number}.png\n",
            json.dumps(powertools) + "\n",
            f"[DEBUG]\t2026-11-23T02:48:41.899Z\t{request_id}\tdecoded in {number % 90}.2 ms\n",
            json.dumps(emf) + "\n",
            "plain text that some library printed\n",
            f"END RequestId: {request_id}\n",
            f"REPORT RequestId: {request_id}\tDuration: {number % 900}.13 ms\tBilled Duration: {number % 900 + 1} ms\t"
            f"Memory Size: 512 MB\tMax Memory Used: 188 MB{init}\t\n",
        ]
        made += [{"stream": stream, "message": text} for text in texts]
    return made


class Server:
    """The ledger server with that many events, as a process of its own."""

    def __init__(self, events: int) -> None:
        program = ROOT / "tests" / "fakes" / "ledger_server.py"
        self._process = subprocess.Popen(
            [sys.executable, str(program), str(events), GROUP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("\n".join(map(json.dumps, lines())))
        self._process.stdin.close()
        self.url, start = self._process.stdout.readline().split()
        self.start_ms = int(start)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def environment(server: Server) -> dict[str, str]:
    return clean_environment(
        PYTHONPATH=str(ROOT),
        AWS_ACCESS_KEY_ID="x",
        AWS_SECRET_ACCESS_KEY="x",
        AWS_DEFAULT_REGION="eu-west-1",
        AWS_ENDPOINT_URL=server.url,
        SAM_CLI_TELEMETRY="0",
        PYTHONWARNINGS="ignore",
    )


def run(command: list[str], server: Server, least: int, first_only: bool = False) -> tuple[float, float, int]:
    """Seconds that `command` took (to its first line, or to its end), by the clock and of a core; peak memory in KB."""
    began = time.perf_counter()
    pipe = subprocess.PIPE
    # In no project's folder: a configuration file there is not what is measured.
    with subprocess.Popen(command, env=environment(server), cwd="/", stdout=pipe, stderr=pipe) as process:
        assert process.stdout
        if first_only:
            process.stdout.readline()
            took, core_s = time.perf_counter() - began, core_seconds(process.pid)
            process.kill()
            process.communicate()
            return took, core_s, 0
        count = 0
        while chunk := process.stdout.read1(1 << 20):  # type: ignore[attr-defined]
            count += chunk.count(b"\n")
        errors = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - began
    if count < least:
        raise SystemExit(f"{command[:4]} printed {count} lines, not {least}: {errors.decode()[-600:]}")
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def core_seconds(pid: int) -> float:
    """What a process has taken of a core so far; 0.0 where the system does not tell (Linux's schedstat)."""
    try:
        texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    except OSError:
        return 0.0
    return sum(int(text.split()[0]) for text in texts) / 1e9


def monitor(server: Server, output: str, *more: str) -> list[str]:
    # The time as text: `--since` takes no epoch.
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(server.start_ms / 1000 - 1))
    tail = ["tail", GROUP, "--since", since, "--utc", "-o", output, *more]
    # What the installed script does.
    return [sys.executable, "-c", "from monitor.__main__ import main; main()", *tail]


def peers(folders: list[str], server: Server) -> dict[str, list[str]]:
    """The commands of the peers that are installed."""
    iso = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(server.start_ms / 1000 - 1))
    known = {
        "awslogs": ["get", GROUP, "ALL", "--start", iso, "--no-color", "--aws-region", "eu-west-1"],
        "sam": ["logs", "--cw-log-group", GROUP, "-s", iso, "--region", "eu-west-1"],
    }
    found: dict[str, list[str]] = {}
    for folder in folders:
        for name, arguments in known.items():
            program = Path(folder) / name
            if program.exists():
                found[name] = [str(program), *arguments]
    return found


def race(name: str, contestants: dict[str, list[str]], server: Server, rounds: int, least: dict[str, int]) -> None:
    """Run them in turns, print medians and ratios to the first."""
    times: dict[str, list[tuple[float, float]]] = {one: [] for one in contestants}
    for _ in range(rounds):
        for one, command in contestants.items():
            times[one].append(run(command, server, least.get(one, 0), name == "first line")[:2])
    base_s, base_core_s = (statistics.median(taken) for taken in zip(*next(iter(times.values())), strict=True))
    for one, taken in times.items():
        wall = [wall_s for wall_s, _ in taken]
        median_s, core_s = statistics.median(wall), statistics.median([core_s for _, core_s in taken])
        print(
            f"{name:12} {one:28} {median_s:6.2f} s ({min(wall):.2f}-{max(wall):.2f})  {median_s / base_s:5.2f} x"
            f"   of a core {core_s:5.2f} s  {core_s / (base_core_s or 1):5.2f} x",
            flush=True,
        )


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--events", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--million", action="store_true")
    options.add_argument("--peers", nargs="*", default=[])
    options.add_argument("--only", default="")
    asked = options.parse_args()
    with Server(asked.events) as server:
        start = str(server.start_ms - 1000)
        loop = [sys.executable, "-c", LOOP, GROUP, start]
        first = {"boto3, one call": [sys.executable, "-c", FIRST, GROUP, start]}
        for output in ("raw", "text"):
            first[f"monitor tail -o {output}"] = monitor(server, output)
        if asked.only in ("", "first"):
            race("first line", first, server, asked.rounds, {})
        past = {"boto3 loop": loop}
        for output in ("raw", "text", "json"):
            past[f"monitor tail -o {output}"] = monitor(server, output, "--no-follow")
        least = dict.fromkeys(past, asked.events) | {"monitor tail -o text": asked.events * 5 // 8}
        if asked.only in ("", "past"):
            race("past", past, server, asked.rounds, least)
        extra = peers(asked.peers, server)
        if extra:
            race("peers", {"boto3 loop": loop} | extra, server, 1, {})
    if asked.million:
        for events in (100_000, 1_000_000):
            with Server(events) as server:
                for output in ("raw", "text"):
                    took, _, peak_kb = run(monitor(server, output, "--no-follow"), server, events // 2)
                    print(
                        f"memory       {events:>9,} events -o {output}: {took:6.2f} s, {peak_kb / 1024:.0f} MB at most"
                    )


if __name__ == "__main__":
    main()
