"""The init, in order: prepare to trace, load the application, and return the function that Lambda calls."""

from __future__ import annotations

from monitor.runtime import clock, cold, garbage, invoke, lines, load, record, settings
from monitor.runtime.init import Init

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from monitor.runtime.imports import ImportTracer


def boot(entered_ns: int, tracer: ImportTracer, loaded: frozenset[str]) -> Callable[[Any, Any], Any]:
    """Load the handler; returns the function that calls it.

    `entered_ns` is the `time.perf_counter_ns` of the entry point's first line, `loaded` are the modules before it.
    Raises what loading the handler raises (see `load`), after its init record has been written.
    """
    lines.use_stdout()
    if not tracer.active and tracer.wanted:
        lines.warn_once("monitor: this Python's importlib is not built as expected: imports are not recorded")
    init = Init(entered_ns, tracer if tracer.active else None)
    lines.attempt("preparing to trace", lambda: _prepare(tracer))
    load.withdraw_own_needs(loaded)
    init.end_phase("entry")
    rest = garbage.Rest()
    rest.begin(tracer)
    try:
        return _boot(init, tracer)
    finally:
        rest.end()


def _prepare(tracer: ImportTracer) -> None:
    """Have libraries traced once the application has imported them."""
    if settings.tracing() != "none":
        from monitor.runtime import libraries

        libraries.trace_when_imported(tracer)
    if settings.tracing() == "otlp":
        from monitor.runtime.otel import handler_span

        handler_span.prepare()


def _boot(init: Init, tracer: ImportTracer) -> Callable[[Any, Any], Any]:
    name = settings.handler_name()
    try:
        handler = load.load(name)
    except BaseException as error:
        reported = _fail(init, tracer, name, error)
        if reported is error:
            raise
        raise reported from None
    init.end_phase("application")
    if settings.tracing() == "otlp":
        from monitor.runtime.otel import handler_span

        handler_span.provide_when_imported(tracer)
    first = invoke.FirstInvocation(
        start_kind=lambda event: cold.start_kind(init.waited_ms(), event),
        before=lambda context, start: record.write_at_first_invocation(init, context, start),
        after=lambda context: _after_first(init, tracer, context),
    )
    wrapped = invoke.wrap(name.rpartition(".")[2], handler, first)
    if cold.initialization_type() == cold.SNAP_START:
        lines.attempt("registering hooks of SnapStart", lambda: load.own_module("restore").register(init, tracer))
    init.end_phase("other", clock.now_ns())
    return wrapped


def _after_first(init: Init, tracer: ImportTracer, context: Any) -> None:
    tracer.stop()
    record.write_late_imports(init, context)
    tracer.imports.clear()


def _fail(init: Init, tracer: ImportTracer, name: str, error: BaseException) -> BaseException:
    """Write the record of the failed init; returns the exception to raise in place of `error`."""

    def write() -> None:
        init.fail(error, name.rpartition(".")[0] or name, load.hint(name, error))
        record.write_failed(init)

    init.end_phase("application")
    lines.attempt("the init record", write)
    tracer.stop()
    return lines.attempt("reporting the failed init", lambda: load.as_lambda_reports_it(error)) or error
