"""A function's package, layers and known environment, for trials on an embedded stack."""

import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monitor.aws.code_locations import deployed_code
from monitor.aws.connection import Connection
from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.errors import UsageError
from monitor.kernel.entry_point import ENTRY_POINT, HANDLER_VARIABLE
from monitor.kernel.function import FunctionInfo
from monitor.kernel.target import parse_target
from monitor.kernel.zips import UNREADABLE_ZIP
from monitor.packages.building.interpreters import find_python
from monitor.packages.building.recipe import HERE, architecture_here
from monitor.packages.zips.download import download

# A function that is killed for its memory shows nothing of its start.
_LEAST_MEMORY_MB = 1024


@dataclass(frozen=True, slots=True)
class Subject:
    """A function as it is put up here. Only variables that were given or are not secret are known."""

    name: str
    package: Path
    layers: tuple[Path, ...]
    handler: str
    python: str
    memory_mb: int
    environment: dict[str, str] = field(repr=False)
    unknown: tuple[str, ...] = ()


def fetch(
    connection: Connection | None,
    target: str,
    evidence: FunctionEvidence,
    folder: Path,
    *,
    package: Path | None,
    given: Mapping[str, str],
    advance: Callable[[int, int | None], None] = lambda _bytes, _of: None,
) -> Subject:
    """The function's package (downloaded to `folder` and checked against its CodeSha256, or the zip `package`).

    `given` are values of its variables; the others are unknown here and not set.

    Raises:
        UsageError: it is not a zip, or this machine has not its Python version or architecture.
        MonitorError: it cannot be downloaded.
    """
    info = evidence.function
    if is_missing(info):
        raise UsageError(
            (f"the configuration of {evidence.name} is not known: {info.reason}"),
            "--try needs the handler from its configuration",
        )
    environment, layers, code = dict(given), [], package
    wanted = None if connection is None else parse_target(target)
    if connection is not None and wanted is not None and wanted.name is not None:
        found = deployed_code(connection, wanted.name, wanted.qualifier)
        code = code or download(found.code, folder, "package", advance)
        for index, layer in enumerate(found.layers):
            if not layer.url:
                raise UsageError(f"{layer.label} cannot be downloaded: {layer.refused}", "--try needs all layers")
            layers.append(download(layer, folder, f"layer-{index}", advance))
        if info.handler == ENTRY_POINT and found.handler:
            environment.setdefault(HANDLER_VARIABLE, found.handler)
        if found.pythonpath:
            environment.setdefault("PYTHONPATH", ":".join(found.pythonpath))
    if code is None:
        raise UsageError("there is no package to try", "give a zip with --package")
    _check(code, info)
    return Subject(
        name=info.name,
        package=code,
        layers=tuple(layers),
        handler=info.handler or "lambda_function.lambda_handler",
        python=(info.runtime or f"python{HERE}").removeprefix("python"),
        memory_mb=max(_LEAST_MEMORY_MB, info.memory_mb),
        environment=environment,
        unknown=tuple(sorted(set(info.environment_names) - environment.keys())),
    )


def _runs_here(version: str) -> bool:
    """Whether the embedded stack has that Python: this one, or one that is on PATH by its version and starts."""
    found = shutil.which(f"python{version}")
    return version == HERE or (found is not None and find_python(version) == Path(found))


def _check(package: Path, info: FunctionInfo) -> None:
    try:
        with zipfile.ZipFile(package) as archive:
            compiled = any(name.endswith(".so") for name in archive.namelist())
    except UNREADABLE_ZIP as error:
        hint = "build it first: `monitor package build DIR -o function.zip`"
        raise UsageError(f"{package} is not a zip that can be read: {error}", hint) from error
    version = (info.runtime or "").removeprefix("python")
    if info.runtime and not _runs_here(version):
        raise UsageError(
            (f"the function runs on {info.runtime}, which is not installed on this machine"), "install it to use --try"
        )
    if compiled and info.architecture != architecture_here():
        raise UsageError(
            f"the package contains compiled code for {info.architecture}, and this machine is {architecture_here()}",
            "use --try on a machine with that architecture",
        )
