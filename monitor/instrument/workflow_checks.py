"""What stands against wrapping a function, each with the reason and what to do about it."""

import re
from collections.abc import Iterator
from typing import Any

from monitor.errors import RefusedError
from monitor.instrument import analyze_settings as settings
from monitor.instrument.analyze_settings import Wrapping
from monitor.instrument.workflow_contents import Contents, is_async
from monitor.kernel.entry_point import ENTRY_POINT, HANDLER_VARIABLE

_OLDEST_PYTHON = (3, 11)
_OLDEST_POWERTOOLS = (2, 43)
# Handlers that are themselves wrappers: two instruments around one handler patch the same libraries twice.
_OTHER_WRAPPERS = (
    "datadog_lambda.",
    "newrelic_lambda_wrapper.",
    "lumigo_tracer.",
    "epsagon.",
    "sentry_sdk.integrations.init_serverless_sdk.",
    "elasticapm.",
)
# AWS's Lambda Web Adapter: its wrapper runs the file that the Handler names, a web server, and passes requests on to
# it. That is how Python functions on a managed runtime stream their responses.
_ADAPTER_WRAPPER, _ADAPTER_LAYER = "/opt/bootstrap", ":layer:LambdaAdapterLayer"


def check_kind(configuration: dict[str, Any]) -> None:
    """Refuse what has no Python handler to wrap: images, other runtimes, old Pythons."""
    if configuration.get("PackageType", "Zip") != "Zip":
        raise RefusedError(
            "it is a container image: its handler and libraries are set when it is built",
            f"add lambda-monitor to the image, set its CMD to {ENTRY_POINT} and {HANDLER_VARIABLE} to the old one",
        )
    runtime = configuration.get("Runtime") or ""
    match = re.fullmatch(r"python(\d+)\.(\d+)", runtime)
    if match is None:
        custom = ", a custom runtime, as functions have that stream their responses" if "provided" in runtime else ""
        raise RefusedError(
            f"its runtime is {runtime or 'unknown'}{custom}, and the entry point needs one of Lambda's Python runtimes"
        )
    if (int(match[1]), int(match[2])) < _OLDEST_PYTHON:
        raise RefusedError(
            f"the entry point needs Python 3.11 or later, and the function runs {runtime}", "move it to a newer runtime"
        )


def check_quiet(configuration: dict[str, Any]) -> None:
    """Refuse a function whose last update is not in force yet: its revision is about to change."""
    if configuration.get("LastUpdateStatus") == "InProgress" or configuration.get("State") == "Pending":
        raise RefusedError("another update of it is in progress", "try again in a moment")


def check_handler(now: Wrapping) -> None:
    """Refuse a handler that is wrapped already, by this or by another library."""
    if settings.is_wrapped(now):
        raise RefusedError("monitor instrument has already wrapped it", "--undo removes the entry point")
    if now.handler == ENTRY_POINT:
        raise RefusedError("its handler is already the instrumented entry point", "there is nothing to do")
    if _has_web_adapter(now):
        raise RefusedError(
            f"AWS Lambda Web Adapter starts it as a web server ({now.handler}), so there is no Python handler to wrap",
            "use OpenTelemetry's instrumentation of its web framework, or an adapter such as Mangum without streaming",
        )
    if now.handler.startswith(_OTHER_WRAPPERS):
        raise RefusedError(
            f"its handler is already wrapped by another library ({now.handler.partition('.')[0]})",
            "remove that wrapper first: both patch the same libraries",
        )


def _has_web_adapter(now: Wrapping) -> bool:
    starts_file = now.variables.get("AWS_LAMBDA_EXEC_WRAPPER") == _ADAPTER_WRAPPER
    has_layer = any(_ADAPTER_LAYER in arn for arn in now.layers)
    return starts_file and (has_layer or now.handler.endswith(".sh") or "AWS_LWA_INVOKE_MODE" in now.variables)


def check_contents(now: Wrapping, contents: Contents, layer: str | None) -> None:
    """Refuse what the package makes unsafe: no runtime, another `monitor`, an `async def` handler."""
    source = contents.handler_source
    module, _, function = now.handler.rpartition(".")
    if source is not None and "monitor.runtime.entry" in source:
        raise RefusedError(f"its {module} already imports the instrumented entry point", "its deployment sets it")
    if source is not None and is_async(source, function):
        raise RefusedError(
            f"{now.handler} is `async def`, which Lambda's runtime interface client does not await: it returns"
            " Runtime.MarshalError, wrapped or not",
            "make it a plain function that calls asyncio.run, or use an adapter such as Mangum",
        )
    if contents.has_own_monitor:
        raise RefusedError(
            "its package has its own top-level `monitor`, which would be imported in place of the runtime",
            "rename it in the package",
        )
    if contents.powertools is not None and _is_older(contents.powertools, _OLDEST_POWERTOOLS):
        raise RefusedError(
            f"it has aws-lambda-powertools {contents.powertools}, and the runtime works with 2.43 and newer:"
            " an older one counts cold starts where the runtime cannot see it",
            "update aws-lambda-powertools in the package or its layer",
        )
    if layer is not None and contents.has_runtime_in_package:
        raise RefusedError(
            "its package contains the runtime, which takes precedence over the layer's",
            "leave --layer out for this function",
        )
    if not contents.has_runtime:
        where = "in the layer given" if layer else "in its package or layers"
        if contents.unread:
            raise RefusedError(f"whether monitor.runtime is {where} cannot be seen: {contents.unread[-1]}")
        raise RefusedError(
            f"monitor.runtime is not {where}",
            "publish one with `monitor layer publish --apply` and pass its ARN as --layer, or add lambda-monitor to the"
            " package",
        )


def _is_older(version: str, oldest: tuple[int, int]) -> bool:
    """Whether a version's first two numbers are below these; one that cannot be read is not."""
    match = re.match(r"(\d+)\.(\d+)", version)
    return match is not None and (int(match[1]), int(match[2])) < oldest


def check_versions(now: Wrapping, layer: str) -> None:
    """Refuse a second version of a layer that is there: Lambda takes one."""
    name = layer.rpartition(":")[0]
    others = [arn for arn in now.layers if arn.rpartition(":")[0] == name and arn != layer]
    if others:
        raise RefusedError(f"it has another version of that layer ({others[0]})", "replace it where it is deployed")


def check_size(after: Wrapping) -> None:
    """Refuse more layers, or a larger environment, than Lambda takes."""
    if len(after.layers) > settings.MAX_LAYERS:
        raise RefusedError(
            f"it has no room for a layer: it has {len(after.layers) - 1} of {settings.MAX_LAYERS}",
            "put lambda-monitor into the package (requirements.txt) instead, or merge layers",
        )
    size = settings.environment_bytes(after.variables)
    if size > settings.MAX_ENVIRONMENT_BYTES:
        over = size - settings.MAX_ENVIRONMENT_BYTES
        raise RefusedError(
            f"its environment would be {size:,} bytes, {over:,} more than Lambda's 4 KB",
            "shorten variables, or move some to Parameter Store or Secrets Manager",
        )


def notes(configuration: dict[str, Any], now: Wrapping, contents: Contents) -> Iterator[str]:
    """What does not stop a plan, but should be known before it is applied."""
    if contents.handler_source is None:
        yield f"the source of {now.handler} is not in the package: whether it is `async def` could not be seen"
    if wrapper := now.variables.get("AWS_LAMBDA_EXEC_WRAPPER"):
        yield f"AWS_LAMBDA_EXEC_WRAPPER ({wrapper}) stays: the wrapper starts the entry point as it started the handler"
    if (configuration.get("SnapStart") or {}).get("ApplyOn") == "PublishedVersions":
        yield "SnapStart serves published versions: publish one to have it wrapped"
    for text in contents.unread:
        yield f"a layer could not be looked into: {text}"


def check_wrapped(now: Wrapping) -> None:
    """Refuse to undo what was not done."""
    if not settings.is_wrapped(now):
        entry = now.handler == ENTRY_POINT
        hint = "its deployment sets the entry point: change it there" if entry else "there is nothing to undo"
        raise RefusedError("monitor instrument has not wrapped it", hint)
