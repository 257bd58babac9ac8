"""Build ReadOptions from the options of a command."""

from pathlib import Path
from typing import TYPE_CHECKING

from monitor.console.option_rules import refuse_connection
from monitor.console.output import note
from monitor.console.settings import Settings

if TYPE_CHECKING:
    from monitor.console.output import Progress
    from monitor.packages.workflow import ReadOptions

_MB = 1024 * 1024


def check_connection(*subjects: str) -> None:
    """Refuse the connection options where every subject is a file, a folder or a URL.

    Raises:
        UsageError: one was given.
    """
    if all(is_readable_without_aws(subject) for subject in subjects):
        # The query of a presigned URL is a credential.
        refuse_connection(" and ".join(subject.partition("?")[0] for subject in subjects))


def is_readable_without_aws(subject: str) -> bool:
    """Whether it is a file, a folder or a URL, and no function or layer."""
    return subject.startswith(("https://", "http://")) or subject.endswith(".zip") or Path(subject).exists()


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
    """Build the options of `read_package`."""
    from monitor.packages.inspect.inspect import Target
    from monitor.packages.workflow import ReadOptions

    downloaded = 0

    def advance(done_bytes: int, of_bytes: int | None) -> None:
        nonlocal downloaded
        downloaded += done_bytes
        total = f" of {of_bytes / _MB:.1f}" if of_bytes else ""
        bar.advance(done_bytes, f"downloading {downloaded / _MB:.1f}{total} MB")

    folders = tuple(filter(None, (pythonpath or "").split(":")))
    target = Target(python, architecture, handler, folders, frozenset(own))
    return ReadOptions(settings.connection, target, keep, note, advance)
