"""Imports that run at the first use of a name. monitor writes this file into a package as `_monitor_lazy`.

A module that monitor rewrote calls `install` before its other statements. Its functions `__lazy_N__` are its own import
statements, word for word.
"""

import _thread
import sys


class _State:
    """The names of one module that load later, and the module's own functions of PEP 562."""

    def __init__(self, namespace: dict[str, object], loaders: dict[str, str]) -> None:
        self.namespace = namespace
        self.loaders = loaders
        self.done: set[str] = set()
        self.own: dict[str, object] = {}
        self.loading: set[tuple[int, str]] = set()

    def get(self, name: str) -> object:
        if name in self.loaders and name not in self.done:
            # `from package import module` asks the package for the name before it imports the module.
            mine = (_thread.get_ident(), name)
            if mine not in self.loading:
                self.loading.add(mine)
                try:
                    self._load(self.loaders[name].split(), name)
                finally:
                    self.loading.discard(mine)
        if name in self.namespace:
            return self.namespace[name]
        own = self.own.get("__getattr__")
        if callable(own):
            return own(name)
        module = self.namespace.get("__name__")
        error = AttributeError(f"module {module!r} has no attribute {name!r}")
        error.name, error.obj = name, sys.modules.get(str(module))
        raise error

    def _load(self, numbers: list[str], name: str) -> None:
        if not numbers:
            import importlib

            importlib.import_module(f"{self.namespace['__name__']}.{name}")
            self.done.add(name)
        for number in numbers:
            names = [one for one, numbers_ in self.loaders.items() if number in numbers_.split()]
            # What the program has put in the place of a name stays.
            kept = {one: self.namespace[one] for one in names if one in self.namespace}
            loader = self.namespace.get(f"__lazy_{number}__")
            if callable(loader):  # it is not there where the branch of its statement did not run
                loader()
                self.namespace.update(kept)
                self.done.update(names)

    def names(self) -> object:
        own = self.own.get("__dir__")
        if callable(own):
            return own()
        added = {"__getattr__", "__dir__", "__lazy__"} - self.own.keys()
        shown = {name for name in self.namespace if name not in added and not name.startswith("__lazy_")}
        return sorted(shown.union(name for name in self.loaders if name not in self.done))


class _Namespace:
    """Stands for a module that is not in sys.modules."""

    def __init__(self, namespace: dict[str, object]) -> None:
        self.__dict__ = namespace

    def __getattr__(self, name: str) -> object:
        state = self.__dict__["__lazy_state__"]
        return state.get(name)


def install(namespace: dict[str, object], /, **loaders: str) -> object:
    """Make the names `loaders` of the module of `namespace` load at their first use; returns the module.

    The value of a name is the numbers of its functions `__lazy_N__`; "" is a module of this package.
    """
    state = _State(namespace, loaders)
    namespace["__lazy_state__"] = state
    namespace["__getattr__"], namespace["__dir__"] = state.get, state.names
    module = sys.modules.get(str(namespace.get("__name__")))
    return module if getattr(module, "__dict__", None) is namespace else _Namespace(namespace)


def chain(namespace: dict[str, object]) -> None:
    """Put the module's own `__getattr__` and `__dir__`, which it defined after `install`, behind ours."""
    state = namespace["__lazy_state__"]
    if isinstance(state, _State):
        for name, function in (("__getattr__", state.get), ("__dir__", state.names)):
            if namespace.get(name) != function:
                state.own[name] = namespace.get(name)
                namespace[name] = function
