"""The records of runs that are not restored yet: one small file for each function, written before the first change.

They are in $XDG_STATE_HOME/lambda-monitor/measure, or in ~/.local/state/lambda-monitor/measure, readable by the user
alone. No value of an environment variable is in them.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from monitor.console.files import read_file, write_file
from monitor.errors import UsageError
from monitor.kernel.read_model import NotReadableError, read_model
from monitor.measure.model import Record

_LARGEST_BYTES = 1 << 16
_HINT = "set XDG_STATE_HOME to another folder"


def folder() -> Path:
    """The folder of the records."""
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "lambda-monitor" / "measure"


def path_of(arn: str, endpoint_url: str | None) -> Path:
    """The file for a function. Two embedded stacks can have functions of the same ARN."""
    digest = hashlib.sha256(f"{endpoint_url or ''} {arn}".encode()).hexdigest()[:24]
    return folder() / f"{digest}.json"


def save(record: Record) -> None:
    """Write the record, on the disk when this returns.

    Raises:
        UsageError: it cannot be written.
    """
    path = path_of(record.arn, record.endpoint_url)
    if path.exists():
        raise UsageError(
            f"{record.function} is being measured, or was not restored",
            f"wait, or run `monitor measure --restore {record.function}`",
        )
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path.parent} cannot be created: {error.strerror}", _HINT) from error
    write_file(path, json.dumps(asdict(record), indent=1) + "\n", private=True)


def load(arn: str, endpoint_url: str | None) -> Record | None:
    """The record of a function, None without one. Raises UsageError if the file cannot be read."""
    return _read(path_of(arn, endpoint_url))


def load_all(unreadable: Callable[[UsageError], None]) -> list[Record]:
    """The records of all functions that are not restored, by function. `unreadable` gets what is wrong with a file.

    Raises:
        UsageError: the folder cannot be read.
    """
    try:
        paths = sorted(folder().glob("*.json"))
    except OSError as error:
        raise UsageError(f"{folder()} cannot be read: {error.strerror}", _HINT) from error
    found = []
    for path in paths:
        try:
            found.append(_read(path))
        except UsageError as error:
            unreadable(error)
    return sorted((one for one in found if one is not None), key=lambda one: (one.function, one.region))


def remove(record: Record) -> None:
    """Forget a run: its function is restored. A record of another run stays."""
    path = path_of(record.arn, record.endpoint_url)
    found = _read(path)
    if found is None or found.run == record.run:
        path.unlink(missing_ok=True)


def _read(path: Path) -> Record | None:
    try:
        return read_model(read_file(path, _LARGEST_BYTES, "the record"), Record, "record")
    except FileNotFoundError:
        return None
    except NotReadableError as error:
        hint = "delete the file, and set back the memory and the variable MONITOR_MEASURE of its function yourself"
        raise UsageError(f"{path} is not a record of monitor measure", hint) from error
