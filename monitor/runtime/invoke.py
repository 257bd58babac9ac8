"""One invocation: the handler's outcome, whatever the instruments around it do."""

from __future__ import annotations

from monitor.runtime import cold, instruments, lines

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def wrap(
    name: str,
    handler: Callable[[Any, Any], Any],
    *,
    instrumented: bool,
    start: Callable[[], str],
    on_first: Callable[[Any], None],
    after_first: Callable[[Any], None],
) -> Callable[[Any, Any], Any]:
    """The function that Lambda calls.

    `start` tells at the first invocation what kind of start it follows (see `cold`); `on_first` and `after_first` are
    called with the context before and after it.
    Its result and its exceptions are the handler's own; no instrument can add to them or change them.
    """
    around = lines.attempt("instrumenting", lambda: instruments.chain(name, handler)) if instrumented else None

    def lambda_handler(event: Any, context: Any) -> Any:
        first = cold.begin()
        cold_start = first and cold.waited_for(start())
        call = cold.Call(cold_start)
        if first:
            lines.attempt("the init record", lambda: on_first(context))
            instruments.agree_on_cold(cold_start)
        if cold_start and around is not None:
            lines.attempt("the ColdStart metric", lambda: instruments.count_cold_start(context))
        try:
            _through(around, handler, call, event, context)
        finally:
            if around is not None:
                lines.attempt("writing metrics", instruments.flush_metrics)
            if first:
                instruments.agree_on_cold(False)
                lines.attempt("the record of late imports", lambda: after_first(context))
        return call.result

    return lambda_handler


def _through(
    around: Callable[[Any, Any, cold.Call], Any] | None,
    handler: Callable[[Any, Any], Any],
    call: cold.Call,
    event: Any,
    context: Any,
) -> None:
    """Run the handler inside the instruments, or without them where they fail before it ran."""
    try:
        if around is not None:
            around(event, context, call)
    # Ours or the handler's: told apart below, by what the handler itself did.
    except BaseException as error:
        if error is not call.error and not isinstance(error, Exception):
            raise  # a signal or an exit between instrument and handler
        if error is not call.error:
            lines.warn_once("monitor: an instrument failed", exception=f"{type(error).__name__}: {error}")
    if not call.started:
        try:
            call.run(handler, event, context)
        except BaseException as error:
            if error is not call.error:
                raise
    if call.error is not None:
        try:
            # From the handler's own frame on: who reads the stack trace wrote the handler, not this.
            raise call.error.with_traceback(call.traceback)
        finally:
            call.error = call.traceback = None  # or the exception keeps itself alive
