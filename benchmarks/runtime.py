"""What the runtime costs a start, a warm invocation and memory, against stock Powertools and another vendor's library.

    python benchmarks/runtime.py [--rounds 15] [--warm 400] [--datadog VENV/bin/python]

Every contestant runs under awslambdaric in fresh processes, one after the other in each round, so that what the machine
does meanwhile hits all of them. Times are those seen at the Runtime API: from starting the process to the first
answer. `net` is what is above the bare handler. `--datadog` (or MONITOR_BENCH_DATADOG) is the interpreter of a venv of
the same Python with datadog-lambda and awslambdaric in it; its net is against the same bare handler there.
"""

import argparse
import compileall
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from monitor.runtime.imports import ImportTracer  # noqa: E402 - the checkout's, whatever is installed
from tests.fakes.runtime_api import Run, run_handler  # noqa: E402

ENTRY = "monitor.runtime.entry.lambda_handler"
EXAMPLE = ROOT / "examples" / "ai-image-analyzer-fastapi"

BARE = """
def handler(event, context):
    return {"total": sum(event["items"])}
"""
BODY = """
def handler(event, context):
    logger.info("adding", extra={"items": len(event["items"])})
    metrics.add_metric("Items", "Count", len(event["items"]))
    return {"total": sum(event["items"])}
"""
# The response is captured by neither: the work compared is the same.
STOCK = (
    "from aws_lambda_powertools import Logger, Metrics, Tracer\n"
    "logger = Logger()\nmetrics = Metrics()\ntracer = Tracer()\n"
    "@tracer.capture_lambda_handler(capture_response=False)\n@logger.inject_lambda_context\n"
    "@metrics.log_metrics(capture_cold_start_metric=True)" + BODY
)
OURS = "from monitor.runtime import logger, metrics\n" + BODY
EVENT = {"items": [1, 2, 3]}
POWERTOOLS = {"POWERTOOLS_SERVICE_NAME": "benchmark", "POWERTOOLS_METRICS_NAMESPACE": "Benchmark"}
DATADOG = {"DD_LAMBDA_HANDLER": "bare.handler", "DD_API_KEY": "none", "DD_FLUSH_TO_LOG": "true", "DD_SITE": "localhost"}


@dataclass
class Contestant:
    """A handler, how it is started, and what its processes measured."""

    name: str
    handler: str
    env: dict[str, str] = field(default_factory=dict)
    python: str = sys.executable
    starts_ms: list[float] = field(default_factory=list)
    inits_ms: list[float] = field(default_factory=list)
    peaks_kb: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    warm_ms: list[float] = field(default_factory=list)
    last: Run | None = None

    def run(self, package: Path, events: list[object]) -> Run:
        run = run_handler(self.handler, package, events, env=self.env, python=self.python, pythonpath=[])
        if len(run.results) != len(events):
            raise SystemExit(f"{self.name} failed: {run.init_error or run.errors}\n{run.stderr}")
        return run

    def start(self, package: Path, event: object) -> None:
        self.last = run = self.run(package, [event])
        self.inits_ms.append(run.init_ms)
        self.starts_ms.append(run.init_ms + run.durations_ms[0])
        self.peaks_kb.append(run.peak_kb)
        self.cpu_ms.append(run.cpu_ms)


median = statistics.median


def main() -> None:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder:
        package = _package(Path(folder) / "task")
        _starts(package, arguments.rounds, arguments.datadog)
        # Processes differ by more than their invocations do: twice as many of them.
        _warm(package, 2 * arguments.rounds, arguments.warm)
        example = _example(Path(folder) / "example")
        _example_start(example, arguments.rounds + 6)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15, help="fresh processes of each contestant")
    parser.add_argument("--warm", type=int, default=200, help="warm invocations of each process")
    parser.add_argument("--datadog", default=os.environ.get("MONITOR_BENCH_DATADOG"), metavar="PYTHON")
    return parser.parse_args()


def _package(task: Path) -> Path:
    task.mkdir()
    for name, source in {"bare": BARE, "stock": STOCK, "ours": OURS}.items():
        (task / f"{name}.py").write_text(source, encoding="utf-8")
    return _with_runtime(task)


def _example(task: Path) -> Path:
    shutil.copytree(EXAMPLE, task, ignore=shutil.ignore_patterns("__pycache__"))
    return _with_runtime(task)


def _with_runtime(task: Path) -> Path:
    """The package as `monitor` builds one: the runtime alone, and bytecode beside every module."""
    (task / "monitor").mkdir()
    shutil.copy(ROOT / "monitor" / "__init__.py", task / "monitor")
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "monitor" / "runtime", task / "monitor" / "runtime", ignore=ignore)
    compileall.compile_dir(task, quiet=1)
    return task


def _in_turn(contestants: list[Contestant], rounds: int, step: Callable[[Contestant], None]) -> None:
    """One process of each, in an order that moves on by one each round; the first round is not counted on."""
    for number in range(rounds):
        shift = number % len(contestants)
        for contestant in contestants[shift:] + contestants[:shift]:
            step(contestant)


def _starts(package: Path, rounds: int, datadog: str | None) -> None:
    bare = Contestant("bare handler", "bare.handler")
    stock = Contestant("stock Logger+Metrics+Tracer", "stock.handler", POWERTOOLS)
    copy = Contestant("the same again (noise)", "stock.handler", POWERTOOLS)
    ours = Contestant("this runtime, imports traced", ENTRY, {**POWERTOOLS, "MONITOR_HANDLER": "ours.handler"})
    rows = [(bare, bare), (stock, bare), (copy, bare), (ours, bare)]
    if datadog:
        theirs = Contestant("bare handler, the other venv", "bare.handler", python=datadog)
        rows += [(theirs, theirs)]
        rows += [(Contestant("datadog-lambda", "datadog_lambda.handler.handler", DATADOG, datadog), theirs)]
    contestants = [row[0] for row in rows]
    for contestant in contestants:
        contestant.run(package, [EVENT])  # file caches
    _in_turn(contestants, rounds, lambda one: one.start(package, EVENT))
    print(f"init + first invocation, {rounds} fresh processes each\n")
    print(f"  {'':32}{'median ms':>10}{'net ms':>9}{'x stock':>9}{'peak MB':>10}{'net MB':>9}{'x stock':>9}")
    stock_ms, stock_kb = _net(stock, bare)
    for contestant, reference in rows:
        net_ms, net_kb = _net(contestant, reference)
        print(
            f"  {contestant.name:32}{median(contestant.starts_ms):10.1f}{net_ms:9.1f}{net_ms / stock_ms:9.2f}"
            f"{median(contestant.peaks_kb) / 1024:10.1f}{net_kb / 1024:9.1f}{net_kb / stock_kb:9.2f}"
        )
    if not datadog:
        print("  (datadog-lambda was not run: give --datadog VENV/bin/python)")
    ours_ms, ours_kb = _net(ours, bare)
    _goal("init + first invocation, net, x stock", ours_ms / stock_ms, 0.30)
    _goal("peak memory, net, x stock", ours_kb / stock_kb, 0.40)


def _net(contestant: Contestant, reference: Contestant) -> tuple[float, float]:
    return (
        median(contestant.starts_ms) - median(reference.starts_ms),
        median(contestant.peaks_kb) - median(reference.peaks_kb),
    )


def _warm(package: Path, rounds: int, count: int) -> None:
    bare = Contestant("bare handler", "bare.handler")
    stock = Contestant("stock Logger+Metrics+Tracer", "stock.handler", POWERTOOLS)
    copy = Contestant("the same again (noise)", "stock.handler", POWERTOOLS)
    ours = Contestant("this runtime", ENTRY, {**POWERTOOLS, "MONITOR_HANDLER": "ours.handler"})
    contestants = [bare, stock, copy, ours]

    def step(one: Contestant) -> None:
        # The first ones are the cold start's and what it leaves to be loaded. Of the others the lower quartile: what
        # else the machine does only ever adds.
        durations = one.run(package, [EVENT] * (count + 20)).durations_ms[20:]
        one.warm_ms.append(statistics.quantiles(durations, n=4)[0])

    _in_turn(contestants, rounds, step)
    print(f"\nwarm invocation, {count} in each of {rounds} processes: the median of their lower quartiles\n")
    print(f"  {'':32}{'ms':>10}{'net ms':>9}{'x stock':>9}")
    floor = median(bare.warm_ms)
    stock_ms = median(stock.warm_ms) - floor
    for one in contestants:
        net_ms = median(one.warm_ms) - floor
        print(f"  {one.name:32}{median(one.warm_ms):10.3f}{net_ms:9.3f}{net_ms / stock_ms:9.2f}")
    _goal("warm, net, x stock", (median(ours.warm_ms) - floor) / stock_ms, 1.1)


def _example_start(package: Path, rounds: int) -> None:
    parsed = json.loads((package / "events" / "analyze.json").read_text(encoding="utf-8"))
    eager = {"APP_EAGER_SDK": "1"}
    bare = Contestant("the example, no instrument", "lambda_function.lambda_handler", eager)
    copy = Contestant("the same again (noise)", "lambda_function.lambda_handler", eager)
    variables = {**eager, **POWERTOOLS, "MONITOR_HANDLER": "app.main.handler"}
    ours = Contestant("the example, instrumented", ENTRY, variables)
    contestants = [bare, copy, ours]
    for one in contestants:
        one.run(package, [parsed])
    differences: list[tuple[float, float]] = []

    def step(one: Contestant) -> None:
        one.start(package, parsed)
        if one is ours and one.last is not None:
            details = one.last.messages("monitor.init")[0]["monitor_init"]
            differences.append((details["observed_init_ms"], one.last.init_ms))

    _in_turn(contestants, rounds, step)
    print(f"\nthe example (fastapi, boto3), init + first invocation, {rounds} fresh processes each\n")
    print(f"  {'':32}{'median ms':>10}{'x bare':>9}{'CPU ms':>10}{'x bare':>9}{'init ms':>10}{'peak MB':>10}")
    for one in contestants:
        print(
            f"  {one.name:32}{median(one.starts_ms):10.1f}{_paired(one.starts_ms, bare.starts_ms):9.2f}"
            f"{median(one.cpu_ms):10.1f}{_paired(one.cpu_ms, bare.cpu_ms):9.2f}{median(one.inits_ms):10.1f}"
            f"{median(one.peaks_kb) / 1024:10.1f}"
        )
    _goal("the example instrumented, x bare", _paired(ours.starts_ms, bare.starts_ms), 1.0)
    _goal("the same in CPU time, which a busy machine leaves alone", _paired(ours.cpu_ms, bare.cpu_ms), 1.0)
    _record(ours, differences)


def _paired(one: list[float], other: list[float]) -> float:
    """The median of the ratios within each round, whose processes ran next to each other."""
    return median(mine / theirs for mine, theirs in zip(one, other, strict=True))


def _record(ours: Contestant, differences: list[tuple[float, float]]) -> None:
    """What the record says against what the Runtime API saw, and what recording cost."""
    off = [abs(observed - seen) for observed, seen in differences]
    allowed = [max(12.0, 0.05 * seen) for _, seen in differences]
    print(f"\nthe record's total against the init that the Runtime API saw, {len(off)} starts\n")
    print(
        f"  median: {median(o for o, _ in differences):.1f} ms recorded, {median(s for _, s in differences):.1f} seen"
    )
    print(f"  off by {median(off):.1f} ms in the median, {max(off):.1f} at most")
    _goal("difference, x what is allowed (5 % or 12 ms)", max(o / a for o, a in zip(off, allowed, strict=True)), 1.0)
    assert ours.last is not None
    details = ours.last.messages("monitor.init")[0]["monitor_init"]
    count = details["imports"]["count"]
    each_us = _cost_of_one_import_us()
    share = count * each_us / 1000 / median(ours.inits_ms)
    print(f"\nthe import tracer: {count} imports x {each_us:.2f} us = {count * each_us / 1000:.2f} ms\n")
    _goal("the tracer's own cost, share of the init", share, 0.03)


def _cost_of_one_import_us() -> float:
    """What the wrapper adds to one call of importlib's _find_and_load, in microseconds: the median of 9 x 2,000."""

    def original(name: str, import_: object) -> None:
        """Nothing: what remains is the wrapper."""

    found = []
    for _ in range(9):
        tracer = ImportTracer()
        tracer._active = True
        wrapped = tracer._wrap(original)
        found.append((_time(wrapped) - _time(original)) * 1e6)
    return median(found)


def _time(function: Callable[[str, object], object], calls: int = 2000) -> float:
    began = time.perf_counter()
    for _ in range(calls):
        function("not.loaded", None)
    return (time.perf_counter() - began) / calls


def _goal(what: str, value: float, limit: float) -> None:
    print(f"\n  {'ok  ' if value <= limit else 'MISS'}  {what}: {value:.2f} (goal: at most {limit:.2f})")


if __name__ == "__main__":
    main()
