"""Functions, read from the Lambda API."""

from collections.abc import Iterator, Sequence
from typing import Any

from monitor.aws.connection import Connection
from monitor.errors import NotFoundError, RefusedError
from monitor.kernel.function import FunctionInfo, Layer


class NoFunctionError(NotFoundError):
    """The function, or its version or alias, does not exist."""

    def __init__(self, connections: Sequence[Connection], name: str, qualifier: str | None, hint: str = "") -> None:
        called = f"{name}:{qualifier}" if qualifier else name
        super().__init__(f"there is no function {called!r} in {places(connections)}", hint)
        self.name = name
        self.qualifier = qualifier


def places(connections: Sequence[Connection]) -> str:
    """The regions or endpoints of connections, for messages."""
    return " or ".join(dict.fromkeys(connection.where for connection in connections))


def no_function(connections: Sequence[Connection], name: str, qualifier: str | None = None) -> NoFunctionError:
    """The error for a function that is in none of the connections; its hint names the nearest (ListFunctions)."""
    return NoFunctionError(connections, name, qualifier, _nearest_hint(connections, name))


def no_match(connections: Sequence[Connection], pattern: str) -> NotFoundError:
    """The error for a glob that no function matches."""
    return NotFoundError(f"no function matches {pattern!r} in {places(connections)}", "check the pattern and --region")


def describe(connection: Connection, name: str, qualifier: str | None = None, *, nearest: bool = True) -> FunctionInfo:
    """A function's configuration (GetFunctionConfiguration).

    Raises:
        NoFunctionError: there is no such function; the hint names the nearest, unless `nearest` is false.
    """
    return function_info(settings(connection, name, qualifier, nearest=nearest), connection.region)


def settings(
    connection: Connection, name: str, qualifier: str | None = None, *, nearest: bool = True
) -> dict[str, Any]:
    """The answer of GetFunctionConfiguration. It contains the values of variables: callers must not keep them.

    Raises:
        NoFunctionError: there is no such function; the hint names the nearest, unless `nearest` is false.
    """
    parameters = {"FunctionName": name} | ({"Qualifier": qualifier} if qualifier else {})
    try:
        return connection.call("lambda", "GetFunctionConfiguration", **parameters)
    except NotFoundError:
        hint = _nearest_hint([connection], name) if nearest else ""
        raise NoFunctionError([connection], name, qualifier, hint) from None


def names(connection: Connection) -> Iterator[str]:
    """The names of all functions of the region (ListFunctions)."""
    for page in connection.pages("lambda", "ListFunctions", token="Marker=NextMarker", MaxItems=50):
        yield from (function["FunctionName"] for function in page.get("Functions", []))


def listed(connection: Connection) -> Iterator[FunctionInfo]:
    """All functions of the region from ListFunctions, without their state; 50 a call."""
    for page in connection.pages("lambda", "ListFunctions", token="Marker=NextMarker", MaxItems=50):
        yield from (function_info(function, connection.region) for function in page.get("Functions", []))


def _nearest_hint(connections: Sequence[Connection], name: str) -> str:
    """A hint with the nearest function names, if functions can be listed."""
    try:
        known = dict.fromkeys(one for connection in connections for one in names(connection))
    except RefusedError:
        return "check the name and --region"
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(repr(one) for one in near)}?"
    return "check the name and --region" if known else f"{places(connections)} has no function at all; check --region"


def alias_versions(connection: Connection, name: str, qualifier: str) -> tuple[str, ...]:
    """The versions behind a qualifier: itself for a version, what it routes to for an alias (GetAlias)."""
    if qualifier == "$LATEST" or qualifier.isdigit():
        return (qualifier,)
    try:
        answer = connection.call("lambda", "GetAlias", FunctionName=name, Name=qualifier)
    except NotFoundError:
        raise NotFoundError(
            f"function {name!r} has no alias {qualifier!r} in {connection.where}",
            f"`aws lambda list-aliases --function-name {name}` lists them",
        ) from None
    weights = answer.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    return (answer["FunctionVersion"], *weights)


def aliases_by_version(connection: Connection, name: str) -> dict[str, str]:
    """The names of the aliases that route to each version, joined by commas (ListAliases)."""
    found: dict[str, list[str]] = {}
    for page in connection.pages("lambda", "ListAliases", token="Marker=NextMarker", FunctionName=name):
        for alias in page.get("Aliases", []):
            weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
            for version in (alias["FunctionVersion"], *weights):
                found.setdefault(version, []).append(alias["Name"])
    return {version: ", ".join(sorted(names)) for version, names in found.items()}


def function_info(answer: dict[str, Any], region: str) -> FunctionInfo:
    """A configuration in the API's shape as a FunctionInfo."""
    name = answer["FunctionName"]
    logging = answer.get("LoggingConfig", {})
    return FunctionInfo(
        name=name,
        arn=answer.get("FunctionArn", ""),
        version=answer.get("Version", "$LATEST"),
        region=region,
        runtime=answer.get("Runtime"),
        handler=answer.get("Handler"),
        package_type=answer.get("PackageType", "Zip"),
        architecture=(answer.get("Architectures") or ["x86_64"])[0],
        memory_mb=answer.get("MemorySize", 128),
        timeout_s=answer.get("Timeout", 3),
        ephemeral_mb=answer.get("EphemeralStorage", {}).get("Size", 512),
        code_size_bytes=answer.get("CodeSize", 0),
        code_sha256=answer.get("CodeSha256", ""),
        last_modified=answer.get("LastModified", ""),
        state=answer.get("State"),
        layers=tuple(Layer(one["Arn"], one.get("CodeSize", 0)) for one in answer.get("Layers") or ()),
        tracing=answer.get("TracingConfig", {}).get("Mode", "PassThrough"),
        log_group=logging.get("LogGroup") or f"/aws/lambda/{name}",
        log_format=logging.get("LogFormat", "Text"),
        environment_names=tuple(sorted(answer.get("Environment", {}).get("Variables") or ())),
        snap_start=answer.get("SnapStart", {}).get("ApplyOn"),
        in_vpc=bool(answer.get("VpcConfig", {}).get("VpcId")),
        role=answer.get("Role", ""),
        revision_id=answer.get("RevisionId", ""),
    )
