"""The configuration that the executor needs of a function, parsed from the response of GetFunction."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from monitor.local.server.tenant import Tenant


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One version of a function with its current configuration. Times in seconds, memory in MB."""

    tenant: Tenant
    name: str
    arn: str
    """Unqualified."""
    version: str
    revision: str
    code_sha256: str
    code_path: str
    """Where the emulator serves the zip of $LATEST."""
    handler: str
    runtime: str
    memory_mb: int
    timeout_s: float
    environment: tuple[tuple[str, str], ...]
    layers: tuple[str, ...]
    """Version ARNs, in the order in which they are extracted."""
    tracing_active: bool
    json_logs: bool
    system_log_level: str
    application_log_level: str
    log_group: str
    shared_log_group: bool
    """The configuration names a log group of its own: stream names then contain the function's name."""
    reserved_concurrency: int | None

    @property
    def revision_key(self) -> tuple[str, str, str, str, str, str]:
        """The key of warm environments: every change of code or configuration makes a new one."""
        return (self.tenant.account, self.tenant.region, self.name, self.version, self.code_sha256, self.revision)

    @property
    def function_key(self) -> tuple[str, str, str]:
        return (self.tenant.account, self.tenant.region, self.name)


def read_function(tenant: Tenant, answer: dict[str, Any]) -> FunctionSpec:
    """Parse a response of GetFunction (AWS Lambda API reference)."""
    config = answer["Configuration"]
    logging = config.get("LoggingConfig") or {}
    name = config["FunctionName"]
    json_logs = logging.get("LogFormat", "Text") == "JSON"
    variables = (config.get("Environment") or {}).get("Variables") or {}
    arn = ":".join(config["FunctionArn"].split(":")[:7])
    reserved = (answer.get("Concurrency") or {}).get("ReservedConcurrentExecutions")
    return FunctionSpec(
        tenant=tenant,
        name=name,
        arn=arn,
        version=config.get("Version", "$LATEST"),
        revision=config.get("RevisionId", ""),
        code_sha256=config.get("CodeSha256", ""),
        code_path=urlsplit((answer.get("Code") or {}).get("Location", "")).path,
        handler=config.get("Handler", ""),
        runtime=config.get("Runtime", ""),
        memory_mb=int(config.get("MemorySize", 128)),
        timeout_s=float(config.get("Timeout", 3)),
        environment=tuple(sorted((str(key), str(value)) for key, value in variables.items())),
        layers=tuple(layer["Arn"] for layer in config.get("Layers") or ()),
        tracing_active=(config.get("TracingConfig") or {}).get("Mode") == "Active",
        json_logs=json_logs,
        system_log_level=logging.get("SystemLogLevel", "INFO") if json_logs else "INFO",
        application_log_level=logging.get("ApplicationLogLevel", "INFO") if json_logs else "",
        log_group=logging.get("LogGroup") or f"/aws/lambda/{name}",
        shared_log_group=bool(logging.get("LogGroup")) and logging.get("LogGroup") != f"/aws/lambda/{name}",
        reserved_concurrency=int(reserved) if reserved is not None else None,
    )
