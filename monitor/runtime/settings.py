"""What the environment asks of the runtime: its own variables, Powertools' and the X-Ray SDK's."""

from __future__ import annotations

import os

DEFAULT_HANDLER = "app.main.handler"
_TRUE = frozenset({"1", "y", "yes", "t", "true", "on"})


def handler_name() -> str:
    """The function's own handler: `module.function`."""
    return os.environ.get("MONITOR_HANDLER") or DEFAULT_HANDLER


def is_true(name: str) -> bool:
    """Whether a variable is set to what Powertools counts as true."""
    return os.environ.get(name, "").lower() in _TRUE


def service() -> str:
    """The service that records and metrics belong to: Powertools' variable, else the function's name."""
    name = os.environ.get("POWERTOOLS_SERVICE_NAME") or os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
    return name or "service_undefined"


def namespace() -> str:
    """The CloudWatch namespace of the runtime's metrics."""
    return os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or "LambdaMonitor"


def metrics_disabled() -> bool:
    """Whether Powertools' variables turn metrics off."""
    if os.environ.get("POWERTOOLS_METRICS_DISABLED") is not None:
        return is_true("POWERTOOLS_METRICS_DISABLED")
    return is_true("POWERTOOLS_DEV")


_settled: str | None = None


def settle() -> None:
    """Read where spans go for the last time: after its init a function's variables do not change."""
    global _settled
    if _settled is None:
        _settled = _tracing()


def tracing() -> str:
    """Where spans go: `xray`, `otlp` or `none`. MONITOR_TRACES, unless another variable turns tracing off."""
    return _settled or _tracing()


def _tracing() -> str:
    wanted = os.environ.get("MONITOR_TRACES", "").lower() or "xray"
    if wanted not in {"xray", "otlp"} or is_true("POWERTOOLS_TRACE_DISABLED"):
        return "none"
    if wanted == "xray" and os.environ.get("AWS_XRAY_SDK_ENABLED", "").lower() == "false":
        return "none"
    # Outside Lambda, and where SAM and Chalice run a function locally, there is no daemon.
    if (
        not os.environ.get("LAMBDA_TASK_ROOT")
        or os.environ.get("AWS_SAM_LOCAL")
        or os.environ.get("AWS_CHALICE_CLI_MODE")
    ):
        return "none"
    return wanted


def pairs(name: str) -> dict[str, str]:
    """A variable of OpenTelemetry's form `key=value,key=value`, values percent-encoded where they must be."""
    found = {}
    for pair in os.environ.get(name, "").split(","):
        key, equals, value = pair.partition("=")
        if equals and key.strip():
            found[key.strip()] = _unquoted(value.strip())
    return found


def _unquoted(text: str) -> str:
    if "%" not in text:
        return text
    from urllib.parse import unquote

    return unquote(text)


def sampled_always() -> bool | None:
    """OTEL_TRACES_SAMPLER: whether all invocations are sampled, or none; None where Lambda decides."""
    if tracing() != "otlp":
        return None
    return {"always_on": True, "always_off": False}.get(os.environ.get("OTEL_TRACES_SAMPLER", "").lower())


def patched_libraries() -> frozenset[str] | None:
    """MONITOR_PATCH: the libraries to trace; None where it is not set. `all` and `aws` stand in it as words."""
    text = os.environ.get("MONITOR_PATCH")
    if text is None or not text.strip():
        return None
    return frozenset(name.strip().lower() for name in text.split(",") if name.strip()) - {"none"}
