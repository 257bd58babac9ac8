"""Measure cold starts on the embedded stack, and read import times from init records."""

import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from monitor.aws.connection import Connection
from monitor.aws.deploy import Deployment, deploy, invoke, refresh
from monitor.errors import MonitorError, NotFoundError
from monitor.kernel.budgets import START_S
from monitor.kernel.window import Window
from monitor.logs.workflow_reading import open_target
from monitor.packages.model_plan import StartFigures
from monitor.packages.workflow_start import error_of
from monitor.records.application import parse_import_time
from monitor.records.event import LogEvent
from monitor.records.imports import ImportNode, ImportRow, import_table, table_of_records, tree_of_profile
from monitor.records.invoke_result import InvocationResult
from monitor.records.message import parse_fact
from monitor.records.pairing import pair
from monitor.records.record import ImportTime, Start

_HINT = "give --handler MODULE.NAME, or its environment variables with --env or --env-file"
_DAY_MS = 86_400_000
# Lambda ends a longer init, and repeats it in the first invocation.
_LONGEST_INIT_MS = 10_000


def profile(connection: Connection, package: Path, handler: str, environment: dict[str, str]) -> tuple[ImportRow, ...]:
    """Start the zip once with CPython's import profile; return the times by top-level package.

    Raises:
        MonitorError: the init failed.
    """
    return import_table([profile_tree(connection, package, handler, environment)])


def profile_tree(
    connection: Connection,
    package: Path,
    handler: str,
    environment: dict[str, str],
    *,
    layers: tuple[Path, ...] = (),
    python: str | None = None,
    hint: str = _HINT,
) -> tuple[ImportNode, ...]:
    """Start the zip once, with `layers`, under CPython's import profile; return the tree of imports.

    `python` is the version of the function (3.12). If this machine does not have it, monitor's own Python runs the zip.

    Raises:
        MonitorError: the init failed; `hint` says what to do.
    """
    name = f"profile-{uuid.uuid4().hex[:8]}"
    variables = {**environment, "PYTHONPROFILEIMPORTTIME": "1"}
    began_ms = time.time_ns() // 1_000_000 - 1000
    runtime = f"python{python}" if python else None
    arns = tuple(_publish(connection, f"{name}-{number}", layer) for number, layer in enumerate(layers))
    deploy(connection, Deployment(name, package, handler, 1024, START_S, variables, runtime, arns))
    result = invoke(connection, name, b"{}")
    reading = open_target(connection, name)
    window = Window(began_ms, time.time_ns() // 1_000_000 + 1000)
    found = _imports_of_init(reading.events(window))
    # The imports of a failed init and of its repetition are not a profile of a start.
    if not found or (result.report is not None and result.report.failed and result.report.init_ms is None):
        raise _failed(result.payload, handler, hint)
    # The interpreter and Lambda's runtime client import first; the imports of the handler follow.
    return tree_of_profile(found)


def _imports_of_init(events: Iterable[LogEvent]) -> list[ImportTime]:
    """The lines before START, without those of the first invocation; all of them if there are none before START."""
    found: list[ImportTime] = []
    for event in events:
        if found and isinstance(parse_fact(event.message), Start):
            break
        if (line := parse_import_time(event.message)) is not None:
            found.append(line)
    return found


def _publish(connection: Connection, name: str, layer: Path) -> str:
    content = {"ZipFile": layer.read_bytes()}
    return str(connection.call("lambda", "PublishLayerVersion", LayerName=name, Content=content)["LayerVersionArn"])


def measure(
    connection: Connection,
    packages: Sequence[tuple[str, Path]],
    handlers: Sequence[str],
    *,
    rounds: int,
    payload: bytes,
    environment: dict[str, str],
    done: Callable[[], None] = lambda: None,
) -> tuple[StartFigures, ...]:
    """Measure the init duration of each package's cold starts. The packages take turns, so that noise affects all.

    Raises:
        MonitorError: a package does not start.
    """
    started = [
        Started(path, handler, payload, environment) for (_, path), handler in zip(packages, handlers, strict=True)
    ]
    taken = start_in_turns(connection, started, rounds=rounds, done=done)
    return tuple(
        StartFigures(label, figures, median(figures))
        for (label, _), figures in zip(packages, (tuple(start.init_ms for start in one) for one in taken), strict=True)
    )


@dataclass(frozen=True, slots=True)
class Started:
    """A zip that is started, and the payload of its first call; `must_succeed` is whether that call may not fail."""

    package: Path
    handler: str
    payload: bytes
    environment: dict[str, str] = field(repr=False)
    must_succeed: bool = False


@dataclass(frozen=True, slots=True)
class StartTime:
    """One cold start: its init, and with that its first call."""

    init_ms: float
    first_call_ms: float


class StartFailedError(MonitorError):
    """A package does not start, or its first call fails."""


def start_in_turns(
    connection: Connection, packages: Sequence[Started], *, rounds: int, done: Callable[[], None] = lambda: None
) -> list[list[StartTime]]:
    """Start each package `rounds` times, in turns; return the times of each.

    Raises:
        StartFailedError: a package does not start, or a call that must succeed fails.
    """
    names = [f"start-{index}-{uuid.uuid4().hex[:6]}" for index in range(len(packages))]
    for name, one in zip(names, packages, strict=True):
        deploy(
            connection,
            Deployment(name, one.package, one.handler, memory_mb=1024, timeout_s=START_S, environment=one.environment),
        )
    taken: list[list[StartTime]] = [[] for _ in packages]
    for turn in range(rounds + 1):
        for name, one, times in zip(names, packages, taken, strict=True):
            if turn:
                refresh(connection, name)
            result = invoke(connection, name, one.payload)
            if result.report is None or result.report.init_ms is None or result.report.duration_ms is None:
                raise _without_init(result, one.handler)
            if one.must_succeed and result.function_error is not None:
                raise StartFailedError(f"the first call of {one.handler} fails: {error_of(result.payload)}", _HINT)
            # The first turn unpacks the code and fills the disk's cache.
            if turn:
                times.append(StartTime(result.report.init_ms, result.report.init_ms + result.report.duration_ms))
            done()
    return taken


def recorded(connection: Connection, function: str) -> tuple[tuple[ImportRow, ...], int]:
    """Import times from the init records of the last day, and the number of records.

    Raises:
        NotFoundError: there are none: the function is not instrumented, or did not start.
    """
    now_ms = time.time_ns() // 1_000_000
    events = open_target(connection, function).events(Window(now_ms - _DAY_MS, now_ms))
    records = [one.init_record for one in pair(events) if one.init_record is not None]
    if not records:
        raise NotFoundError(
            f"{function} logged no init record in the last day",
            "give its zip to profile it on this machine, or instrument it: monitor package build --instrument",
        )
    return table_of_records(records), len(records)


def _failed(payload: bytes, handler: str, hint: str = _HINT) -> StartFailedError:
    return StartFailedError(f"the package does not start with the handler {handler}: {error_of(payload)}", hint)


def _without_init(result: InvocationResult, handler: str) -> StartFailedError:
    """Why an invocation of a new execution environment has no init duration: the init failed, or was too long."""
    if result.function_error is None or result.elapsed_ms >= _LONGEST_INIT_MS:
        return StartFailedError(
            f"the init with the handler {handler} takes more than 10 s: Lambda ends it, repeats it in the first call, "
            "and reports no duration for it",
            "run it again when the machine is idle, or find what takes long with monitor package inspect --imports",
        )
    return _failed(result.payload, handler)
