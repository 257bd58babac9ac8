"""The state of a follow as a checkpoint file, from which the next follow resumes."""

import base64
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from monitor.console.files import read_file, write_file
from monitor.errors import UsageError
from monitor.kernel.budgets import CHECKPOINT_BYTES
from monitor.kernel.values import dataclass
from monitor.logs.follow.seen_events import DIGEST_BYTES

_VERSION = 1


@dataclass(frozen=True, slots=True)
class State:
    """`whole_ms`: the time up to which each source was read. `digests`: the events yielded within the sweep window, of
    each minute one behind the other.

    `floor_ms`: events older than this are forgotten and not read again.
    """

    start_ms: int
    whole_ms: dict[str, int]
    floor_ms: int
    digests: dict[int, bytes]


def write_state(path: Path, state: State) -> None:
    """Replace the file atomically: a kill at any time leaves either the old or the new file.

    Raises:
        UsageError: the file cannot be written.
    """
    digests = {minute: base64.b64encode(joined).decode() for minute, joined in state.digests.items()}
    document = {"monitor_checkpoint": _VERSION, **asdict(state), "digests": digests}
    write_file(path, json.dumps(document, separators=(",", ":")), private=True)


def read_state(path: Path) -> State | None:
    """The state in the file; None if the file does not exist.

    Raises:
        UsageError: the file cannot be read, or is not a checkpoint.
    """
    try:
        return _checked(json.loads(read_file(path, CHECKPOINT_BYTES, "the checkpoint")))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise UsageError(
            f"{path} is not a checkpoint of monitor: {error}", "remove it to start over, or give another file"
        ) from error


def _checked(document: dict[str, Any]) -> State:
    if document["monitor_checkpoint"] != _VERSION:
        raise ValueError(f"version {document['monitor_checkpoint']}")
    whole = {str(name): int(at_ms) for name, at_ms in document["whole_ms"].items()}
    digests = {int(minute): base64.b64decode(text, validate=True) for minute, text in document["digests"].items()}
    if any(len(joined) % DIGEST_BYTES for joined in digests.values()):
        raise ValueError("a digest is incomplete")
    return State(int(document["start_ms"]), whole, int(document["floor_ms"]), digests)
