"""The init record: the JSON line in which the instrumented entry point says where its init went."""

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
from monitor.records.init_record import (
    ImportedModule,
    InitError,
    InitImports,
    InitPhase,
    InitRecord,
)
from monitor.records.record import InitRecordEvent, LateImports, Malformed

VERSION = 1
# Real trees are some forty deep and hold some hundred modules; a record is at most 32 KB.
_DEEPEST = 120
_MOST_MODULES = 20_000


def parse_init_record(line: dict[str, Any], text: str) -> InitRecordEvent | Malformed:
    """The init record of a JSON line that has a member `monitor_init`; `text` is the line itself.

    A member that is absent is None or empty in the result; one of the wrong type, a tree that is too deep
    or a record of a later version makes it Malformed.
    """
    body = line.get("monitor_init")
    if not isinstance(body, dict):
        return Malformed("init_record", text, "monitor_init is not an object")
    try:
        return InitRecordEvent(_record(line, body))
    except FieldError as error:
        return Malformed("init_record", text, str(error))


def parse_late_imports(line: dict[str, Any], text: str) -> LateImports | Malformed:
    """The late imports of a JSON line that has a member `monitor_imports`; `text` is the line itself."""
    try:
        body = need_object(line, "monitor_imports")
        imports = _imports(need_object(body, "imports"))
    except FieldError as error:
        return Malformed("late_imports", text, str(error))
    return LateImports(text_of(line.get("function_request_id")), imports, texts_of(body.get("roots")))


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
