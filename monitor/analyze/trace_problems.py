"""The exceptions of a trace, each once, with the spans that they passed through."""

from dataclasses import dataclass, replace

from monitor.model.waterfall import Problem
from monitor.records.xray.trace import Span, SpanException, Trace

MAX_PROBLEMS = 100  # what a person could read; a trace can hold one a subsegment


@dataclass(slots=True)
class _Found:
    exception: SpanException
    spans: list[str]


def problems(trace: Trace) -> tuple[Problem, ...]:
    """One `Problem` an exception, in order of time, the first hundred.

    The SDKs record an exception on every span it passes; they are one when type and message agree.
    A cause that is only a message is its own problem unless an exception says the same; one that
    names an exception of another segment joins it, and is said to be missing when there is none.
    """
    found: dict[tuple[str, str], _Found] = {}
    by_id: dict[str, _Found] = {}
    spans = list(trace.spans())
    for span in spans:
        for exception in span.exceptions:
            if exception.type or exception.message:
                known = _note(found, exception, span)
                by_id.setdefault(exception.id, known)
    for span in spans:
        if span.cause_id and (named := by_id.get(span.cause_id)) is not None:
            if span.name not in named.spans:
                named.spans.append(span.name)
        elif span.cause_id:
            message = f"caused by exception {span.cause_id}, which no segment of this trace holds"
            _note(found, SpanException(message=message, id=span.cause_id), span)
        elif span.cause_message and not span.exceptions:
            told = any(span.cause_message in one.exception.message for one in found.values())
            if not told:
                _note(found, SpanException(message=span.cause_message), span)
    return tuple(Problem(one.exception, tuple(one.spans)) for one in found.values())


def _note(found: dict[tuple[str, str], _Found], exception: SpanException, span: Span) -> _Found:
    key = (exception.type, exception.message)
    if len(found) >= MAX_PROBLEMS and key not in found:
        return _Found(exception, [])
    known = found.setdefault(key, _Found(exception, []))
    if span.name in known.spans:
        known.spans.remove(span.name)
    known.spans.insert(0, span.name)  # parents come first: the innermost ends up in front
    if len(exception.stack) > len(known.exception.stack):
        known.exception = replace(exception, remote=known.exception.remote or exception.remote)
    return known
