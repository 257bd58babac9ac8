"""Imports that run at the first use of a name. monitor writes this file into a package as `_monitor_lazy`.

A module that monitor rewrote calls `install` before its other statements. Its functions `__lazy_N__` are its own import
statements, word for word.
"""

import _thread
import sys


class _State:
    """The names of one module that load later, and the module's own functions of PEP 562."""

    def __init__(self, namespace: dict[str, object], shared: tuple[str, ...], loaders: dict[str, str]) -> None:
        self.namespace = namespace
        self.shared = shared
        self.loaders = loaders
        self.done: set[str] = set()
        self.own: dict[str, object] = {}
        self.loading: set[tuple[int, str]] = set()
        self.promised: set[str] = set()

    def load(self, name: str) -> None:
        """Load a name that is to load later, and is not being loaded by this thread."""
        if name in self.loaders and name not in self.done:
            # `from package import module` asks the package for the name before it imports the module.
            mine = (_thread.get_ident(), name)
            if mine not in self.loading:
                self.loading.add(mine)
                try:
                    self._load(self.loaders[name].split(), name)
                finally:
                    self.loading.discard(mine)

    def get(self, name: str) -> object:
        self.load(name)
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
            kept = {one: self.namespace[one] for one in names if one in self.namespace and not self.is_shadowed(one)}
            loader = self.namespace.get(f"__lazy_{number}__")
            if callable(loader):  # it is not there where the branch of its statement did not run
                loader()
                self.namespace.update(kept)
                self.done.update(names)

    def is_module(self, name: str, value: object) -> bool:
        """Whether the value is the module of a shared name."""
        return name in self.shared and value is sys.modules.get(f"{self.namespace['__name__']}.{name}")

    def is_shadowed(self, name: str) -> bool:
        """Whether a shared name has its module, which was loaded before the import that binds the name."""
        return self.is_module(name, self.namespace.get(name))

    def takes(self, name: str, value: object) -> bool:
        """Whether the package has something else than `value`, a module of it, under the name."""
        if not self.is_module(name, value) or name in self.done:
            return False
        if name not in self.loaders:
            # As before: the module was set first, and then the package's own statement bound the name.
            self.done.add(name)
            return name in self.namespace
        # The import that is to bind the name runs at its first use, or runs now.
        return self.is_bound(name) or (_thread.get_ident(), name) in self.loading

    def names(self) -> object:
        own = self.own.get("__dir__")
        if callable(own):
            return own()
        return sorted({*self.shown(), *(name for name in self.loaders if name not in self.done)})

    def shown(self) -> list[str]:
        """The names that the module has without those that monitor has added."""
        added = {"__getattr__", "__dir__", "__lazy__"} - self.own.keys()
        return [name for name in self.namespace if name not in added and not name.startswith("__lazy_")]

    def is_bound(self, name: str) -> bool:
        """Whether an import that was to bind the name has been passed, and has not run yet."""
        if name not in self.loaders or name in self.done or (_thread.get_ident(), name) in self.loading:
            return False
        numbers = self.loaders[name].split()
        return not numbers or any(f"__lazy_{number}__" in self.namespace for number in numbers)

    def view(self, _namespace: object) -> "_View":
        return _View(self)

    def code(self, source: object) -> object:
        """Load the names that code in a text uses, before it runs; returns the text."""
        found: set[str] | None = None
        try:
            if isinstance(source, (str, bytes)):
                text = source.lstrip() if isinstance(source, str) else source
                found = _names(compile(text, "<text>", "exec", dont_inherit=True))
            elif isinstance(source, type(_names.__code__)):
                found = _names(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return source  # it will fail as it did
        if found is None or not found.isdisjoint(_WHOLE):
            found = set(self.loaders)
        for name in sorted(found & self.loaders.keys()):
            if self.is_bound(name):
                self.load(name)
            elif self.loaders[name] and name not in self.namespace:
                self.promised.add(name)
        return source

    def finish(self) -> None:
        """At the end of the module: what must be there without anybody asking for it."""
        for name in self.shared:
            if self.is_bound(name) and name in self.namespace:
                self.promised.add(name)  # the module was loaded before the statement
        for name in sorted(self.promised):
            for number in self.loaders[name].split():
                loader = self.namespace.get(f"__lazy_{number}__")
                if callable(loader) and name not in self.done:
                    loader()
            self.done.add(name)


_WHOLE = {"globals", "locals", "vars", "dir", "eval", "exec", "__import__", "modules", "compile", "__dict__"}


def _names(code: object) -> set[str]:
    """All names in a code object, and in those that lie in it."""
    found = set(code.co_names)  # type: ignore[attr-defined]
    for one in code.co_consts:  # type: ignore[attr-defined]
        if isinstance(one, type(code)):
            found |= _names(one)
    return found


class _View:
    """`globals()` as the module's code expects it: with the names that load later."""

    def __init__(self, state: _State) -> None:
        self._state = state

    def __getitem__(self, name: str) -> object:
        if self._state.is_bound(name):
            self._state.load(name)
        return self._state.namespace[name]

    def get(self, name: str, default: object = None) -> object:
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: object) -> bool:
        return name in self._state.namespace or self._state.is_bound(str(name))

    def __setitem__(self, name: str, value: object) -> None:
        state = self._state
        if state.loaders.get(name) and not state.is_bound(name) and name not in state.done:
            state.promised.add(name)  # its import comes later, and binds the name again
        state.namespace[name] = value

    def __iter__(self) -> object:
        return iter(self._names())

    def keys(self) -> object:
        return dict.fromkeys(self._names()).keys()

    def _names(self) -> list[str]:
        state = self._state
        return [*state.shown(), *(name for name in state.loaders if state.is_bound(name))]


class _Namespace:
    """Stands for a module that is not in sys.modules."""

    def __init__(self, namespace: dict[str, object]) -> None:
        self.__dict__ = namespace

    def __getattr__(self, name: str) -> object:
        state = self.__dict__["__lazy_state__"]
        return state.get(name)


def _package(kind: type) -> type:
    """The type of a package that has something else under the name of one of its modules.

    Where `from .work import work` runs later, `import package.work` would put the module there.
    """

    class Package(kind):  # type: ignore[misc]
        def __setattr__(self, name: str, value: object) -> None:
            if not vars(self)["__lazy_state__"].takes(name, value):
                super().__setattr__(name, value)

    Package.__name__, Package.__qualname__, Package.__module__ = kind.__name__, kind.__qualname__, kind.__module__
    return Package


def install(namespace: dict[str, object], /, *shared: str, **loaders: str) -> object:
    """Make the names `loaders` of the module of `namespace` load at their first use; returns the module.

    The value of a name is the numbers of its functions `__lazy_N__`; "" is a module of this package. `shared` are
    names of modules of this package under which it has something else.
    """
    state = _State(namespace, shared, loaders)
    namespace["__lazy_state__"] = state
    namespace["__getattr__"], namespace["__dir__"] = state.get, state.names
    namespace["__lazy_names__"], namespace["__lazy_code__"] = state.view, state.code
    module = sys.modules.get(str(namespace.get("__name__")))
    if getattr(module, "__dict__", None) is not namespace:
        return _Namespace(namespace)
    if shared:
        module.__class__ = _package(type(module))
    return module


def chain(namespace: dict[str, object]) -> None:
    """Put the module's own `__getattr__` and `__dir__`, which it defined after `install`, behind ours."""
    state = namespace["__lazy_state__"]
    if isinstance(state, _State):
        for name, function in (("__getattr__", state.get), ("__dir__", state.names)):
            if namespace.get(name) != function:
                state.own[name] = namespace.get(name)
                namespace[name] = function
