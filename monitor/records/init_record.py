"""The init record: what the instrumented entry point measured of its own start, logged as JSON once a cold start."""

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
    object_of,
    text_of,
    texts_of,
    whole_of,
)
from monitor.kernel.values import dataclass

VERSION = 1
# Real trees are some forty deep and hold some hundred modules; a record is at most 32 KB.
_DEEPEST = 120
_MOST_MODULES = 20_000


@dataclass(frozen=True, slots=True)
class InitPhase:
    """A part of the init (runtime, entry, application, instruments); `start_ms` after process start."""

    name: str
    start_ms: float
    duration_ms: float


@dataclass(frozen=True, slots=True)
class ImportedModule:
    """One import that took at least the record's threshold, and the imports it caused.

    `root` is an index into the record's `roots`, or -1 for a builtin or unknown place; `start_ms` counts
    from the start of the process; `self_ms` leaves out what `children` took, `cumulative_ms` does not.
    """

    module: str
    root: int
    start_ms: float
    self_ms: float
    cumulative_ms: float
    children: tuple["ImportedModule", ...] = ()


@dataclass(frozen=True, slots=True)
class InitImports:
    """The imports of an init: all of them counted, those of `threshold_ms` and more as a tree.

    `dropped` modules were above the threshold and cut to keep the record small.
    """

    count: int
    total_ms: float
    threshold_ms: float
    dropped: int
    tree: tuple[ImportedModule, ...] = ()


@dataclass(frozen=True, slots=True)
class InitError:
    """Why the handler could not be loaded; `module` is the one that failed to import, where that is known."""

    type: str
    message: str
    module: str | None = None


@dataclass(frozen=True, slots=True)
class InitRecord:
    """One init, as measured inside the process.

    `observed_init_ms` runs from process start to the end of init: Lambda's Init Duration also holds what
    came before the process and the extensions, so the two are shown side by side, never as one.
    `started_at_ms` is epoch milliseconds with a fraction; None wherever the record does not say.
    `start` is Lambda's initialization type, or `proactive` where the first invocation came 10 s or more after
    the init; `invoked_after_ms` is how long after. Both are None of an init that failed.
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
        return _imports(need_object(body, "imports")), texts_of(body.get("roots"))
    except FieldError as error:
        return str(error)


def _record(line: dict[str, Any], body: dict[str, Any]) -> InitRecord:
    version = whole_of(body.get("version"))
    if version != VERSION:
        raise FieldError(f"version {version} of the init record is not known, only {VERSION}")
    imports, error = body.get("imports"), body.get("error")
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
        imports=None if imports is None else _imports(as_object(imports, "imports")),
        roots=texts_of(body.get("roots")),
        python=text_of(body.get("python")),
        libraries={name: value for name, value in object_of(body.get("libraries")).items() if isinstance(value, str)},
        memory_mb=whole_of(body.get("memory_mb")),
        architecture=text_of(body.get("architecture")),
        error=None if error is None else _error(as_object(error, "error")),
        start=text_of(body.get("start")),
        invoked_after_ms=figure_of(body.get("invoked_after_ms")),
    )


def _phase(item: object) -> InitPhase:
    phase = as_object(item, "a phase")
    return InitPhase(need_text(phase, "name"), need_figure(phase, "start_ms"), need_figure(phase, "duration_ms"))


def _error(error: dict[str, Any]) -> InitError:
    return InitError(need_text(error, "type"), need_text(error, "message"), text_of(error.get("module")))


def _imports(imports: dict[str, Any]) -> InitImports:
    budget = [_MOST_MODULES]
    return InitImports(
        count=whole_of(imports.get("count")) or 0,
        total_ms=need_figure(imports, "total_ms"),
        threshold_ms=figure_of(imports.get("threshold_ms")) or 0.0,
        dropped=whole_of(imports.get("dropped")) or 0,
        tree=tuple(_module(item, 1, budget) for item in need_list(imports, "tree")),
    )


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
