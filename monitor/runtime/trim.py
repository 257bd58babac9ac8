"""Loads Powertools without an import that it makes and a handler seldom uses.

Powertools' Logger imports its jmespath_utils (8 ms), which it uses for correlation ids alone. While Powertools loads
for the runtime's own instruments, a stand-in takes that module's place in sys.modules; it imports the real module at
the first use and hands its place over. Where a release needs the module while it loads, it gets the real one and there
is a warning; where it fails, it is loaded again with nothing in the way. MONITOR_TRIM=0 turns this off. Checked on
aws-lambda-powertools 2.43.1 to 3.37.0.
"""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType

from monitor.runtime import lines

_STAND_IN = "aws_lambda_powertools.utilities.jmespath_utils"
_USER = "aws_lambda_powertools.logging.logger"


class _Later(ModuleType):
    """Stands in for a module until somebody asks it for something."""

    def __getattr__(self, attribute: str) -> object:
        real = _real(self)
        user = sys.modules.get(_USER)
        if vars(user).get("jmespath_utils") is self if user is not None else False:
            setattr(user, "jmespath_utils", real)  # noqa: B010 - a module's attribute is unknown to mypy
        return getattr(real, attribute)


def _real(later: _Later) -> ModuleType:
    if sys.modules.get(_STAND_IN) is later:
        del sys.modules[_STAND_IN]
    return importlib.import_module(_STAND_IN)


def import_module(name: str) -> ModuleType:
    """Import `name` with the stand-in in place. Raises ModuleNotFoundError when it is not installed."""
    if os.environ.get("MONITOR_TRIM") == "0" or name in sys.modules or _STAND_IN in sys.modules:
        return importlib.import_module(name)
    before = set(sys.modules)
    later = sys.modules[_STAND_IN] = _Later(_STAND_IN)
    try:
        module = importlib.import_module(name)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        _withdraw(later)
        if isinstance(error, ModuleNotFoundError) and error.name == name.partition(".")[0]:
            raise
        _forget(name, before)
        lines.warn_once(
            f"monitor: {name} does not load without {_STAND_IN}; it was loaded with it, more slowly",
            exception=lines.describe(error),
        )
        return importlib.import_module(name)
    if sys.modules.get(_STAND_IN) is not later:
        lines.warn_once(f"monitor: {name} needs {_STAND_IN} while it loads: it starts more slowly")
    _withdraw(later)
    return module


def _withdraw(later: _Later) -> None:
    """Leave the place in sys.modules empty: whoever imports the module from now on gets the real one."""
    if sys.modules.get(_STAND_IN) is later:
        del sys.modules[_STAND_IN]
    parent = sys.modules.get(_STAND_IN.rpartition(".")[0])
    if parent is not None and vars(parent).get("jmespath_utils") is later:
        delattr(parent, "jmespath_utils")


def _forget(name: str, before: set[str]) -> None:
    """Drop what the failed attempt has left half-loaded."""
    top = name.partition(".")[0]
    for loaded in set(sys.modules) - before:
        if loaded.partition(".")[0] == top:
            del sys.modules[loaded]
