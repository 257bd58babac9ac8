"""What goes wrong around a handler stays around it: its results, errors and time are its own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.runtime_api import Run, run_handler

ENTRY = "monitor.runtime.entry.lambda_handler"
Package = Callable[..., Path]
ENV = {"MONITOR_HANDLER": "app.handler"}

# Logs, counts, traces; the result shows that all of the handler ran.
WORK = """
from monitor.runtime import logger, metrics, tracer
def handler(event, context):
    logger.info("working", extra={"n": event["n"]})
    metrics.add_metric("Items", "Count", 1)
    with tracer.provider.in_subsegment("## inside"):
        pass
    if event["n"] == 2:
        raise ValueError("the handler's own")
    return event["n"]
"""
EVENTS = [{"n": 1}, {"n": 2}, {"n": 3}]


def assert_untouched(run: Run) -> None:
    assert run.init_error is None
    assert run.results == [1, 3]
    assert [(error["errorType"], error["errorMessage"]) for error in run.errors] == [
        ("ValueError", "the handler's own")
    ]


STDOUT = {
    "the stream closed": "import sys\nsys.stdout.stream.close()\n",
    "the descriptor closed": "import os\nos.close(1)\n",
    "no stdout": "import sys\nsys.stdout = None\n",
    "a full disk": "import os\nos.dup2(os.open('/dev/full', os.O_WRONLY), 1)\n",
    "a broken pipe": "import os\nr, w = os.pipe()\nos.close(r)\nos.dup2(w, 1)\n",
}


@pytest.mark.parametrize("breaks", STDOUT.values(), ids=STDOUT.keys())
def test_a_stdout_that_cannot_be_written_changes_no_result(package: Package, breaks: str) -> None:
    # Awslambdaric itself does not survive having to report an error then: the handler raises none.
    run = run_handler(ENTRY, package(app=breaks + WORK), [{"n": 1}, {"n": 3}], env=ENV)
    assert run.results == [1, 3]


SOCKETS = {
    # The smallest send buffer that Linux gives takes no datagram of a handler's size.
    "a full UDP buffer": (
        "import socket\nfrom aws_xray_sdk.core import xray_recorder\n"
        "xray_recorder.emitter._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)\n"
    ),
    "a send that would block": (
        "from aws_xray_sdk.core import xray_recorder\n"
        "class Full:\n    def sendto(self, *arguments): raise BlockingIOError(11, 'Resource temporarily unavailable')\n"
        "xray_recorder.emitter._socket = Full()\n"
    ),
    "a closed socket": "from aws_xray_sdk.core import xray_recorder\nxray_recorder.emitter._socket.close()\n",
}


@pytest.mark.parametrize("breaks", SOCKETS.values(), ids=SOCKETS.keys())
def test_spans_that_cannot_be_sent_change_no_result(package: Package, breaks: str) -> None:
    run = run_handler(ENTRY, package(app=breaks + WORK), EVENTS, env=ENV)
    assert_untouched(run)
    assert len(run.messages("monitor.init")) == 1
    assert run.stdout.count('"message":"working"') == 3
    assert run.stdout.count('"Items":[1.0]') == 3


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1:99999", "tcp:1.2.3.4:5 udp:256.1.1.1:2000", ":::"])
def test_a_daemon_that_cannot_be_reached_is_at_most_a_warning(package: Package, address: str) -> None:
    run = run_handler(ENTRY, package(app=WORK), EVENTS, env={**ENV, "AWS_XRAY_DAEMON_ADDRESS": address})
    # Powertools' Tracer, which this handler uses, refuses such an address itself.
    code = "def handler(event, context):\n    return 1"
    plain = run_handler(ENTRY, package(app=code), EVENTS, env={**ENV, "AWS_XRAY_DAEMON_ADDRESS": address})
    assert plain.results == [1, 1, 1]
    warnings = [record["message"] for record in plain.records if record.get("level") == "WARNING"]
    assert set(warnings) <= {"monitor: sending the init's spans failed", "monitor: sending a subsegment failed"}
    assert run.results == [1, 3] or run.init_error is not None


FIELDS = {
    "an object": "object()",
    "bytes": "b'\\xff'",
    "a set in a dict with such keys": "{1: {2, 3}, (4, 5): 6}",
    "one that cannot even be shown": "Hostile()",
    "one that holds itself": "loop",
    "not a number": "float('nan')",
    "a lone surrogate": "'\\ud800'",
}
HOSTILE = (
    "class Hostile:\n    def __repr__(self): raise RuntimeError('no')\n    __str__ = __repr__\n"
    "loop = []\nloop.append(loop)\n"
)


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS.keys())
def test_a_value_that_json_has_no_form_for_changes_no_result_when_the_instruments_write_it(
    package: Package, field: str
) -> None:
    # Powertools itself shows what is added to metrics and traces, which calls the value's own __repr__.
    added = (
        ""
        if field == "Hostile()"
        else (f"    tracer.put_metadata('field', {field})\n    metrics.add_metadata('field', {field})\n")
    )
    logged = f"    logger.warning('field', extra={{'field': {field}}})\n"
    code = HOSTILE + WORK.replace("    if event", logged + added + "    if event")
    run = run_handler(ENTRY, package(app=code), EVENTS, env=ENV)
    assert_untouched(run)
    assert len(run.messages("working")) == 3


HEADERS = {
    "none": None,
    "not sampled": "Root=1-6ab3b0e9-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=0",
    "without a root": "Parent=53995c3f42cd8ad8;Sampled=1",
    "nonsense": ";;=;Root;Sampled=1=1;\x7f",
    "very long": "Root=" + "1" * 3000 + ";Parent=2;Sampled=1",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
def test_a_missing_or_broken_trace_header_changes_no_result(package: Package, header: str | None) -> None:
    run = run_handler(ENTRY, package(app=WORK), EVENTS, env=ENV, trace_header=header)
    assert_untouched(run)
    assert len(run.messages("monitor.init")) == 1
    assert len(run.messages("working")) == 3


# As sitecustomize runs before anything else, these see the imports of the runtime itself.
FINDERS = {
    "raises for Powertools": "if name.startswith('aws_lambda_powertools'): raise RuntimeError('hostile')",
    "raises for the SDK": "if name.startswith('aws_xray_sdk'): raise OSError('hostile')",
    "raises for wrapt": "if name == 'wrapt': raise SystemError('hostile')",
    "imports while it searches": "if name not in {'colorsys', 'wave', 'chunk'}: import colorsys, wave",
    "answers nonsense": "return 5 if name == 'jmespath' else None",
}


@pytest.mark.parametrize("body", FINDERS.values(), ids=FINDERS.keys())
def test_a_hostile_finder_changes_no_result(package: Package, body: str) -> None:
    finder = (
        "import sys\nclass Hostile:\n"
        f"    def find_spec(self, name, path=None, target=None):\n        {body}\n"
        "sys.meta_path.insert(0, Hostile())\n"
    )
    code = (
        "def handler(event, context):\n"
        "    if event['n'] == 2: raise ValueError(\"the handler's own\")\n    return event['n']"
    )
    run = run_handler(ENTRY, package(app=code, sitecustomize=finder), EVENTS, env=ENV)
    assert_untouched(run)
    assert len(run.messages("monitor.init")) == 1
    warnings = [record["message"] for record in run.records if record.get("level") == "WARNING"]
    assert len(warnings) <= 2
    assert all(message.startswith("monitor: ") for message in warnings)


def test_a_finder_that_appears_after_init_and_refuses_everything_changes_no_result(package: Package) -> None:
    code = (
        WORK + "import sys\nclass Hostile:\n"
        "    def find_spec(self, name, path=None, target=None): raise RuntimeError('hostile')\n"
        "sys.meta_path.insert(0, Hostile())\n"
    )
    run = run_handler(ENTRY, package(app=code), EVENTS, env=ENV)
    assert_untouched(run)
    assert len(run.messages("monitor.init")) == 1


def test_an_environment_that_lambda_does_not_set_changes_no_result(package: Package) -> None:
    names = ("FUNCTION_NAME", "FUNCTION_MEMORY_SIZE", "INITIALIZATION_TYPE", "LOG_STREAM_NAME", "FUNCTION_VERSION")
    env = {**ENV, **{f"AWS_LAMBDA_{name}": "" for name in names}, "AWS_REGION": "", "AWS_DEFAULT_REGION": ""}
    run = run_handler(ENTRY, package(app=WORK), EVENTS, env=env)
    assert_untouched(run)


def test_broken_settings_of_the_runtime_change_no_result(package: Package) -> None:
    env = {**ENV, "MONITOR_IMPORTS_MIN_MS": "1e309", "MONITOR_GC": "?", "MONITOR_TRIM": "maybe"}
    run = run_handler(ENTRY, package(app=WORK), EVENTS, env=env)
    assert_untouched(run)
    (record,) = run.messages("monitor.init")
    json.dumps(record, allow_nan=False)


def test_an_application_that_takes_the_instruments_apart_keeps_its_results(package: Package) -> None:
    code = (
        "import aws_lambda_powertools.metrics as m, aws_lambda_powertools.logging.logger as l\n"
        "from monitor.runtime import metrics\n"
        "def broken(*a, **k): raise RuntimeError('broken')\n"
        "type(metrics.provider).add_cold_start_metric = broken\n"
        "type(metrics).flush_metrics = broken\nl.build_lambda_context_model = broken\n" + WORK
    )
    run = run_handler(ENTRY, package(app=code), EVENTS, env=ENV)
    assert_untouched(run)
    warnings = [record["message"] for record in run.records if record.get("level") == "WARNING"]
    assert warnings == [
        "monitor: the logger's context failed",
        "monitor: writing metrics failed",
    ]


def test_a_clock_that_raises_changes_no_result_and_no_record(package: Package) -> None:
    code = (
        "import time\ndef stuck(*_): raise RuntimeError('no time')\n"
        "for name in ('time', 'time_ns', 'perf_counter', 'perf_counter_ns', 'clock_gettime', 'clock_gettime_ns',\n"
        "             'gmtime', 'strftime'):\n    setattr(time, name, stuck)\n"
        "def handler(event, context): return 'ran'"
    )
    run = run_handler(ENTRY, package(app=code), [{}, {}], env={"MONITOR_HANDLER": "app.handler"})
    assert run.results == ["ran", "ran"]
    assert len(run.messages("monitor.init")) == 1
    assert [record for record in run.records if record.get("level") == "WARNING"] == []


def _chain(package: Package, length: int) -> Path:
    """A package whose handler's module imports `length` modules, each inside the one before."""
    modules = {f"m{number}": f"import m{number + 1}" for number in range(length)}
    return package(app="import m0\ndef handler(event, context): return 'ran'", **modules, **{f"m{length}": ""})


def test_a_chain_of_imports_that_just_fits_into_the_recursion_limit_fits_with_the_runtime(package: Package) -> None:
    fits, too_long = 50, 400
    while too_long - fits > 1:
        length = (fits + too_long) // 2
        works = run_handler("app.handler", _chain(package, length), [{}]).results == ["ran"]
        fits, too_long = (length, too_long) if works else (fits, length)
    run = run_handler(ENTRY, _chain(package, fits), [{}], env={"MONITOR_HANDLER": "app.handler"})
    assert run.results == ["ran"]
    run = run_handler(ENTRY, _chain(package, too_long + 60), [{}], env={"MONITOR_HANDLER": "app.handler"})
    assert (run.init_error or {}).get("errorType") == "RecursionError"
    assert len(run.messages("monitor.init")) == 1
