"""Imports as a tree of plain dicts, cut to what is worth its bytes."""

from __future__ import annotations

import os
import sys

from monitor.runtime.lines import encode, most_bytes

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from monitor.runtime.imports import Import

DEFAULT_THRESHOLD_MS = 1.0
UNKNOWN_ROOT = -1
_LARGEST_MS = 1e9
# A node beside its module's name: its keys, a root's number, three figures of up to 12 digits, a comma.
_NODE_BYTES = len('{"module":"","root":-1,"start_ms":,"self_ms":,"cumulative_ms":,"children":[],"failed":true},') + 40
ENVELOPE_BYTES = 256  # the keys and figures around a tree


class Entry:
    """An import with its times worked out, in milliseconds after the process's start."""

    __slots__ = ("cumulative_ms", "failed", "module", "parent", "self_ms", "start_ms")

    def __init__(self, source: Import, parent: Entry | None, origin_ns: int, now_ns: int) -> None:
        self.module = source.module
        self.parent = parent
        self.failed = source.failed
        self.start_ms = (source.start_ns - origin_ns) / 1e6
        # An import that still runs (another thread's, or the one that failed the init) ends now.
        self.cumulative_ms = ((source.end_ns or now_ns) - source.start_ns) / 1e6
        self.self_ms = self.cumulative_ms
        if parent is not None:
            parent.self_ms -= self.cumulative_ms


def entries(imports: Iterable[Import], origin_ns: int, now_ns: int) -> list[Entry]:
    """The imports in the order in which they began; a parent always comes before its children."""
    found: dict[int, Entry] = {}
    for source in imports:
        parent = found.get(id(source.parent)) if source.parent is not None else None
        found[id(source)] = Entry(source, parent, origin_ns, now_ns)
    return list(found.values())


def threshold_ms() -> float:
    """MONITOR_IMPORTS_MIN_MS: imports below it are counted but not listed."""
    try:
        setting = float(os.environ.get("MONITOR_IMPORTS_MIN_MS", ""))
    except ValueError:
        return DEFAULT_THRESHOLD_MS
    # Neither NaN nor an infinity, which JSON does not have.
    return max(0.0, setting) if setting < _LARGEST_MS else DEFAULT_THRESHOLD_MS


def largest(candidates: Sequence[Entry], sizes: Sequence[int], limit_bytes: int) -> list[Entry]:
    """As many of the slowest imports as fit, in their old order.

    A child takes no longer than its parent and begins after it, so no child is kept without its parent.
    """
    order = sorted(range(len(candidates)), key=lambda index: (-candidates[index].cumulative_ms, index))
    total = 0
    kept = []
    for index in order:
        total += sizes[index]
        if total > limit_bytes:
            break
        kept.append(index)
    return [candidates[index] for index in sorted(kept)]


class Roots:
    """Which entry of the path a module was found under, by number; readers map it to a distribution.

    The names take at most LIMIT_BYTES as JSON; roots beyond that are unknown ones.
    """

    LIMIT_BYTES = 4 * 1024

    def __init__(self) -> None:
        self.names: list[str] = []
        paths = {os.path.abspath(entry or ".") + os.sep for entry in sys.path}  # noqa: PTH100 - see clock
        self._paths = sorted(paths, key=len, reverse=True)
        self._left_bytes = self.LIMIT_BYTES - len('"roots":[],')

    def of(self, module: str) -> int:
        """The index of the module's root in `names`, UNKNOWN_ROOT for a builtin or an unknown one."""
        file = _file(module)
        root = next((path for path in self._paths if file.startswith(path)), None) if file else None
        if root is None:
            return UNKNOWN_ROOT
        path = root.removesuffix(os.sep)
        if path not in self.names:
            size = len(encode(path)) + 1
            if size > self._left_bytes:
                return UNKNOWN_ROOT
            self._left_bytes -= size
            self.names.append(path)
        return self.names.index(path)


def _file(name: str) -> str:
    """Where a loaded module came from: its file, or the folder of a namespace package."""
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if not isinstance(file, str):
        folders = getattr(module, "__path__", None)
        file = next(iter(folders), "") if folders is not None else ""
    return file if isinstance(file, str) else ""


def record(imports: list[Entry], roots: Roots, limit_bytes: int) -> dict[str, Any]:
    """The `imports` part of the init record, at most about `limit_bytes` long."""
    threshold = threshold_ms()
    listed = [entry for entry in imports if entry.cumulative_ms >= threshold]
    nodes = {id(entry): _node(entry, roots) for entry in listed}
    kept = largest(listed, [_NODE_BYTES + most_bytes(entry.module) for entry in listed], limit_bytes)
    tree: list[dict[str, Any]] = []
    for entry in kept:
        siblings = tree if entry.parent is None else nodes[id(entry.parent)]["children"]
        siblings.append(nodes[id(entry)])
    return {
        "count": len(imports),
        "total_ms": total_ms(imports),
        "threshold_ms": threshold,
        "dropped": len(listed) - len(kept),
        "tree": tree,
    }


def total_ms(imports: Iterable[Entry]) -> float:
    """What all imports took together, each moment counted once a thread."""
    return round(sum(entry.cumulative_ms for entry in imports if entry.parent is None), 3)


def _node(entry: Entry, roots: Roots) -> dict[str, Any]:
    node: dict[str, Any] = {
        "module": entry.module,
        "root": roots.of(entry.module),
        "start_ms": round(entry.start_ms, 3),
        "self_ms": round(entry.self_ms, 3),
        "cumulative_ms": round(entry.cumulative_ms, 3),
        "children": [],
    }
    if entry.failed:
        node["failed"] = True
    return node
