"""Handlers by chance: pieces of what applications do at import and in a handler, put together from a seed.

Every piece looks at something that a runtime around the handler could change, and what it sees becomes part of the
answer.
"""

import functools
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.differential.pieces import (
    endings,
    exceptions,
    heavy,
    interpreter,
    libraries,
    logging,
    modules,
    powertools,
    process,
    python,
    utilities,
)
from tests.differential.pieces.piece import Piece
from tests.fakes.runtime_api import SAMPLED

PIECES = (
    *python.PIECES,
    *process.PIECES,
    *modules.PIECES,
    *logging.PIECES,
    *endings.PIECES,
    *exceptions.PIECES,
    *interpreter.PIECES,
    *libraries.PIECES,
    *powertools.PIECES,
    *utilities.PIECES,
    *heavy.PIECES,
)

# How the environment is set up, beside the code; most handlers get the first.
ENVIRONMENTS: tuple[dict[str, str], ...] = (
    {},
    {"PYTHONWARNINGS": "error"},
    {"PYTHONWARNINGS": "always"},
    {"PYTHONDEVMODE": "1"},
    {"PYTHONOPTIMIZE": "2"},
    {"PYTHONUNBUFFERED": "1"},
    {"PYTHONASYNCIODEBUG": "1"},
    {"PYTHONMALLOC": "debug"},
    {"PYTHONFAULTHANDLER": "1"},
    {"PYTHONTRACEMALLOC": "1"},
    {"AWS_LAMBDA_LOG_FORMAT": "JSON"},
    {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "DEBUG"},
    {"AWS_LAMBDA_LOG_LEVEL": "ERROR"},
    {"POWERTOOLS_SERVICE_NAME": "shop", "POWERTOOLS_METRICS_NAMESPACE": "Shop", "POWERTOOLS_LOGGER_LOG_EVENT": "1"},
    {"POWERTOOLS_TRACER_CAPTURE_RESPONSE": "true"},
    {"POWERTOOLS_TRACE_DISABLED": "1"},
    {"POWERTOOLS_DEV": "1"},
    {"POWERTOOLS_METRICS_DISABLED": "true"},
    {"AWS_XRAY_SDK_ENABLED": "false"},
    {"AWS_XRAY_CONTEXT_MISSING": "RUNTIME_ERROR"},
    {"AWS_LAMBDA_INITIALIZATION_TYPE": "provisioned-concurrency"},
    {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"},
    {"AWS_EXECUTION_ENV": "AWS_Lambda_python3.13"},
    {"MONITOR_TRACES": "otlp"},
    {"MONITOR_TRACES": "none"},
    {"MONITOR_TRACES": "otlp", "OTEL_TRACES_SAMPLER": "always_off"},
    {"PYTHONWARNDEFAULTENCODING": "1", "PYTHONWARNINGS": "error"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONUTF8": "1"},
    {"PYTHONNODEBUGRANGES": "1"},
    {"LC_ALL": "C"},
    {"TZ": "Asia/Kathmandu"},
    {"POWERTOOLS_LOG_LEVEL": "DEBUG", "POWERTOOLS_LOGGER_SAMPLE_RATE": "1"},
    {"POWERTOOLS_LOG_DEDUPLICATION_DISABLED": "1"},
    {"POWERTOOLS_TRACER_CAPTURE_ERROR": "false"},
    {"AWS_XRAY_DAEMON_ADDRESS": "nowhere"},
    {"AWS_XRAY_TRACING_NAME": "named"},
    {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128"},
    {"LAMBDA_TASK_ROOT": ""},
    {"MONITOR_PATCH": "all"},
    {"MONITOR_PATCH": "all", "MONITOR_TRACES": "otlp"},
    {"MONITOR_IMPORTS": "0"},
    {"MONITOR_GC": "0"},
)
# The header of the invocation's trace; most are sampled.
HEADERS = (
    SAMPLED.replace("Sampled=1", "Sampled=0"),
    SAMPLED + ";Lineage=1:abcdef01:0",
    SAMPLED.partition(";")[0],
    "not a header",
    None,
)
_USUAL = 0.5
_FAILS = 0.06
_OTHER_HEADER = 0.2


@dataclass(frozen=True, slots=True)
class Generated:
    """A handler in a folder: the names of its pieces, its name for Lambda, its environment and its trace's header."""

    pieces: list[str]
    handler: str
    env: dict[str, str]
    trace_header: str | None = SAMPLED


def write_handler(seed: int, folder: Path, available: frozenset[str]) -> Generated:
    """Write a module whose `handler` is made from `seed` into `folder`, of pieces whose needs are `available`."""
    chance = random.Random(seed)
    choice = [piece for piece in PIECES if available.issuperset(piece.needs)]
    pieces = chance.sample(choice, chance.randint(1, 5))
    wrapper, named = chance.choice(endings.WRAPPERS)
    place, pattern = chance.choice(endings.PLACES) if chance.random() > _USUAL else endings.PLACES[0]
    env = chance.choice(ENVIRONMENTS) if chance.random() > _USUAL else {}
    header = chance.choice(HEADERS) if chance.random() < _OTHER_HEADER else SAMPLED
    failure = chance.choice(endings.FAILED_INITS) if chance.random() < _FAILS else ""
    names = [piece.name for piece in pieces] + ([failure] if failure else [])
    _write_files(folder, pieces)
    target = folder / place
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(f"{_source(pieces)}\n{wrapper}{failure}\n", encoding="utf-8")
    handler = pattern.format(module="app", name=(named or "app.handler").removeprefix("app."))
    return Generated(names, handler, env, header)


def write_piece(piece: Piece, folder: Path, env: dict[str, str]) -> Generated:
    """Write a module whose handler is this piece alone."""
    _write_files(folder, [piece])
    (folder / "app.py").write_text(f"{_source([piece])}\nhandler = work\n", encoding="utf-8")
    return Generated([piece.name], "app.handler", env)


def _source(pieces: Sequence[Piece]) -> str:
    module, lines, answers, after = ["import os"], [], [], []
    for number, piece in enumerate(pieces):
        module.append(_numbered(piece.module, number))
        if piece.handler:
            lines.append("    " + _numbered(piece.handler, number))
        answers.append(_numbered(piece.answer, number))
        after.append(_numbered(piece.after, number))
    return "\n".join([*module, "def work(event, context):", *lines, f"    return [{', '.join(answers)}]", *after])


def _write_files(folder: Path, pieces: Sequence[Piece]) -> None:
    for number, piece in enumerate(pieces):
        for name, text in piece.files:
            file = folder / _numbered(name, number)
            file.parent.mkdir(exist_ok=True)
            file.write_text(_numbered(text, number), encoding="utf-8")
    for name, text in endings.FAILING_FILES:
        (folder / name).write_text(text, encoding="utf-8")


def _numbered(text: str, number: int) -> str:
    return text.replace("{n}", str(number))


@functools.cache
def available(python: str | None = None, libraries: Sequence[Path] = ()) -> frozenset[str]:
    """Which of the pieces' needs an interpreter has, with these folders on its path; `$NAME` is a variable of ours."""
    needs = sorted({need for piece in PIECES for need in piece.needs})
    code = (
        "import importlib.util, sys\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n        if importlib.util.find_spec(name): print(name)\n"
        "    except ImportError: pass"
    )
    done = subprocess.run(
        [python or sys.executable, "-c", code, *(need for need in needs if need.isidentifier() or "." in need)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, libraries))},
        capture_output=True,
        text=True,
        check=True,
    )
    variables = {need for need in needs if need.startswith("$") and os.environ.get(need[1:])}
    return frozenset(done.stdout.split()) | variables
