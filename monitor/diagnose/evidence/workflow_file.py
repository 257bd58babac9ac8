"""Evidence in a file: written at once or not at all, and read again."""

import os
import tempfile
from pathlib import Path

from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.evidence.parse import EVIDENCE, is_evidence
from monitor.diagnose.evidence.workflow import Tell, evidence_of_log
from monitor.errors import UsageError
from monitor.kernel.window import Window
from monitor.logs.model_saved import SavedFiles

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
        # As root, putting a file in its place would end /dev/null for everybody.
        reason = "it is a device or a pipe"
    elif not os.access(target.parent, os.W_OK | os.X_OK):
        reason = f"{target.parent} is no folder that can be written to"
    if reason:
        raise UsageError(f"{path!r} cannot be written: {reason}", "give a file in a folder of yours")


def _resolved(path: str) -> Path:
    """Where a link leads: what is put in its place would end the link."""
    try:
        return Path(path).resolve()
    except (OSError, RuntimeError, ValueError):
        raise UsageError(f"{path!r} cannot be written: it leads nowhere", "give a file in a folder of yours") from None


def save(evidence: FunctionEvidence, path: str) -> None:
    """Write the evidence to `path`, readable by its owner alone: it names what the account runs.

    It is written beside it and then put in its place: whoever interrupts leaves what was there.

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
        raise UsageError(f"{path!r} cannot be written: {error.strerror}", "give a file in a folder of yours") from error


def read_saved(path: str) -> FunctionEvidence:
    """The evidence that was saved to `path`.

    Raises:
        UsageError: it cannot be read, or is something else.
    """
    try:
        if Path(path).stat().st_size > _LARGEST:
            raise UsageError(f"{path} is larger than any saved evidence", "is it a log? give it to --from")
        content = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "give a file that --save wrote") from None
    return EVIDENCE.decode(content, path)


def read_file(files: SavedFiles, window: Window | None, tell: Tell) -> FunctionEvidence:
    """Evidence that `--save` wrote, or saved logs ("-": stdin).

    Raises:
        UsageError: it is neither.
    """
    path = files.paths[0]
    # A pipe gives its bytes once: those that were read to see what it is would be lost.
    if len(files.paths) > 1 or path == "-" or not Path(path).is_file():
        return evidence_of_log(files, window, tell)
    try:
        with Path(path).open(encoding="utf-8", errors="replace") as file:
            head = file.read(400)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "give a readable file, or - for stdin") from error
    if not is_evidence(head):
        return evidence_of_log(files, window, tell)
    if window is not None:
        raise UsageError("saved evidence has the window that it was gathered over", "leave out --since and --until")
    return read_saved(path)
