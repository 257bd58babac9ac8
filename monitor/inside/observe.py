"""Note which module needs which import: imports run where they stand, and their later uses are recorded.

probe.py installs it before the handler's module is imported. In a module that monitor rewrote for this, functions use
the names of imports as attributes of `__lazy__`, which is the module itself. Runs on the function's Python; imports
nothing of monitor.
"""

import builtins
import sys
import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

# (who, what): who is a module, a line of a module, or "" (nothing is being imported).
loads: "set[tuple[str, str]]" = set()
uses: "set[tuple[str, str, str]]" = set()
_stack: "list[str]" = []
_IMPORTERS = {__name__, "importlib._bootstrap", "importlib._bootstrap_external"}


def install(stack: "list[str]", names: "dict[str, list[str]]") -> None:
    """Record every import from now on, and each use of the `names` of modules by others and by their own functions.

    `stack` names the modules that are being imported.
    """
    global _stack
    _stack = stack
    bootstrap = sys.modules["_frozen_importlib"]
    make = bootstrap.module_from_spec

    def module_from_spec(spec: "Any") -> types.ModuleType:
        module: types.ModuleType = make(spec)
        if spec.name in names and type(module) is types.ModuleType:
            module.__dict__["__lazy__"] = module
            module.__class__ = type(
                "module", (types.ModuleType,), {"__getattribute__": _noting(spec.name, names[spec.name])}
            )
        return module

    bootstrap.module_from_spec = module_from_spec  # type: ignore[attr-defined]
    original = builtins.__import__

    def observed(
        name: str,
        namespace: "dict[str, object] | None" = None,
        local: object = None,
        fromlist: "tuple[str, ...]" = (),
        level: int = 0,
        **named: "Any",
    ) -> object:
        namespace, local = named.get("globals", namespace), named.get("locals", local)
        result = original(name, namespace, local, fromlist, level)  # type: ignore[arg-type]
        who = _who(sys._getframe(1))
        if level:
            package = str((namespace or {}).get("__package__") or "")
            base = package.rsplit(".", level - 1)[0] if level > 1 else package
            name = f"{base}.{name}" if name else base
        loads.add((who, name))
        for one in fromlist or ():
            if f"{name}.{one}" in sys.modules:
                loads.add((who, f"{name}.{one}"))
        return result

    builtins.__import__ = observed  # type: ignore[assignment]


def _noting(home: str, names: "Iterable[str]") -> "Callable[[types.ModuleType, str], object]":
    wanted = frozenset(names)
    get = types.ModuleType.__getattribute__

    def noted(self: types.ModuleType, name: str) -> object:
        if name in wanted:
            uses.add((_who(sys._getframe(1)), home, name))
        elif f"{home}.{name}" in sys.modules:
            loads.add((_who(sys._getframe(1)), f"{home}.{name}"))
        return get(self, name)

    return noted


def _who(frame: types.FrameType) -> str:
    """The line of a module's own code that the frame is at; else the module that is being imported."""
    while frame.f_back is not None and frame.f_globals.get("__name__") in _IMPORTERS:
        frame = frame.f_back
    name = frame.f_globals.get("__name__")
    if frame.f_code.co_name == "<module>" and _stack and name == _stack[-1]:
        return f"{name}:{frame.f_lineno}"
    return _stack[-1] if _stack else ""
