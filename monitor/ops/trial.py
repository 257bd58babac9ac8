"""A package of this machine put up as a function, to be tried."""

import tempfile
from pathlib import Path

from monitor.aws.connection import Connection
from monitor.model.drive import Deployment
from monitor.ops.drive import ENTRY, deploy, example_folder, package_folder

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
) -> None:
    """Deploy the folder or zip `package` as `name`.

    A zip is taken as it is. A folder is packaged with its requirements; `instrumented`, monitor's entry point becomes
    its Handler and `handler` the one that it calls.
    """
    is_example = package == example_folder()
    variables = {**(_EXAMPLE_ENVIRONMENT if is_example else {}), **(environment or {})}
    own = handler or ("app.main.handler" if is_example else "lambda_function.lambda_handler")
    with tempfile.TemporaryDirectory(prefix="monitor-package-") as folder:
        if package.suffix == ".zip":
            archive, entry = package, own
        else:
            archive = Path(folder) / f"{name}.zip"
            package_folder(package, archive, instrumented=instrumented)
            entry = ENTRY if instrumented else own
            if instrumented:
                variables["MONITOR_HANDLER"] = own
        deploy(
            connection,
            Deployment(name, archive, entry, memory_mb=memory_mb, timeout_s=timeout_s, environment=variables),
        )
