"""Starts a stack in a process of its own, with an environment built from nothing."""

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Self

from monitor.errors import MonitorError, UsageError
from monitor.local.process.clean_env import clean_environment

_START_LIMIT_S = 60.0
_STOP_LIMIT_S = 60.0
_MAX_LOG_BYTES = 2000


def command(port: int, state_dir: Path | None, *flags: str) -> list[str]:
    """The command of a stack's process. It imports nothing from the working directory (-P)."""
    options = [] if state_dir is None else ["--state", str(state_dir.resolve())]
    return [sys.executable, "-P", "-m", "monitor.local", "--port", str(port), *options, *flags]


def replace_process(port: int, state_dir: Path | None) -> None:
    """Become a stack in the foreground; returns only with an OSError."""
    sys.stdout.flush()
    words = command(port, state_dir, "--announce")
    os.chdir("/")
    os.execve(words[0], words, clean_environment())  # noqa: S606 - no shell is intended


def start_error(text: str, log: Path | None = None) -> MonitorError:
    """The error that a stack's process printed: a line with the message and a line with the hint."""
    lines = [line for line in text.splitlines() if line.strip()]
    for message, hint in zip(lines, [*lines[1:], ""], strict=True):
        if message.startswith("error: "):
            return UsageError(message.removeprefix("error: "), hint.removeprefix("hint: "))
    return MonitorError("the stack could not be started", f"its output is in {log}" if log else "")


class PrivateStack:
    """A stack that is not registered and ends with this object, or with this process in any way.

    A context manager: `endpoint` and `access_key` are set inside. Raises UsageError when the stack cannot start.
    """

    def __init__(self, *flags: str) -> None:
        self._flags = flags
        self._process: subprocess.Popen[bytes] | None = None
        # A file, because nobody reads what a stack reports while it runs, and a full pipe would stop it.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by _stop
        self.endpoint = ""
        self.access_key = ""

    def __enter__(self) -> Self:
        # A new session: a Ctrl-C in the terminal must not end the stack before its user.
        self._process = subprocess.Popen(
            command(0, None, "--private", *self._flags),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=clean_environment(),
            cwd="/",
            start_new_session=True,
        )
        assert self._process.stdout is not None
        try:
            answer = json.loads(_line(self._process.stdout) or b"{}")
            self.endpoint, self.access_key = answer["endpoint"], answer["access_key"]
        except (ValueError, KeyError):
            errors = self._stop()
            raise start_error(errors) from None
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _stop(self) -> str:
        """End the stack by closing its stdin; the end of what it wrote to stderr."""
        process, self._process = self._process, None
        if process is None:
            return ""
        try:
            process.communicate(timeout=_STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        with self._errors as errors:
            errors.seek(max(0, errors.seek(0, os.SEEK_END) - _MAX_LOG_BYTES))
            return errors.read().decode("utf-8", "replace")


def _line(pipe: IO[bytes]) -> bytes:
    """The first line of a pipe; b"" when it ends, or has none within a minute."""
    ready, _, _ = select.select([pipe], [], [], _START_LIMIT_S)
    return pipe.readline() if ready else b""


def wait_for_end_of_input() -> None:
    """Return when the process at the other end of stdin has ended."""
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
