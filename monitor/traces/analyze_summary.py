"""A summary of a saved trace in the shape of X-Ray's own, and which summaries a filter wants."""

from monitor.records.xray.trace import Span, Trace, TraceFilter, TraceSummary


def summary_of(trace: Trace) -> TraceSummary:
    """What GetTraceSummaries would say of `trace`, from its documents.

    Duration and response are the first span's and the whole's; faults are those of the first span, as in X-Ray.
    """
    spans = list(trace.spans())
    first = min(trace.roots, key=lambda span: span.start_s, default=None)
    starts = [span.start_s for span in spans]
    ends = [span.end_s for span in spans if span.end_s is not None]
    duration_s = trace.duration_s
    if duration_s is None and starts and ends:
        duration_s = max(0.0, max(ends) - min(starts))
    annotations: dict[str, tuple[str | float | bool, ...]] = {}
    for span in spans:
        for key, value in span.annotations.items():
            annotations[key] = (*annotations.get(key, ()), value)
    http = first.http if first else None
    return TraceSummary(
        id=trace.id,
        start_ms=min(starts) * 1000 if starts else None,
        duration_ms=None if duration_s is None else duration_s * 1000,
        response_ms=first.duration_ms if first else None,
        has_fault=bool(first and first.fault),
        has_error=bool(first and first.error),
        has_throttle=bool(first and first.throttle),
        partial=any(span.in_progress for span in spans),
        url=http.url if http else "",
        method=http.method if http else "",
        status=http.status if http else None,
        annotations=annotations,
        services=tuple(dict.fromkeys(span.name for span in spans if span.origin)),
        resource_arns=tuple(dict.fromkeys(filter(None, map(_arn, spans)))),
    )


def _arn(span: Span) -> str:
    return span.resource_arn or (span.aws.function_arn if span.aws else "")


def filter_expression(function: str, wanted: TraceFilter) -> str:
    """X-Ray's filter expression for a function's traces.

    By name alone: with the type AWS::Lambda::Function added, a trace that lacks the function's own segment (it was
    never sent, or comes late) would be missed.
    Language: https://docs.aws.amazon.com/xray/latest/devguide/xray-console-filters.html
    """
    parts = [f"service({_quoted(function)})"]
    if wanted.slower_than_ms is not None:
        parts.append(f"duration >= {wanted.slower_than_ms / 1000:.6f}".rstrip("0").rstrip("."))
    if wanted.faulty:
        parts.append("(fault OR error OR throttle)")
    parts += [f"annotation[{key}] = {_value(value)}" for key, value in wanted.annotations]
    if wanted.expression:
        parts.append(f"({wanted.expression})")
    return " AND ".join(parts)


def matches(summary: TraceSummary, wanted: TraceFilter) -> bool:
    """The same test on a summary; `cold` and `expression` cannot be told from one and are not asked."""
    if wanted.slower_than_ms is not None and (summary.duration_ms or 0.0) < wanted.slower_than_ms:
        return False
    if wanted.faulty and not (summary.has_fault or summary.has_error or summary.has_throttle):
        return False
    return all(_has(summary, key, value) for key, value in wanted.annotations)


def _has(summary: TraceSummary, key: str, value: str | float | bool) -> bool:
    # True equals 1 in Python, but not in X-Ray.
    found = summary.annotations.get(key, ())
    return any(one == value and isinstance(one, bool) is isinstance(value, bool) for one in found)


def _value(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.10g}" if isinstance(value, float) else _quoted(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
