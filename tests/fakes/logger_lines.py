"""What loggers write of one exception, in their own formats: text, JSON, in one event or one event a line."""

import json
from collections.abc import Iterator

REQUEST = "aaaaaaaa-1c2d-4e3f-8a9b-0123456789ab"
ISO, Z = "2026-11-27 13:00:00,421", "2026-11-27T13:00:00.421Z"
_FRAME = '  File "/var/task/shop/main.py", line 22, in read_stock\n    raise RuntimeError("stock is gone")\n'
_RAISED = f"Traceback (most recent call last):\n{_FRAME}RuntimeError: stock is gone"
_FIRST = (
    'Traceback (most recent call last):\n  File "/var/task/shop/db.py", line 8, in get\n    return rows[key]\n'
    "           ~~~~^^^^^\nKeyError: 'sku'\n\n"
)
TRACEBACKS = {
    "one": _RAISED,
    "during": f"{_FIRST}During handling of the above exception, another exception occurred:\n\n{_RAISED}",
    "cause": f"{_FIRST}The above exception was the direct cause of the following exception:\n\n{_RAISED}",
    "notes": f"{_RAISED}\nshelf 7\nshelf 8",
}
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "/var/task/shop/main.py", line 9, in run
  |     raise ExceptionGroup("two", found)
  | ExceptionGroup: two (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/var/task/shop/main.py", line 22, in read_stock
    |     raise RuntimeError("stock is gone")
    | RuntimeError: stock is gone
    +---------------- 2 ----------------
    | ValueError: no
    +------------------------------------"""
# The line above a traceback; "" for a traceback that is printed alone.
HEADS = {
    "basicConfig": "ERROR:shop.main:reading failed",
    "asctime - name - level": f"{ISO} - shop.main - ERROR - reading failed",
    "asctime level name": f"{ISO} ERROR shop.main reading failed",
    "asctime in brackets": f"[{ISO}] [ERROR] [shop.main] reading failed",
    "asctime with a line": f"{ISO} ERROR [shop.main:22] reading failed",
    "level - message": "ERROR - reading failed",
    "print": "",
    "uvicorn": "ERROR:    Exception in ASGI application",
    "gunicorn": "[2026-11-27 13:00:00 +0000] [9] [ERROR] Error handling request /stock",
    "flask": f"[{ISO}] ERROR in app: Exception on /stock [GET]",
    "django": "Internal Server Error: /stock",
    "loguru": "2026-11-27 13:00:00.421 | ERROR    | shop.main:read_stock:22 - reading failed",
    "structlog": "2026-11-27 13:00:00 [error    ] reading failed                 order=42",
    "lambda": f"[ERROR]\t{Z}\t{REQUEST}\treading failed",
    "glog": "E1127 13:00:00.421000     9 main.py:22] reading failed",
    "celery": f"[{ISO}: ERROR/MainProcess] reading failed",
}
# Lines that are no failure, whatever words are in them.
HARMLESS = (
    'INFO:     127.0.0.1:5 - "GET /stock HTTP/1.1" 200 OK',
    '127.0.0.1 - - [27/Nov/2026 13:00:00] "GET /errors?level=ERROR HTTP/1.1" 200 -',
    json.dumps({"level": "info", "message": "ERROR is only a word here"}),
    "order taken: no ERROR",
    f"[INFO]\t{Z}\t{REQUEST}\tTraceback is fine",
    "Error rate 0.0%",
    "retry: status error=none",
)


def json_lines(traceback: str) -> Iterator[tuple[str, dict[str, object]]]:
    """(logger, line) for each shape of JSON."""
    said = {"type": "RuntimeError", "message": "stock is gone"}
    lines = [f"{one}\n" for one in traceback.split("\n")[1:-1]]
    lambdas = {"errorType": "RuntimeError", "errorMessage": "stock is gone", "stackTrace": lines}
    failed: dict[str, object] = {"message": "reading failed", "timestamp": Z}
    yield "python-json-logger", {"asctime": ISO, "levelname": "ERROR", "message": "failed", "exc_info": traceback}
    yield "structlog", {"timestamp": Z, "level": "error", "event": "reading failed", "exception": traceback}
    yield "lambda", failed | {"level": "ERROR", "requestId": REQUEST} | lambdas
    yield "telemetry", {"time": Z, "type": "function", "record": failed | {"level": "ERROR"} | lambdas}
    yield "powertools", failed | {"level": "ERROR", "exception": traceback, "exception_name": "RuntimeError"}
    yield "google", {"severity": "ERROR", "message": f"reading failed\n{traceback}", "time": Z}
    yield (
        "ecs",
        {"@timestamp": Z, "log.level": "error", "message": "failed", "error": said | {"stack_trace": traceback}},
    )
    flat = {"error.type": "RuntimeError", "error.message": "stock is gone", "error.stack_trace": traceback}
    yield "ecs, flat", {"log.level": "error", "message": "failed"} | flat
    attributes = {"exception.type": "RuntimeError", "exception.message": "stock is gone"}
    attributes["exception.stacktrace"] = traceback
    yield "opentelemetry", {"body": "failed", "severity_text": "ERROR", "attributes": attributes}
    otlp: dict[str, object] = {"severityNumber": 17, "severityText": "ERROR", "body": {"stringValue": "failed"}}
    otlp["attributes"] = [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]
    before: dict[str, object] = {"severityNumber": 9, "body": {"stringValue": "reading"}, "attributes": []}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    documents = [{"resource": resource, "scopeLogs": [{"scope": {}, "logRecords": [before, otlp]}]}]
    yield "OTLP, a document", {"resourceLogs": documents}
    yield "OTLP, a record", otlp | {"timeUnixNano": "1795784400421000000"}
    numbered = {key: value for key, value in otlp.items() if key != "severityText"}
    yield "OTLP, a name as number", numbered | {"severityNumber": "SEVERITY_NUMBER_ERROR"}
    yield "capitals", {"LEVEL": "ERROR", "MESSAGE": "failed", "EXCEPTION": traceback}
    yield "first capitals", {"Level": "Error", "Msg": "failed", "StackTrace": traceback}
    yield "log level in Pascal case", {"LogLevel": "Error", "Message": "failed", "Exception": traceback}
    yield "severity in capitals", {"SEVERITY": "ERROR", "MSG": f"failed\n{traceback}"}
    own = {"type": "RuntimeError", "value": "stock is gone"}
    record = {"level": {"name": "ERROR", "no": 40}, "message": "failed", "exception": own}
    yield "loguru", {"text": f"x | ERROR | failed\n{traceback}\n", "record": record}
    yield "number", failed | {"level": 40, "levelname": "ERROR", "exc_info": traceback}
    yield "own member", failed | {"lvl": "ERROR", "oops": traceback}
    yield "own object", failed | {"level": "ERROR", "details": {"trace": traceback}}
    yield "own list", failed | {"level": "ERROR", "context": {"lines": traceback.split("\n")}}


def kinds() -> Iterator[tuple[str, str, list[str]]]:
    """(name, type of the exception, messages) of each way in which one failure is logged."""
    for of, traceback in (*TRACEBACKS.items(), ("group", GROUP)):
        name = "ExceptionGroup" if of == "group" else "RuntimeError"
        for logger, first in HEADS.items():
            text = f"{first}\n{traceback}" if first else traceback
            yield f"{logger}, {of}", name, [text]
            yield f"{logger}, {of}, an event a line", name, text.split("\n")
            if first:
                yield f"{logger}, {of}, two events", name, [first, traceback]
        if of != "group":
            for logger, line in json_lines(traceback):
                yield f"JSON of {logger}, {of}", name, [json.dumps(line)]
