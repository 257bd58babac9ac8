"""From a command's TARGETs, or its --from, to what it reads."""

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
    """`source`, or for "-" a file with all of stdin: for what is read more than once, as a pipe cannot be."""
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
    """The Reading of the file `source`, or of what was selected where there is none.

    `window` is applied to a file; it is None where neither --since nor --until was given.

    Raises:
        UsageError: both were given, or neither.
    """
    from monitor.logs.workflow_reading import open_file, open_reading

    if source is None:
        return open_reading(settings.connections(), selection, filter_pattern)
    refuse_targets(selection)
    if filter_pattern:
        raise UsageError("--filter works at the server, which --from has none of", "filter the file with grep")
    return open_file(source, window)


def refuse_targets(selection: "TargetSelection") -> None:
    """Refuse targets beside --from.

    Raises:
        UsageError: there are some.
    """
    if not selection.is_empty:
        raise UsageError("a TARGET and --from were both given", "the file says what is read: leave the target out")
