"""A loopback server that answers AWS's JSON APIs with what functions of a test say, and counts the calls.

Every request is checked against botocore's model of the operation's input, and every answer against its output: a
fake cannot be asked, or say, what AWS could not.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from botocore.session import Session
from botocore.validate import ParamValidator

_CHECKED = 10
Answer = Callable[[dict[str, Any]], dict[str, Any]]
_SERVICES = {"Logs_20140328": "logs", "GraniteServiceVersion20100801": "cloudwatch",
             "ResourceGroupsTaggingAPI_20170126": "resourcegroupstaggingapi"}  # fmt: skip


class AwsError(Exception):
    """What an operation of the fake raises to answer an error of this code."""

    def __init__(self, code: str, message: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class FakeAws:
    """`operations` are by "service:Operation"; `calls` counts them, `asked` keeps the parameters.

    `region` is the one that the request being answered was signed for: a fake of several regions tells them apart.
    """

    def __init__(self, operations: dict[str, Answer]) -> None:
        self.operations = operations
        self.calls: Counter[str] = Counter()
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.wrong: list[str] = []
        self.region = ""
        self._session = Session()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65536
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                prefix, _, operation = self.headers["X-Amz-Target"].partition(".")
                self._answer(f"{_SERVICES[prefix]}:{operation}", json.loads(body or b"{}"))

            def do_GET(self) -> None:
                assert urlsplit(self.path).path.startswith("/2015-03-31/functions"), self.path
                query = dict(parse_qsl(urlsplit(self.path).query))
                parts = urlsplit(self.path).path.strip("/").split("/")
                if len(parts) > 2:
                    operation = {"aliases": "ListAliases", "configuration": "GetFunctionConfiguration"}[parts[3]]
                    self._answer(f"lambda:{operation}", {"FunctionName": parts[2], **query})
                else:
                    query |= {"MaxItems": int(query["MaxItems"])} if "MaxItems" in query else {}  # type: ignore[dict-item]
                    self._answer("lambda:ListFunctions", query)

            def _answer(self, name: str, params: dict[str, Any]) -> None:
                scope = self.headers.get("Authorization", "").partition("Credential=")[2].split("/")
                fake.region = scope[2] if len(scope) > 2 else ""
                status, value = fake.answer(name, params)
                body = json.dumps(value, default=str).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                self.wfile.flush()

            def log_message(self, *args: object) -> None:
                """Nothing to the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def answer(self, name: str, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The status and body of an answer."""
        self.calls[name] += 1
        self.asked.append((name, params))
        service, _, operation = name.partition(":")
        model = self._session.get_service_model(service).operation_model(operation)
        self._check(name, params, model.input_shape)
        try:
            value = self.operations[name](params)
        except AwsError as error:
            return error.status, {"__type": error.code, "message": error.message}
        self._check(name, value, model.output_shape)
        return 200, value

    def _check(self, name: str, value: dict[str, Any], shape: Any) -> None:
        # The first of many alike tell as much as all of them, and checking takes longer than answering.
        if self.calls[name] > _CHECKED:
            return
        report = ParamValidator().validate(value, shape)
        if report.has_errors():
            self.wrong.append(f"{name}: {report.generate_report()}")

    def __enter__(self) -> "FakeAws":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        assert self.wrong == []
