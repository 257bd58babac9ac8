"""An import profile of the package that is deployed, from one start of it on an embedded stack here."""

import platform
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from monitor.aws.code_locations import deployed_code
from monitor.aws.connection import Connection
from monitor.errors import UsageError
from monitor.kernel.target import LogTarget, parse_target
from monitor.packages.workflow_measure import profile_tree
from monitor.packages.zips.download import download
from monitor.records.imports import ImportProfile, ImportProfiles

SOURCE = "a profile of one start here"
_HANDLER = "lambda_function.lambda_handler"


def profile_deployed(
    connection: Connection,
    target: LogTarget,
    stack: Callable[[], AbstractContextManager[Connection]],
    *,
    environment: Mapping[str, str],
    names: Mapping[str, str] | None,
    say: Callable[[str], None],
    advance: Callable[[int, int | None], None],
) -> ImportProfile:
    """Download a function's code and layers, start it once on an embedded stack, and profile its imports.

    Of the function's environment only PYTHONPATH is taken over: the rest may be secrets, and would let a start here
    reach what it names. `environment` gives what its init cannot do without. The times are this machine's.

    Raises:
        UsageError: the target is no function, or a container image.
        MonitorError: its init fails here.
    """
    if target.function is None:
        raise UsageError(f"{target.name} is a log group, which has no package", "give the function's name")
    found = deployed_code(connection, target.function, parse_target(target.name).qualifier)
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    if found.architecture != machine:
        say(f"{found.name} is built for {found.architecture}, and this machine is {machine}: what is compiled may fail")
    variables = {"PYTHONPATH": ":".join(found.pythonpath)} if found.pythonpath else {}
    with tempfile.TemporaryDirectory(prefix="monitor-profile-") as folder:
        package = download(found.code, Path(folder), "package", advance)
        layers = []
        for number, layer in enumerate(found.layers):
            if layer.url:
                layers.append(download(layer, Path(folder), f"layer-{number}", advance))
            else:
                say(f"{layer.label} is left out: {layer.refused}")
        with stack() as here:
            tree = profile_tree(
                here,
                package,
                found.handler or _HANDLER,
                {**variables, **environment},
                layers=tuple(layers),
                python=found.python,
                hint="give what its init needs with --profile-env NAME=VALUE: its own environment is not taken",
            )
    profiles = ImportProfiles(names)
    profiles.add(tree)
    return profiles.result(target.name, SOURCE)
