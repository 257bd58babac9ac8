"""Keep installed dependencies for the next run of the same project."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from monitor.console.temporary import lock_folder, sweep
from monitor.errors import UsageError
from monitor.packages.building.install import InstallOptions, install
from monitor.packages.model_dependencies import BuildTarget, Requirements
from monitor.packages.parse_requirements import requirement_of

_NEWEST = 10
_UNFINISHED = ".new-"


def cache_folder() -> Path:
    """Where installed dependencies are kept."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "lambda-monitor" / "packages"


def install_cached(
    requirements: Requirements, into: Path, target: BuildTarget, options: InstallOptions, cache: Path
) -> str:
    """Install the requirements into `into`, or link what an earlier run installed; return the tool.

    Projects and repositories that have to be built are installed every time, because their contents change.

    Raises:
        UsageError: no installer is there, or it refused.
    """
    if not requirements:
        return "nothing to install"
    if requirements.sources:
        return install(requirements, (), into, target, options)[0]
    place = cache / _key(requirements, target, options)
    tool = "the cache"
    if not place.is_dir():
        tool = _fill(place, requirements, target, options)
    _prune(cache, place)
    for root, _, names in os.walk(place):
        folder = into / Path(root).relative_to(place)
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            (folder / name).symlink_to(Path(root) / name)
    return tool


def _fill(place: Path, requirements: Requirements, target: BuildTarget, options: InstallOptions) -> str:
    with _unfinished(place.parent) as work:
        tool = install(requirements, (), work, target, options)[0]
        try:
            work.rename(place)
        except OSError:
            # Another run was faster.
            if not place.is_dir():
                raise
    return tool


@contextmanager
def _unfinished(cache: Path) -> Iterator[Path]:
    """A folder for what is not installed completely, after those that killed runs left are removed."""
    try:
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        sweep(cache, _UNFINISHED)
        work, lock = _new_folder(cache)
    except OSError as error:
        raise UsageError(
            f"{cache} cannot be written: {error.strerror}", "set XDG_CACHE_HOME to another folder"
        ) from error
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
        os.close(lock)


def _new_folder(cache: Path) -> tuple[Path, int]:
    while True:
        work = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=cache))
        with suppress(FileNotFoundError):
            return work, lock_folder(work)


def _key(requirements: Requirements, target: BuildTarget, options: InstallOptions) -> str:
    pinned = requirements.is_complete or all(map(_is_pinned, (one.text for one in requirements.lines)))
    # Without versions, the newest ones of today are installed.
    day = "" if pinned else datetime.now(UTC).date().isoformat()
    indexes = requirements.indexes
    parts = (
        [(line, line.index) for line in requirements.lines],
        requirements.constraints,
        (indexes.default, indexes.extra, indexes.find_links, indexes.no_index),
        requirements.prereleases,
        target,
        options.installer,
        options.allow_build,
        day,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def _is_pinned(text: str) -> bool:
    found = requirement_of(text)
    return found is not None and any(one.operator in ("==", "===") for one in found.specifier)


def _prune(cache: Path, used: Path) -> None:
    os.utime(used)
    folders = sorted(
        (path for path in cache.iterdir() if path.is_dir() and not path.name.startswith(".")),
        key=lambda path: path.stat().st_mtime,
    )
    for path in folders[:-_NEWEST]:
        shutil.rmtree(path, ignore_errors=True)
