"""All that a span holds, as sections of names and values: what a page shows when a row is opened."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from monitor.console.text import clean, clean_lines, format_ms, format_time
from monitor.records.xray.trace import Span, SpanException
from monitor.traces.model import Mark, Row

# A page of 5,000 spans has to stay one that a browser opens.
_MOST_METADATA_CHARS = 20_000
_MOST_FRAMES = 50

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a span's detail; `title` is "" for the first. `text` is preformatted, several lines."""

    title: str
    pairs: tuple[Pair, ...] = ()
    text: str = ""


def sections(row: Row, span: Span | None) -> tuple[Section, ...]:
    """The detail of a row; `span` is None for a gap, which no document describes."""
    first = Section("", tuple(_timing(row, span)))
    return (first, *_parts(span)) if span is not None else (first,)


def _timing(row: Row, span: Span | None) -> Iterator[Pair]:
    yield "what", row.kind.value
    if Mark.DERIVED in row.marks:
        yield "note", "no span of the trace: the time between two, named for what Lambda does in it"
    if row.offset_ms is not None:
        yield "begins", f"{format_ms(row.offset_ms)} after the trace"
    if span is not None:
        yield "at", format_time(span.start_s * 1000, utc=True)
    yield "takes", format_ms(row.duration_ms) if row.duration_ms is not None else "in progress, or its end was lost"
    if row.self_ms is not None:
        yield "in no child", format_ms(row.self_ms)
    if row.critical:
        yield "critical path", "yes: the trace ends later when this takes longer"
    words = [mark.value for mark in row.marks if mark is not Mark.DERIVED]
    if words:
        yield "marks", ", ".join(words)


def _parts(span: Span) -> Iterator[Section]:
    facts = tuple(_cleaned(_facts(span)))
    if facts:
        yield Section("Span", facts)
    for exception in span.exceptions:
        yield Section("Exception", text=exception_text(exception))
    if span.annotations:
        yield Section("Annotations", tuple(_cleaned((key, str(value)) for key, value in span.annotations.items())))
    if span.metadata:
        yield Section("Metadata", text=_json(span.metadata))
    if span.links:
        pairs = ((link.reference_type or "link", f"{link.trace_id} {link.span_id}".strip()) for link in span.links)
        yield Section("Links", tuple(_cleaned(pairs)))


def _facts(span: Span) -> Iterator[Pair]:
    yield "id", span.id
    yield "parent", span.parent_id
    yield "origin", span.origin
    yield "namespace", span.namespace
    yield "resource", span.resource_arn
    if span.http is not None:
        yield "request", f"{span.http.method} {span.http.url}".strip()
        yield "status", "" if span.http.status is None else str(span.http.status)
    if span.aws is not None:
        yield "operation", span.aws.operation
        yield "resources", ", ".join(span.aws.resource_names)
        yield "region", span.aws.region
        yield "request id", span.aws.request_id
        yield "retries", str(span.aws.retries) if span.aws.retries else ""
        yield "function", span.aws.function_arn
        yield "log groups", ", ".join(span.aws.log_groups)
    if span.sql is not None:
        yield "database", f"{span.sql.database_type} {span.sql.url}".strip()
        yield "query", span.sql.query
    yield "cause", span.cause_message or span.cause_id


def _cleaned(pairs: Iterator[Pair]) -> Iterator[Pair]:
    return ((clean(name), clean(value)) for name, value in pairs if value)


def _json(value: Mapping[str, object]) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    if len(text) > _MOST_METADATA_CHARS:
        text = f"{text[:_MOST_METADATA_CHARS]}\n… {len(text) - _MOST_METADATA_CHARS:,} more characters"
    return "\n".join(clean_lines(text))


def exception_text(exception: SpanException) -> str:
    """An exception as a person reads it: type and message, then the stack, the innermost frame first."""
    title = ": ".join(part for part in (exception.type, exception.message) if part)
    lines = clean_lines(title)
    if exception.remote:
        lines.append("raised by the called service")
    for frame in exception.stack[:_MOST_FRAMES]:
        place = frame.path + ("" if frame.line is None else f":{frame.line}")
        lines.append(clean(f"  at {frame.label} ({place})" if frame.label else f"  at {place}"))
    left_out = max(0, len(exception.stack) - _MOST_FRAMES) + exception.truncated
    if left_out:
        lines.append(f"  and {left_out} more frames")
    return "\n".join(lines)
