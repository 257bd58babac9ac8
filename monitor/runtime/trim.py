"""Loads Powertools without three modules that it imports and a handler seldom uses.

Powertools' Logger imports its jmespath_utils, which it uses for correlation ids alone, and the standard library's
inspect and pathlib: for the names of a formatter's arguments, for the path of the package, and for decorators of
methods. The three are 13 of 28 ms. While Powertools loads for the runtime's own instruments, stand-ins take their
places in sys.modules. They answer the two questions that are asked at that time, and hand everything else to the real
modules, which they import at the first use. Once it has loaded, sys.modules holds real modules alone.

Where a release needs one of the three while it loads, it gets the real one; where it fails, it is loaded again with
nothing in the way. Both are a warning. MONITOR_TRIM=0 turns this off. Checked on aws-lambda-powertools 2.43.1 to
3.37.0.
"""

from __future__ import annotations

import importlib
import os
import sys
from types import FunctionType, ModuleType

from monitor.runtime import lines

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable

_PACKAGE = "aws_lambda_powertools"
_PACKAGE_PATH = "PACKAGE_PATH"


class _Later(ModuleType):
    """Stands in for a module until somebody asks it for something."""

    def __getattr__(self, attribute: str) -> object:
        if attribute == "__path__":  # asked by `from … import`; none of them is a package
            raise AttributeError(attribute)
        return getattr(_real(self), attribute)


class _Arguments:
    """The part of inspect's FullArgSpec that Powertools reads."""

    __slots__ = ("args",)

    def __init__(self, args: list[str]) -> None:
        self.args = args


class _Inspect(_Later):
    def getfullargspec(self, described: object) -> object:
        """The arguments of a class whose `__init__` is a plain function; for all else the real answer."""
        init = vars(described).get("__init__") if isinstance(described, type) else None
        if sys.modules.get(self.__name__) is self and type(init) is FunctionType and not hasattr(init, "__wrapped__"):
            return _Arguments(list(init.__code__.co_varnames[: init.__code__.co_argcount]))
        return _real(self).getfullargspec(described)


class _Pathlib(_Later):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.Path = _PathClass(self)


class _PathClass:
    """Stands in for pathlib's Path: called while Powertools loads it gives a path that is worked out later."""

    def __init__(self, module: _Pathlib) -> None:
        self._module = module

    def __call__(self, *parts: str) -> object:
        if sys.modules.get(self._module.__name__) is self._module and len(parts) == 1:
            return _DeferredPath(lambda: _real(self._module).Path(*parts))
        return _real(self._module).Path(*parts)

    def __getattr__(self, attribute: str) -> object:
        return getattr(_real(self._module).Path, attribute)


class _DeferredPath:
    """A path of which only `.parent` is asked while Powertools loads."""

    def __init__(self, make: Callable[[], object]) -> None:
        self.make = make

    def __getattr__(self, attribute: str) -> object:
        if attribute == "parent":
            return _DeferredPath(lambda: getattr(self.make(), "parent"))  # noqa: B009 - of no type that mypy knows
        return getattr(self.make(), attribute)


_STAND_INS: dict[str, type[_Later]] = {
    f"{_PACKAGE}.utilities.jmespath_utils": _Later,
    "inspect": _Inspect,
    "pathlib": _Pathlib,
}


def _real(later: ModuleType) -> ModuleType:
    if sys.modules.get(later.__name__) is later:
        del sys.modules[later.__name__]
    return importlib.import_module(later.__name__)


def import_powertools() -> ModuleType:
    """Import Powertools with the stand-ins in place. Raises ModuleNotFoundError when it is not installed."""
    return import_module(_PACKAGE)


def import_module(name: str) -> ModuleType:
    """Import `name` with the stand-ins in place, for what is not loaded yet."""
    if os.environ.get("MONITOR_TRIM") == "0" or name in sys.modules:
        return importlib.import_module(name)
    before = set(sys.modules)
    placed = {module: kind(module) for module, kind in _STAND_INS.items() if module not in before}
    sys.modules.update(placed)
    try:
        module = importlib.import_module(name)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        _withdraw(placed)
        if isinstance(error, ModuleNotFoundError) and error.name == name.partition(".")[0]:
            raise
        _forget(name, before)
        lines.warn_once(
            f"monitor: {name} does not load without {', '.join(placed)}; it was loaded with them, more slowly",
            exception=lines.describe(error),
        )
        return importlib.import_module(name)
    needed = [stand_in for stand_in, later in placed.items() if sys.modules.get(stand_in) is not later]
    if needed:
        lines.warn_once(f"monitor: {name} needs {', '.join(needed)} while it loads: it starts more slowly")
    _withdraw(placed)
    _defer_package_path(module)
    _settle_others(set(sys.modules) - before, placed)
    return module


def _withdraw(placed: dict[str, _Later]) -> None:
    """Leave the places in sys.modules empty: later imports of these modules get the real ones."""
    for name, later in placed.items():
        if sys.modules.get(name) is later:
            del sys.modules[name]


def _defer_package_path(module: ModuleType) -> None:
    """Have the package's path worked out when somebody asks for it."""
    path = vars(module).get(_PACKAGE_PATH)
    if not isinstance(path, _DeferredPath):
        return
    delattr(module, _PACKAGE_PATH)

    def __getattr__(name: str) -> object:  # noqa: N807 - a module's own, PEP 562
        if name != _PACKAGE_PATH:
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        setattr(module, _PACKAGE_PATH, path.make())
        return vars(module)[_PACKAGE_PATH]

    setattr(module, "__getattr__", __getattr__)  # noqa: B010 - a module's attribute is unknown to mypy


def _settle_others(loaded: set[str], placed: dict[str, _Later]) -> None:
    """Give other modules that were loaded meanwhile the real ones: stand-ins stay within Powertools."""
    for name in loaded:
        module = sys.modules.get(name)
        if module is None or name.partition(".")[0] == _PACKAGE:
            continue
        for attribute, value in list(vars(module).items()):
            if isinstance(value, _Later) and placed.get(value.__name__) is value:
                setattr(module, attribute, _real(value))


def _forget(name: str, before: set[str]) -> None:
    """Drop what the failed attempt has left half-loaded."""
    top = name.partition(".")[0]
    for loaded in set(sys.modules) - before:
        if loaded.partition(".")[0] == top:
            del sys.modules[loaded]
