"""The init record: what the instrumented entry point measured of its own start, logged as JSON once a cold start.

Version 2 holds totals by package and the tree as a flat list (see `monitor.runtime.tree`); version 1 holds the tree as
nested objects. Both are read.
"""

import binascii
import json
import zlib
from dataclasses import field
from typing import Any

from monitor.kernel.json_fields import (
    FieldError,
    as_object,
    figure_of,
    need_figure,
    need_list,
    need_object,
    need_text,
    number_of,
    object_of,
    text_of,
    texts_of,
    whole_of,
)
from monitor.kernel.values import dataclass

VERSIONS = (1, 2)
# Real trees are some forty deep and hold up to some thousand modules; a record is at most 32 KB.
_DEEPEST = 120
_MOST_MODULES = 20_000
_MOST_TREE_BYTES = 4 << 20
# Of a module in the flat list: depth, characters shared with the name before, rest of the name, delay after the one
# before, cumulative and own time.
_VALUES = 6


@dataclass(frozen=True, slots=True)
class InitPhase:
    """A phase of the init (runtime, entry, application, other); `start_ms` counts from the start of the process."""

    name: str
    start_ms: float
    duration_ms: float


@dataclass(frozen=True, slots=True)
class ImportedModule:
    """One import that the record lists, and the imports it caused.

    `root` is an index into the record's `roots`, or -1 for a builtin or unknown place; `start_ms` counts from the start
    of the process. `cumulative_ms` includes everything it imported, `self_ms` nothing of it, listed or not.
    """

    module: str
    root: int
    start_ms: float
    self_ms: float
    cumulative_ms: float
    children: tuple["ImportedModule", ...] = ()


@dataclass(frozen=True, slots=True)
class PackageImports:
    """All imports of a top-level package in one init, whether the tree lists them or not.

    A name below a namespace package (`google.cloud.storage`) counts as a package of its own; the row without a name
    holds the packages that were too many. `self_ms` is what its modules took themselves; `cumulative_ms` what its
    topmost imports took with everything below them. `left_out` of its `modules`, which took `left_out_ms` themselves,
    are not in the tree.
    """

    name: str
    root: int
    modules: int
    self_ms: float
    cumulative_ms: float
    left_out: int = 0
    left_out_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class InitImports:
    """The imports of an init: all of them counted and summed up by package, the longest as a tree.

    `total_ms` is the time of all imports; the tree lists imports of `threshold_ms` and more. `dropped` modules were too
    many to be listed, or below the threshold. `packages` is empty in records of version 1, which hold the tree alone.
    """

    count: int
    total_ms: float
    threshold_ms: float
    dropped: int
    tree: tuple[ImportedModule, ...] = ()
    packages: tuple[PackageImports, ...] = ()

    @property
    def left_out_ms(self) -> float | None:
        """What the modules took that the tree does not list; None where the record does not say."""
        return sum(package.left_out_ms for package in self.packages) if self.packages else None


@dataclass(frozen=True, slots=True)
class InitError:
    """Why the handler could not be loaded: `module` is the handler's; `hint` says what to set or to change."""

    type: str
    message: str
    module: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class InitRecord:
    """One init, as measured inside the process.

    `observed_init_ms` is the time from the start of the process to the end of init. Lambda's Init Duration also
    includes what comes before the process, and the extensions: the two are shown side by side, never as one.
    `started_at_ms` is epoch milliseconds with a fraction. `start` is Lambda's initialization type; or `durable-
    replay` where the first invocation resumes a durable execution; or `proactive` where it came 10 s or more after
    the init. `invoked_after_ms` is how long after the init it came. An init that failed has neither.
    `before_snapshot_ms` and `after_restore_ms` are the times of the application's hooks with SnapStart. None stands
    for whatever the record does not say.
    """

    version: int
    observed_init_ms: float
    initialization_type: str | None = None
    started_at_ms: float | None = None
    service: str | None = None
    function_name: str | None = None
    request_id: str | None = None
    trace_id: str | None = None
    phases: tuple[InitPhase, ...] = ()
    imports: InitImports | None = None
    roots: tuple[str, ...] = ()
    python: str | None = None
    libraries: dict[str, str] = field(default_factory=dict)
    memory_mb: int | None = None
    architecture: str | None = None
    error: InitError | None = None
    start: str | None = None
    invoked_after_ms: float | None = None
    before_snapshot_ms: float | None = None
    after_restore_ms: float | None = None


def read_init_record(line: dict[str, Any]) -> InitRecord | str:
    """The init record of a JSON line that has a member `monitor_init`; or why it cannot be read.

    A member that is absent is None or empty in the result; one of the wrong type, a tree that is too deep
    or a record of a later version makes it unreadable.
    """
    try:
        return _record(line, need_object(line, "monitor_init"))
    except FieldError as error:
        return str(error)


def read_late_imports(line: dict[str, Any]) -> tuple[InitImports, tuple[str, ...]] | str:
    """The late imports and their roots of a JSON line that has a member `monitor_imports`; or why they are not read."""
    try:
        body = need_object(line, "monitor_imports")
        return _imports(need_object(body, "imports"), _version(body)), texts_of(body.get("roots"))
    except FieldError as error:
        return str(error)


def _record(line: dict[str, Any], body: dict[str, Any]) -> InitRecord:
    version = _version(body)
    imports, error, hooks = body.get("imports"), body.get("error"), object_of(body.get("snap_start"))
    return InitRecord(
        version=version,
        observed_init_ms=need_figure(body, "observed_init_ms"),
        initialization_type=text_of(body.get("initialization_type")),
        started_at_ms=figure_of(body.get("started_at_ms")),
        service=text_of(line.get("service")),
        function_name=text_of(line.get("function_name")),
        request_id=text_of(line.get("function_request_id")),
        trace_id=text_of(line.get("xray_trace_id")),
        phases=tuple(_phase(item) for item in need_list(body, "phases")),
        imports=None if imports is None else _imports(as_object(imports, "imports"), version),
        roots=texts_of(body.get("roots")),
        python=text_of(body.get("python")),
        libraries={name: value for name, value in object_of(body.get("libraries")).items() if isinstance(value, str)},
        memory_mb=whole_of(body.get("memory_mb")),
        architecture=text_of(body.get("architecture")),
        error=None if error is None else _error(as_object(error, "error")),
        start=text_of(body.get("start")),
        invoked_after_ms=figure_of(body.get("invoked_after_ms")),
        before_snapshot_ms=figure_of(hooks.get("before_snapshot_ms")),
        after_restore_ms=figure_of(hooks.get("after_restore_ms")),
    )


def _version(body: dict[str, Any]) -> int:
    version = whole_of(body.get("version"))
    if version not in VERSIONS:
        known = " and ".join(map(str, VERSIONS))
        raise FieldError(f"version {version} of the init record is not known, only {known}")
    return version


def _phase(item: object) -> InitPhase:
    phase = as_object(item, "a phase")
    return InitPhase(need_text(phase, "name"), need_figure(phase, "start_ms"), need_figure(phase, "duration_ms"))


def _error(error: dict[str, Any]) -> InitError:
    texts = (text_of(error.get(name)) for name in ("module", "hint"))
    return InitError(need_text(error, "type"), need_text(error, "message"), *texts)


def _imports(imports: dict[str, Any], version: int) -> InitImports:
    if version > 1:
        return _flat_imports(imports)
    budget = [_MOST_MODULES]
    return InitImports(
        count=whole_of(imports.get("count")) or 0,
        total_ms=need_figure(imports, "total_ms"),
        threshold_ms=figure_of(imports.get("threshold_ms")) or 0.0,
        dropped=whole_of(imports.get("dropped")) or 0,
        tree=tuple(_module(item, 1, budget) for item in need_list(imports, "tree")),
    )


def _flat_imports(imports: dict[str, Any]) -> InitImports:
    packages = tuple(_package(row) for row in need_list(imports, "packages"))
    roots = {package.name: package.root for package in packages}
    values = _values(imports.get("tree", []))
    count = whole_of(imports.get("count")) or 0
    return InitImports(
        count=count,
        total_ms=need_figure(imports, "total_us") / 1000,
        threshold_ms=(figure_of(imports.get("threshold_us")) or 0.0) / 1000,
        dropped=max(0, count - len(values) // _VALUES),
        tree=_tree(values, roots),
        packages=packages,
    )


def _package(row: object) -> PackageImports:
    if not isinstance(row, list) or not 5 <= len(row) <= 7 or not isinstance(row[0], str):
        raise FieldError("a package's row is not a name and four to six numbers")
    figures = [number_of(value) for value in row[1:]]
    numbers = [value for value in figures if value is not None]
    if len(numbers) != len(figures):
        raise FieldError("a package's row is not a name and four to six numbers")
    root, modules, self_us, cumulative_us, left_out, left_out_us = (*numbers, 0.0, 0.0)[:6]
    return PackageImports(
        row[0], int(root), int(modules), self_us / 1000, cumulative_us / 1000, int(left_out), left_out_us / 1000
    )


def _values(tree: object) -> list[Any]:
    """The flat list of the tree, as it is or unpacked."""
    if isinstance(tree, str):
        tree = _unpacked(tree)
    if not isinstance(tree, list) or len(tree) % _VALUES:
        raise FieldError("the tree is not a list of six values a module")
    if len(tree) > _VALUES * _MOST_MODULES:
        raise FieldError(f"more than {_MOST_MODULES} modules")
    return tree


def _unpacked(text: str) -> object:
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(binascii.a2b_base64(text, strict_mode=True), _MOST_TREE_BYTES) if text else b"[]"
    except (ValueError, zlib.error) as error:
        raise FieldError("the packed tree cannot be read") from error
    if text and (unpacker.unconsumed_tail or not unpacker.eof):
        raise FieldError("the packed tree is cut off or too large")
    try:
        return json.loads(plain)
    except (ValueError, RecursionError) as error:
        raise FieldError("the packed tree cannot be read") from error


class _OpenModule:
    """A module whose children are still to come."""

    __slots__ = ("children", "depth", "figures", "module", "root")

    def __init__(self, depth: int, module: str, root: int, figures: tuple[float, float, float]) -> None:
        self.depth, self.module, self.root, self.figures = depth, module, root, figures
        self.children: list[ImportedModule] = []

    def close(self) -> ImportedModule:
        start_ms, self_ms, cumulative_ms = self.figures
        return ImportedModule(self.module, self.root, start_ms, self_ms, cumulative_ms, tuple(self.children))


def _tree(values: list[Any], roots: dict[str, int]) -> tuple[ImportedModule, ...]:
    top: list[ImportedModule] = []
    path: list[_OpenModule] = []
    before, start_us = "", 0.0

    def close_from(depth: int) -> None:
        while path and path[-1].depth >= depth:
            closed = path.pop().close()
            (path[-1].children if path else top).append(closed)

    for index in range(0, len(values), _VALUES):
        depth, shared, rest, delay_us, cumulative_us, self_us = values[index : index + _VALUES]
        numbers = [number_of(value) for value in (depth, shared, delay_us, cumulative_us, self_us)]
        if not isinstance(rest, str) or any(number is None for number in numbers):
            raise FieldError("a module in the tree is not a name and five numbers")
        # A node deeper than any real import hangs on the last one that fits.
        depth = max(0, min(int(depth), len(path), _DEEPEST))
        close_from(depth)
        before = before[: max(0, int(shared))] + rest
        start_us += delay_us
        figures = (start_us / 1000, self_us / 1000, cumulative_us / 1000)
        path.append(_OpenModule(depth, before, _root_of(before, roots), figures))
    close_from(0)
    return tuple(top)


def _root_of(module: str, roots: dict[str, int]) -> int:
    """The root of the package that a module belongs to: the longest of its prefixes that is one."""
    name = module
    while name not in roots:
        name, dot, _ = name.rpartition(".")
        if not dot:
            return -1
    return roots[name]


def _module(item: object, depth: int, budget: list[int]) -> ImportedModule:
    if depth > _DEEPEST:
        raise FieldError(f"imports nested more than {_DEEPEST} deep")
    budget[0] -= 1
    if budget[0] < 0:
        raise FieldError(f"more than {_MOST_MODULES} modules")
    module = as_object(item, "an import")
    root = whole_of(module.get("root"))
    return ImportedModule(
        need_text(module, "module"),
        -1 if root is None else root,
        figure_of(module.get("start_ms")) or 0.0,
        need_figure(module, "self_ms"),
        need_figure(module, "cumulative_ms"),
        tuple(_module(child, depth + 1, budget) for child in need_list(module, "children")),
    )
