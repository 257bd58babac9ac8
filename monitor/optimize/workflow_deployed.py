"""Download a deployed function's package and layers, for `optimize` to start here."""

import zipfile
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

_ELF = b"\x7fELF"
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
    notes: tuple[str, ...] = ()


def fetch(connection: Connection, target: str, folder: Path, advance: Callable[[int, int | None], None]) -> Fetched:
    """Download the function's package and layers to `folder`, each checked against its CodeSha256.

    Raises:
        UsageError: it is not a Python function with a zip, or compiled for another architecture.
        MonitorError: it does not exist, or it or a layer cannot be downloaded.
    """
    name, qualifier = one_function(connection, target, _HINT)
    found = deployed_code(connection, name, qualifier, every_layer=True)
    if found.python is None:
        raise UsageError(f"{found.name} does not run on a Python runtime", "optimize is for Python functions")
    package = download(found.code, folder, "package", advance)
    layers = folder / "opt"
    for index, layer in enumerate(found.layers):
        # Later layers replace the files of earlier ones, as on Lambda.
        extract(download(layer, folder, f"layer-{index}", advance), layers)
    notes = _notes(found, native(package, layers))
    variables = tuple(name for name in found.variables if name != HANDLER_VARIABLE)
    return Fetched(package, layers if found.layers else None, found.handler, found.python, variables, notes)


def _notes(found: DeployedCode, compiled: str) -> tuple[str, ...]:
    """What the figures are of, where the function has another processor than this machine."""
    here = architecture_here()
    if found.architecture == here:
        return ()
    if compiled:
        raise UsageError(
            f"{found.name} runs on {found.architecture}, this machine is {here}, and {compiled} is compiled",
            "optimize it on a machine with that architecture",
        )
    return (f"measured on {here}; the function runs on {found.architecture}, and its package has no compiled file",)


def native(package: Path, layers: Path) -> str:
    """A file of the package (a zip) or its layers (a folder) for one architecture only; "" if there is none."""
    with zipfile.ZipFile(package) as archive:
        for info in archive.infolist():
            with archive.open(info) as file:
                if file.read(len(_ELF)) == _ELF:
                    return info.filename
    for path in sorted(layers.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                if file.read(len(_ELF)) == _ELF:
                    return f"{path.relative_to(layers)} of a layer"
    return ""
