"""Run installers, interpreters and git: within a time, after which all that they started ends too."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from monitor.console.ending import descendants
from monitor.console.temporary import temporary_folder, with_temporary_folder


class ProcessError(Exception):
    """The process did not start, or did not end in time; the text says which."""


@dataclass(frozen=True, slots=True)
class Output:
    """The exit code of a process, and what it wrote."""

    code: int
    out: bytes
    error: bytes


def run_process(
    command: Sequence[str | Path],
    limit_s: float,
    *,
    environment: Mapping[str, str] | None = None,
    folder: str | Path = "/",
    standard_input: bytes = b"",
    merged: bool = False,
) -> Output:
    """Run a command to its end; `merged`: its errors are in `out`, in the order in which they were written.

    Its temporary files are in a folder of its own, which is removed when it has ended, however that was.

    Raises:
        ProcessError: it did not start, or did not end within `limit_s`.
    """
    try:
        with (
            temporary_folder() as temporary,
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if merged else subprocess.PIPE,
                env=with_temporary_folder(environment, temporary),
                cwd=folder,
            ) as process,
        ):
            try:
                out, error = process.communicate(standard_input, timeout=limit_s)
            except BaseException:
                # Those first that it started: they have another parent as soon as it has ended.
                for pid in (*descendants(process.pid), process.pid):
                    with suppress(OSError):
                        os.kill(pid, signal.SIGKILL)
                raise
    except OSError as problem:
        raise ProcessError(problem.strerror or str(problem)) from None
    except subprocess.TimeoutExpired:
        raise ProcessError(f"it did not end within {limit_s:.0f} s") from None
    return Output(process.returncode, out, error or b"")
