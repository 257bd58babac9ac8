"""Writes evidence to a file atomically, and reads it."""

import os
import tempfile
from pathlib import Path

from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.evidence.parse import EVIDENCE, is_evidence
from monitor.diagnose.evidence.workflow import Tell, evidence_of_log
from monitor.errors import UsageError
from monitor.kernel.window import Window

_LARGEST = 256 * 1024 * 1024


def check_writable(path: str) -> None:
    """Refuse a file that cannot be written before anything is gathered for it.

    Raises:
        UsageError: its folder is not there or not writable, or it is a folder itself.
    """
    target = _resolved(path)
    reason = None
    if os.path.isdir(target):  # noqa: PTH112 - Path.is_dir raises where a folder above may not be read
        reason = "it is a folder"
    elif os.path.exists(target) and not os.path.isfile(target):  # noqa: PTH110, PTH113
        # As root, replacing /dev/null would break the system.
        reason = "it is a device or a pipe"
    elif not os.access(target.parent, os.W_OK | os.X_OK):
        reason = f"{target.parent} is not a writable folder"
    if reason:
        raise UsageError(f"{path!r} cannot be written: {reason}", "give a file in a folder that you can write to")


def _resolved(path: str) -> Path:
    """The target of a symbolic link: replacing the link itself would remove it."""
    try:
        return Path(path).resolve()
    except (OSError, RuntimeError, ValueError):
        raise UsageError(
            (f"{path!r} cannot be written: it is a broken link"), "give a file in a folder that you can write to"
        ) from None


def save(evidence: FunctionEvidence, path: str) -> None:
    """Write the evidence to `path`, readable by its owner alone: it names what the account runs.

    Writes a temporary file and renames it: an interrupt leaves the old file unchanged.

    Raises:
        UsageError: it cannot be written.
    """
    check_writable(path)
    target = _resolved(path)
    content = EVIDENCE.encode(evidence)
    try:
        number, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)  # mode 0600
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(
            (f"{path!r} cannot be written: {error.strerror}"), "give a file in a folder that you can write to"
        ) from error


def read_saved(path: str) -> FunctionEvidence:
    """The evidence that was saved to `path`.

    Raises:
        UsageError: it cannot be read, or is something else.
    """
    try:
        if Path(path).stat().st_size > _LARGEST:
            raise UsageError(f"{path} is larger than any saved evidence", "give log files to --from")
        content = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "give a file written by --save") from None
    return EVIDENCE.decode(content, path)


def read_file(path: str, window: Window | None, tell: Tell) -> FunctionEvidence:
    """What `--from` names: saved evidence, or log lines ("-": those of stdin).

    Raises:
        UsageError: it is neither.
    """
    # A pipe can only be read once, so its format is not checked first.
    if path == "-" or Path(path).is_fifo() or Path(path).is_char_device():
        return evidence_of_log(path, window, tell)
    try:
        with Path(path).open(encoding="utf-8", errors="replace") as file:
            head = file.read(400)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "give a readable file, or - for stdin") from error
    if not is_evidence(head):
        return evidence_of_log(path, window, tell)
    if window is not None:
        raise UsageError("saved evidence has a fixed window", "leave out --since and --until")
    return read_saved(path)
