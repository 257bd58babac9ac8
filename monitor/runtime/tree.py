"""The imports of a start as the init record holds them: totals by package, and as much of the tree as fits.

The totals are complete, whatever is left out of the tree. The tree is a flat list, six values a module, in the order of
a walk from the top: its depth, how many characters its name shares with the one before and the rest of the name, by how
much later than that one it began, its cumulative and its own time, in whole microseconds. Where that list is shorter
as base64 of zlib's deflate, it is written so.
"""

from __future__ import annotations

import binascii
import os
import sys
import zlib

from monitor.runtime.lines import encode

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from monitor.runtime.imports import Import

UNKNOWN_ROOT = -1
_LARGEST_MS = 1e9
# A plain list up to this length stays readable in the log; a longer one is compressed.
_PLAIN_BYTES = 2 * 1024
_MOST_PACKAGES_BYTES = 12 * 1024
_MOST_NAME = 200
OWN_PACKAGE = "monitor"


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


def without_own(imports: list[Entry]) -> list[Entry]:
    """The imports that are the application's: not those that the runtime makes for itself, with all below them."""
    left_out: set[int] = set()
    found = []
    for entry in imports:
        below_own = entry.parent is not None and id(entry.parent) in left_out
        if below_own or (entry.parent is None and entry.module.partition(".")[0] == OWN_PACKAGE):
            left_out.add(id(entry))
        else:
            found.append(entry)
    return found


def threshold_ms(default_ms: float = 0.0) -> float:
    """MONITOR_IMPORTS_MIN_MS: imports below it are counted and not listed."""
    try:
        setting = float(os.environ.get("MONITOR_IMPORTS_MIN_MS", ""))
    except ValueError:
        return default_ms
    # Neither NaN nor an infinity, which JSON does not have.
    return max(0.0, setting) if setting < _LARGEST_MS else default_ms


def largest(candidates: Sequence[Entry], sizes: Sequence[int], limit_bytes: int) -> list[Entry]:
    """As many of the slowest imports as fit, in their old order.

    A child takes no longer than its parent and begins after it, so no child is listed without its parent.
    """
    total = 0
    kept = []
    for index in _slowest_first(candidates):
        total += sizes[index]
        if total > limit_bytes:
            break
        kept.append(index)
    return [candidates[index] for index in sorted(kept)]


def _slowest_first(candidates: Sequence[Entry]) -> list[int]:
    return sorted(range(len(candidates)), key=lambda index: (-candidates[index].cumulative_ms, index))


def record(imports: list[Entry], limit_bytes: int) -> dict[str, Any]:
    """The `imports` and `roots` of a record, at most about `limit_bytes` long together."""
    totals = _totals(imports)
    roots = _roots(totals)
    threshold = threshold_ms()
    listed = [entry for entry in imports if entry.cumulative_ms >= threshold]
    figures: dict[str, Any] = {
        "count": len(imports),
        "total_us": _us(total_ms(imports)),
        "threshold_us": _us(threshold),
    }
    # What is known of the size beforehand: everything but the tree, with every module counted as left out.
    fixed = {"roots": roots, "imports": {**figures, "packages": _rows(totals, roots), "tree": ""}}
    kept, text = _fitting(listed, limit_bytes - len(encode(fixed)))
    for entry in kept:
        total = totals[_package_of(entry.module)]
        total.left_out -= 1
        total.left_out_ms -= entry.self_ms
    figures |= {"listed": len(kept), "packages": _rows(totals, roots), "tree": text}
    failed = [index for index, entry in enumerate(_walk(kept)) if entry.failed]
    if failed:
        figures["failed"] = failed[:100]
    return {"imports": figures, "roots": roots}


def total_ms(imports: Iterable[Entry]) -> float:
    """What all imports took together, each moment counted once a thread."""
    return round(sum(entry.cumulative_ms for entry in imports if entry.parent is None), 3)


class _Total:
    __slots__ = ("cumulative_ms", "left_out", "left_out_ms", "modules", "root", "self_ms")

    def __init__(self, root: str) -> None:
        self.root = root
        self.modules = self.left_out = 0
        self.self_ms = self.cumulative_ms = self.left_out_ms = 0.0


def _totals(imports: list[Entry]) -> dict[str, _Total]:
    """Of each top-level package: its modules, their own time, and the time of its topmost imports with all below."""
    paths = _paths()
    totals: dict[str, _Total] = {}
    above: dict[int, frozenset[str]] = {}  # the packages around an import
    for entry in imports:
        package = _package_of(entry.module)
        total = totals.get(package)
        if total is None:
            total = totals[package] = _Total(_root_of(entry.module, paths))
        elif not total.root:
            total.root = _root_of(entry.module, paths)
        around = above[id(entry.parent)] | {_package_of(entry.parent.module)} if entry.parent else frozenset()
        above[id(entry)] = around
        total.modules += 1
        total.left_out += 1
        total.self_ms += entry.self_ms
        total.left_out_ms += entry.self_ms
        if package not in around:
            total.cumulative_ms += entry.cumulative_ms
    return totals


def _rows(totals: dict[str, _Total], roots: list[str]) -> list[list[Any]]:
    """A row a package, the slowest first: name, root's number, modules, own and cumulative time; what is not listed.

    The last two, modules and their own time, only where something is not listed. Packages beyond the limit are one row
    without a name.
    """
    numbers = {root: number for number, root in enumerate(roots)}
    rows: list[list[Any]] = []
    rest: list[Any] = ["", UNKNOWN_ROOT, 0, 0, 0, 0, 0]
    left_bytes = _MOST_PACKAGES_BYTES
    for package, total in sorted(totals.items(), key=lambda item: (-item[1].self_ms, item[0])):
        row = [package[:_MOST_NAME], numbers.get(total.root, UNKNOWN_ROOT), total.modules]
        row += [_us(total.self_ms), _us(total.cumulative_ms)]
        if total.left_out:
            row += [total.left_out, _us(total.left_out_ms)]
        left_bytes -= len(encode(row)) + 1
        if left_bytes > 0:
            rows.append(row)
        else:
            for index, value in enumerate(row[2:], 2):
                rest[index] += value
    return [*rows, rest] if rest[2] else rows


def _fitting(listed: list[Entry], limit_bytes: int) -> tuple[list[Entry], Any]:
    """As many of the slowest imports as fit, and their tree as it is written."""
    order = _slowest_first(listed)
    count = len(order)
    while count:
        kept = [listed[index] for index in sorted(order[:count])]
        tree = _encoded(_flat(kept))
        size = len(encode(tree)) if isinstance(tree, list) else len(tree)
        if size <= limit_bytes:
            return kept, tree
        count = min(count - 1, int(count * max(0, limit_bytes) / size * 0.97))
    return [], []


def _encoded(flat: list[Any]) -> Any:
    plain = encode(flat)
    if len(plain) <= _PLAIN_BYTES:
        return flat
    packed = binascii.b2a_base64(zlib.compress(plain.encode()), newline=False).decode("ascii")
    return packed if len(packed) < len(plain) else flat


def _walk(kept: list[Entry]) -> list[Entry]:
    """The same imports, each followed by those below it."""
    below: dict[int, list[Entry]] = {}
    for entry in kept:
        below.setdefault(id(entry.parent) if entry.parent is not None else 0, []).append(entry)
    walked = []
    waiting = list(reversed(below.get(0, ())))
    while waiting:
        entry = waiting.pop()
        walked.append(entry)
        waiting += reversed(below.get(id(entry), ()))
    return walked


def _flat(kept: list[Entry]) -> list[Any]:
    flat: list[Any] = []
    depths: dict[int, int] = {}
    before, began_us = "", 0
    for entry in _walk(kept):
        depth = depths[id(entry.parent)] + 1 if entry.parent is not None else 0
        depths[id(entry)] = depth
        name = entry.module[:_MOST_NAME]
        shared = _shared(before, name)
        start_us = _us(entry.start_ms)
        flat += (depth, shared, name[shared:], start_us - began_us, _us(entry.cumulative_ms), _us(entry.self_ms))
        before, began_us = name, start_us
    return flat


def _shared(one: str, other: str) -> int:
    """How many characters both begin with."""
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def _us(milliseconds: float) -> int:
    return round(milliseconds * 1000)


def _package_of(module: str) -> str:
    """The top-level package of a module, with the names below it while they are namespace packages."""
    first, dot, rest = module.partition(".")
    while dot and _is_namespace(first):
        name, dot, rest = rest.partition(".")
        first = f"{first}.{name}"
    return first


def _members(name: str) -> dict[str, Any]:
    """A loaded module's own dictionary, without asking the module: looking at a lazy one would load it."""
    try:
        members = object.__getattribute__(sys.modules.get(name), "__dict__")
    except AttributeError:
        return {}
    return members if isinstance(members, dict) else {}


def _is_namespace(name: str) -> bool:
    members = _members(name)
    return "__path__" in members and not isinstance(members.get("__file__"), str)


def _paths() -> list[str]:
    """The entries of sys.path that can hold a module, the longest first. An entry may be of any type."""
    texts = [entry for entry in sys.path if isinstance(entry, str)]
    try:
        paths = {os.path.abspath(entry or ".") + os.sep for entry in texts}  # noqa: PTH100 - pathlib takes 5 ms to import
    except Exception:  # noqa: BLE001 - the working directory has been removed, or the application has replaced os.getcwd
        paths = {entry.rstrip(os.sep) + os.sep for entry in texts if entry.startswith(os.sep)}
    return sorted(paths, key=len, reverse=True)


def _root_of(module: str, paths: list[str]) -> str:
    """The entry of sys.path that a module was found under; "" for a builtin or an unknown one."""
    file = _file(module)
    root = next((path for path in paths if file.startswith(path)), "") if file else ""
    return root.removesuffix(os.sep)


def _file(name: str) -> str:
    """Where a loaded module came from: its file, or the folder of a namespace package."""
    members = _members(name)
    file = members.get("__file__")
    if not isinstance(file, str):
        spec = members.get("__spec__")
        file = getattr(spec, "origin", None) if getattr(spec, "has_location", False) is True else None
    if not isinstance(file, str):
        folders = members.get("__path__")
        # A namespace's path searches again when it is walked; its last result is enough.
        folders = getattr(folders, "_path", folders)
        file = folders[0] if isinstance(folders, list) and folders else ""
    return file if isinstance(file, str) else ""


_MOST_ROOTS_BYTES = 4 * 1024


def _roots(totals: dict[str, _Total]) -> list[str]:
    """The roots that packages were found under, those of the slowest first, as many as fit."""
    found: list[str] = []
    left_bytes = _MOST_ROOTS_BYTES
    for total in sorted(totals.values(), key=lambda one: -one.self_ms):
        if total.root and total.root not in found:
            left_bytes -= len(encode(total.root)) + 1
            if left_bytes < 0:
                break
            found.append(total.root)
    return found
