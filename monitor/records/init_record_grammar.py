"""The init record: the JSON line in which the instrumented entry point says where its init went."""

from typing import Any

from monitor.kernel.json_fields import figure_of, object_of, text_of, texts_of, whole_of
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


class _UnreadableError(Exception):
    """Why a record cannot be read."""


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
    except _UnreadableError as error:
        return Malformed("init_record", text, str(error))


def parse_late_imports(line: dict[str, Any], text: str) -> LateImports | Malformed:
    """The late imports of a JSON line that has a member `monitor_imports`; `text` is the line itself."""
    try:
        body = _object(line.get("monitor_imports"), "monitor_imports")
        imports = _imports(_object(body.get("imports"), "imports"))
    except _UnreadableError as error:
        return Malformed("late_imports", text, str(error))
    return LateImports(text_of(line.get("function_request_id")), imports, texts_of(body.get("roots")))


def _record(line: dict[str, Any], body: dict[str, Any]) -> InitRecord:
    version = whole_of(body.get("version"))
    if version != VERSION:
        raise _UnreadableError(f"version {version} of the init record is not known, only {VERSION}")
    imports, error = body.get("imports"), body.get("error")
    return InitRecord(
        version=version,
        observed_init_ms=_milliseconds(body, "observed_init_ms"),
        initialization_type=text_of(body.get("initialization_type")),
        started_at_ms=figure_of(body.get("started_at_ms")),
        service=text_of(line.get("service")),
        function_name=text_of(line.get("function_name")),
        request_id=text_of(line.get("function_request_id")),
        trace_id=text_of(line.get("xray_trace_id")),
        phases=tuple(_phase(item) for item in _list(body, "phases")),
        imports=None if imports is None else _imports(_object(imports, "imports")),
        roots=texts_of(body.get("roots")),
        python=text_of(body.get("python")),
        libraries={name: value for name, value in object_of(body.get("libraries")).items() if isinstance(value, str)},
        memory_mb=whole_of(body.get("memory_mb")),
        architecture=text_of(body.get("architecture")),
        error=None if error is None else _error(_object(error, "error")),
        start=text_of(body.get("start")),
        invoked_after_ms=figure_of(body.get("invoked_after_ms")),
    )


def _object(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _UnreadableError(f"{name} is not an object")
    return value


def _list(holder: dict[str, Any], name: str) -> list[Any]:
    value = holder.get(name, [])
    if not isinstance(value, list):
        raise _UnreadableError(f"{name} is not a list")
    return value


def _milliseconds(holder: dict[str, Any], name: str) -> float:
    value = figure_of(holder.get(name))
    if value is None:
        raise _UnreadableError(f"{name} is not a number")
    return value


def _text(holder: dict[str, Any], name: str) -> str:
    value = holder.get(name)
    if not isinstance(value, str):
        raise _UnreadableError(f"{name} is not a text")
    return value


def _phase(item: object) -> InitPhase:
    phase = _object(item, "a phase")
    return InitPhase(_text(phase, "name"), _milliseconds(phase, "start_ms"), _milliseconds(phase, "duration_ms"))


def _error(error: dict[str, Any]) -> InitError:
    return InitError(_text(error, "type"), _text(error, "message"), text_of(error.get("module")))


def _imports(imports: dict[str, Any]) -> InitImports:
    budget = [_MOST_MODULES]
    return InitImports(
        count=whole_of(imports.get("count")) or 0,
        total_ms=_milliseconds(imports, "total_ms"),
        threshold_ms=figure_of(imports.get("threshold_ms")) or 0.0,
        dropped=whole_of(imports.get("dropped")) or 0,
        tree=tuple(_module(item, 1, budget) for item in _list(imports, "tree")),
    )


def _module(item: object, depth: int, budget: list[int]) -> ImportedModule:
    if depth > _DEEPEST:
        raise _UnreadableError(f"imports nested more than {_DEEPEST} deep")
    budget[0] -= 1
    if budget[0] < 0:
        raise _UnreadableError(f"more than {_MOST_MODULES} modules")
    module = _object(item, "an import")
    root = whole_of(module.get("root"))
    return ImportedModule(
        _text(module, "module"),
        -1 if root is None else root,
        figure_of(module.get("start_ms")) or 0.0,
        _milliseconds(module, "self_ms"),
        _milliseconds(module, "cumulative_ms"),
        tuple(_module(child, depth + 1, budget) for child in _list(module, "children")),
    )
