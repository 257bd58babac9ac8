"""TARGETs of commands: as written, as parsed, and as resolved."""

import re

from monitor.errors import NotFoundError, UsageError
from monitor.kernel.function import FunctionInfo
from monitor.kernel.values import dataclass

_FUNCTION = re.compile(r"[A-Za-z0-9_\-*?\[\]!]{1,140}", re.ASCII)
_QUALIFIER = re.compile(r"\$LATEST|[A-Za-z0-9_-]{1,128}", re.ASCII)
_LOG_GROUP = re.compile(r"[A-Za-z0-9_\-/.#*?\[\]!]{1,512}", re.ASCII)
_HINT = "write a function name, name:alias, an ARN, a glob such as 'ai-*', or a log group such as /aws/lambda/name"


@dataclass(frozen=True, slots=True)
class Target:
    """A parsed TARGET: a function (`name`, which can be a glob, with an optional `qualifier`) or a `log_group`."""

    text: str
    name: str | None = None
    qualifier: str | None = None
    log_group: str | None = None
    region: str | None = None

    @property
    def is_glob(self) -> bool:
        """Whether it can match several functions or log groups."""
        return is_glob(self.name or self.log_group or "")

    def elsewhere(self, where: str) -> NotFoundError:
        """The error for an ARN whose region is not `where`."""
        return NotFoundError(f"{self.text} is in {self.region}, not in {where}", f"give --region {self.region}")


def is_glob(text: str) -> bool:
    """Whether a text contains a wildcard."""
    return any(sign in text for sign in "*?[")


@dataclass(frozen=True, slots=True)
class TargetSelection:
    """The targets of a command: TARGETs as written, every function, or the functions that have all of `tags`."""

    targets: tuple[str, ...] = ()
    every: bool = False
    tags: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it selects nothing."""
        return not (self.targets or self.every or self.tags)

    @property
    def can_grow(self) -> bool:
        """Whether it can match functions or log groups that do not exist yet."""
        return self.every or bool(self.tags) or any(is_glob(text) for text in self.targets)


@dataclass(frozen=True, slots=True)
class LogTarget:
    """A log group to read, and which of its streams.

    `function` is None if the target is a log group. `shared` means that other functions can log to the group, so that
    only streams with the name of `function` match. `versions` limits the streams to these versions; empty: all. `arn`
    is set if the target was an ARN, which can be in a linked account.
    """

    name: str
    group: str
    region: str
    function: str | None = None
    shared: bool = False
    versions: tuple[str, ...] = ()
    info: FunctionInfo | None = None
    arn: str = ""

    @property
    def changed_ms(self) -> int | None:
        """When the function's code or configuration last changed; None if it is not known."""
        return self.info.changed_ms if self.info else None

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


def parse_target(text: str) -> Target:
    """Parse a TARGET.

    Raises:
        UsageError: the text is not a target.
    """
    if text.startswith("arn:"):
        return _arn(text)
    if text.startswith("/"):
        if not _LOG_GROUP.fullmatch(text):
            raise UsageError(f"{text!r} is not the name of a log group", _HINT)
        return Target(text=text, log_group=text)
    name, colon, qualifier = text.partition(":")
    if not _FUNCTION.fullmatch(name) or (colon and not _QUALIFIER.fullmatch(qualifier)):
        raise UsageError(f"{text!r} is not a target", _HINT)
    return Target(text=text, name=name, qualifier=qualifier or None)


def _arn(text: str) -> Target:
    parts = text.split(":")
    if len(parts) >= 7 and parts[2] == "lambda" and parts[5] == "function":
        qualifier = parts[7] if len(parts) > 7 else None
        if not _FUNCTION.fullmatch(parts[6]) or (qualifier and not _QUALIFIER.fullmatch(qualifier)):
            raise UsageError(f"{text!r} is not the ARN of a function", _HINT)
        return Target(text=text, name=parts[6], qualifier=qualifier, region=parts[3])
    if len(parts) >= 7 and parts[2] == "logs" and parts[5] == "log-group":
        return Target(text=text, log_group=parts[6], region=parts[3])
    raise UsageError(f"{text!r} is not the ARN of a function or a log group", _HINT)
