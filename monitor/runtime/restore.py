"""SnapStart: what is done before the snapshot, and how long the application's hooks take.

Lambda runs the hooks that are registered with `snapshot_restore_py`: `before_snapshot` when a version is published, the
last one registered first, and `after_restore` while a caller waits for the restore. The runtime's own hooks are the
first and the last of each kind, so they time those of the application. Before the snapshot the runtime also makes its
init record; after a restore it only writes it. Source: AWS, "Implement code before or after Lambda function snapshots".
"""

from __future__ import annotations

from monitor.runtime import clock, lines, record

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from monitor.runtime.imports import ImportTracer
    from monitor.runtime.init import Init

    Hook = tuple[Callable[[], None], tuple[()], dict[str, Any]]

_MODULE = "snapshot_restore_py"


def register(init: Init, tracer: ImportTracer) -> None:
    """Register the runtime's hooks around those that the application registered during its init.

    An application that has not loaded Lambda's module for hooks has none: the runtime client loads it before the
    snapshot.
    """
    tracer.when_imported(_MODULE, lambda hooks: lines.attempt("registering hooks", lambda: _register(init, hooks)))


def _register(init: Init, hooks: ModuleType | Any) -> None:
    before, after = hooks.get_before_snapshot(), hooks.get_after_restore()
    times: dict[str, float] = {"before_snapshot_hooks": len(before), "after_restore_hooks": len(after)}
    first, last = _timer(times, "before_snapshot_ms")
    before[:] = [_hook(lambda: record.prepare(init)), last, *before, first]
    first, last = _timer(times, "after_restore_ms")
    after[:] = [first, *after, last]

    def finish() -> dict[str, float]:
        after[:] = [hook for hook in after if hook is not first and hook is not last]
        return times

    init.restored = finish


def _timer(times: dict[str, float], name: str) -> tuple[Hook, Hook]:
    """Two hooks: the time from the first to the second becomes `times[name]`."""
    started_ns = 0

    def begin() -> None:
        nonlocal started_ns
        started_ns = clock.now_ns()

    def end() -> None:
        times[name] = round((clock.now_ns() - started_ns) / 1e6, 3)

    return _hook(begin), _hook(end)


def _hook(step: Callable[[], None]) -> Hook:
    return lambda: lines.attempt("a hook of SnapStart", step), (), {}
