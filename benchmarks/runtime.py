"""What the runtime costs a start, a warm invocation and memory, beside stock Powertools, Datadog's and AWS's libraries.

    python benchmarks/runtime.py [--rounds 15] [--warm 200] [--datadog VENV/bin/python] [--otel FOLDER]

Every contestant runs under awslambdaric in fresh processes, one after the other in each round, so that what the machine
does meanwhile affects all of them. Times are those seen at the Runtime API: from starting the process to the first
answer. `net` is what is above the bare handler; `CPU` is what the main thread computed, which a busy machine changes
less. `--datadog` (or MONITOR_BENCH_DATADOG) is the interpreter of a venv of the same Python with datadog-lambda and
awslambdaric in it; its net is against the same bare handler there. `--otel` (or MONITOR_BENCH_OTEL) is a folder with
aws-opentelemetry-distro and boto3 in it (`pip install --target`): AWS's light SDK is started as its layer's wrapper
starts it under OTEL_AWS_LAMBDA_FAST_START=true, the full one by `opentelemetry-instrument`.
"""

import argparse
import compileall
import contextlib
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from monitor.runtime.imports import ImportTracer  # noqa: E402 - the checkout's, whatever is installed
from tests.fakes.otlp import spans_of_datagrams  # noqa: E402
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
# A boto3 call to a server on this machine, which answers at once.
AWS_CALL = """
import os, boto3
client = boto3.client("dynamodb", endpoint_url=os.environ["BENCH_ENDPOINT"])
def handler(event, context):
    client.get_item(TableName="t", Key={"id": {"S": "1"}})
    return 1
"""
STOCK_CALL = "from aws_lambda_powertools import Tracer\ntracer = Tracer()\n" + AWS_CALL.replace(
    "def handler", "@tracer.capture_lambda_handler(capture_response=False)\ndef handler"
)
# AWS's layer for Python (aws-observability/aws-otel-python-instrumentation, lambda-layer/src/otel_wrapper.py).
OTEL_WRAPPER = """
import os
from importlib import import_module
from opentelemetry.instrumentation.aws_lambda import AwsLambdaInstrumentor
from opentelemetry.propagate import get_global_textmap
if os.environ.get("OTEL_AWS_LAMBDA_FAST_START") == "true":
    from amazon.opentelemetry.distro.opentelemetry_lite_sdk import configure_lite_mode
    configure_lite_mode()
def extract(event):
    return get_global_textmap().extract({"X-Amzn-Trace-Id": os.environ["_X_AMZN_TRACE_ID"]})
AwsLambdaInstrumentor().instrument(event_context_extractor=extract)
module, _, name = os.environ["ORIG_HANDLER"].rpartition(".")
lambda_handler = getattr(import_module(module), name)
"""
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
    pythonpath: tuple[Path, ...] = ()
    launcher: tuple[str, ...] = ("-m", "awslambdaric")
    starts_ms: list[float] = field(default_factory=list)
    inits_ms: list[float] = field(default_factory=list)
    peaks_kb: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    warm_ms: list[float] = field(default_factory=list)
    last: Run | None = None

    def run(self, package: Path, events: list[object]) -> Run:
        run = run_handler(
            self.handler,
            package,
            events,
            env=self.env,
            python=self.python,
            pythonpath=list(self.pythonpath),
            launcher=self.launcher,
        )
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
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as folder, _dynamodb() as endpoint:
        package = _package(Path(folder) / "task")
        _starts(package, arguments.rounds, arguments.datadog)
        _calls(package, arguments.rounds, endpoint)
        if arguments.otel:
            _opentelemetry(package, arguments.rounds, arguments.otel, endpoint)
        # Processes differ by more than their invocations do: twice as many of them.
        _warm(package, 2 * arguments.rounds, arguments.warm)
        if not arguments.quick:
            example = _example(Path(folder) / "example")
            _example_start(example, arguments.rounds + 6)


class _DynamoDB(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_arguments: object) -> None:
        """Keep the table readable."""


@contextlib.contextmanager
def _dynamodb() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _DynamoDB)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15, help="fresh processes of each contestant")
    parser.add_argument("--warm", type=int, default=200, help="warm invocations of each process")
    parser.add_argument("--quick", action="store_true", help="without the example")
    parser.add_argument("--otel", default=os.environ.get("MONITOR_BENCH_OTEL"), type=Path, metavar="FOLDER")
    parser.add_argument("--datadog", default=os.environ.get("MONITOR_BENCH_DATADOG"), metavar="PYTHON")
    return parser.parse_args()


def _package(task: Path) -> Path:
    task.mkdir()
    for name, source in {
        "bare": BARE,
        "stock": STOCK,
        "ours": OURS,
        "call": AWS_CALL,
        "stock_call": STOCK_CALL,
        "otel_wrapper": OTEL_WRAPPER,
    }.items():
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
    ours = Contestant("this runtime, logger and metrics", ENTRY, {**POWERTOOLS, "MONITOR_HANDLER": "ours.handler"})
    alone = Contestant("this runtime, no instrument", ENTRY, {**POWERTOOLS, "MONITOR_HANDLER": "bare.handler"})
    rows = [(bare, bare), (stock, bare), (copy, bare), (ours, bare), (alone, bare)]
    if datadog:
        theirs = Contestant("bare handler, the other venv", "bare.handler", python=datadog)
        rows += [(theirs, theirs)]
        rows += [(Contestant("datadog-lambda", "datadog_lambda.handler.handler", DATADOG, datadog), theirs)]
    ours_ms, ours_kb = _table(
        "init + first invocation, a handler with logger and metrics", package, rounds, rows, stock, ours
    )
    if not datadog:
        print("  (datadog-lambda was not run: give --datadog VENV/bin/python)")
    _goal("init + first invocation, net, x stock", ours_ms, 0.12)
    _goal("peak memory, net, x stock", ours_kb, 0.15)


def _calls(package: Path, rounds: int, endpoint: str) -> None:
    env = {**POWERTOOLS, "BENCH_ENDPOINT": endpoint}
    bare = Contestant("bare handler with boto3", "call.handler", env)
    stock = Contestant("stock Tracer", "stock_call.handler", env)
    ours = Contestant("this runtime", ENTRY, {**env, "MONITOR_HANDLER": "call.handler"})
    rows = [(bare, bare), (stock, bare), (ours, bare)]
    ours_ms, _ = _table("init + first invocation, a traced boto3 call", package, rounds, rows, stock, ours)
    _goal("a traced boto3 call, net, x stock", ours_ms, 0.25)


def _opentelemetry(package: Path, rounds: int, folder: Path, endpoint: str) -> None:
    """AWS's light and full SDKs beside this runtime, all with boto3 from the same folder."""
    layer = (folder.resolve(),)
    env = {"BENCH_ENDPOINT": endpoint}
    otel = env | {
        "ORIG_HANDLER": "call.handler",
        "OTEL_SERVICE_NAME": "benchmark",
        "OTEL_PROPAGATORS": "baggage,xray,tracecontext",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_PYTHON_DISTRO": "aws_distro",
        "OTEL_PYTHON_CONFIGURATOR": "aws_configurator",
        "OTEL_AWS_APPLICATION_SIGNALS_ENABLED": "true",
        "OTEL_AWS_APPLICATION_SIGNALS_RUNTIME_ENABLED": "false",
        # As the layer sets it: of the libraries that it can trace, only these are.
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": ",".join(_disabled(folder)),
    }
    wrapper = "otel_wrapper.lambda_handler"
    bare = Contestant("bare handler with boto3", "call.handler", env, pythonpath=layer)
    light = Contestant("AWS's light SDK", wrapper, otel | {"OTEL_AWS_LAMBDA_FAST_START": "true"}, pythonpath=layer)
    instrument = (str(folder.resolve() / "bin" / "opentelemetry-instrument"), sys.executable, "-m", "awslambdaric")
    full = Contestant("AWS's full SDK", wrapper, otel, pythonpath=layer, launcher=instrument)
    ours = Contestant(
        "this runtime, OTLP",
        ENTRY,
        env | {"MONITOR_HANDLER": "call.handler", "MONITOR_TRACES": "otlp"},
        pythonpath=layer,
    )
    rows = [(one, bare) for one in (bare, light, full, ours)]
    ours_ms, _ = _table(
        "init + first invocation, OpenTelemetry with a traced boto3 call", package, rounds, rows, light, ours
    )
    _goal("OpenTelemetry, net, x AWS's light SDK", ours_ms, 0.30)
    for one in (light, full, ours):
        sent = [
            span for span in spans_of_datagrams(one.last.otlp if one.last else []) if span.kind in ("SERVER", "CLIENT")
        ]
        print(f"  spans of {one.name}: {', '.join(f'{span.name} ({span.kind})' for span in sent) or 'none'}")


def _disabled(folder: Path) -> list[str]:
    kept = {"botocore", "urllib3", "urllib"}
    names = [path.name for path in (folder / "opentelemetry" / "instrumentation").iterdir() if path.is_dir()]
    spelled = {name.replace("_", "-") for name in names} | set(names)
    # The library `mcp` is in this environment for monitor itself: a function's package does not have it.
    return sorted((spelled | {"aws-lambda", "asyncio", "aws_mcp"}) - kept)


def _table(
    title: str,
    package: Path,
    rounds: int,
    rows: list[tuple[Contestant, Contestant]],
    unit: Contestant,
    ours: Contestant,
) -> tuple[float, float]:
    """Run all in turn and print a row for each; returns our net time and memory in units of `unit`'s."""
    contestants = [row[0] for row in rows]
    for contestant in contestants:
        contestant.run(package, [EVENT])  # file caches
    _in_turn(contestants, rounds, lambda one: one.start(package, EVENT))
    print(f"\n{title}, {rounds} fresh processes each\n")
    columns = ("median ms", 10), ("net ms", 9), ("x unit", 8), ("CPU net", 9), ("x unit", 8)
    columns += ("peak MB", 9), ("net MB", 8), ("x unit", 8)
    print(f"  {'':32}" + "".join(f"{name:>{width}}" for name, width in columns))
    references = {id(one): reference for one, reference in rows}
    unit_ms, unit_cpu, unit_kb = _net(unit, references[id(unit)])
    for contestant, reference in rows:
        net_ms, net_cpu, net_kb = _net(contestant, reference)
        print(
            f"  {contestant.name:32}{median(contestant.starts_ms):10.1f}{net_ms:9.1f}{net_ms / unit_ms:8.2f}"
            f"{net_cpu:9.1f}{net_cpu / unit_cpu:8.2f}"
            f"{median(contestant.peaks_kb) / 1024:9.1f}{net_kb / 1024:8.1f}{net_kb / unit_kb:8.2f}"
        )
    net_ms, _, net_kb = _net(ours, references[id(ours)])
    return net_ms / unit_ms, net_kb / unit_kb


def _net(contestant: Contestant, reference: Contestant) -> tuple[float, float, float]:
    return (
        median(contestant.starts_ms) - median(reference.starts_ms),
        median(contestant.cpu_ms) - median(reference.cpu_ms),
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
    _goal("warm, net, x stock", (median(ours.warm_ms) - floor) / stock_ms, 1.0)


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
    _goal("difference, x what is allowed (5% or 12 ms)", max(o / a for o, a in zip(off, allowed, strict=True)), 1.0)
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
        tracer._recording = True
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
