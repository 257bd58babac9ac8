"""Stores trace documents in memory by trace, nests streamed subsegments, drops the oldest traces."""

import json
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.kernel.json_fields import load_object, number_of, text_of
from monitor.local.server.request import without_surrogates

Document = dict[str, Any]
MAX_DOCUMENT_BYTES = 64 * 1024
# X-Ray's own limit for a trace, after which it is marked LimitExceeded.
_MAX_TRACE_BYTES = 500 * 1024
_MAX_TOTAL_BYTES = 128 * 1024 * 1024
# The year 10000: no time after it can be written.
_END_S = 253_402_300_800
_REQUIRED = ("id", "trace_id", "name", "start_time")


class BadDocumentError(Exception):
    """A segment document that X-Ray refuses. `code` is its ErrorCode."""

    def __init__(self, code: str, message: str, ident: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.ident = ident


@dataclass(slots=True)
class StoredTrace:
    """One trace: its documents by id, in order of arrival."""

    trace_id: str
    documents: dict[str, Document] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    limit_exceeded: bool = False
    memo: Any = None
    """Cached facts of the trace; cleared when a document arrives."""

    @property
    def size(self) -> int:
        return sum(self.sizes.values())

    def segments(self) -> list[Document]:
        """Segment documents, with each streamed subsegment inside the segment that its parent_id names.

        A subsegment whose parent has not arrived is returned by itself.
        """
        copies = {ident: _copy(document) for ident, document in self.documents.items()}
        places: dict[str, tuple[str, Document]] = {}  # node id -> the id of its document, the node
        for ident, document in copies.items():
            for node in _walk(document):
                places.setdefault(node["id"], (ident, node))
        moved: dict[str, str] = {}  # document id -> the id of the document that it was moved into
        for ident, document in copies.items():
            owner, parent = places.get(str(document.get("parent_id", "")), ("", None))
            if document.get("type") == "subsegment" and parent is not None and not _reaches(moved, owner, ident):
                moved[ident] = owner
                _adopt(parent, document)
        for ident in moved:
            for key in ("type", "trace_id", "parent_id"):
                copies[ident].pop(key, None)
        return [document for ident, document in copies.items() if ident not in moved]


class XRayStore:
    """All traces of a stack, used from one event loop."""

    def __init__(self, max_total_bytes: int = _MAX_TOTAL_BYTES) -> None:
        self._traces: OrderedDict[str, StoredTrace] = OrderedDict()
        self._total = 0
        self._max_total_bytes = max_total_bytes

    def put(self, text: str) -> None:
        """Store one document, replacing an earlier version of it. Raises BadDocumentError."""
        document = parse_document(text)
        trace = self._traces.setdefault(document["trace_id"], StoredTrace(document["trace_id"]))
        size = len(text.encode("utf-8", "replace"))
        before = trace.sizes.get(document["id"], 0)
        if trace.size - before + size > _MAX_TRACE_BYTES:
            trace.limit_exceeded = True
            return
        old = trace.documents.get(document["id"])
        if old is not None and document.get("in_progress") and not old.get("in_progress"):
            return  # datagrams can arrive in another order: keep the complete document
        trace.memo = None
        trace.documents[document["id"]] = document
        trace.sizes[document["id"]] = size
        self._total += size - before
        while self._total > self._max_total_bytes and len(self._traces) > 1:
            _, dropped = self._traces.popitem(last=False)
            self._total -= dropped.size

    def get(self, trace_id: str) -> StoredTrace | None:
        return self._traces.get(trace_id)

    def traces(self) -> Iterator[StoredTrace]:
        """Oldest first."""
        return iter(self._traces.values())

    def save(self, path: Path) -> None:
        """Write all documents as JSON lines."""
        partial = path.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as file:
            for trace in self._traces.values():
                file.writelines(json.dumps(document) + "\n" for document in trace.documents.values())
        partial.replace(path)

    def load(self, path: Path) -> None:
        """Read the file that `save` wrote. Invalid documents are skipped."""
        if not path.exists():
            return
        with path.open(encoding="utf-8") as file:
            for line in file:
                try:
                    self.put(line)
                except BadDocumentError:
                    continue


def parse_document(text: str) -> Document:
    """A segment or subsegment document, in which every part has the type that readers rely on.

    Raises BadDocumentError, also for one bad subsegment: X-Ray refuses such documents, and one that were stored would
    fail every request that reads its trace.
    """
    if len(text) > MAX_DOCUMENT_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_DOCUMENT_BYTES:
        raise BadDocumentError("InvalidSegment", "a document is at most 64 KB")
    document = load_object(without_surrogates(text.encode("utf-8", "replace")).decode())
    if isinstance(document, str):
        raise BadDocumentError("ParseError", document)
    ident = text_of(document.get("id")) or ""
    absent = [name for name in _REQUIRED if name not in document]
    if absent:
        raise BadDocumentError("MissingId" if "id" in absent else "InvalidSegment", f"no {absent[0]}", ident)
    if not isinstance(document["trace_id"], str):
        raise BadDocumentError("InvalidSegment", "trace_id is not a text", ident)
    nodes = [document]
    for node in nodes:
        if wrong := _wrong_in(node):
            raise BadDocumentError("InvalidSegment", wrong, ident)
        nodes += node.get("subsegments") or ()
    return document


def _wrong_in(node: Document) -> str:
    """What is wrong with a segment or subsegment, without those inside it; "" for nothing."""
    for name in ("id", "name"):
        if not isinstance(node.get(name), str):
            return f"{name} is not a text"
    for name in ("start_time", "end_time"):
        time_s = number_of(node.get(name))
        is_absent = name == "end_time" and node.get(name) is None
        if not is_absent and (time_s is None or not 0 <= time_s < _END_S):
            return f"{name} is not a time in epoch seconds"
    inside = node.get("subsegments")
    if inside is not None and not (isinstance(inside, list) and all(isinstance(one, dict) for one in inside)):
        return "subsegments is not a list of subsegments"
    return _wrong_number(node)


def _wrong_number(node: Document) -> str:
    """A number that no reader can represent, anywhere but in the subsegments; "" for none."""
    values = [value for name, value in node.items() if name != "subsegments"]
    for value in values:
        if isinstance(value, dict):
            values += value.values()
        elif isinstance(value, list):
            values += value
        elif isinstance(value, int | float) and not isinstance(value, bool) and number_of(value) is None:
            return "a number is too large"
    return ""


def node_end_s(node: Document) -> float:
    """The end of a segment; the current time while it is in progress."""
    end = node.get("end_time")
    return float(end) if isinstance(end, int | float) else time.time()


def _walk(node: Document, depth: int = 0) -> Iterator[Document]:
    if isinstance(node.get("id"), str):
        yield node
    if depth < 100:
        for child in node.get("subsegments") or ():
            if isinstance(child, dict):
                yield from _walk(child, depth + 1)


def _reaches(moved: dict[str, str], start: str, goal: str) -> bool:
    """Whether `goal` is `start` or contains it: two documents can name each other as parent."""
    for _ in range(len(moved) + 1):
        if start == goal:
            return True
        if start not in moved:
            return False
        start = moved[start]
    return True


def _copy(node: Document) -> Document:
    copied: Document = json.loads(json.dumps(node))
    return copied


def _adopt(parent: Document, child: Document) -> None:
    children = parent.setdefault("subsegments", [])
    if isinstance(children, list):
        children.append(child)
