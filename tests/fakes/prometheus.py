"""The PromQL API of CloudWatch on the loopback interface: Prometheus' query_range, with answers that a test sets."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

Answer = tuple[int, bytes]


class Prometheus:
    """`answers` has the answer for each query; `default` is for the others. `requests` has what was received."""

    def __init__(self) -> None:
        self.url = ""
        self.default: Answer | list[Answer] = (200, matrix())
        self.answers: dict[str, Answer] = {}
        self.requests: list[tuple[str, str, dict[str, list[str]]]] = []

    def answer(self, query: str) -> Answer:
        if query in self.answers:
            return self.answers[query]
        return self.default.pop(0) if isinstance(self.default, list) else self.default


def matrix(*series: tuple[dict[str, str], list[Any]], **members: Any) -> bytes:
    """The body of an answer with series: their labels and their [seconds, "value"] pairs."""
    result = [{"metric": labels, "values": values} for labels, values in series]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}, **members}).encode()


@contextmanager
def prometheus() -> Iterator[Prometheus]:
    fake = Prometheus()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            fake.requests.append((self.path, self.headers.get("Authorization", ""), body))
            status, content = fake.answer(body.get("query", [""])[0])
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Nothing to stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    fake.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
