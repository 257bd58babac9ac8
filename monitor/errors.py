"""What can go wrong, as a person is told it: one line that says what happened, one that says what to do."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the command line answers a shell."""

    OK = 0
    CHECK_FAILED = 1
    USAGE = 2
    REFUSED = 3
    UNREACHABLE = 4
    INTERRUPTED = 130


class MonitorError(Exception):
    """An error that ends a command.

    `message` says what happened, to what; `hint` what to do about it (may be empty);
    `exit_code` is the process's. Neither text ever holds a secret.
    """

    exit_code = ExitCode.USAGE

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(MonitorError):
    """The command was called in a way that cannot work, or its input cannot be read."""


class CheckFailedError(MonitorError):
    """The check that was asked for (`--check`, `--fail-over`) does not hold."""

    exit_code = ExitCode.CHECK_FAILED


class RefusedError(MonitorError):
    """AWS answered, and the answer is no: no credentials, denied, not found."""

    exit_code = ExitCode.REFUSED


class DeniedError(RefusedError):
    """IAM does not allow `action`, e.g. `logs:FilterLogEvents`, on `resource` (an ARN; empty where AWS names none)."""

    def __init__(self, message: str, hint: str = "", *, action: str = "", resource: str = "") -> None:
        super().__init__(message, hint)
        self.action = action
        self.resource = resource


class NotFoundError(RefusedError):
    """The function, log group, trace or dashboard asked for is not there."""


class UnreachableError(MonitorError):
    """AWS (or the local stack) could not be reached, or kept throttling."""

    exit_code = ExitCode.UNREACHABLE
