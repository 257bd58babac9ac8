"""Errors for users: one line that says what happened, and one that says what to do."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of the command line."""

    OK = 0
    CHECK_FAILED = 1
    USAGE = 2
    REFUSED = 3
    UNREACHABLE = 4
    INTERRUPTED = 130


class MonitorError(Exception):
    """An error that ends a command.

    `message` says what happened, and to what. `hint` says what to do; it can be empty. Neither contains a secret.
    `exit_code` is the exit code of the process.
    """

    exit_code = ExitCode.USAGE

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(MonitorError):
    """The command line or the input cannot be used."""


class CheckFailedError(MonitorError):
    """A check (`--check`, `--fail-over`) failed."""

    exit_code = ExitCode.CHECK_FAILED


class RefusedError(MonitorError):
    """AWS refused the request: no credentials, access denied, not found."""

    exit_code = ExitCode.REFUSED


class DeniedError(RefusedError):
    """IAM does not allow `action`, e.g. `logs:FilterLogEvents`, on `resource` (an ARN; empty where AWS names none)."""

    def __init__(self, message: str, hint: str = "", *, action: str = "", resource: str = "") -> None:
        super().__init__(message, hint)
        self.action = action
        self.resource = resource


class NotFoundError(RefusedError):
    """The function, log group, trace or dashboard does not exist."""


class UnreachableError(MonitorError):
    """AWS (or the embedded stack) could not be reached, or kept throttling."""

    exit_code = ExitCode.UNREACHABLE
