"""Opens a command's input: its TARGETs or its --from."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from monitor.console.settings import Settings
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.kernel.target import TargetSelection
    from monitor.kernel.window import Window
    from monitor.logs.workflow_reading import Reading


@contextmanager
def spooled_stdin(source: str | None) -> Iterator[str | None]:
    """`source`, or for "-" a temporary file with all of stdin, because a pipe cannot be read twice."""
    if source != "-":
        yield source
        return
    with tempfile.NamedTemporaryFile(prefix="monitor-stdin-") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.flush()
        yield file.name


def open_input(
    settings: Settings,
    selection: "TargetSelection",
    source: str | None,
    *,
    filter_pattern: str = "",
    window: "Window | None" = None,
) -> "Reading":
    """The Reading of the saved log `source`, or of the selection if there is no `source`.

    `window` applies to a saved log; it is None if neither --since nor --until was given.

    Raises:
        UsageError: both were given, or neither.
    """
    from monitor.logs.workflow_reading import open_file, open_reading

    if source is None:
        return open_reading(settings.connections(), selection, filter_pattern)
    refuse_targets(selection)
    if filter_pattern:
        raise UsageError("--filter runs in CloudWatch Logs and cannot be used with --from", "use --grep")
    return open_file(source, window)


def refuse_targets(selection: "TargetSelection") -> None:
    """Refuse targets together with --from.

    Raises:
        UsageError: there are targets.
    """
    if not selection.is_empty:
        raise UsageError("TARGET and --from cannot be used together", "leave one of them out")
