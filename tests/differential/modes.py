"""The three ways in which a handler runs: bare, under stock Powertools, and wrapped in the runtime."""

import compileall
import functools
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import monitor
from tests.fakes.runtime_api import SAMPLED, Run, run_handler

ENTRY = "monitor.runtime.entry.lambda_handler"
PROBE = Path(__file__).with_name("probe.py")
STOCK = """
import importlib, os
from aws_lambda_powertools import Logger, Metrics, Tracer
module, _, name = os.environ["MONITOR_HANDLER"].rpartition(".")
logger, metrics, tracer = Logger(), Metrics(), Tracer()
inner = getattr(importlib.import_module(module.replace("/", ".")), name)
def call(event, context):
    return inner(event, context)
handler = tracer.capture_lambda_handler(
    logger.inject_lambda_context(metrics.log_metrics(call, capture_cold_start_metric=True)))
"""

# On a busy machine, an invocation under `tracemalloc` takes ten seconds and more.
_WITHIN_S = 240


@dataclass(frozen=True)
class Case:
    """A handler in a folder, the events it gets, and how its environment is set up.

    `libraries` are folders that stand in for a layer; they come after the package on the path.
    """

    folder: Path
    handler: str
    events: Sequence[Any] = ({}, {}, {})
    env: dict[str, str] = field(default_factory=dict)
    libraries: Sequence[Path] = ()
    python: str | None = None
    trace_header: str | None = SAMPLED


@dataclass(frozen=True)
class Outcome:
    """A run, and the state of its process after each invocation."""

    run: Run
    states: list[dict[str, Any]]
    # Whether the runtime was asked to trace more than AWS calls.
    patched: bool = False


@functools.cache
def runtime_folder() -> Path:
    """The runtime alone, as a layer holds it, with bytecode for the interpreter that asks first."""
    folder = Path(tempfile.mkdtemp(prefix="monitor-differential-"))
    source = Path(os.environ.get("MONITOR_DIFFERENTIAL_RUNTIME") or Path(monitor.__file__).parent)
    (folder / "monitor").mkdir()
    shutil.copy(source / "__init__.py", folder / "monitor")
    shutil.copytree(source / "runtime", folder / "monitor" / "runtime", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "stock_entry.py").write_text(STOCK, encoding="utf-8")
    compileall.compile_dir(folder, quiet=1)
    return folder


def run_bare(case: Case) -> Outcome:
    """The handler as Lambda's own runtime client calls it."""
    return _run(case, case.handler)


def run_stock(case: Case) -> Outcome:
    """The handler inside Powertools' three decorators."""
    return _run(case, "stock_entry.handler")


def run_wrapped(case: Case) -> Outcome:
    """The handler behind the runtime's entry point."""
    return _run(case, ENTRY)


def _run(case: Case, handler: str) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="monitor-state-") as work:
        states = Path(work) / "states"
        env = {
            # Lambda's reserved variable names the handler that is configured: for the application the entry point is
            # none, so bare and wrapped start from the same value.
            "_HANDLER": handler,
            "MONITOR_HANDLER": case.handler,
            "DIFFERENTIAL_STATE": str(states),
            "PYTHONDONTWRITEBYTECODE": "1",
            # Servers that this machine has for the pieces of applications.
            **{name: value for name, value in os.environ.items() if name.startswith("DIFFERENTIAL_")},
            "PYTHONHASHSEED": "0",  # libraries that walk sets do so in the same order
            **case.env,
        }
        named = {} if case.python is None else {"python": case.python}
        run = run_handler(
            handler,
            case.folder,
            list(case.events),
            env=env,
            trace_header=case.trace_header,
            pythonpath=[*case.libraries, runtime_folder()],
            launcher=(str(PROBE),),
            timeout_s=_WITHIN_S,
            **named,  # type: ignore[arg-type]
        )
        text = states.read_text(encoding="utf-8") if states.exists() else ""
    return Outcome(run, [json.loads(line) for line in text.splitlines()], "MONITOR_PATCH" in case.env)
