"""Times every import of a start, whole: the search, the module's parents, its creation and execution.

`importlib._bootstrap._find_and_load` is what both the import statement and importlib.import_module
call for a module that is not yet in sys.modules. While it is wrapped, each call is one Import. This
sees what `-X importtime` sees (wrapping loaders does not: it misses the search and C extensions).
Checked on CPython 3.11 to 3.14; where the function is not there nothing is recorded, and a warning says so.
"""

from __future__ import annotations

import os
import sys
import time
from _thread import get_ident

TYPE_CHECKING = False  # typing is itself among the imports to be seen
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_BOOTSTRAP: Any = sys.modules["_frozen_importlib"]
_WRAPPED = "_find_and_load"


class Import:
    """One import: what was asked for, by which other import, from when to when.

    Times are readings of `time.perf_counter_ns`; `end_ns` is 0 while the import runs. Plain slots:
    dataclasses would cost the start 6 ms.
    """

    __slots__ = ("end_ns", "failed", "module", "parent", "start_ns")

    def __init__(self, module: str, parent: Import | None, start_ns: int) -> None:
        self.module = module
        self.parent = parent
        self.start_ns = start_ns
        self.end_ns = 0
        self.failed = False


class ImportTracer:
    """The imports since `start`, in the order in which they began, from all threads."""

    def __init__(self) -> None:
        self.imports: list[Import] = []
        self._original: Callable[..., Any] | None = None
        self._wrapper: Callable[..., Any] | None = None
        self._active = False

    @property
    def active(self) -> bool:
        """Whether it records: between `start` and `stop`, where this Python's importlib is built as expected."""
        return self._active

    def start(self) -> None:
        """Begin to record. Does nothing on a Python whose importlib is built otherwise."""
        original = getattr(_BOOTSTRAP, _WRAPPED, None)
        if original is None or self._active:
            return
        self._original = original
        self._active = True
        self._wrapper = self._wrap(original)
        setattr(_BOOTSTRAP, _WRAPPED, self._wrapper)

    def stop(self) -> None:
        """Take the wrapper out. If somebody else has wrapped it since, it stays and only passes on."""
        self._active = False
        if getattr(_BOOTSTRAP, _WRAPPED, None) is self._wrapper:
            setattr(_BOOTSTRAP, _WRAPPED, self._original)

    def _wrap(self, original: Callable[..., Any]) -> Callable[..., Any]:
        loaded = sys.modules
        imports = self.imports
        running: dict[int, Import | None] = {}  # by thread: the innermost import that has not ended
        clock = time.perf_counter_ns

        def _find_and_load(name: str, import_: Any) -> Any:
            # None in sys.modules forbids the import, which then fails here as it does anywhere.
            if loaded.get(name) is not None or not self._active:
                return original(name, import_)
            thread = get_ident()
            parent = running.get(thread)
            record = Import(name, parent, clock())
            imports.append(record)
            running[thread] = record
            try:
                return original(name, import_)
            except BaseException as error:
                record.failed = True
                # A traceback must not show this frame: it is not where anything went wrong.
                if error.__traceback__ is not None:
                    error.__traceback__ = error.__traceback__.tb_next
                raise
            finally:
                record.end_ns = clock()
                running[thread] = parent

        # warnings.warn(stacklevel=2) in a module finds the importing line by skipping frames whose
        # file is importlib's, and so does the interpreter when it shortens tracebacks.
        _find_and_load.__code__ = _find_and_load.__code__.replace(co_filename=original.__code__.co_filename)
        return _find_and_load


def start() -> ImportTracer | None:
    """A running tracer; None when MONITOR_IMPORTS=0."""
    if os.environ.get("MONITOR_IMPORTS") == "0":
        return None
    tracer = ImportTracer()
    tracer.start()
    return tracer
