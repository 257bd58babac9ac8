"""Profiles the imports of a deployed package by starting it once on an embedded stack on this machine."""

import platform
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from monitor.aws.code_locations import deployed_code
from monitor.aws.connection import Connection
from monitor.console.temporary import temporary_folder
from monitor.errors import UsageError
from monitor.kernel.target import LogTarget, parse_target
from monitor.packages.workflow_measure import profile_tree
from monitor.packages.zips.download import download
from monitor.records.imports import ImportProfile, ImportProfiles

SOURCE = "a profile of one start on this machine"
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

    Of the function's environment only PYTHONPATH is used. Other variables may be secrets, and would let the start here
    reach the services that they name. `environment` has the variables that its init needs. The times are those of this
    machine.

    Raises:
        UsageError: the target is not a function, or is a container image.
        MonitorError: its init fails on this machine.
    """
    if target.function is None:
        raise UsageError(f"{target.name} is a log group, which has no package", "give the name of a function")
    found = deployed_code(connection, target.function, parse_target(target.name).qualifier)
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    if found.architecture != machine:
        say(f"{found.name} is built for {found.architecture}, and this machine is {machine}: compiled modules may fail")
    variables = {"PYTHONPATH": ":".join(found.pythonpath)} if found.pythonpath else {}
    with temporary_folder() as folder:
        package = download(found.code, folder, "package", advance)
        layers = []
        for number, layer in enumerate(found.layers):
            if layer.url:
                layers.append(download(layer, folder, f"layer-{number}", advance))
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
                hint="set the variables that its init needs with --env NAME=VALUE or --env-file FILE",
            )
    profiles = ImportProfiles(names)
    profiles.add(tree)
    return profiles.result(target.name, SOURCE)
