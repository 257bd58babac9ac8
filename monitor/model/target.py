"""What a command is pointed at: as it was written, and as it was found."""

from monitor.model.function import FunctionInfo
from monitor.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A TARGET as written: a function (`name`, perhaps a glob, perhaps with a `qualifier`) or a `log_group`."""

    text: str
    name: str | None = None
    qualifier: str | None = None
    log_group: str | None = None
    region: str | None = None

    @property
    def is_glob(self) -> bool:
        """Whether it stands for several functions."""
        return any(sign in (self.name or self.log_group or "") for sign in "*?[")


@dataclass(frozen=True, slots=True)
class LogTarget:
    """A log group to read, and what of it.

    `function` is None for a bare log group. `shared` says that other functions may log there too: only streams named
    for `function` count then. `versions` limits the streams to those of some versions; empty: all. `arn` is set where
    the group was asked for by its ARN, which may lie in a linked account.
    """

    name: str
    group: str
    region: str
    function: str | None = None
    shared: bool = False
    versions: tuple[str, ...] = ()
    info: FunctionInfo | None = None
    arn: str = ""

    def owns(self, stream: str) -> bool:
        """Whether a stream of the group belongs to this target.

        Names are `YYYY/MM/DD/[version]id`, and in a shared group `YYYY/MM/DD/function[version]id`.
        """
        if not self.shared and not self.versions:
            return True
        label, bracket, rest = stream.rpartition("/")[2].partition("[")
        if not bracket:
            return not self.shared and not self.versions
        if self.shared and label != self.function:
            return False
        return not self.versions or rest.partition("]")[0] in self.versions
