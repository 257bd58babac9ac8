"""Where the code of functions and layers can be downloaded (GetFunction, GetLayerVersionByArn)."""

import re
from dataclasses import dataclass, field
from typing import Any

from monitor.aws.connection import Connection
from monitor.aws.functions import no_function
from monitor.errors import NotFoundError, RefusedError, UsageError
from monitor.kernel.entry_point import HANDLER_VARIABLE

_RUNTIME = re.compile(r"python([0-9]{1,2}\.[0-9]{1,3})", re.ASCII)


@dataclass(frozen=True, slots=True)
class CodeLocation:
    """The presigned URL of a zip (a credential: not in the repr), its size and CodeSha256 (base64).

    If AWS refuses it, `refused` says why and `url` is empty.
    """

    label: str
    url: str = field(repr=False)
    size_bytes: int
    code_sha256: str
    refused: str = ""


@dataclass(frozen=True, slots=True)
class DeployedCode:
    """A function's code and layers, the configuration that affects imports, and the names of its variables."""

    name: str
    code: CodeLocation
    layers: tuple[CodeLocation, ...]
    python: str | None
    architecture: str
    handler: str | None
    pythonpath: tuple[str, ...]
    variables: tuple[str, ...] = ()


def deployed_code(
    connection: Connection, name: str, qualifier: str | None = None, *, every_layer: bool = False
) -> DeployedCode:
    """A function's code and layers, each with a presigned URL that lasts ten minutes.

    A layer that AWS refuses (of another account) has the reason instead of a URL, unless `every_layer` is needed.

    Raises:
        NotFoundError: there is no such function; the hint names the nearest.
        RefusedError: AWS refuses a layer, and `every_layer` is needed.
        UsageError: it is a container image.
    """
    parameters = {"FunctionName": name} | ({"Qualifier": qualifier} if qualifier else {})
    try:
        answer = connection.call("lambda", "GetFunction", **parameters)
    except NotFoundError:
        raise no_function([connection], name, qualifier) from None
    configuration = answer["Configuration"]
    url = answer.get("Code", {}).get("Location")
    if configuration.get("PackageType", "Zip") != "Zip" or not url:
        raise UsageError(f"{name} is a container image, not a zip", "`docker history` shows what an image contains")
    # Values of variables can be secrets. These two are not, and they affect imports.
    variables = configuration.get("Environment", {}).get("Variables") or {}
    return DeployedCode(
        name=name,
        code=CodeLocation("package", url, configuration.get("CodeSize", 0), configuration.get("CodeSha256", "")),
        layers=tuple(
            layer_code(connection, one["Arn"]) if every_layer else _layer(connection, one)
            for one in configuration.get("Layers") or ()
        ),
        python=_python(configuration.get("Runtime")),
        architecture=(configuration.get("Architectures") or ["x86_64"])[0],
        handler=variables.get(HANDLER_VARIABLE) or configuration.get("Handler"),
        pythonpath=tuple(filter(None, variables.get("PYTHONPATH", "").split(":"))),
        variables=tuple(sorted(variables)),
    )


def layer_code(connection: Connection, arn: str) -> CodeLocation:
    """A layer version's zip, by the version's ARN.

    Raises:
        NotFoundError, RefusedError: it does not exist, or this account cannot read it.
    """
    content = connection.call("lambda", "GetLayerVersionByArn", Arn=arn)["Content"]
    return CodeLocation(
        layer_label(arn), content.get("Location", ""), content.get("CodeSize", 0), content.get("CodeSha256", "")
    )


def layer_label(arn: str) -> str:
    """`layer NAME:VERSION`."""
    return "layer " + ":".join(arn.split(":")[-2:])


def _layer(connection: Connection, layer: dict[str, Any]) -> CodeLocation:
    try:
        return layer_code(connection, layer["Arn"])
    except RefusedError as error:
        connection.warn_denied(error, f"{layer_label(layer['Arn'])} is left out")
        return CodeLocation(layer_label(layer["Arn"]), "", layer.get("CodeSize", 0), "", error.message)


def _python(runtime: str | None) -> str | None:
    found = _RUNTIME.fullmatch(runtime or "")
    return found[1] if found else None
