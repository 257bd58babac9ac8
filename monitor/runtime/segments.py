"""X-Ray subsegments, made and sent by the runtime itself; under MONITOR_TRACES=otlp they leave as OpenTelemetry spans.

A subsegment is a JSON document of its own, one UDP datagram to the daemon, with the trace and the parent that the
invocation's header names. The X-Ray SDK does the same with 70 modules and 50 ms of a start; it is in maintenance, with
security fixes only. Source of the formats: AWS, "X-Ray segment documents" and "Sending trace data to X-Ray".
"""

from __future__ import annotations

import functools
import os
import sys
from _contextvars import ContextVar  # not `contextvars`: a package may have the backport of that name

from monitor.runtime import clock, daemon, frames, lines, load, settings

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping
    from contextvars import Token
    from types import TracebackType
    from typing import Any

# A datagram holds 65,507 bytes, and X-Ray takes segments of 64 KB.
MOST_BYTES = 64_000
_MOST_FRAMES = 50
_MESSAGE_BYTES = 4_000

_NAME_CHARACTERS = frozenset("_.:/%&#=+\\-@ 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_NAME_LENGTH = 200
_HEADER = "X-Amzn-Trace-Id"
_HEX = frozenset("0123456789abcdefABCDEF")


class Trace:
    """The trace that an invocation belongs to, from Lambda's header; `parent_id` is the function's own segment."""

    __slots__ = ("header", "parent_id", "sampled", "trace_id")

    def __init__(self, header: str) -> None:
        fields = lines.trace_fields(header)
        self.header = header
        self.trace_id = fields.get("Root", "")
        self.parent_id = fields.get("Parent", "")
        always = settings.sampled_always()
        self.sampled = fields.get("Sampled") == "1" if always is None else always

    def has_binary_ids(self) -> bool:
        """Whether both ids are hexadecimal, as OTLP needs them: it has them as bytes."""
        trace_id = self.trace_id.removeprefix("1-").replace("-", "")
        return (len(trace_id), len(self.parent_id)) == (32, 16) and _HEX.issuperset(trace_id + self.parent_id)


def invocation_trace() -> Trace | None:
    """The trace of this invocation, sampled or not; None when there is none, or tracing is off."""
    header = os.environ.get("_X_AMZN_TRACE_ID")
    if not header or settings.tracing() == "none":
        return None
    trace = Trace(header)
    if settings.tracing() == "otlp" and not trace.has_binary_ids():
        return None
    return trace if trace.trace_id and trace.parent_id else None


def current_trace() -> Trace | None:
    """The trace of this invocation; None when it is not sampled, or tracing is off."""
    trace = invocation_trace()
    return trace if trace is not None and trace.sampled else None


class Subsegment:
    """An open subsegment: its document, which `close` completes and sends."""

    __slots__ = ("_entered", "_started_ns", "attached", "document", "has_children", "otel_span", "trace")

    def __init__(self, name: str, trace: Trace, parent_id: str, namespace: str = "") -> None:
        self.trace = trace
        self._started_ns = clock.now_ns()
        self._entered: Token[Subsegment | None] | None = None
        self.has_children = False
        # Where the application uses OpenTelemetry: its current span for as long as this one is open.
        self.attached: Any = None
        self.otel_span: Any = None
        self.document: dict[str, Any] = {
            "id": new_id(),
            "name": safe_name(name),
            "type": "subsegment",
            "trace_id": trace.trace_id,
            "parent_id": parent_id,
            "start_time": clock.epoch_ns() / 1e9,
        }
        if namespace:
            self.document["namespace"] = namespace

    @property
    def id(self) -> str:
        return str(self.document["id"])

    def annotate(self, key: str, value: str | bool | float) -> None:
        """Add an annotation, which X-Ray indexes."""
        self.document.setdefault("annotations", {})[key] = value

    def add_metadata(self, key: str, value: object, namespace: str) -> None:
        """Add metadata, which X-Ray shows and does not index."""
        self.document.setdefault("metadata", {}).setdefault(namespace or "default", {})[key] = value

    def fail(self, error: BaseException, traceback: TracebackType | None) -> None:
        """Mark it as failed by this exception."""
        self.document["fault"] = True
        self.document["cause"] = {
            "working_directory": _working_directory(),
            "exceptions": [_exception(error, traceback)],
        }

    def add_header(self, headers: MutableMapping[str, str]) -> None:
        """Put the trace header on a call made inside this subsegment.

        A header of another trace, which the application has put there, stays. One of the same trace is Lambda's own,
        which botocore sends, or that of an earlier try.
        """
        present = headers.get(_HEADER)
        if present is None or lines.trace_fields(present).get("Root") == self.trace.trace_id:
            fields = lines.trace_fields(self.trace.header) | {"Parent": self.id, "Sampled": "1"}
            headers[_HEADER] = ";".join(f"{name}={value}" for name, value in fields.items())

    def close(self) -> None:
        """End it now and send it."""
        self.document["end_time"] = self.document["start_time"] + (clock.now_ns() - self._started_ns) / 1e9
        if settings.tracing() == "otlp":
            load.own_module("otel.export").add_subsegment(self)
        else:
            daemon.send([encoded(self.document).encode()])


_innermost: ContextVar[Subsegment | None] = ContextVar("monitor_subsegment", default=None)
# Threads that the application starts have no context of their own: their calls belong to the handler's subsegment.
_handler: Subsegment | None = None
# Set by `instruments` when the application uses the runtime's own Tracer, whose SDK keeps its own stack.
sdk_parent_id: Callable[[], str | None] | None = None
# Set by `otel` when the application uses OpenTelemetry, whose context has a current span of its own.
otel: Any = None


def parent_id(trace: Trace) -> str:
    """The subsegment that a new one belongs below: the innermost open one, else the function's own segment."""
    from_sdk = sdk_parent_id() if sdk_parent_id is not None else None
    if from_sdk is None and otel is not None:
        from_sdk = otel.current_span_id(trace)
    if from_sdk:
        return from_sdk
    for open_one in (_innermost.get(), _handler):
        if open_one is not None and open_one.trace.trace_id == trace.trace_id:
            open_one.has_children = True
            return open_one.id
    return trace.parent_id


def enter(subsegment: Subsegment, *, handler: bool = False) -> None:
    """Make it the parent of what begins before `leave`.

    The handler's is that of all threads, and in no context: an application sees its own context variables alone.
    """
    global _handler
    if handler:
        _handler = subsegment
    else:
        subsegment._entered = _innermost.set(subsegment)
    if otel is not None:
        lines.attempt("entering a span", lambda: otel.attach(subsegment))


def leave(subsegment: Subsegment) -> None:
    """Make its parent the innermost open one again."""
    global _handler
    token, subsegment._entered = subsegment._entered, None
    if token is not None and _innermost.get() is subsegment:
        try:
            _innermost.reset(token)
        except ValueError:  # left in a copy of the context that it was entered in
            before = token.old_value
            _innermost.set(before if isinstance(before, Subsegment) else None)
    if _handler is subsegment:
        _handler = None
    if subsegment.attached is not None:
        lines.attempt("leaving a span", lambda: otel.detach(subsegment))


def of_handler() -> Subsegment | None:
    """The open subsegment of the handler."""
    return _handler


def innermost() -> Subsegment | None:
    """The innermost open subsegment of this thread or task."""
    return _innermost.get()


def traced_by_the_application() -> bool:
    """Whether the application has loaded the X-Ray SDK by itself: then it decides what is traced."""
    return "aws_xray_sdk.core" in sys.modules and sdk_parent_id is None


def traced(
    original: Callable[..., Any],
    begin: Callable[..., Subsegment | None],
    end: Callable[[Subsegment, Any, BaseException | None], None],
) -> Callable[..., Any]:
    """A method inside a subsegment.

    `begin` gets the instance, the positional and the named arguments, and opens the subsegment, or returns None where
    the call is not traced; `end` completes it by the answer or the exception. What goes wrong in either is a warning.
    """

    @functools.wraps(original)
    @frames.unseen
    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        subsegment = lines.attempt("tracing a call", lambda: begin(self, arguments, named))
        if subsegment is not None:
            enter(subsegment)
        try:
            answer = original(self, *arguments, **named)
        except BaseException as error:
            frames.hide_frame(error)
            finish(subsegment, end, None, error)
            raise
        finish(subsegment, end, answer, None)
        return answer

    return call


def finish(
    subsegment: Subsegment | None,
    end: Callable[[Subsegment, Any, BaseException | None], None],
    answer: Any,
    error: BaseException | None,
) -> None:
    """Complete and send the subsegment of a call."""
    if subsegment is None:
        return
    lines.attempt("tracing a call", lambda: end(subsegment, answer, error))
    leave(subsegment)
    lines.attempt("sending a subsegment", subsegment.close)


def guarded(listener: Callable[..., None]) -> Callable[..., None]:
    """A listener whose exceptions are warnings."""

    @functools.wraps(listener)
    def call(*arguments: Any) -> None:
        lines.attempt("tracing a call", lambda: listener(*arguments))

    return call


def random_bytes(count: int, _read: Callable[[int], bytes] = os.urandom) -> bytes:
    """Random bytes, from the function as it is before the application, which may count its calls or replace it."""
    return _read(count)


def new_id() -> str:
    """A subsegment's id: 16 hexadecimal digits."""
    return random_bytes(8).hex()


def safe_name(name: str) -> str:
    """A name as X-Ray takes it: letters, digits, spaces and a few other characters, at most 200."""
    if _NAME_CHARACTERS.issuperset(name) and 0 < len(name) <= _NAME_LENGTH:
        return name
    allowed = (sign if sign.isalnum() or sign in _NAME_CHARACTERS else "_" for sign in name)
    return "".join(allowed)[:_NAME_LENGTH] or "_"


def encoded(document: dict[str, Any]) -> str:
    """The document as JSON, without what makes it larger than X-Ray takes: its metadata, then its stack traces."""
    text = lines.encode(document)
    for member in ("metadata", "cause", "annotations"):
        if len(text) <= MOST_BYTES:
            break
        document.pop(member, None)
        text = lines.encode(document)
    return text


def _working_directory() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - pathlib takes 5 ms to import
    except Exception:  # noqa: BLE001 - it has been removed, or the application has replaced the function
        return ""


def _exception(error: BaseException, traceback: TracebackType | None) -> dict[str, Any]:
    message = lines.cut(lines.describe(error).partition(": ")[2], _MESSAGE_BYTES)
    stack: list[dict[str, Any]] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        stack.append({"path": code.co_filename, "line": traceback.tb_lineno, "label": code.co_name})
        traceback = traceback.tb_next
    # The innermost come first, as the X-Ray SDK has it.
    described: dict[str, Any] = {
        "id": new_id(),
        "type": type(error).__name__,
        "message": message,
        "remote": False,
        "stack": stack[: -_MOST_FRAMES - 1 : -1],
    }
    if len(stack) > _MOST_FRAMES:
        described["truncated"] = len(stack) - _MOST_FRAMES
    return described
