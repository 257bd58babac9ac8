"""A stack's temporary folder: made under a name that says whose it is, and discarded without waiting for it."""

import os
import secrets
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

from monitor.local.process import remover

_PREFIX = "monitor-stack-"
_ENDED = "ended"
_HAND_OVER_LIMIT_S = 20.0


def make() -> Path:
    """A fresh folder of this process's."""
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))


def discard(*folders: Path) -> None:
    """Rename the folders to nobody's, and let a process of its own delete them; return before it has."""
    if not folders:
        return
    names = [str(_disown(folder)) for folder in folders]
    command = [sys.executable, "-I", "-S", remover.__file__, *names]
    try:
        subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            timeout=_HAND_OVER_LIMIT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        for name in names:
            remover.remove_tree(name)


def sweep() -> None:
    """Discard the folders of stacks of ours that were killed, and what an earlier deletion has not finished."""
    discard(*(folder for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*") if _is_leftover(folder)))


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


def _disown(folder: Path) -> Path:
    if folder.name.startswith(f"{_PREFIX}{_ENDED}-"):
        return folder
    try:
        return folder.rename(folder.with_name(f"{_PREFIX}{_ENDED}-{secrets.token_hex(8)}"))
    except OSError:
        return folder
