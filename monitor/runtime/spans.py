"""The init as X-Ray subsegments with their true, past times: one document a phase, its imports inside.

X-Ray's SDK discards subsegments that are opened during init. These are made at the first invocation, as children of the
function's segment, whose id the trace header gives.
"""

from __future__ import annotations

from monitor.runtime import clock, daemon, lines, load, segments, settings, tree

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from typing import Any

    from monitor.runtime.init import Init

# A datagram holds 65,507 bytes and X-Ray takes segments of 64 KB. This is for all phases together: what a start sends
# must not fill the daemon's buffer before the handler's own segments come.
LIMIT_BYTES = 60_000
THRESHOLD_MS = 1.0
_PHASE_BYTES = 400
# A span beside its name: keys, an id of 16 characters, two times of 17, the kind, 12 for its own part of the time
# (which holds nothing of the imports that are left out below), its list of spans, a comma.
_SPAN_BYTES = (
    len(
        '{"id":"","name":"","start_time":,"end_time":,"metadata":{"monitor":{"kind":"import","self_ms":}},'
        '"subsegments":[]},'
    )
    + 62
)


def send_init(init: Init, imports: list[tree.Entry]) -> None:
    """Send the phases and imports of an init. Does nothing when this invocation is not sampled."""
    trace = segments.current_trace()
    if trace is None:
        return
    made = documents(init, imports, trace.trace_id, trace.parent_id)
    if settings.tracing() == "otlp":
        conversion, export = load.own_module("otel.conversion"), load.own_module("otel.export")
        for document in made:
            for span in conversion.from_document(document):
                export.add(span)
    else:
        daemon.send(lines.encode(document).encode() for document in made)


def documents(init: Init, imports: list[tree.Entry], trace_id: str, segment_id: str) -> list[dict[str, Any]]:
    """One subsegment document for each phase, at most 64 KB in all.

    Times are epoch seconds. Imports below a millisecond, and the shortest of what does not fit, are left out.
    """
    origin_s = clock.epoch_ms(init.started_ns) / 1000
    threshold_ms = tree.threshold_ms(THRESHOLD_MS)
    listed = [entry for entry in imports if entry.cumulative_ms >= threshold_ms]
    phase_of = _phases_of(listed, init)
    nested = _nested(listed, origin_s, LIMIT_BYTES - _PHASE_BYTES * len(init.phases))
    made = []
    for index, (name, start_ns, end_ns) in enumerate(init.phases):
        start_ms, end_ms = init.milliseconds(start_ns), init.milliseconds(end_ns)
        span = _span(f"init: {name}", origin_s, start_ms, end_ms, {"kind": "phase", "phase": name})
        span |= {"type": "subsegment", "trace_id": trace_id, "parent_id": segment_id}
        span["subsegments"] = [inner for entry, inner in nested if phase_of[id(entry)] == index]
        made.append(span)
    return made


def _phases_of(listed: list[tree.Entry], init: Init) -> dict[int, int]:
    """Each import's phase by number: its parent's, or the one during which it began."""
    starts_ms = [init.milliseconds(start_ns) for _, start_ns, _ in init.phases]
    found: dict[int, int] = {}
    for entry in listed:
        if entry.parent is not None:
            found[id(entry)] = found[id(entry.parent)]
        else:
            begun = [index for index, start_ms in enumerate(starts_ms) if start_ms <= entry.start_ms]
            found[id(entry)] = begun[-1] if begun else 0
    return found


def _nested(listed: list[tree.Entry], origin_s: float, limit_bytes: int) -> list[tuple[tree.Entry, dict[str, Any]]]:
    """The topmost imports, each with its span and those of what it imported inside."""
    spans = {
        id(entry): _span(
            entry.module,
            origin_s,
            entry.start_ms,
            entry.start_ms + entry.cumulative_ms,
            {"kind": "import", "self_ms": round(entry.self_ms, 3)},
        )
        for entry in listed
    }
    sizes = [_SPAN_BYTES + lines.most_bytes(spans[id(entry)]["name"]) for entry in listed]
    top = []
    for entry in tree.largest(listed, sizes, limit_bytes):
        if entry.parent is None:
            top.append((entry, spans[id(entry)]))
        else:
            spans[id(entry.parent)].setdefault("subsegments", []).append(spans[id(entry)])
    return top


def _span(name: str, origin_s: float, start_ms: float, end_ms: float, monitor: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": segments.new_id(),
        "name": segments.safe_name(name),
        "start_time": round(origin_s + start_ms / 1000, 6),
        "end_time": round(origin_s + end_ms / 1000, 6),
        "metadata": {"monitor": monitor},
    }
