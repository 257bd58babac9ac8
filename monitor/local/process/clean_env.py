"""The environment of the stack's own processes, built from nothing: no credentials of the user reach them."""

import os

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


def clean_environment() -> dict[str, str]:
    """The few variables that a Python process needs, with their current values."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
