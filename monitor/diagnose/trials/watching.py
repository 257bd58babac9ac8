"""One start of a function's own package on this machine, watched: what its init works on, what its call runs."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from monitor.diagnose.evidence.model import InitWork, StartRecord
from monitor.errors import UsageError
from monitor.kernel.missing import Missing
from monitor.kernel.zips import UNREADABLE_ZIP
from monitor.records.invoke_result import InvocationResult

WATCHER = "monitor_watched"
HANDLER = f"{WATCHER}.handler"
HANDLER_VARIABLE = "MONITOR_WATCHED"
_SOURCE = Path(__file__).with_name("watched.py")
_MOST_ROWS = 1_000


def watched_package(package: Path, out: Path) -> None:
    """Write the package with the watcher's file in it to `out`.

    Raises:
        UsageError: a file of the package cannot be unpacked.
    """
    try:
        with (
            zipfile.ZipFile(package) as source,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target,
        ):
            for info in source.infolist():
                target.writestr(info, source.read(info))
            target.writestr(f"{WATCHER}.py", _SOURCE.read_text(encoding="utf-8"))
    except UNREADABLE_ZIP as error:
        raise UsageError(f"{package} cannot be unpacked: {error}", "check that the zip is complete") from error


def start_record(result: InvocationResult, *, with_event: bool) -> StartRecord | Missing:
    """What the watcher returned; Missing if the start or the call failed. Without an event, its call tells nothing."""
    if result.function_error:
        return Missing("the watched start failed")
    try:
        answer = json.loads(result.payload)
    except ValueError:
        return Missing("the watched start returned no record")
    if not isinstance(answer, Mapping):
        return Missing("the watched start returned no record")
    work = (
        InitWork(str(kind), str(file), int(line), int(count), float(ms), str(what))
        for kind, file, line, what, count, ms in answer.get("work", ())[:_MOST_ROWS]
    )
    # A call that fails stops before it has run all that it would.
    known = with_event and not answer.get("failed")
    entered = tuple(map(str, answer.get("entered", ()))) if known else None
    return StartRecord(entered, tuple(work), float(answer.get("init_ms", 0.0)))
