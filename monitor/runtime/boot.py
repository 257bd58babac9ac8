"""The init, in order: instruments, application, and the function that Lambda calls."""

from __future__ import annotations

import time

from monitor.runtime import cold, garbage, instruments, invoke, lines, load, record
from monitor.runtime.init import Init

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from monitor.runtime.imports import ImportTracer


def boot(entered_ns: int, tracer: ImportTracer | None) -> Callable[[Any, Any], Any]:
    """Load the instruments and the handler; returns the handler inside them.

    `entered_ns` is the `time.perf_counter_ns` of the entry point's first line. Raises what loading
    the handler raises (see `load.load`), after its init record has been written.
    """
    if tracer is not None and not tracer.active:
        lines.warn_once("monitor: this Python's importlib is built otherwise: imports are not recorded")
        tracer = None
    init = Init(entered_ns, tracer)
    init.end_phase("entry")
    paused = garbage.pause()
    try:
        return _boot(init)
    finally:
        if paused:
            garbage.resume()


def _boot(init: Init) -> Callable[[Any, Any], Any]:
    # Before the application: its libraries are to be patched as they are imported, and what the
    # instruments cost is not to be charged to whichever module asks for them first.
    missing = lines.attempt("loading the instruments", instruments.load)
    init.end_phase("instruments")
    if missing:
        lines.warn_once(
            f"monitor: not in the package: {', '.join(missing)}; the handler runs without what needs it",
            hint="add aws-lambda-powertools and aws-xray-sdk to requirements.txt",
        )
    name = load.handler_name()
    try:
        handler = load.load(name)
    except BaseException as error:
        init.end_phase("application")
        init.fail(error, name.rpartition(".")[0] or name)
        lines.attempt("the init record", lambda: record.write_failed(init))
        if init.tracer is not None:
            init.tracer.stop()
        raise
    init.end_phase("application")
    wrapped = invoke.wrap(
        name.rpartition(".")[2],
        handler,
        instrumented=missing is not None and "aws_lambda_powertools" not in missing,
        start=lambda: cold.start_of(init.waited_ms()),
        on_first=lambda context: record.write_at_first_invocation(init, context),
        after_first=lambda context: _after_first(init, context),
    )
    init.end_phase("other", time.perf_counter_ns())
    return wrapped


def _after_first(init: Init, context: Any) -> None:
    if init.tracer is None:
        return
    init.tracer.stop()
    record.write_late_imports(init, context)
    init.tracer.imports.clear()
