"""The environment of the stack's own processes, built from nothing: no credentials of the user reach them."""

import os
from pathlib import Path

_PASSED_ON = (
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "MONITOR_STATE_HOME",
    "PATH",
    "PYENV_ROOT",
    "TMPDIR",
    "TZ",
    "XDG_STATE_HOME",
)


_FOLDERS = ("MONITOR_STATE_HOME", "TMPDIR")


def clean_environment() -> dict[str, str]:
    """The few variables that a Python process needs, with their current values.

    Folders are absolute, because the stack's processes do not run in the current folder.
    """
    found = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return found | {name: str(Path(found[name]).absolute()) for name in _FOLDERS if found.get(name)}
