"""The temporary folder of a stack: named after its process, and deleted by a process of its own."""

import os
import secrets
import stat
import subprocess
import tempfile
from pathlib import Path

from monitor.local.process import remover
from monitor.local.process.removal import start_removal

_PREFIX = "monitor-stack-"
_ENDED = "ended"
_HAND_OVER_LIMIT_S = 20.0


def make() -> Path:
    """Create a folder for this process."""
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=_parent()))


def discard(*folders: Path, wait_s: float = 0.0) -> None:
    """Rename the folders so that no process owns them, and delete them in a process of their own.

    Return when they are gone, after `wait_s` at the latest.
    """
    if not folders:
        return
    names = [str(_release(folder)) for folder in folders]
    try:
        if start_removal(*names, wait_s=wait_s).wait(_HAND_OVER_LIMIT_S + wait_s) == 0:
            return
    except (OSError, subprocess.SubprocessError):
        pass
    for name in names:
        remover.remove_tree(name)


def sweep() -> None:
    """Discard folders of killed stacks of this user, and folders whose deletion was not finished."""
    discard(*(folder for folder in _parent().glob(f"{_PREFIX}*-*") if _is_leftover(folder)))


def _parent() -> Path:
    """Not /tmp, to which functions may write, unless TMPDIR names it: code and runtime are shared by functions."""
    shared = Path("/var/tmp")  # noqa: S108
    if os.environ.get("TMPDIR") or not os.access(shared, os.W_OK):
        return Path(tempfile.gettempdir())
    return shared


def _is_leftover(folder: Path) -> bool:
    owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
    try:
        facts = folder.lstat()
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid():
            return False
        if owner.isdigit():
            os.kill(int(owner), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return owner == _ENDED


def _release(folder: Path) -> Path:
    if folder.name.startswith(f"{_PREFIX}{_ENDED}-"):
        return folder
    try:
        return folder.rename(folder.with_name(f"{_PREFIX}{_ENDED}-{secrets.token_hex(8)}"))
    except OSError:
        return folder
