"""A package of this machine put up as a function, to be tried."""

import re
import tempfile
import zipfile
from pathlib import Path

from monitor.aws.connection import Connection
from monitor.errors import UsageError
from monitor.model.drive import Deployment
from monitor.ops.drive import ENTRY, deploy, example_folder, package_folder

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
) -> list[str]:
    """Deploy the folder or zip `package` as `name`; answers what is worth knowing about it.

    A zip is taken as it is. A folder is packaged with its requirements; `instrumented`, monitor's entry point becomes
    its Handler and `handler` the one that it calls.

    Raises:
        UsageError: the name is none, or the handler's module is not in the package.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a function", "up to 64 letters, digits, - and _")
    is_example = package == example_folder()
    variables = {**(_EXAMPLE_ENVIRONMENT if is_example else {}), **(environment or {})}
    own = handler or ("app.main.handler" if is_example else "lambda_function.lambda_handler")
    notes: list[str] = []
    with tempfile.TemporaryDirectory(prefix="monitor-package-") as folder:
        if package.suffix == ".zip":
            archive, entry = package, own
        else:
            archive = Path(folder) / f"{name}.zip"
            notes = package_folder(package, archive, instrumented=instrumented)
            entry = ENTRY if instrumented else own
            if instrumented:
                variables["MONITOR_HANDLER"] = own
        _check_handler(archive, own)
        deploy(
            connection,
            Deployment(name, archive, entry, memory_mb=memory_mb, timeout_s=timeout_s, environment=variables),
        )
    return notes


def _check_handler(archive: Path, handler: str) -> None:
    module, dot, function = handler.rpartition(".")
    if not (dot and module and function):
        raise UsageError(f"{handler!r} is no handler", "it is MODULE.FUNCTION, for example app.main.handler")
    path = module.replace(".", "/")
    try:
        with zipfile.ZipFile(archive) as opened:
            names = set(opened.namelist())
    except (OSError, zipfile.BadZipFile) as error:
        raise UsageError(
            f"{archive} cannot be read as a zip: {error}", "give --package a folder or a .zip file"
        ) from error
    there = (f"{path}.py", f"{path}.pyc", f"{path}/__init__.py")
    if not names.intersection(there) and not any(name.startswith(f"{path}.") for name in names):
        raise UsageError(f"{there[0]} is not in the package", "give --handler MODULE.FUNCTION")
