"""One invocation: the handler is called as Lambda calls it, and what the runtime adds lies before and after it."""

from __future__ import annotations

import sys

from monitor.runtime import cold, frames, lines, load, segments, settings, start_metrics

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

# Loaded when the application asks for one of the runtime's instruments, and not otherwise.
_INSTRUMENTS = "monitor.runtime.instruments"


class Invocation:
    """What the runtime holds of an invocation while its handler runs."""

    __slots__ = ("cold_start", "first", "spans")

    def __init__(self) -> None:
        self.first = False
        self.cold_start = False
        # Each is called with the handler's exception, its traceback and its result.
        self.spans: list[Callable[[BaseException | None, TracebackType | None, Any], None]] = []


# The invocation whose handler runs, with the handler, its event and its context: a logger made meanwhile needs them.
current: tuple[Invocation, Callable[[Any, Any], Any], Any, Any] | None = None


class FirstInvocation:
    """What is done once, around the first invocation of an environment."""

    def __init__(
        self,
        start_kind: Callable[[Any], str],
        before: Callable[[Any, str], None],
        after: Callable[[Any], None],
    ) -> None:
        self._pending = True
        self._start_kind = start_kind
        self._before = before
        self._after = after

    def begin(self, invocation: Invocation, event: Any, context: Any) -> None:
        """Write the init record, if this is the first invocation."""
        if not self._pending:
            return
        self._pending = False
        invocation.first = True
        start = self._start_kind(event)
        invocation.cold_start = cold.waited_for(start)
        lines.attempt("the init record", lambda: self._before(context, start))

    def end(self, invocation: Invocation, context: Any) -> None:
        """Write what the first invocation imported, once it has ended."""
        if invocation.first:
            lines.attempt("the record of late imports", lambda: self._after(context))
            lines.attempt("the ColdStart metric", lambda: start_metrics.count_late(context))


def wrap(name: str, handler: Callable[[Any, Any], Any], first: FirstInvocation) -> Callable[[Any, Any], Any]:
    """The function that Lambda calls. Its results and its exceptions are the handler's own."""

    @frames.unseen
    def lambda_handler(event: Any, context: Any) -> Any:
        invocation = Invocation()
        lines.attempt("preparing an invocation", lambda: _begin(invocation, first, name, handler, event, context))
        try:
            result = handler(event, context)
        except BaseException as error:
            frames.hide_frame(error)
            _end(invocation, first, context, error, None)
            raise
        _end(invocation, first, context, None, result)
        return result

    return lambda_handler


def _begin(
    invocation: Invocation,
    first: FirstInvocation,
    name: str,
    handler: Callable[[Any, Any], Any],
    event: Any,
    context: Any,
) -> None:
    global current
    current = invocation, handler, event, context
    settings.settle()
    first.begin(invocation, event, context)
    instruments = sys.modules.get(_INSTRUMENTS)
    if instruments is not None:
        instruments.begin(invocation, name, handler, event, context)
    if not invocation.spans:
        lines.attempt("tracing the handler", lambda: _begin_span(invocation, name, event, context))


def _begin_span(invocation: Invocation, name: str, event: Any, context: Any) -> None:
    """Open the handler's own subsegment, unless the application decides itself what is traced."""
    trace = segments.current_trace()
    if settings.tracing() == "otlp":
        end_span = load.own_module("otel.handler_span").begin(trace, event, context, cold_start=invocation.cold_start)
        if end_span is not None:
            invocation.spans.append(end_span)
        return
    if trace is None or segments.traced_by_the_application():
        return
    subsegment = segments.Subsegment(f"## {name}", trace, trace.parent_id)
    subsegment.annotate("ColdStart", invocation.cold_start)
    subsegment.annotate("Service", settings.service())
    segments.enter(subsegment, handler=True)

    def end(error: BaseException | None, traceback: TracebackType | None, result: Any) -> None:
        if error is not None:
            subsegment.fail(error, traceback)
        elif (
            result is not None
            and settings.is_true("POWERTOOLS_TRACER_CAPTURE_RESPONSE")
            and lines.is_short(result, segments.MOST_BYTES)
        ):
            subsegment.add_metadata(f"{name} response", result, settings.service())
        segments.leave(subsegment)
        # An application that loaded the X-Ray SDK in its handler decides from then on: warm invocations have none.
        if subsegment.has_children or not segments.traced_by_the_application():
            lines.attempt("sending a subsegment", subsegment.close)

    invocation.spans.append(end)


def _end(
    invocation: Invocation, first: FirstInvocation, context: Any, error: BaseException | None, result: Any
) -> None:
    global current
    current = None
    lines.attempt("ending an invocation", lambda: _end_spans(invocation, first, context, error, result))


def _end_spans(
    invocation: Invocation, first: FirstInvocation, context: Any, error: BaseException | None, result: Any
) -> None:
    traceback = None if error is None else frames.traceback_of(error)
    for end in reversed(invocation.spans):
        lines.attempt("tracing the handler", lambda end=end: end(error, traceback, result))  # type: ignore[misc]
    if settings.tracing() == "otlp":
        lines.attempt("sending spans", lambda: load.own_module("otel.export").flush())
    instruments = sys.modules.get(_INSTRUMENTS)
    if instruments is not None:
        lines.attempt("writing metrics", instruments.flush_metrics)
    first.end(invocation, context)
