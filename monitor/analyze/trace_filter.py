"""Which traces are wanted: as X-Ray's filter expression, and as a test of a summary at hand."""

from monitor.records.xray.trace import TraceFilter, TraceSummary


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
