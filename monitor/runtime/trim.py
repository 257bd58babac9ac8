"""Loads Powertools and the X-Ray SDK without three imports that they make and a handler seldom uses.

Checked on aws-lambda-powertools 3.37.0, aws-xray-sdk 2.15.0 and wrapt 2.5.2, Python 3.11 to 3.14:

- wrapt.synchronization imports asyncio (35 ms), used by its `synchronized` on coroutines alone;
- wrapt.importer imports importlib.metadata (30 ms), used by `discover_post_import_hooks` alone;
- Powertools' Logger imports its jmespath_utils (8 ms), used for correlation ids alone.

While the two load, stand-ins take these places in sys.modules. Whatever a library does with one
later imports the real module, which behaves as ever. Where a release needs one while it loads, it
gets the real module and there is a warning; where it fails, it is loaded again with nothing in the
way. MONITOR_TRIM=0 turns all of this off.
"""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType

from monitor.runtime import lines

_STAND_INS = ("asyncio", "importlib.metadata", "aws_lambda_powertools.utilities.jmespath_utils")
_LOADED_ANEW = frozenset({"aws_lambda_powertools", "aws_xray_sdk", "wrapt"})


class _Later(ModuleType):
    """Stands in for a module until somebody asks it for something."""

    def __getattr__(self, attribute: str) -> object:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), attribute)


def import_module(name: str) -> ModuleType:
    """Import `name` with the stand-ins in place. Raises ModuleNotFoundError when it is not installed."""
    if os.environ.get("MONITOR_TRIM") == "0":
        return importlib.import_module(name)
    before = set(sys.modules)
    placed = {stand_in: _Later(stand_in) for stand_in in _STAND_INS if stand_in not in before}
    sys.modules.update(placed)
    try:
        module = importlib.import_module(name)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        _withdraw(placed)
        if isinstance(error, ModuleNotFoundError) and error.name == name.partition(".")[0]:
            raise
        _forget(before)
        lines.warn_once(
            f"monitor: {name} does not load without {', '.join(placed)}; it was loaded with them, more slowly",
            exception=f"{type(error).__name__}: {error}",
        )
        return importlib.import_module(name)
    needed = [stand_in for stand_in, later in placed.items() if sys.modules.get(stand_in) is not later]
    if needed:
        lines.warn_once(f"monitor: {name} needs {', '.join(needed)} while it loads: it starts more slowly")
    _withdraw(placed)
    return module


def _withdraw(placed: dict[str, _Later]) -> None:
    for name, later in placed.items():
        if sys.modules.get(name) is later:
            del sys.modules[name]
    # `import importlib.metadata` binds importlib alone: the name under it is looked up at each use.
    metadata = placed.get("importlib.metadata")
    if metadata is not None and not hasattr(importlib, "metadata"):
        importlib.metadata = metadata


def _forget(before: set[str]) -> None:
    """Drop what the failed attempt has left half-loaded."""
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in _LOADED_ANEW:
            del sys.modules[name]
