"""How fast, in how much memory, and how exactly `monitor coldstarts --from FILE` reads a log.

    python benchmarks/coldstarts.py [--lines 1000000] [--large 5000000]

Two kinds of file are made, each as `aws logs tail` writes it (a time and a stream before each message) and as bare
messages: `mixed`, 3 of the platform's lines in 10 (the rest Powertools' JSON, runtime text and EMF), and `platform`,
START, END and REPORT alone. Each run is a process of its own, so that its peak memory is its own. Percentiles are
compared with those of the same values by statistics.quantiles, which like numpy's default interpolates linearly. Of
five runs the one with the least processor time is shown: other work on the machine only ever makes it longer.
"""

import argparse
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

# One invocation in a hundred is cold; 20 execution environments run at once, their lines interleaved.
COLD_EVERY, AT_ONCE = 100, 20
START = datetime(2026, 11, 23, tzinfo=UTC)


def messages(chance: random.Random, number: int, mixed: bool, values: dict[str, list[float]]) -> Iterator[str]:
    """The messages of one invocation; its figures are appended to `values`."""
    request_id = f"{chance.getrandbits(32):08x}-1111-4222-8333-{number:012x}"
    cold, duration = number // AT_ONCE % COLD_EVERY == 0, round(chance.lognormvariate(3.2, 0.9), 2)
    values["cold" if cold else "warm"].append(duration)
    if cold:
        yield "INIT_START Runtime Version: python:3.12.v5\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:ab"
    yield f"START RequestId: {request_id} Version: {7 + number % 2}"
    if mixed:
        for step in range(5):
            yield (
                f'{{"level":"INFO","location":"analyze:{step}","message":"step {step} of the image\'s way through",'
                f'"timestamp":"2026-11-23 02:48:41,886+0000","service":"analyzer","cold_start":{str(cold).lower()},'
                f'"function_name":"ai","function_request_id":"{request_id}","xray_trace_id":"1-5e34a614-10bdabcdef"}}'
            )
        yield f"[INFO]\t2026-11-23T02:48:41.886Z\t{request_id}\tanalyzed one image in 12 ms"
        yield (
            '{"_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"ai","Dimensions":[["service"]],"Metrics":'
            '[{"Name":"Images","Unit":"Count"}]}]},"service":"analyzer","Images":[1.0]}'
        )
    yield f"END RequestId: {request_id}"
    init = round(chance.lognormvariate(6, 0.4), 2)
    if cold:
        values["init"].append(init)
    yield (
        f"REPORT RequestId: {request_id}\tDuration: {duration} ms\tBilled Duration: {int(duration) + 1} ms"
        f"\tMemory Size: 1024 MB\tMax Memory Used: {100 + number % 90} MB\t"
        + (f"Init Duration: {init} ms\t" if cold else "")
    )


def write(path: Path, lines: int, *, mixed: bool, tailed: bool) -> dict[str, list[float]]:
    """Write about `lines` lines; returns the figures that are in them."""
    chance, written, number = random.Random(5), 0, 0
    values: dict[str, list[float]] = {"cold": [], "warm": [], "init": []}
    with path.open("w", encoding="utf-8") as file:
        while written < lines:
            at = (START + timedelta(milliseconds=number * 20)).isoformat(timespec="microseconds")
            stream = f"2026/11/23/[7]{number // (AT_ONCE * COLD_EVERY) * AT_ONCE + number % AT_ONCE:032x}"
            prefix = f"{at} {stream} " if tailed else ""
            for message in messages(chance, number, mixed, values):
                file.write(f"{prefix}{message}\n")
                written += 1
            number += 1
    return values


_REPORT = re.compile(
    r"REPORT RequestId: (\S+)\tDuration: ([\d.]+) ms\tBilled Duration: (\d+) ms\tMemory Size: (\d+) MB"
    r"\tMax Memory Used: (\d+) MB(?:\tInit Duration: ([\d.]+) ms)?"
)


def naive(path: Path) -> int:
    """What a person writes in a minute: figures of REPORT lines, and nothing else."""
    inits: list[float] = []
    warm: list[float] = []
    lines = 0
    with path.open(encoding="utf-8") as file:
        for line in file:
            lines += 1
            found = _REPORT.search(line)
            if found is not None and found[6]:
                inits.append(float(found[6]))
            elif found is not None:
                warm.append(float(found[2]))
    return lines


def measure(path: Path) -> None:
    """Read the file as the command does, and print what it took: this process does nothing else."""
    from monitor.coldstarts.analyze_report import report_of
    from monitor.coldstarts.workflow import read_tallies
    from monitor.logs.command_input import collect_rarely
    from monitor.logs.model_saved import SavedFiles
    from monitor.logs.workflow_reading import open_saved

    # As the command does.
    collect_rarely()
    began, began_cpu = time.perf_counter(), time.process_time()
    report = report_of(read_tallies(open_saved(SavedFiles((str(path),))), None, lambda _: None), "scan")
    wall, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    # Not ru_maxrss, which a process that was forked inherits from its parent. The naive loop keeps every duration, so
    # the peak is read before it runs.
    peak_kb = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    peak_mb = int(peak_kb.split()[1]) / 1024
    began_cpu = time.process_time()
    lines = naive(path)
    naive_s = time.process_time() - began_cpu
    summary = report.summaries[0]
    found = {
        name: [spread.count, spread.p50, spread.p90, spread.p99, spread.exact]
        for name, spread in (("init", summary.init), ("warm", summary.warm_duration))
    }
    print(
        json.dumps(
            {"lines": lines, "wall_s": wall, "cpu_s": cpu, "naive_s": naive_s, "peak_mb": peak_mb, "found": found}
        )
    )


def run(path: Path) -> dict[str, Any]:
    """`measure` in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--measure", str(path)], capture_output=True, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def errors(found: dict[str, list[float]], values: dict[str, list[float]]) -> str:
    """The greatest relative error of the percentiles, and the error that is stated."""
    worst = []
    for name in ("init", "warm"):
        count, *percentiles, exact = found[name]
        assert count == len(values[name]), (name, count, len(values[name]))
        cuts = statistics.quantiles(values[name], n=100, method="inclusive")
        far = max(abs(got / cuts[at] - 1) for got, at in zip(percentiles, (49, 89, 98), strict=True))
        bound = 1e-9 if exact else 0.005
        worst.append(f"{name} {far:.4%} of {'0 (exact)' if exact else '0.5 %'} {'ok' if far <= bound else 'EXCEEDED'}")
    return ", ".join(worst)


def told(results: list[dict[str, Any]]) -> str:
    """The least disturbed run: its rate by the clock and by the processor's time, and against a naive loop."""
    one = min(results, key=lambda result: result["cpu_s"])
    return (
        f"{one['lines']:,} lines, {one['lines'] / one['wall_s']:,.0f} lines/s by the clock, "
        f"{one['lines'] / one['cpu_s']:,.0f} by processor time (goal 400,000), "
        f"{one['cpu_s'] / one['naive_s']:.2f} x a naive loop over REPORT (goal 1.0), peak {one['peak_mb']:.1f} MB"
    )


def main() -> None:
    """Make the files, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--large", type=int, default=5_000_000)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        peaks: dict[str, float] = {}
        for mixed in (True, False):
            for tailed in (True, False):
                kind = f"{'mixed' if mixed else 'platform'}, {'aws logs tail' if tailed else 'bare messages'}"
                values = write(path, options.lines, mixed=mixed, tailed=tailed)
                results = [run(path) for _ in range(5)]
                peaks[kind] = results[0]["peak_mb"]
                print(f"{kind}: {told(results)}; percentiles off by {errors(results[0]['found'], values)}", flush=True)
        for mixed in (True, False):
            kind = f"{'mixed' if mixed else 'platform'}, aws logs tail"
            values = write(path, options.large, mixed=mixed, tailed=True)
            one = run(path)
            ratio = one["peak_mb"] / peaks[kind]
            print(
                f"{kind}: {told([one])}, memory {ratio:.3f} x that of {options.lines:,} lines (goal 0.9 to 1.1); "
                f"percentiles off by {errors(one['found'], values)}",
                flush=True,
            )


if __name__ == "__main__":
    main()
