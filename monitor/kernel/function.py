"""A Lambda function as it is configured, and a layer that it uses."""

from monitor.kernel.values import dataclass


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer version by its ARN, and the size of its zip."""

    arn: str
    code_size_bytes: int


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """What GetFunctionConfiguration answers, as far as monitor shows it.

    Environment variables are known by name alone: their values are read by nobody here, so that none can be shown.
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
    def has_own_log_group(self) -> bool:
        """Whether it logs to the group that Lambda makes for it, and to no shared one."""
        return self.log_group == f"/aws/lambda/{self.name}"
