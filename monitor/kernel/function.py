"""A Lambda function as it is configured, and a layer that it uses."""

from datetime import datetime

from monitor.kernel.values import dataclass


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer version by its ARN, and the size of its zip."""

    arn: str
    code_size_bytes: int


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """The parts of GetFunctionConfiguration's response that monitor uses.

    Only the names of environment variables are kept, so that no value can be printed.
    """

    name: str
    arn: str
    version: str
    region: str
    runtime: str | None
    handler: str | None
    package_type: str
    architecture: str
    memory_mb: int
    timeout_s: int
    ephemeral_mb: int
    code_size_bytes: int
    code_sha256: str
    last_modified: str
    state: str | None
    layers: tuple[Layer, ...]
    tracing: str
    log_group: str
    log_format: str
    environment_names: tuple[str, ...]
    snap_start: str | None
    in_vpc: bool
    role: str
    revision_id: str

    @property
    def changed_ms(self) -> int | None:
        """When the code or configuration last changed, in epoch milliseconds; None if it is not known."""
        try:
            return round(datetime.fromisoformat(self.last_modified).timestamp() * 1000)
        except ValueError:
            return None

    @property
    def has_own_log_group(self) -> bool:
        """Whether the function logs to its default log group and not to a shared one."""
        return self.log_group == f"/aws/lambda/{self.name}"
