"""One source that answers nonsense: a follow tries again, a diagnosis goes on without it, a list names the call."""

import io
import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from monitor.aws.answers import UnreadableAnswerError
from monitor.aws.connection import Connection
from monitor.aws.deploy import invoke
from monitor.diagnose.evidence.model import SourceState
from monitor.diagnose.evidence.workflow import gather
from monitor.errors import UsageError
from monitor.kernel.missing import Missing
from monitor.kernel.window import Window
from monitor.logs.follow.state import read_state
from tests.attacks.commands import CREDENTIALS, listening, patient, run
from tests.clean_environment import clean_environment
from tests.fakes.one_function import BASE_MS, NAME, OneFunction

NONSENSE = (
    *(b"null", b"not JSON", b"[]", b'{"events": 5}', b'{"events": [null]}', b'{"events": [{"timestamp": "x"}]}'),
    *(b"[" * 9999, b'{"events": [{"timestamp": 9e99, "message": "x"}]}', b'{"events": [], "nextToken": 7}'),
)


def _follow_after(body: bytes, folder: Path) -> tuple[str, str]:
    """The first line that a follow prints, and its messages, where the first two answers are `body`."""
    now_ms = time.time_ns() // 1_000_000
    event = {"timestamp": now_ms, "ingestionTime": now_ms, "message": "at last", "logStreamName": "s", "eventId": "1"}
    good = json.dumps({"events": [event]}).encode()
    with listening([body, body, *[good] * 200]) as server:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "monitor", "tail", "/aws/lambda/fn", "--since", "5m"),
                *("--endpoint-url", server.endpoint),
            ],
            env=clean_environment(**{"AWS_REGION": "eu-west-1", **CREDENTIALS}),
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        ended = threading.Timer(patient(40.0), process.kill)
        ended.start()
        assert process.stdout
        first = process.stdout.readline()
        process.terminate()
        _, told = process.communicate()
        ended.cancel()
    return first, told


def test_a_follow_tries_again_after_an_unreadable_answer(tmp_path: Path) -> None:
    # Each waits some ten seconds between its requests, so they run at once.
    with ThreadPoolExecutor(len(NONSENSE)) as pool:
        found = dict(zip(NONSENSE, pool.map(lambda body: _follow_after(body, tmp_path), NONSENSE), strict=True))
    for body, (first, told) in found.items():
        assert "at last" in first, (body[:24], told)
        assert "logs:FilterLogEvents got an unreadable response" in told, body[:24]


@pytest.mark.parametrize(
    "words", [("dashboard", "list"), ("metrics", "--all"), ("coldstarts", "--all"), ("tail", "x-*", "--no-follow")]
)
@pytest.mark.parametrize(
    ("page", "content"),
    [
        (b"<html><body>Sign in to the network</body></html>", "text/html; charset=utf-8"),
        (b"\n<!DOCTYPE html><p>Sign in", "application/json"),
        (b"Sign in to the network", "text/plain"),
    ],
)
def test_the_page_of_a_proxy_is_no_empty_list(
    tmp_path: Path, words: tuple[str, ...], page: bytes, content: str
) -> None:
    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", content)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = run(*words, "--endpoint-url", f"http://127.0.0.1:{server.server_port}", cwd=tmp_path)
        server.shutdown()
    assert done.code == 4, done.out
    assert "got an unreadable response" in done.err
    assert "defect" not in done.err


@pytest.mark.parametrize("body", [b"null", b"{}", b'{"Functions": 5}', b'{"Functions": [{"Runtime": []}]}', b"<html>"])
def test_the_error_names_the_call(tmp_path: Path, body: bytes) -> None:
    with listening([body]) as server:
        done = run("tail", "x-*", "--no-follow", "--endpoint-url", server.endpoint, cwd=tmp_path)
    assert done.code in (3, 4)
    assert "lambda:ListFunctions" in done.err or "no function matches" in done.err
    assert "defect" not in done.err


def test_a_diagnosis_goes_on_without_the_source_that_answers_nonsense() -> None:
    for operation, source in (("GetFunctionConcurrency", "concurrency"), ("GetMetricData", "metrics")):
        account = OneFunction()
        account.cold_start(0, "00000000-0000-4000-8000-000000000001")
        account.broken[operation] = UnreadableAnswerError(f"x:{operation}", "it is a list")
        told: list[SourceState] = []
        evidence = gather(account, NAME, Window(BASE_MS - 60_000, BASE_MS + 60_000), told.append)  # type: ignore[arg-type]
        states = {one.name: one for one in told}
        assert states[source].state == "failed"
        assert operation in states[source].detail
        assert states[source].detail.count("unreadable response") == 1, states[source].detail
        assert states["log"].state == "read"
        assert not isinstance(evidence.starts, Missing)


@pytest.mark.parametrize("result", ["abc", "***=", "\xe9\xe9\xe9\xe9", "=" * 9])
def test_a_log_tail_that_is_not_base64_names_the_call(monkeypatch: pytest.MonkeyPatch, result: str) -> None:
    connection = Connection(region="eu-west-1", endpoint_url="http://127.0.0.1:9", local=True)
    answer = {"LogResult": result, "Payload": io.BytesIO(b"1")}
    monkeypatch.setattr(connection, "call", lambda *_, **__: answer)
    with pytest.raises(UnreadableAnswerError, match="lambda:Invoke got an unreadable response: LogResult"):
        invoke(connection, "fn", b"{}")


DIGESTS = (
    *({"1": "abc"}, {"1": "\xe9\xe9\xe9\xe9"}, {"1": "AAAA"}, {"1": 5}, {"1": None}, {"x": ""}, {"1": "é"}, [], 7),
)


@pytest.mark.parametrize("digests", DIGESTS)
def test_a_checkpoint_with_anything_in_it_is_refused_in_one_line(tmp_path: Path, digests: object) -> None:
    point = tmp_path / "point.json"
    document = {"monitor_checkpoint": 1, "start_ms": 1, "whole_ms": {}, "floor_ms": 0, "digests": digests}
    point.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UsageError, match="is not a checkpoint of monitor"):
        read_state(point)
