"""Functions as the Lambda API tells them."""

from collections.abc import Iterator
from typing import Any

from monitor.aws.connection import Connection
from monitor.errors import NotFoundError, RefusedError
from monitor.kernel.function import FunctionInfo, Layer


def describe(connection: Connection, name: str, qualifier: str | None = None) -> FunctionInfo:
    """A function's configuration (GetFunctionConfiguration).

    Raises:
        NotFoundError: there is no such function; the hint names the nearest.
    """
    return function_info(settings(connection, name, qualifier), connection.region)


def settings(connection: Connection, name: str, qualifier: str | None = None) -> dict[str, Any]:
    """GetFunctionConfiguration's own answer, values of variables included: whoever asks keeps none of them.

    Raises:
        NotFoundError: there is no such function; the hint names the nearest.
    """
    parameters = {"FunctionName": name} | ({"Qualifier": qualifier} if qualifier else {})
    try:
        return connection.call("lambda", "GetFunctionConfiguration", **parameters)
    except NotFoundError:
        called = f"{name}:{qualifier}" if qualifier else name
        raise NotFoundError(
            f"there is no function {called!r} in {connection.where}", nearest_hint(connection, name)
        ) from None


def names(connection: Connection) -> Iterator[str]:
    """The names of all functions of the region (ListFunctions)."""
    for page in connection.pages("lambda", "ListFunctions", token="Marker=NextMarker", MaxItems=50):
        yield from (function["FunctionName"] for function in page.get("Functions", []))


def listed(connection: Connection) -> Iterator[FunctionInfo]:
    """All functions of the region as ListFunctions tells them (all but their state): one call for fifty."""
    for page in connection.pages("lambda", "ListFunctions", token="Marker=NextMarker", MaxItems=50):
        yield from (function_info(function, connection.region) for function in page.get("Functions", []))


def nearest_hint(connection: Connection, name: str) -> str:
    """Which function may have been meant, if the account may be asked and has one that is close."""
    try:
        known = list(names(connection))
    except RefusedError:
        return "check the name and --region"
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=3, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(repr(one) for one in near)}?"
    return "check the name and --region" if known else f"{connection.where} has no function at all; check --region"


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
