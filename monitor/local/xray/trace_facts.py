"""Extracts from a stored trace the facts for summaries and filter expressions."""

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.kernel.json_fields import object_of
from monitor.local.xray.xray_store import Document, StoredTrace, node_end_s

Annotation = str | float | bool


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """One segment: a service in the trace. Times in epoch seconds."""

    name: str
    type: str
    account: str
    start_s: float
    end_s: float
    fault: bool
    error: bool
    throttle: bool
    in_progress: bool
    http: tuple[tuple[str, str | int], ...]
    annotations: tuple[tuple[str, Annotation], ...]
    users: tuple[str, ...]
    arn: str

    @property
    def duration_s(self) -> float:
        return max(self.end_s - self.start_s, 0.0)


@dataclass(frozen=True, slots=True)
class TraceFacts:
    """A complete trace. `root` is the segment without a parent in the trace, the earliest if there are several."""

    trace_id: str
    root: ServiceFacts
    services: tuple[ServiceFacts, ...]

    @property
    def start_s(self) -> float:
        return min(service.start_s for service in self.services)

    @property
    def end_s(self) -> float:
        return max(service.end_s for service in self.services)

    @property
    def duration_s(self) -> float:
        return max(self.end_s - self.start_s, 0.0)


def read_facts(trace: StoredTrace) -> TraceFacts:
    """Parse a trace with at least one document. The result is cached once no segment is in progress."""
    if isinstance(trace.memo, TraceFacts):
        return trace.memo
    segments = trace.segments()
    ids = {node["id"] for segment in segments for node in walk(segment)}
    services = [_service(segment) for segment in segments]
    roots = [
        facts for facts, segment in zip(services, segments, strict=True) if segment.get("parent_id") not in ids
    ] or services
    found = TraceFacts(trace.trace_id, min(roots, key=lambda facts: facts.start_s), tuple(services))
    if not any(facts.in_progress for facts in services):
        trace.memo = found
    return found


def walk(node: Document) -> Iterator[Document]:
    """The segment and all its subsegments."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack += [child for child in current.get("subsegments") or () if isinstance(child, dict)]


def _service(segment: Document) -> ServiceFacts:
    aws = object_of(segment.get("aws"))
    http = object_of(segment.get("http"))
    fields = {**object_of(http.get("request")), **object_of(http.get("response"))}
    known = {name: fields[name] for name in _HTTP if isinstance(fields.get(name), str | int)}
    annotations: dict[str, Annotation] = {}
    users: list[str] = []
    for node in walk(segment):
        annotations |= {
            str(key): value
            for key, value in object_of(node.get("annotations")).items()
            if isinstance(value, str | int | float | bool)
        }
        if isinstance(node.get("user"), str):
            users.append(node["user"])
    return ServiceFacts(
        name=str(segment["name"]),
        type=str(segment.get("origin", "")),
        account=str(aws.get("account_id", "")),
        start_s=float(segment["start_time"]),
        end_s=node_end_s(segment),
        fault=bool(segment.get("fault")),
        error=bool(segment.get("error")),
        throttle=bool(segment.get("throttle")),
        in_progress=bool(segment.get("in_progress")),
        http=tuple(known.items()),
        annotations=tuple(annotations.items()),
        users=tuple(users),
        arn=str(segment.get("resource_arn") or aws.get("function_arn") or ""),
    )


_HTTP = ("url", "method", "user_agent", "client_ip", "status")
