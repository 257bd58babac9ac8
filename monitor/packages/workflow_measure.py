"""What a package's start takes: measured on an embedded stack here, or read from the function's init records."""

import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from monitor.aws.connection import Connection
from monitor.aws.deploy import Deployment, deploy, invoke, refresh
from monitor.errors import MonitorError, NotFoundError
from monitor.kernel.window import Window
from monitor.logs.workflow_reading import open_target
from monitor.packages.model_plan import StartFigures
from monitor.records.imports import ImportNode, ImportRow, import_table, tree_of_profile, tree_of_record
from monitor.records.importtime import parse_import_time
from monitor.records.pairing import pair

_TIMEOUT_S = 60
_DAY_MS = 86_400_000


def profile(connection: Connection, package: Path, handler: str, environment: dict[str, str]) -> tuple[ImportRow, ...]:
    """One cold start of the zip with CPython's import profile on, by top-level package.

    Raises:
        MonitorError: its init failed.
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
    hint: str = "give --handler MODULE.NAME",
) -> tuple[ImportNode, ...]:
    """The imports of one cold start of the zip, with `layers` below it, as CPython profiles them.

    `python` is the version (3.12) that it is meant for; where this machine has none, its own runs it.

    Raises:
        MonitorError: its init failed; `hint` says what to do.
    """
    name = f"profile-{uuid.uuid4().hex[:8]}"
    variables = {**environment, "PYTHONPROFILEIMPORTTIME": "1"}
    began_ms = time.time_ns() // 1_000_000 - 1000
    runtime = f"python{python}" if python else None
    arns = tuple(_publish(connection, f"{name}-{number}", layer) for number, layer in enumerate(layers))
    deploy(connection, Deployment(name, package, handler, 1024, _TIMEOUT_S, variables, runtime, arns))
    result = invoke(connection, name, b"{}")
    reading = open_target(connection, name)
    window = Window(began_ms, time.time_ns() // 1_000_000 + 1000)
    found = [line for event in reading.events(window) if (line := parse_import_time(event.message)) is not None]
    # Those of an init that failed, and of its repeat, are no profile of a start.
    if not found or (result.report is not None and result.report.failed and result.report.init_ms is None):
        raise _failed(result.payload, handler, hint)
    # The first imports are the interpreter's own and Lambda's runtime client: the handler's come after both.
    return tree_of_profile(found)


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
    """Init durations of each package's cold starts, the packages taking turns so that noise meets them alike.

    Raises:
        MonitorError: a package does not start.
    """
    names = [f"start-{index}-{uuid.uuid4().hex[:6]}" for index in range(len(packages))]
    for name, (_, path), handler in zip(names, packages, handlers, strict=True):
        deploy(
            connection,
            Deployment(name, path, handler, memory_mb=1024, timeout_s=_TIMEOUT_S, environment=environment),
        )
    taken: list[list[float]] = [[] for _ in packages]
    for turn in range(rounds + 1):
        for index, name in enumerate(names):
            if turn:
                refresh(connection, name)
            result = invoke(connection, name, payload)
            if result.report is None or result.report.init_ms is None:
                raise _failed(result.payload, handlers[index])
            # The first turn unpacks the code and fills the disk's cache.
            if turn:
                taken[index].append(result.report.init_ms)
            done()
    return tuple(
        StartFigures(label, tuple(figures), median(figures))
        for (label, _), figures in zip(packages, taken, strict=True)
    )


def recorded(connection: Connection, function: str) -> tuple[tuple[ImportRow, ...], int]:
    """What the init records of the last day say, and how many there were.

    Raises:
        NotFoundError: there is none: the function is not instrumented, or did not start.
    """
    now_ms = time.time_ns() // 1_000_000
    events = open_target(connection, function).events(Window(now_ms - _DAY_MS, now_ms))
    records = [one.init_record for one in pair(events) if one.init_record is not None]
    if not records:
        raise NotFoundError(
            f"{function} logged no init record in the last day",
            "give its package as a zip to profile it here, or instrument it: `monitor package build --instrument`",
        )
    return import_table(tree_of_record(record) for record in records), len(records)


def _failed(payload: bytes, handler: str, hint: str = "give --handler MODULE.NAME") -> MonitorError:
    text = payload.decode(errors="replace")[:300]
    return MonitorError(f"the package does not start with the handler {handler}: {text}", hint)
