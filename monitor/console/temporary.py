"""Temporary folders of commands, and of what they start: all in one folder of the process.

The folder is removed when the process ends in any way but SIGKILL. After that one, the next command that needs a
temporary folder removes it: a process that lives holds a lock on its own. A command that a signal ends does not wait
for the removal of thousands of files: a process of its own goes on with it.
"""

import atexit
import fcntl
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from monitor.console.ending import ENDING
from monitor.kernel.budgets import REMOVING_S
from monitor.local.process.remover import remove_tree

_PREFIX = "monitor-run-"
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new folder, readable for its owner alone and removed at the end, whatever was done to it."""
    folder = _OWN.path() / os.urandom(4).hex()
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        remove_tree(str(folder))


def with_temporary_folder(environment: Mapping[str, str] | None, folder: Path) -> dict[str, str]:
    """The environment of another program (None: this process's), with `folder` for its temporary files."""
    given = os.environ if environment is None else environment
    return {**given, **dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(folder))}


class _RunFolder:
    """The folder of this process, made when it is first needed."""

    def __init__(self) -> None:
        self._making = threading.Lock()
        self._path: Path | None = None
        self._pid = 0
        self._lock = -1

    def path(self) -> Path:
        with self._making:
            if self._path is None or self._pid != os.getpid() or self._lock < 0:
                self._make()
            assert self._path is not None
            return self._path

    def _make(self) -> None:
        # Here, because it loads ten modules, which most commands do without.
        import tempfile

        parent = Path(tempfile.gettempdir())
        sweep(parent, _PREFIX)
        if self._pid != os.getpid():
            # The folder, and what a forked process does at its end, are its own.
            self._pid = os.getpid()
            atexit.register(self._remove, self._pid)
        while True:
            # Known before it is made: a signal may come between the two.
            self._path = parent / f"{_PREFIX}{os.urandom(8).hex()}"
            self._path.mkdir(mode=0o700)
            with suppress(FileNotFoundError):
                self._lock = lock_folder(self._path)
                return

    def _remove(self, pid: int) -> None:
        if self._path is not None and pid == os.getpid():
            if ENDING.signal_number is None:
                remove_tree(str(self._path))
            else:
                _remove_apart(str(self._path))


def _remove_apart(folder: str) -> None:
    """Remove the folder in a process of its own, and wait a moment for it."""
    # Here, because most commands do without.
    import subprocess

    from monitor.local.process.removal import start_removal

    try:
        start_removal(folder, wait_s=REMOVING_S).wait(REMOVING_S)
    except OSError:
        remove_tree(folder)
    except subprocess.TimeoutExpired:
        pass


_OWN = _RunFolder()


def lock_folder(folder: Path) -> int:
    """Lock a new folder, so that `sweep` leaves it alone until the descriptor is closed, which this process's end does.

    Raises:
        FileNotFoundError: another process has taken it for one that was left, before it was locked.
    """
    lock = os.open(folder, _OPEN_FOLDER)
    with suppress(OSError):  # a file system without locks
        fcntl.flock(lock, fcntl.LOCK_EX)
    if not folder.exists() or not os.path.samestat(os.fstat(lock), folder.lstat()):
        os.close(lock)
        raise FileNotFoundError(folder)
    return lock


def sweep(parent: Path, prefix: str) -> None:
    """Remove the folders that killed processes of this user left."""
    for folder in parent.glob(f"{prefix}*"):
        with suppress(OSError):
            lock = os.open(folder, _OPEN_FOLDER)
            try:
                if os.fstat(lock).st_uid == os.geteuid():
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    remove_tree(str(folder))
            finally:
                os.close(lock)
