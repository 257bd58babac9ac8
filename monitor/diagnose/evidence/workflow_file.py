"""Writes evidence to a file atomically, and reads it."""

from pathlib import Path

from monitor.console.files import read_file as read_bytes
from monitor.console.files import write_file
from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.evidence.parse import EVIDENCE, is_evidence
from monitor.diagnose.evidence.workflow import Tell, evidence_of_log
from monitor.errors import UsageError
from monitor.kernel.budgets import EVIDENCE_BYTES
from monitor.kernel.encodings import decode_text
from monitor.kernel.window import Window
from monitor.logs.model_saved import SavedFiles


def save(evidence: FunctionEvidence, path: str) -> None:
    """Write the evidence to `path`, readable by its owner alone: it names what the account runs.

    Raises:
        UsageError: the file cannot be written.
    """
    write_file(path, EVIDENCE.encode(evidence), private=True)


def read_saved(path: str) -> FunctionEvidence:
    """The evidence that was saved to `path`.

    Raises:
        UsageError: it cannot be read, or is something else.
    """
    try:
        content = read_bytes(path, EVIDENCE_BYTES, "the saved evidence")
    except FileNotFoundError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "give a file written by --save") from None
    return EVIDENCE.decode(content, path)


def read_file(files: SavedFiles, window: Window | None, tell: Tell) -> FunctionEvidence:
    """Evidence that `--save` wrote, or saved logs ("-": stdin).

    Raises:
        UsageError: it is neither.
    """
    path = files.paths[0]
    # A pipe can only be read once, so its format is not checked first.
    if len(files.paths) > 1 or path == "-" or not Path(path).is_file():
        return evidence_of_log(files, window, tell)
    try:
        with Path(path).open("rb") as file:
            head = decode_text(file.read(1_600), "replace")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "give a readable file, or - for stdin") from error
    if not is_evidence(head):
        return evidence_of_log(files, window, tell)
    if window is not None:
        raise UsageError("saved evidence has a fixed window", "leave out --since and --until")
    return read_saved(path)
