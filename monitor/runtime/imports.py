"""Times every import of a start: the search, the module's parents, its creation and execution.

`importlib._bootstrap._find_and_load` is what both the import statement and importlib.import_module call for a module
that is not yet in sys.modules. While it is wrapped, each call is one Import. This sees what `-X importtime` sees;
wrapping loaders does not, it misses the search and C extensions. It also tells, without a finder on sys.meta_path,
when the application has imported a library that is to be traced. Checked on CPython 3.11 to 3.14; on a Python without
that function nothing is recorded, and a warning says so.
"""

from __future__ import annotations

import os
import sys
import time
from _thread import get_ident

from monitor.runtime.frames import hide_frame

TYPE_CHECKING = False  # typing is itself among the imports to be seen
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

_BOOTSTRAP: Any = sys.modules["_frozen_importlib"]
_WRAPPED = "_find_and_load"
# From this depth on an import gets room for the frames that the runtime adds; the entry point has at most so many.
_DEEP, _ENTRY_FRAMES = 20, 40


class Import:
    """One import: of which module, by which other import, from when to when.

    Times are readings of `time.perf_counter_ns`; `end_ns` is 0 while the import runs. Plain slots:
    dataclasses would cost the start 6 ms.
    """

    __slots__ = ("depth", "end_ns", "failed", "module", "parent", "start_ns")

    def __init__(self, module: str, parent: Import | None, start_ns: int) -> None:
        self.module = module
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.start_ns = start_ns
        self.end_ns = 0
        self.failed = False


class ImportTracer:
    """The imports since `start`, in the order in which they began, from all threads."""

    def __init__(self, *, wanted: bool = True) -> None:
        self.wanted = wanted
        self.imports: list[Import] = []
        self._thread_id = get_ident()
        self._original: Callable[..., Any] | None = None
        self._wrapper: Callable[..., Any] | None = None
        self._recording = False
        self._hooks: dict[str, Callable[[ModuleType], object]] = {}

    @property
    def active(self) -> bool:
        """Whether it records: between `start` and `stop`, where this Python's importlib is built as expected."""
        return self._recording

    def start(self) -> None:
        """Begin to record. Does nothing on a Python whose importlib is built otherwise."""
        self._recording = self._install()

    def stop(self) -> None:
        """Record no more. The wrapper is taken out once no library is waited for."""
        self._recording = False
        self._remove_when_idle()

    def when_imported(self, module: str, hook: Callable[[ModuleType], object]) -> bool:
        """Call `hook` with `module` once it has been imported, at once if it has been. The hook must not raise.

        Returns False on a Python whose importlib is built otherwise: the hook is never called then.
        """
        loaded = sys.modules.get(module)
        if loaded is not None:
            hook(loaded)
            return True
        if not self._install():
            return False
        self._hooks[module] = hook
        return True

    def forget(self, module: str) -> None:
        """Wait no longer for `module`."""
        if self._hooks.pop(module, None) is not None:
            self._remove_when_idle()

    def _install(self) -> bool:
        if self._wrapper is not None:
            return True
        original = getattr(_BOOTSTRAP, _WRAPPED, None)
        if original is None:
            return False
        self._original = original
        self._wrapper = self._wrap(original)
        setattr(_BOOTSTRAP, _WRAPPED, self._wrapper)
        return True

    def _remove_when_idle(self) -> None:
        """Take the wrapper out. If somebody else has wrapped it since, it stays and only passes on."""
        if self._recording or self._hooks or getattr(_BOOTSTRAP, _WRAPPED, None) is not self._wrapper:
            return
        setattr(_BOOTSTRAP, _WRAPPED, self._original)
        self._wrapper = None

    def _imported(self, name: str, module: ModuleType) -> None:
        hook = self._hooks.pop(name, None)
        if hook is not None:
            hook(module)
            self._remove_when_idle()

    def _wrap(self, original: Callable[..., Any]) -> Callable[..., Any]:
        loaded = sys.modules
        imports = self.imports
        hooks = self._hooks
        running: dict[int, Import | None] = {}  # by thread: the innermost import that has not ended
        clock = time.perf_counter_ns
        main_thread = self._thread_id

        def _find_and_load(name: str, import_: Any) -> Any:
            # None in sys.modules forbids the import, which then fails here as it does anywhere.
            if not (self._recording or name in hooks) or loaded.get(name) is not None:
                try:
                    return original(name, import_)
                except BaseException as error:
                    hide_frame(error)
                    raise
            thread = get_ident()
            parent = running.get(thread)
            record = Import(name, parent, clock())
            if self._recording:
                imports.append(record)
            running[thread] = record
            deep = record.depth >= _DEEP and thread == main_thread
            limit = _raise_recursion_limit(record.depth) if deep else 0
            try:
                module = original(name, import_)
            except BaseException as error:
                record.failed = True
                hide_frame(error)
                raise
            finally:
                record.end_ns = clock()
                running[thread] = parent
                if deep:
                    _restore_recursion_limit(limit, record.depth)
            if name in hooks:
                self._imported(name, module)
            return module

        # warnings.warn(stacklevel=2) in a module finds the importing line by skipping frames whose
        # file is importlib's, and so does the interpreter when it shortens tracebacks.
        _find_and_load.__code__ = _find_and_load.__code__.replace(co_filename=original.__code__.co_filename)
        for name in ("__module__", "__qualname__", "__doc__"):
            setattr(_find_and_load, name, getattr(original, name))
        return _find_and_load


def _raise_recursion_limit(depth: int) -> int:
    """Make up for the runtime's own frames in the recursion limit; returns the limit as it was.

    An import nested in another has one frame more than without the wrapper, and all of them those of the entry point: a
    chain of imports that just fits into the limit has to fit with them.
    """
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(before + _frames(depth))
    return before


def _restore_recursion_limit(before: int, depth: int) -> None:
    """Take the allowance back, unless the application has set a limit of its own meanwhile."""
    if sys.getrecursionlimit() == before + _frames(depth):
        sys.setrecursionlimit(before)


def _frames(depth: int) -> int:
    return _DEEP + _ENTRY_FRAMES if depth == _DEEP else 1


def start() -> ImportTracer:
    """A tracer, which records unless MONITOR_IMPORTS=0."""
    tracer = ImportTracer(wanted=os.environ.get("MONITOR_IMPORTS") != "0")
    if tracer.wanted:
        tracer.start()
    return tracer
