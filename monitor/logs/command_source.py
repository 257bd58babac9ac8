"""From a command's targets, or its --from, to what it reads."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from monitor.console.settings import Settings
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.kernel.window import Window
    from monitor.logs.workflow_reading import Reading


@contextmanager
def kept(source: str | None) -> Iterator[str | None]:
    """`source`, or for stdin a file that holds all of it: for who reads more than once, as a pipe cannot be."""
    if source != "-":
        yield source
        return
    with tempfile.NamedTemporaryFile(prefix="monitor-stdin-") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.flush()
        yield file.name


def opened(
    settings: Settings,
    targets: Sequence[str],
    source: str | None,
    filter_pattern: str = "",
    tags: Sequence[str] = (),
    within: "Window | None" = None,
) -> "Reading":
    """The Reading of `source` if there is one, of `targets` and the functions that bear `tags` otherwise.

    `within` is the window that was asked for by name; lines at hand have no other.

    Raises:
        UsageError: both were given, or neither.
    """
    from monitor.logs.workflow_reading import open_file, open_reading

    if source is None:
        return open_reading(settings.connections(), targets, filter_pattern, tags)
    if targets or tags:
        raise UsageError("a TARGET and --from were both given", "the file says what is read: leave the target out")
    if filter_pattern:
        raise UsageError("--filter works at the server, which --from has none of", "filter the file with grep")
    return open_file(source, within)
