"""OpenTelemetry's log records in JSON, as exporters and the collector write them: documents of `resourceLogs`.

Source: opentelemetry-proto, `logs/v1/logs.proto`, in its JSON encoding. Python's console exporter writes another form.
"""

import json
from collections.abc import Iterator
from typing import Any

from monitor.kernel.json_fields import list_of, object_of, text_of

# In camel case, and as a protocol buffer's own names.
DOCUMENTS = frozenset(("resourceLogs", "resource_logs"))
_SCOPES = ("scopeLogs", "scope_logs", "instrumentationLibraryLogs")
_RECORDS = ("logRecords", "log_records", "logs")
_NUMBER = "SEVERITY_NUMBER_"
_MOST_RECORDS = 10_000


def log_records(line: dict[str, Any]) -> list[dict[str, Any]]:
    """The log records of a document, or the one that a line is, each with plain members; [] for any other line."""
    if not DOCUMENTS.isdisjoint(line):
        return [_plain(record, resource) for record, resource in _records(line)][:_MOST_RECORDS]
    is_record = isinstance(line.get("attributes"), list) or isinstance(line.get("body"), dict)
    return [_plain(line, {})] if is_record and _is_record(line) else []


def _is_record(line: dict[str, Any]) -> bool:
    return any(key in line for key in ("severityNumber", "severityText", "severity_number", "severity_text"))


def _records(document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each log record, with the attributes of its resource."""
    for one in _lists(document, tuple(DOCUMENTS)):
        resource = _attributes(object_of(one.get("resource")).get("attributes"))
        for scope in _lists(one, _SCOPES):
            for record in _lists(scope, _RECORDS):
                yield record, resource


def _lists(holder: dict[str, Any], names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for name in names:
        yield from (one for one in list_of(holder.get(name)) if isinstance(one, dict))


def _plain(record: dict[str, Any], resource: dict[str, Any]) -> dict[str, Any]:
    attributes = _attributes(record.get("attributes"))
    body = _value(record.get("body"))
    if isinstance(body, dict | list):
        body = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    found = {**record, "body": body, "attributes": attributes}
    if (number := _first(record, "severityNumber", "severity_number")) is not None:
        name = text_of(number) or ""
        if name.startswith(_NUMBER):
            found["severityText"] = _first(record, "severityText", "severity_text") or name[len(_NUMBER) :]
        elif name.isdecimal():
            found["severityNumber"] = int(name[:9])
    request_id = attributes.get("faas.invocation_id") or resource.get("faas.invocation_id")
    return {**found, "requestId": request_id} if isinstance(request_id, str) else found


def _first(record: dict[str, Any], *names: str) -> object:
    return next((record[name] for name in names if record.get(name)), None)


def _attributes(value: object) -> dict[str, Any]:
    """Attributes as an object; the JSON encoding has a list of keys and values."""
    if isinstance(value, dict):
        return value
    pairs = (object_of(one) for one in list_of(value))
    return {one["key"]: _value(one.get("value")) for one in pairs if isinstance(one.get("key"), str)}


def _value(value: object) -> Any:
    """The value of an AnyValue, such as `{"stringValue": "x"}`; any other value as it is."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((kind, inner),) = value.items()
    match kind.replace("_v", "V"):
        case "stringValue" | "boolValue" | "intValue" | "doubleValue" | "bytesValue":
            return inner
        case "arrayValue":
            return [_value(one) for one in list_of(object_of(inner).get("values"))]
        case "kvlistValue":
            return _attributes(object_of(inner).get("values"))
        case _:
            return value
