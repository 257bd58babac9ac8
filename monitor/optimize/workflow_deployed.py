"""Download a deployed function's package and layers, for `optimize` to start here."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from monitor.aws.code_locations import DeployedCode, deployed_code
from monitor.aws.connection import Connection
from monitor.aws.targets import one_function
from monitor.errors import UsageError
from monitor.kernel.entry_point import HANDLER_VARIABLE
from monitor.optimize.workflow_package import extract
from monitor.packages.building.recipe import architecture_here
from monitor.packages.zips.download import download

_HINT = "give a zip, a folder or a function"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A package on this machine, a zip or a folder, and what is known of its function.

    `layers` is the folder that stands for /opt. `variables` are the names of environment variables, without values.
    """

    package: Path
    layers: Path | None = None
    handler: str | None = None
    python: str | None = None
    variables: tuple[str, ...] = ()


def fetch(connection: Connection, target: str, folder: Path, advance: Callable[[int, int | None], None]) -> Fetched:
    """Download the function's package and layers to `folder`, each checked against its CodeSha256.

    Raises:
        UsageError: it is not a Python function with a zip, or of another architecture than this machine.
        MonitorError: it does not exist, or it or a layer cannot be downloaded.
    """
    name, qualifier = one_function(connection, target, _HINT)
    found = deployed_code(connection, name, qualifier, every_layer=True)
    _check(found)
    package = download(found.code, folder, "package", advance)
    layers = folder / "opt"
    for index, layer in enumerate(found.layers):
        # Later layers replace the files of earlier ones, as on Lambda.
        extract(download(layer, folder, f"layer-{index}", advance), layers)
    variables = tuple(name for name in found.variables if name != HANDLER_VARIABLE)
    return Fetched(package, layers if found.layers else None, found.handler, found.python, variables)


def _check(found: DeployedCode) -> None:
    if found.architecture != architecture_here():
        raise UsageError(
            f"{found.name} runs on {found.architecture}, and this machine is {architecture_here()}",
            "optimize it on a machine with that architecture",
        )
    if found.python is None:
        raise UsageError(f"{found.name} does not run on a Python runtime", "optimize is for Python functions")
