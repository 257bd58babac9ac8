"""Deletes the folders of a stack. Runs as a script (`python -I -S remover.py SECONDS FOLDER…`), stdlib only.

A child in a separate session deletes the files, and ends with nobody but itself. The script waits for it for SECONDS at
most, so that the caller need not wait for a million files. The next stack deletes what the child did not finish.
"""

import contextlib
import itertools
import os
import signal
import stat
import sys
import time
from collections.abc import Iterator

_LIMIT_S = 600
_TRIES, _PAUSE_S = 100, 0.1
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(root: str) -> None:
    """Remove a folder that may contain read-only folders. Missing files are ignored, links are not followed.

    It works at any depth: each folder inside is first moved up to `root`, so that neither the stack of calls nor the
    length of a path grows. What cannot be removed stays.
    """
    try:
        os.chmod(root, 0o700)  # noqa: PTH101 - no pathlib: it starts quicker
        top = os.open(root, _OPEN_FOLDER)
    except OSError:
        return
    try:
        _empty(top)
    finally:
        os.close(top)
    with contextlib.suppress(OSError):
        os.rmdir(root)  # noqa: PTH106


def remove_whole(root: str) -> None:
    """Remove a folder into which a program that was just ended may still write: for ten seconds more."""
    for _ in range(_TRIES):
        remove_tree(root)
        if not os.path.lexists(root):
            return
        time.sleep(_PAUSE_S)


def _empty(top: int) -> None:
    prefix = f"removed-{os.urandom(8).hex()}-"  # a name that no file of a function has
    names = (f"{prefix}{number}" for number in itertools.count())
    stuck: set[str] = set()
    while left := [name for name in os.listdir(top) if name not in stuck]:
        for name in left:
            try:
                if not _unlink(top, name):
                    _flatten(top, name, names)
                    os.rmdir(name, dir_fd=top)
            except FileNotFoundError:
                continue
            except OSError:
                stuck.add(name)


def _flatten(top: int, name: str, names: Iterator[str]) -> None:
    """Empty the folder `name` of `top`: delete its files, and move its folders to `top`."""
    os.chmod(name, 0o700, dir_fd=top)
    folder = os.open(name, _OPEN_FOLDER, dir_fd=top)
    try:
        for entry in os.listdir(folder):  # noqa: PTH208
            with contextlib.suppress(FileNotFoundError):
                if not _unlink(folder, entry):
                    os.chmod(entry, 0o700, dir_fd=folder)  # a folder can be moved only when it is writable
                    os.rename(entry, next(names), src_dir_fd=folder, dst_dir_fd=top)
    finally:
        os.close(folder)


def _unlink(folder: int, name: str) -> bool:
    """Remove a file or a link; False for a folder."""
    try:
        os.unlink(name, dir_fd=folder)
    except (IsADirectoryError, PermissionError):
        if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            return False
        raise
    return True


def main() -> None:
    """Remove the folders given as arguments, for at most ten minutes, and wait for as long as the first one says."""
    deadline = time.monotonic() + float(sys.argv[1])
    child = os.fork()
    if not child:
        os.setsid()
        signal.alarm(_LIMIT_S)
        for root in sys.argv[2:]:
            remove_whole(root)
        return
    while time.monotonic() < deadline and os.waitpid(child, os.WNOHANG) == (0, 0):
        time.sleep(0.005)


if __name__ == "__main__":
    main()
