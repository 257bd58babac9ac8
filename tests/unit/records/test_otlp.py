"""Lines in OpenTelemetry's own JSON, and members in capitals: the level, the message and the exception are seen."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from monitor.logs.analyze_select import severity
from monitor.logs.errors.analyze import Failures
from monitor.main import cli
from monitor.records.application_json import each_record
from monitor.records.event import LogEvent
from monitor.records.levels import CRITICAL, ERROR, WARNING
from monitor.records.message import parse_message
from monitor.records.record import Application

TRACE = 'Traceback (most recent call last):\n  File "/var/task/shop/main.py", line 22, in read\n    raise KeyError(x)\n'


def attributes(**values: object) -> list[dict[str, Any]]:
    return [{"key": key.replace("__", "."), "value": value} for key, value in values.items()]


def text(value: str) -> dict[str, str]:
    return {"stringValue": value}


def document(*records: dict[str, Any]) -> str:
    resource = {"attributes": attributes(service__name=text("shop"))}
    scopes = [{"scope": {"name": "shop"}, "logRecords": [record]} for record in records]
    return json.dumps({"resourceLogs": [{"resource": resource, "scopeLogs": scopes}]})


RAISED = attributes(
    exception__type=text("KeyError"), exception__message=text("'sku'"), exception__stacktrace=text(TRACE)
)
TAKEN = {"severityNumber": 9, "severityText": "INFO", "body": text("order taken")}
FAILED = {"severityNumber": 17, "severityText": "ERROR", "body": text("reading failed"), "attributes": RAISED}
LOST = {"severityNumber": 21, "body": text("the database is lost")}


def read(message: str) -> Application:
    record = parse_message(message)
    assert isinstance(record, Application)
    return record


def test_a_document_has_the_level_the_message_and_the_exception_of_its_gravest_record() -> None:
    record = read(document(TAKEN, FAILED))
    assert (record.level, record.message) == ("ERROR", "reading failed\nINFO order taken")
    assert record.exception is not None
    assert (record.exception.type, record.exception.message, len(record.exception.stack)) == ("KeyError", "'sku'", 2)
    assert not record.unhandled


def test_each_record_of_a_document_is_a_failure_of_its_own() -> None:
    message, failures = document(TAKEN, LOST, FAILED), Failures()
    failures.add(LogEvent(1, message), parse_message(message))
    failures.finish()
    assert sorted((one.type, one.message) for one in failures.groups(None, lambda _: None)) == [
        ("FATAL", "the database is lost"),
        ("KeyError", "'sku'"),
    ]
    assert [one.level for one in each_record(read(message))] == ["INFO", "FATAL", "ERROR"]
    assert severity(read(message)) == CRITICAL


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"intValue": "7"}, "7"),
        ({"kvlistValue": {"values": attributes(sku=text("a"), n={"intValue": 2})}}, '{"sku":"a","n":2}'),
        ({"arrayValue": {"values": [text("a"), {"boolValue": True}]}}, '["a",true]'),
        ("plain", "plain"),
    ],
)
def test_the_body_can_be_any_value(body: object, expected: str) -> None:
    assert read(document({"severityText": "WARN", "body": body})).message == expected


@pytest.mark.parametrize(
    "line",
    [
        '{"resourceLogs": 5}',
        '{"resourceLogs": [{"scopeLogs": [7]}], "level": "INFO", "message": "m"}',
        '{"resource_logs": [{"scope_logs": [{"log_records": [{}]}]}]}',
        '{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"attributes": {"a": [null]}, "body": {"x": 1}}]}]}]}',
        '{"severityNumber": "x", "attributes": [3, {"key": 5}], "body": null}',
    ],
)
def test_documents_of_another_shape_are_read_as_far_as_they_go(line: str) -> None:
    assert each_record(read(line))


def test_the_request_is_that_of_the_faas_attributes() -> None:
    invoked = attributes(faas__invocation_id=text("aaaaaaaa-1c2d-4e3f-8a9b-0123456789ab"))
    assert read(document({**LOST, "attributes": invoked})).request_id == "aaaaaaaa-1c2d-4e3f-8a9b-0123456789ab"


@pytest.mark.parametrize(
    ("line", "level", "message"),
    [
        ({"LEVEL": "ERROR", "MESSAGE": "no stock"}, ERROR, "no stock"),
        ({"SEVERITY": "error", "MSG": "no stock"}, ERROR, "no stock"),
        ({"Level": "Warning", "Msg": "low stock"}, WARNING, "low stock"),
        ({"Severity": "ERROR", "Message": "no stock"}, ERROR, "no stock"),
        ({"LogLevel": "Error", "Message": "no stock"}, ERROR, "no stock"),
        ({"LEVELNAME": "ERROR", "message": "no stock"}, ERROR, "no stock"),
        ({"LEVEL": 50, "Event": "no stock"}, CRITICAL, "no stock"),
        ({"level": "error", "LEVEL": "of the tank", "message": "no stock"}, ERROR, "no stock"),
    ],
)
def test_the_case_of_members_does_not_matter(line: dict[str, Any], level: int, message: str) -> None:
    record = read(json.dumps(line))
    assert (severity(record), record.message, record.fields) == (level, message, line)


def test_a_tail_shows_them_by_level_and_as_what_they_are(tmp_path: Path) -> None:
    log = tmp_path / "tail.log"
    lines = [document(TAKEN), document(TAKEN, FAILED), json.dumps({"LEVEL": "ERROR", "MESSAGE": "no stock", "sku": 1})]
    stream = "2026-11-27T13:00:00.000000+00:00 2026/11/27/[3]aaaa1111bbbb2222cccc3333dddd4444"
    log.write_text("".join(f"{stream} {line}\n" for line in lines))
    done = CliRunner().invoke(cli, ["tail", "--from", str(log), "--level", "error", "--utc"])
    assert [line.partition(" ")[2].strip() for line in done.stdout.splitlines() if " ERROR " in line] == [
        "ERROR   reading failed",
        "ERROR   no stock  sku=1",
    ]
    assert "KeyError: 'sku'" in done.stdout
    assert "resourceLogs" not in done.stdout
