"""What the executor needs to know of a function, read from GetFunction's answer."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from monitor.local.server.tenant import Tenant


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One version of a function as configured now. Times in seconds, memory in MB."""

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
    """Version ARNs, in the order in which they are laid over each other."""
    tracing_active: bool
    json_logs: bool
    system_log_level: str
    application_log_level: str
    log_group: str
    shared_log_group: bool
    """A group that its configuration names: streams then carry the function's name."""
    reserved_concurrency: int | None

    @property
    def revision_key(self) -> tuple[str, str, str, str, str, str]:
        """What a warm environment belongs to: any change of code or configuration makes another."""
        return (self.tenant.account, self.tenant.region, self.name, self.version, self.code_sha256, self.revision)

    @property
    def function_key(self) -> tuple[str, str, str]:
        return (self.tenant.account, self.tenant.region, self.name)


def read_function(tenant: Tenant, answer: dict[str, Any]) -> FunctionSpec:
    """Shape a GetFunction answer (AWS Lambda API reference)."""
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
