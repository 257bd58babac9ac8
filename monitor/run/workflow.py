"""Deploy a package from this machine to the embedded stack."""

import re
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from monitor.aws.connection import Connection
from monitor.aws.deploy import Deployment, deploy
from monitor.console.temporary import temporary_folder
from monitor.errors import MonitorError, UsageError
from monitor.instrument.workflow_layer import build_layer, plan_layer, publish_layer
from monitor.kernel.entry_point import ENTRY_POINT, ENTRY_POINT_FILE, HANDLER_VARIABLE
from monitor.kernel.zips import UNREADABLE_ZIP
from monitor.logs.workflow_reading import open_target
from monitor.logs.workflow_starts import starts
from monitor.packages.building.build import build
from monitor.packages.building.cache import cache_folder
from monitor.packages.building.recipe import HERE, Recipe, architecture_here
from monitor.packages.inspect.platforms import incompatible_files
from monitor.packages.model import UNZIPPED_LIMIT_BYTES, PackageFile
from monitor.records.invoke_result import InvocationResult
from monitor.resources import data_folder

EXAMPLE = "ai-image-analyzer-fastapi"

# REPORT leaves out what the stack itself takes, which is much less.
_LONGER_MS = 2_000.0
# The layer with monitor's runtime, and more than it takes unzipped with its bytecode.
_LAYER, _LAYER_BYTES = "monitor-runtime", 2_000_000
_DEFAULT = "lambda_function.lambda_handler"
# Lambda's own rule for a name without an ARN.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EXAMPLE_ENVIRONMENT = {
    "POWERTOOLS_SERVICE_NAME": "ai-image-analyzer",
    "POWERTOOLS_METRICS_NAMESPACE": "AiImageAnalyzer",
}


def put_up(
    connection: Connection,
    name: str,
    package: Path,
    *,
    handler: str | None = None,
    memory_mb: int = 512,
    timeout_s: int = 15,
    instrumented: bool = True,
    environment: dict[str, str] | None = None,
    say: Callable[[str], None] = lambda _text: None,
) -> list[str]:
    """Deploy the folder or zip `package` as the function `name`; return notes about the package.

    A folder is packaged with its requirements, which `say` reports. A zip is deployed unchanged. If `instrumented`,
    monitor's entry point becomes the Handler and calls `handler`; for a zip, it comes from a layer.

    Raises:
        UsageError: the name is not valid, or the module of the handler is not in the package.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is not a valid function name", "use up to 64 letters, digits, - and _")
    is_example = package == example_folder()
    variables = {**(_EXAMPLE_ENVIRONMENT if is_example else {}), **(environment or {})}
    own = handler or ("app.main.handler" if is_example else _DEFAULT)
    if handler is None and package.is_dir() and not is_example and not any(package.glob("lambda_function*")):
        # Told before the requirements are installed, which can take minutes.
        raise UsageError(f"{package} has no lambda_function.py", "give --handler MODULE.FUNCTION")
    notes: list[str] = []
    layers: tuple[str, ...] = ()
    with temporary_folder() as folder:
        if package.suffix == ".zip":
            archive = package
            notes = _foreign(package)
            found = _check_handler(archive, own)
            if own == ENTRY_POINT or HANDLER_VARIABLE in variables:
                instrumented = False  # by monitor: it is already
            if instrumented and (reason := _against_instrumenting(found, own)):
                instrumented = False
                notes.append(f"{package} is not instrumented: {reason}")
            if instrumented and ENTRY_POINT_FILE not in found:
                layers = (_runtime_layer(connection, folder),)
        else:
            archive = folder / f"{name}.zip"
            notes = _packaged(package, archive, own, instrumented=instrumented, say=say)
            _check_handler(archive, own)
        if instrumented:
            variables[HANDLER_VARIABLE] = own
        deploy(
            connection,
            Deployment(
                name,
                archive,
                ENTRY_POINT if instrumented else own,
                memory_mb=memory_mb,
                timeout_s=timeout_s,
                environment=variables,
                layers=layers,
            ),
        )
    return notes


def _against_instrumenting(sizes: Mapping[str, int], handler: str) -> str:
    """Why a zip with these files is deployed without monitor's entry point; "" if nothing is against it."""
    if ENTRY_POINT_FILE in sizes:
        # The lambda_function.py that monitor brings calls the entry point itself.
        return "its handler may call monitor's entry point: give --handler" if handler == _DEFAULT else ""
    if any(name.partition("/")[0] in ("monitor", "monitor.py") for name in sizes):
        return "it has its own top-level `monitor`"
    if sum(sizes.values()) > UNZIPPED_LIMIT_BYTES - _LAYER_BYTES:
        return "with the layer, it would be larger than 250 MB unzipped"
    return ""


def _runtime_layer(connection: Connection, folder: Path) -> str:
    """The ARN of a layer on the stack with monitor's runtime; it is published where that has changed."""
    built = build_layer(folder / "layer.zip", [HERE])
    plan = plan_layer(connection, _LAYER, built)
    if plan.is_current and plan.current:
        return plan.current
    outcome = publish_layer(connection, plan, built)
    if outcome.arn is None:
        raise MonitorError(f"the layer with monitor's runtime cannot be published: {outcome.error}", outcome.hint)
    return outcome.arn


def _check_handler(archive: Path, handler: str) -> dict[str, int]:
    """The sizes of the files of a package that has the handler's module, in bytes by name."""
    module, dot, function = handler.rpartition(".")
    if not (dot and module and function):
        raise UsageError(f"{handler!r} is not a handler", "give MODULE.FUNCTION, for example app.main.handler")
    path = module.replace(".", "/")
    try:
        with zipfile.ZipFile(archive) as opened:
            sizes = {one.filename: one.file_size for one in opened.infolist()}
    except (OSError, *UNREADABLE_ZIP) as error:
        raise UsageError(
            f"{archive} cannot be read as a zip: {error}", "give --package a folder or a .zip file"
        ) from error
    there = (f"{path}.py", f"{path}.pyc", f"{path}/__init__.py")
    if not sizes.keys() & set(there) and not any(name.startswith(f"{path}.") for name in sizes):
        raise UsageError(f"{there[0]} is not in the package", "give --handler MODULE.FUNCTION")
    return sizes


def example_folder() -> Path:
    """The folder of the example function."""
    return data_folder("examples") / EXAMPLE


def _packaged(folder: Path, out: Path, handler: str, *, instrumented: bool, say: Callable[[str], None]) -> list[str]:
    """Build the package of `folder` as `monitor package build` does; return its notes.

    Installed dependencies are kept in a cache. The ones of the example come from this environment.

    Raises:
        UsageError: it is not a folder, its requirements cannot be installed, or it has its own `monitor`.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is neither a folder nor a zip", "give --package a folder or a .zip file")
    if instrumented and ((folder / "monitor").exists() or (folder / "monitor.py").exists()):
        raise UsageError(f"{folder} has its own top-level `monitor`", "rename it, or run with --bare")
    is_example = folder == example_folder()
    recipe = Recipe(
        HERE,
        architecture_here(),
        installer="here" if is_example else "auto",
        instrument=instrumented,
        check=False,
        handler=handler,
        cache=None if is_example else cache_folder(),
        deployed=True,
        say=say,
    )
    return list(build(folder, out, recipe).notes)


def _foreign(package: Path) -> list[str]:
    """Notes about files in a zip that this machine cannot load."""
    try:
        with zipfile.ZipFile(package) as opened:
            files = [PackageFile(info.filename, info.compress_size, info.file_size) for info in opened.infolist()]
    except (OSError, *UNREADABLE_ZIP):
        return []
    return [
        f"{package} is for another Python or processor than this machine, which runs Python {HERE} on "
        f"{architecture_here()}: {found.names[0]} cannot be imported here"
        for found in incompatible_files(files, (), HERE, architecture_here())
        if found.names
    ]


def _is_longer(result: InvocationResult) -> bool:
    """Whether the caller waited for more than the durations in REPORT."""
    report = result.report
    return report is not None and result.elapsed_ms - (report.init_ms or 0.0) - (report.duration_ms or 0.0) > _LONGER_MS


def with_kinds(
    connection: Connection, name: str, results: Sequence[InvocationResult], began_ms: int
) -> list[InvocationResult]:
    """Add the kind of start to the results, from the log since `began_ms`.

    Without a failure the REPORT lines are enough: an init runs inside an invocation only after a failure, or if it took
    longer than Lambda waits for. Then the caller waited for much longer than REPORT says.
    """
    if all(
        result.function_error is None and result.report is not None and not _is_longer(result) for result in results
    ):
        return list(results)
    found, _ = starts(open_target(connection, name).sources, began_ms, time.time_ns() // 1_000_000 + 1000)
    return [
        replace(result, kind=found[result.request_id].kind) if result.request_id in found else result
        for result in results
    ]
