"""What is said while a call is not answered."""

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from monitor.aws import bounded
from monitor.aws.connection import Connection

NOTE_S = 0.05


@pytest.mark.parametrize(("command", "is_named"), [("metrics", True), ("tail", True), ("local run", False)])
def test_the_hint_names_timeout_only_where_it_ends_the_command(command: str, is_named: bool) -> None:
    assert ("--timeout 30s" in Connection(command=command)._waiting_hint) is is_named


class Slow(BaseHTTPRequestHandler):
    """A function whose every start is slow."""

    def do_POST(self) -> None:
        time.sleep(10 * NOTE_S)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Tests print nothing."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_call_that_is_slow_again_is_told_once(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    monkeypatch.setattr(bounded, "WAITING_NOTE_S", NOTE_S)
    monkeypatch.setattr("monitor.aws.connection.WAITING", bounded.Waiting())
    connection = Connection(
        region="eu-west-1", endpoint_url=endpoint, local=True, tell=lambda message, _hint: told.append(message)
    )
    for _ in range(3):
        connection.call("lambda", "Invoke", FunctionName="f")
    assert told == [f"still waiting for lambda:Invoke in {endpoint}"]
