"""Makes fewer passes for garbage during init, as long as they find none.

Nearly everything that imports create stays alive, so passes over what has survived one find nothing: without them the
imports of fastapi and boto3 take a tenth less. A start that does create garbage (parsed documents, built tables) must
not keep it. So young objects are looked through as ever, and each time memory has grown by GROWTH_BYTES there is one
pass over everything since the last such one; when that finds garbage, the collector goes on as the application has it.

`gc.isenabled`, `gc.freeze`, `gc.collect` and thresholds that the application sets keep their meaning throughout.
MONITOR_GC=0 leaves the collector alone.
"""

from __future__ import annotations

import gc
import os

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from monitor.runtime.imports import ImportTracer

GROWTH_BYTES = 4 << 20
# Passes over the young objects between two over those that have survived one. No application sets this number.
_NEVER = 1_000_003
# Passes over the young objects between two looks at the memory.
_PASSES = 16
# A pass that frees this many objects has found garbage worth collecting.
_MANY_OBJECTS = 2_000
_PAGE_BYTES = 4096
# As it is before the application, which may put a function of its own in its place.
_open = open


class Rest:
    """The collector at rest, from `begin` until `end` or until there is garbage."""

    def __init__(self) -> None:
        self._original = gc.get_threshold()
        self._own = self._original
        self._mark_bytes = 0
        self._passes = 0
        self._resting = False
        self._get_threshold = gc.get_threshold
        self._wrapper = self._threshold_of_the_application
        self._tracer: ImportTracer | None = None
        self._module: ModuleType = gc

    def begin(self, tracer: ImportTracer) -> None:
        """Let the collector rest, unless it is off already, or MONITOR_GC says to leave it alone."""
        if os.environ.get("MONITOR_GC") == "0" or not gc.isenabled() or not self._original[0]:
            return
        if not tracer.when_imported("gc", self._answer_in):
            return
        self._tracer = tracer
        self._resting = True
        self._mark_bytes = _private_bytes()
        self._set_middle(_NEVER)
        gc.callbacks.append(self._after_pass)

    def end(self) -> None:
        """Collect as before. What is alive becomes old: the first invocation does not pay for a pass over it."""
        if self._resting and self._get_threshold() == self._own and not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()
        self._resume()

    def _answer_in(self, module: ModuleType) -> None:
        """Have the application's `gc`, which is another module than the runtime's, answer with its own thresholds."""
        self._module = module
        setattr(module, "get_threshold", self._wrapper)  # noqa: B010 - a module's attribute is unknown to mypy

    def _threshold_of_the_application(self) -> tuple[int, int, int]:
        """What `gc.get_threshold` answers meanwhile: applications multiply the present thresholds."""
        young, middle, old = self._get_threshold()
        return young, self._original[1] if self._resting and middle == self._own[1] else middle, old

    def _set_middle(self, passes: int) -> None:
        young, _, old = self._original
        self._own = (young, passes, old)
        gc.set_threshold(*self._own)

    def _resume(self) -> None:
        if not self._resting:
            return
        self._resting = False
        if self._after_pass in gc.callbacks:
            gc.callbacks.remove(self._after_pass)
        if self._tracer is not None:
            self._tracer.forget("gc")
        if getattr(self._module, "get_threshold", None) is self._wrapper:
            setattr(self._module, "get_threshold", self._get_threshold)  # noqa: B010
        # What the application has set meanwhile stays; `gc.set_threshold` takes one to three values.
        now = self._get_threshold()
        if now[1] == self._own[1]:
            gc.set_threshold(now[0], self._original[1], now[2])

    def _after_pass(self, phase: str, info: dict[str, Any]) -> None:
        if phase != "stop" or not self._resting:
            return
        if self._get_threshold() != self._own:
            self._resume()  # the application has set its own
        elif info["generation"] > 0:
            self._mark_bytes = _private_bytes()
            if info["collected"] >= _MANY_OBJECTS:
                self._resume()
            else:
                self._set_middle(_NEVER)
        else:
            self._passes += 1
            if self._passes % _PASSES == 0 and _private_bytes() - self._mark_bytes > GROWTH_BYTES:
                self._set_middle(0)  # the next pass is over everything since the last one of its kind


def _private_bytes() -> int:
    """Resident memory that no file backs (proc(5), /proc/pid/statm); 0 where the system does not tell."""
    try:
        with _open("/proc/self/statm", "rb") as file:
            fields = file.read().split()
        return (int(fields[1]) - int(fields[2])) * _PAGE_BYTES
    except (OSError, ValueError, IndexError):
        return 0
