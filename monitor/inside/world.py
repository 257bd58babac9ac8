"""Take stock of everything a process could change, to find what the import of a module changes outside of itself.

Runs in the process of a function, on its Python; imports nothing of monitor.
"""

import gc
import os
import sys
import types
from collections import deque
from collections.abc import Callable, Iterable

_CONTAINERS = (dict, list, set, deque)
_REFERENCES = ("weakref", "ReferenceType")
_CACHES = {"sys.path_importer_cache", "sys.modules", "linecache.cache", "sys._xoptions", "copyreg.__newobj__"}


class World:
    """The containers that exist now, in a fixed order; forked processes share the order."""

    def __init__(self, own: Iterable[str]) -> None:
        self._own = set(own)
        gc.collect()
        objects = gc.get_objects()
        skipped = self._skipped(objects)
        found: dict[int, object] = {}
        for one in objects:
            if isinstance(one, (dict, list, set, deque, types.CellType)):
                found[id(one)] = one
            elif not isinstance(one, (type, types.ModuleType, types.FunctionType)):
                # An object's attributes become a dict when they are asked for.
                inner = _attributes(one)
                if inner is not None:
                    found[id(inner)] = inner
        # A dict without containers in it is not tracked: it is found where it is referred to.
        for start in range(0, len(objects), 10_000):
            for one in gc.get_referents(*objects[start : start + 10_000]):
                if type(one) is dict:
                    found[id(one)] = one
        for unwanted in (objects, found, skipped):
            skipped.add(id(unwanted))
        self.containers = [one for key, one in found.items() if key not in skipped]

    def _skipped(self, objects: "list[object]") -> "set[int]":
        """Caches, the import system, and what belongs to this code."""
        skipped = {id(objects)}
        for one in objects:
            kind = type(one)
            if kind.__name__ == "_lru_cache_wrapper" or kind.__name__ == "_abc_data":
                skipped.update(map(id, gc.get_referents(one)))
            elif type(one) is list and any(value is sys for value in one[:4]):
                skipped.add(id(one))  # the extension modules, by number
            elif kind.__module__ in (
                "importlib._bootstrap_external",
                "_frozen_importlib_external",
                "_frozen_importlib",
            ):
                inner = _attributes(one)
                if inner is not None:
                    skipped.add(id(inner))
                    skipped.update(id(value) for value in inner.values())
            elif (
                isinstance(one, dict) and one and all(type(value).__name__ in _REFERENCES for value in dict.values(one))
            ):
                skipped.add(id(one))  # the subclasses of a class
        for name, module in list(sys.modules.items()):
            names = getattr(module, "__dict__", None)
            if not isinstance(names, dict):
                continue
            if name in self._own or name in ("_frozen_importlib", "importlib._bootstrap"):
                skipped.add(id(names))
                skipped.update(map(id, names.values()))
            state = names.get("__lazy_state__")
            if state is not None:
                skipped.update(
                    (id(state.__dict__), *(id(value) for value in vars(state).values() if value is not names))
                )
            for attribute, value in names.items():
                if f"{name}.{attribute}" in _CACHES or (_is_standard(name) and "cache" in attribute.lower()):
                    skipped.add(id(value))
        for name in ("_handlers", "_handlerList", "_at_fork_reinit_lock_weakset"):
            one = getattr(sys.modules.get("logging"), name, None)
            skipped.update((id(one), *map(id, (_attributes(one) or {}).values())))
        skipped.update(map(id, vars(sys.modules["typing"]).values()) if "typing" in sys.modules else ())
        manager = getattr(getattr(sys.modules.get("logging"), "Logger", None), "manager", None)
        if manager is not None:
            skipped.update((id(manager.loggerDict), id(manager.__dict__)))
        return skipped

    def stamps(self, which: "Iterable[int] | None" = None) -> "dict[int, int]":
        """A number for the contents of each container (of `which`, by their place)."""
        places = range(len(self.containers)) if which is None else which
        return {place: _stamp(self.containers[place]) for place in places}


def loaded() -> "dict[str, int]":
    """The modules of sys.modules, by name."""
    return {name: id(module) for name, module in list(sys.modules.items())}


def strangers(before: "dict[str, int]", module: str) -> "list[str]":
    """What the import of `module` did to sys.modules besides loading modules: in words."""
    found = []
    for name, was in before.items():
        if name not in sys.modules:
            found.append(f"removes {name} from sys.modules")
        elif id(sys.modules[name]) != was:
            found.append(f"replaces {name} in sys.modules")
    for name, one in list(sys.modules.items()):
        if name not in before and name.partition(".")[0] != module.partition(".")[0]:
            spec = getattr(one, "__spec__", None)
            if spec is not None and spec.name != name:
                found.append(f"adds {name} to sys.modules")
    return found


def registered(known: "set[int]") -> "set[tuple[str, str]]":
    """The classes that were registered with abstract base classes; both of those whose ids are `known`."""
    import _abc

    found = set()
    for one in gc.get_objects():
        if isinstance(one, type) and id(one) in known and "_abc_impl" in one.__dict__:
            for reference in _abc._get_dump(one)[0]:
                member = reference()
                if member is not None and id(member) in known:
                    found.add((f"{one.__module__}.{one.__qualname__}", f"{member.__module__}.{member.__qualname__}"))
    return found


def _attributes(one: object) -> "dict[str, object] | None":
    try:
        inner = object.__getattribute__(one, "__dict__")
    except Exception:
        return None
    return inner if type(inner) is dict else None


def _is_standard(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names


def _stamp(one: object) -> int:
    try:
        if isinstance(one, dict):
            names = one.get("__name__")
            if "__builtins__" in one and isinstance(names, str):
                return hash(_module_stamp(one, names))
            return hash((tuple(map(id, dict.keys(one))), tuple(map(id, dict.values(one)))))
        if isinstance(one, list):
            return hash(tuple(map(id, list.__iter__(one))))
        if isinstance(one, set):
            return hash(tuple(map(id, set.__iter__(one))))
        if isinstance(one, deque):
            return hash(tuple(map(id, deque.__iter__(one))))
        return id(one.cell_contents)  # type: ignore[attr-defined]
    except (ValueError, RuntimeError):
        return 0


def _module_stamp(names: "dict[str, object]", module: str) -> "tuple[object, ...]":
    """Without what a later import may add: modules of this package, and names that were to load later."""
    state = names.get("__lazy_state__")
    later = getattr(state, "loaders", ())
    return tuple(
        (key, id(value))
        for key, value in names.items()
        if key not in later
        and key != "__warningregistry__"
        and not (isinstance(value, types.ModuleType) and value.__name__ == f"{module}.{key}")
    )


def settings() -> "dict[str, object]":
    """What a process has besides its objects."""
    import locale
    import signal
    import threading

    found: dict[str, object] = {
        "the current folder": os.getcwd(),
        "signal handlers": [repr(signal.getsignal(one)) for one in signal.valid_signals()],
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "the garbage collector": [gc.isenabled(), gc.get_threshold(), gc.get_debug(), len(gc.callbacks)],
        "the recursion limit": sys.getrecursionlimit(),
        "the locale": locale.setlocale(locale.LC_ALL),
        "profilers": [sys.gettrace() is None, sys.getprofile() is None],
        "open files": sorted(_open_files()),
        "the umask": _umask(),
    }
    questions: list[tuple[str, str, Callable[[object], object]]] = [
        ("random", "the random numbers", lambda one: hash(one.getstate())),  # type: ignore[attr-defined]
        ("decimal", "the decimal context", lambda one: repr(one.getcontext())),  # type: ignore[attr-defined]
        ("socket", "the socket timeout", lambda one: one.getdefaulttimeout()),  # type: ignore[attr-defined]
        ("atexit", "atexit", lambda one: one._ncallbacks()),  # type: ignore[attr-defined]
        ("logging", "the root logger", lambda one: [one.root.level, len(one.root.handlers), one.root.manager.disable]),  # type: ignore[attr-defined]
    ]
    for name, what, ask in questions:
        module = sys.modules.get(name)
        # A module that is being loaded has not all of its names yet, and no setting that another one changed.
        if module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False):
            found[what] = ask(module)
    return found


def _open_files() -> "list[str]":
    try:
        names = os.listdir("/proc/self/fd")
    except OSError:
        return []
    found = []
    for name in names:
        try:
            found.append(os.readlink(f"/proc/self/fd/{name}"))
        except OSError:
            continue
    return [one for one in found if not one.startswith((f"/proc/{os.getpid()}", "/proc/self"))]


def _umask() -> int:
    current = os.umask(0o77)
    os.umask(current)
    return current


def owner_of(container: object) -> str:
    """The module or class that a container belongs to, for a message."""
    if isinstance(container, dict) and "__name__" in container and "__builtins__" in container:
        return str(container["__name__"])
    seen = {id(container)}
    level = [container]
    for _ in range(4):
        above = []
        for one in gc.get_referrers(*level):
            if isinstance(one, types.FrameType) or id(one) in seen or one is level:
                continue
            seen.add(id(one))
            if isinstance(one, type):
                return f"{one.__module__}.{one.__qualname__}"
            if isinstance(one, types.FunctionType):
                return f"{one.__module__}.{one.__qualname__}"
            if type(one) is dict and "__name__" in one and "__builtins__" in one:
                name = next((key for key, value in one.items() if any(value is each for each in level)), "")
                return f"{one['__name__']}.{name}"
            above.append(one)
        if not above or len(above) > 500:
            break
        level = above
    return "an object of another module"
