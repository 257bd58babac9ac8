"""A summary of a trace at hand, in the shape that X-Ray's own summaries have."""

from monitor.records.xray.trace import Span, Trace, TraceSummary


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
