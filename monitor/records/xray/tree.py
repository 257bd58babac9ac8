"""Segment documents -> a tree of spans: found by id, whatever their order, doubling or depth."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.kernel.json_fields import list_of
from monitor.records.xray.span import Json, kind_of, make_span, text, time_s
from monitor.records.xray.trace import Absence, AbsenceKind, Span, SpanKind

# Real traces are 5 to 15 deep; what recurses over a span must stay far from Python's own limit.
MAX_DEPTH = 64


@dataclass(slots=True)
class _Node:
    raw: Json
    id: str
    parent_id: str
    is_segment: bool
    parent: "_Node | None" = None
    children: list["_Node"] = field(default_factory=list)
    depth: int = 0
    start_s: float | None = None
    kind: SpanKind = SpanKind.LOCAL

    @property
    def label(self) -> str:
        name = text(self.raw.get("name"))
        return f"{name} ({self.id})" if name else self.id

    @property
    def is_done(self) -> bool:
        return time_s(self.raw.get("end_time")) is not None and self.raw.get("in_progress") is not True


def build_tree(documents: Sequence[Json]) -> tuple[tuple[Span, ...], tuple[Absence, ...]]:
    """The top spans of `documents` in order of time, and what is not in the tree as it was sent."""
    absent: list[Absence] = []
    nodes = _link(_merged(_flatten(documents, absent), absent), absent)
    ordered = _ordered(nodes, absent)
    for node in reversed(ordered):
        known = [child.start_s for child in node.children if child.start_s is not None]
        node.start_s = time_s(node.raw.get("start_time"))
        if node.start_s is None and known:
            node.start_s = min(known)
    return _spans(ordered, absent), tuple(absent)


def _flatten(documents: Sequence[Json], absent: list[Absence]) -> list[_Node]:
    nodes: list[_Node] = []
    for document in documents:
        is_fragment = "subsegments" in document and not ("name" in document or "id" in document)
        if is_fragment:
            absent.append(Absence(AbsenceKind.FRAGMENT, "document", "subsegments without their segment"))
        pending: list[tuple[object, str, bool]] = [(document, "", document.get("type") != "subsegment")]
        if is_fragment:
            pending = [(child, "", False) for child in reversed(list_of(document.get("subsegments")))]
        while pending:
            raw, parent_id, is_segment = pending.pop()
            if not isinstance(raw, dict):
                absent.append(Absence(AbsenceKind.UNREADABLE, parent_id, "a subsegment that is not an object"))
                continue
            node_id = text(raw.get("id")) or f"#{len(nodes) + 1}"
            nodes.append(_Node(raw, node_id, parent_id or text(raw.get("parent_id")), is_segment))
            pending += [(child, node_id, False) for child in reversed(list_of(raw.get("subsegments")))]
    return nodes


def _merged(nodes: list[_Node], absent: list[Absence]) -> list[_Node]:
    """One node an id. A finished document replaces the one sent while it was in progress."""
    by_id: dict[str, _Node] = {}
    for node in nodes:
        known = by_id.get(node.id)
        if known is None:
            by_id[node.id] = node
        elif known.raw.get("name") != node.raw.get("name"):
            absent.append(Absence(AbsenceKind.DOUBLED, node.label, f"its id is also that of {known.label}"))
            node.id = f"{node.id}#{len(by_id) + 1}"
            by_id[node.id] = node
        else:
            if known.is_done == node.is_done:
                absent.append(Absence(AbsenceKind.DOUBLED, node.label, "sent twice, shown once"))
            first, last = (node.raw, known.raw) if known.is_done else (known.raw, node.raw)
            finished = known.is_done or node.is_done
            known.raw = {**first, **last, "in_progress": False} if finished else {**first, **last}
            known.parent_id = known.parent_id or node.parent_id
    return list(by_id.values())


def _link(nodes: list[_Node], absent: list[Absence]) -> list[_Node]:
    by_id = {node.id: node for node in nodes}
    for node in nodes:
        node.parent = by_id.get(node.parent_id)
        if node.parent is node:
            node.parent = None
        if node.parent is not None:
            node.parent.children.append(node)
        elif node.parent_id:
            reason = f"its parent {node.parent_id} is in no document"
            absent.append(Absence(AbsenceKind.NO_PARENT, node.label, reason))
    return nodes


def _ordered(nodes: list[_Node], absent: list[Absence]) -> list[_Node]:
    """Parents before children; circles opened, depth bounded."""
    ordered: list[_Node] = []
    seen: set[int] = set()
    too_deep = 0
    for root in [*(node for node in nodes if node.parent is None), *nodes]:
        if id(root) in seen:
            continue
        if root.parent is not None:
            absent.append(Absence(AbsenceKind.NO_PARENT, root.label, "its parents form a circle"))
            root.parent = None
        seen.add(id(root))
        pending = [root]
        while pending:
            node = pending.pop()
            ordered.append(node)
            above = node.parent
            if above is not None and above.depth >= MAX_DEPTH and above.parent is not None:
                too_deep += 1
                node.parent = above.parent
            node.depth = 0 if node.parent is None else node.parent.depth + 1
            below = [child for child in node.children if id(child) not in seen]
            seen.update(map(id, below))
            pending += below
    if too_deep:
        reason = f"nested deeper than {MAX_DEPTH} levels: shown at level {MAX_DEPTH}"
        absent.append(Absence(AbsenceKind.CUT, f"{too_deep} subsegments", reason))
    for node in nodes:
        node.children = []
    for node in nodes:
        if node.parent is not None:
            node.parent.children.append(node)
    return ordered


def _spans(ordered: list[_Node], absent: list[Absence]) -> tuple[Span, ...]:
    for node in ordered:
        above = None if node.parent is None else node.parent.kind
        node.kind = kind_of(node.raw, above, is_segment=node.is_segment)
    built: dict[int, Span] = {}
    tops: list[Span] = []
    for node in reversed(ordered):
        children = [built.pop(id(child)) for child in node.children if id(child) in built]
        if node.start_s is None:
            absent.append(Absence(AbsenceKind.NO_TIME, node.label, "no start_time: it has no place in the trace"))
            continue
        parent_id = node.parent.id if node.parent else node.parent_id
        span = make_span(node.raw, node.id, parent_id, node.start_s, node.kind, _by_time(children))
        if node.parent is None:
            tops.append(span)
        else:
            built[id(node)] = span
    return _by_time(tops[::-1])


def _by_time(spans: list[Span]) -> tuple[Span, ...]:
    return tuple(sorted(spans, key=lambda span: span.start_s))
