"""How a package is read, as the options of a command say."""

from pathlib import Path
from typing import TYPE_CHECKING

from monitor.console.output import note
from monitor.console.settings import Settings

if TYPE_CHECKING:
    from monitor.console.output import Progress
    from monitor.packages.workflow import ReadOptions

_MB = 1024 * 1024


def read_options(
    settings: Settings,
    bar: "Progress",
    *,
    python: str | None,
    architecture: str | None,
    handler: str | None = None,
    pythonpath: str | None = None,
    own: tuple[str, ...] = (),
    keep: Path | None = None,
) -> "ReadOptions":
    """What `read_package` is told, from a command's options."""
    from monitor.packages.inspect.inspect import Target
    from monitor.packages.workflow import ReadOptions

    moved = 0

    def advance(done_bytes: int, of_bytes: int | None) -> None:
        nonlocal moved
        moved += done_bytes
        whole = f" of {of_bytes / _MB:.1f}" if of_bytes else ""
        bar.advance(done_bytes, f"downloading {moved / _MB:.1f}{whole} MB")

    folders = tuple(filter(None, (pythonpath or "").split(":")))
    target = Target(python, architecture, handler, folders, frozenset(own))
    return ReadOptions(settings.connection, target, keep, note, advance)
