"""What functions log themselves."""

import json

import pytest

from monitor.records.message import parse_fact, parse_message
from monitor.records.record import Application, ExceptionText, Record

ID = "6f0d1c9e-3f0a-4a1b-9a55-0b3c8f1e2d01"


def application(message: str) -> Application:
    record: Record = parse_message(message)
    assert isinstance(record, Application)
    return record


def test_a_line_of_pythons_logging_in_text_format() -> None:
    record = application(f"[INFO]\t2026-11-23T02:48:41.886Z\t{ID}\tđã phân tích ảnh\n")
    assert record == Application("INFO", "đã phân tích ảnh", ID, "2026-11-23T02:48:41.886Z")


def test_a_line_logged_during_init_has_no_request_id() -> None:
    assert application("[WARNING]\t2026-11-23T02:48:41.886Z\t\tslow import").request_id is None


def test_a_message_with_tabs_is_kept_whole() -> None:
    assert application(f"[INFO]\t2026-11-23T02:48:41.886Z\t{ID}\ta\tb\tc").message == "a\tb\tc"


def test_an_exception_that_left_the_handler_in_text_format() -> None:
    record = application(
        "[ERROR] ValueError: no image: ''\rTraceback (most recent call last):\r"
        '\xa0\xa0File "/var/task/app/main.py", line 12, in handler\r\xa0\xa0\xa0\xa0raise ValueError(x)\n'
    )
    assert record.exception == ExceptionText(
        "ValueError",
        "no image: ''",
        ('  File "/var/task/app/main.py", line 12, in handler', "    raise ValueError(x)"),
    )
    assert record.unhandled
    assert record.message == "ValueError: no image: ''"


def test_an_exception_without_a_message() -> None:
    record = application('[ERROR] KeyboardInterrupt\rTraceback (most recent call last):\r  File "a.py", line 1\n')
    assert record.exception is not None
    assert (record.exception.type, record.exception.message) == ("KeyboardInterrupt", "")


def test_a_logged_exception_is_read_but_did_not_leave_the_handler() -> None:
    record = application(
        f"[ERROR]\t2026-11-23T02:48:41.886Z\t{ID}\tcould not read\nTraceback (most recent call last):\n"
        '  File "/var/task/app/main.py", line 3, in read\n    open(x)\n'
        "PIL.UnidentifiedImageError: cannot identify\nimage file\n"
    )
    assert record.exception is not None
    assert record.exception.type == "PIL.UnidentifiedImageError"
    assert record.exception.message == "cannot identify\nimage file"
    assert record.exception.stack[0] == '  File "/var/task/app/main.py", line 3, in read'
    assert not record.unhandled


@pytest.mark.parametrize("line_end", ["\r", "\n"])
@pytest.mark.parametrize(
    "rest",
    [
        '[ERROR] ValueError: boom\rTraceback (most recent call last):\r\xa0\xa0File "a.py", line 1\n',
        '{"errorType": "ValueError", "errorMessage": "boom", "stackTrace": ["  File \\"a.py\\", line 1\\n"]}\n',
    ],
    ids=["text", "json"],
)
def test_an_exception_behind_lambdas_warning_in_one_record(rest: str, line_end: str) -> None:
    message = f"LAMBDA_WARNING: Unhandled exception. The most likely cause is …{line_end}{rest}"
    record = application(message)
    assert record.exception == ExceptionText("ValueError", "boom", ('  File "a.py", line 1',))
    assert record.unhandled
    assert parse_fact(message) == record


def test_lambdas_warning_alone_is_a_warning() -> None:
    message = "LAMBDA_WARNING: Unhandled exception. The most likely cause is …\n"
    assert application(message) == Application("WARNING", message.rstrip())
    assert parse_fact(message) is None


def test_of_chained_exceptions_the_last_is_the_one() -> None:
    record = application(
        f"[ERROR]\t2026-11-23T02:48:41.886Z\t{ID}\tfailed\nTraceback (most recent call last):\n"
        '  File "a.py", line 1, in f\nKeyError: 1\n\nDuring handling of the above exception, another exception '
        'occurred:\n\nTraceback (most recent call last):\n  File "a.py", line 3, in f\nValueError\n'
    )
    assert record.exception == ExceptionText("ValueError", "", ('  File "a.py", line 3, in f',))


def test_a_users_error_in_brackets_is_no_exception() -> None:
    record = application("[ERROR] payment: refused")
    assert (record.level, record.message, record.exception) == ("ERROR", "payment: refused", None)


def test_a_line_of_node() -> None:
    record = application(f"2026-11-23T02:48:41.886Z\t{ID}\tWARN\tslow\n")
    assert record == Application("WARN", "slow", ID, "2026-11-23T02:48:41.886Z")


def test_an_uncaught_exception_of_node_at_init() -> None:
    document = {
        "errorType": "Runtime.ImportModuleError",
        "errorMessage": "Cannot find x",
        "stack": ["Error: Cannot find x", "    at a.js:1"],
    }
    record = application(f"2026-11-23T02:48:41.886Z\tundefined\tERROR\tUncaught Exception \t{json.dumps(document)}\n")
    assert record.request_id is None
    assert record.exception == ExceptionText("Runtime.ImportModuleError", "Cannot find x", ("    at a.js:1",))


def test_a_powertools_line_keeps_every_field() -> None:
    fields = {
        "level": "INFO",
        "location": "main.handler:9",
        "message": "phân tích",
        "timestamp": "2026-11-23 02:48:41,886+0000",
        "service": "analyzer",
        "cold_start": True,
        "function_request_id": ID,
        "xray_trace_id": "1-6ac7c67a-1c0aa43118a5d54708c0da61",
        "own": {"a": [1, None]},
    }
    assert application(json.dumps(fields)) == Application(
        "INFO",
        "phân tích",
        ID,
        "2026-11-23 02:48:41,886+0000",
        "1-6ac7c67a-1c0aa43118a5d54708c0da61",
        True,
        None,
        fields,
    )


def test_a_structured_message_is_written_out_as_json() -> None:
    assert application('{"level": "INFO", "message": {"ảnh": 1}}').message == '{"ảnh":1}'


def test_a_powertools_exception() -> None:
    record = application(
        json.dumps(
            {
                "level": "ERROR",
                "message": "failed",
                "exception_name": "HTTPError",
                "exception": 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n    g()\n'
                "requests.exceptions.HTTPError: 500",
            }
        )
    )
    assert record.exception == ExceptionText("HTTPError", "500", ('  File "a.py", line 1, in f', "    g()"))
    assert not record.unhandled


@pytest.mark.parametrize("level_key", ["level", "log_level"])
def test_an_unhandled_exception_in_json_format_has_no_message(level_key: str) -> None:
    record = application(
        json.dumps(
            {
                "timestamp": "2026-11-23T02:48:41Z",
                level_key: "ERROR",
                "errorMessage": "boom",
                "errorType": "ValueError",
                "requestId": ID,
                "stackTrace": ['  File "/var/task/a.py", line 2, in f\n    return x\n'],
            }
        )
    )
    assert (record.level, record.message, record.request_id) == ("ERROR", "boom", ID)
    assert record.exception == ExceptionText(
        "ValueError", "boom", ('  File "/var/task/a.py", line 2, in f', "    return x")
    )
    assert record.unhandled


def test_an_application_s_own_request_id_is_not_lambdas() -> None:
    assert application('{"message": "x", "request_id": "123"}').request_id is None
    assert application(json.dumps({"message": "x", "request_id": ID})).request_id == ID


@pytest.mark.parametrize(
    ("level", "expected"), [('"WARN"', "WARN"), ("42", "ERROR"), ("null", None), ("true", None), ("{}", None)]
)
def test_a_level_of_any_type(level: str, expected: str | None) -> None:
    assert application('{"message": "x", "level": ' + level + "}").level == expected


def test_any_json_object_is_the_function_s_and_keeps_its_fields() -> None:
    assert application('{"hello": "world"}') == Application(None, None, fields={"hello": "world"})


def test_nan_and_infinity_become_null() -> None:
    assert application('{"a": NaN, "b": -Infinity}').fields == {"a": None, "b": None}
