"""The example function under AWS's runtime client, bare and instrumented, through API Gateway's events."""

import base64
import io
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from PIL import Image

from monitor.records.message import parse_message
from monitor.records.record import InitRecordEvent
from tests.fakes.runtime_api import FUNCTION_NAME, Run, run_handler

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "ai-image-analyzer-fastapi"
BARE = "lambda_function.lambda_handler"
INSTRUMENTED = "monitor.runtime.entry.lambda_handler"


def event(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((EXAMPLE / "events" / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def post(body: bytes, content_type: str = "image/png") -> dict[str, Any]:
    """The event of an upload of these bytes."""
    made = event("analyze")
    made["body"] = base64.b64encode(body).decode()
    made["headers"]["content-type"] = content_type
    return made


def picture(width: int, height: int, image_format: str, mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (width, height), 255).save(buffer, image_format)
    return buffer.getvalue()


EVENTS = {
    "health": event("health"),
    "analyze": event("analyze"),
    "grey jpeg": post(picture(33, 7, "JPEG", "L"), "image/jpeg"),
    "transparent gif": post(picture(5, 5, "GIF", "P"), "image/gif"),
    "bad": event("bad"),
    "empty": post(b""),
    "cut off": post(picture(200, 200, "PNG")[:60]),
    "too many bytes": post(b"x" * 50_001),
    "too many pixels": post(picture(400, 300, "PNG")),
    "a bomb": post(picture(20_000, 10_000, "PNG", "1")),
    "not declared": post(picture(5, 5, "PNG"), "text/plain"),
    "another format": post(picture(5, 5, "PPM"), "image/x-portable-pixmap"),
    "fail": event("fail"),
    "slow": event("slow") | {"rawQueryString": "seconds=0.01"},
    "unknown": event("health") | {"requestContext": {"http": {"method": "GET", "path": "/no", "sourceIp": "::1"}}},
}
ENV = {"APP_MAX_BYTES": "50000", "APP_MAX_PIXELS": "100000", "APP_DEBUG_ROUTES": "1"}


@pytest.fixture(scope="module", params=[BARE, INSTRUMENTED], ids=["bare", "instrumented"])
def run(request: pytest.FixtureRequest) -> Run:
    return run_handler(request.param, EXAMPLE, list(EVENTS.values()), env=ENV)


def answer(run: Run, name: str) -> tuple[int, Any]:
    """Status and body of the answer to an event of EVENTS."""
    result = run.results[list(EVENTS).index(name)]
    try:
        return result["statusCode"], json.loads(result["body"])
    except json.JSONDecodeError:
        return result["statusCode"], result["body"]


def test_every_event_has_its_answer(run: Run) -> None:
    assert run.errors == []
    assert len(run.results) == len(EVENTS)
    assert run.stderr == ""


def test_health(run: Run) -> None:
    assert answer(run, "health") == (200, {"status": "ok", "eager_sdk": False, "storage": False})


def test_an_image_is_described(run: Run) -> None:
    status, body = answer(run, "analyze")
    analysis = body["analysis"]
    assert status == 200
    assert body["stored_as"] is None
    assert (analysis["format"], analysis["mode"], analysis["size"]) == ("PNG", "RGB", {"width": 160, "height": 120})
    assert [color["hex"] for color in analysis["colors"]] == ["#1e90ff", "#2e8b57", "#8b4513", "#ffd700"]
    assert sum(color["share"] for color in analysis["colors"]) == pytest.approx(1, abs=0.001)
    for channel in ("red", "green", "blue"):
        assert len(analysis["histogram"][channel]) == 16
        assert sum(analysis["histogram"][channel]) == 160 * 120
    assert analysis["histogram"]["blue"][15] == 9717  # the sky, #1e90ff


def test_other_modes_and_formats(run: Run) -> None:
    grey = answer(run, "grey jpeg")[1]["analysis"]
    assert (grey["format"], grey["mode"]) == ("JPEG", "L")
    assert grey["colors"] == [{"hex": "#ffffff", "share": 1.0}]
    assert answer(run, "transparent gif")[1]["analysis"]["format"] == "GIF"


REFUSED = [
    ("bad", 422, "unreadable_image"),
    ("empty", 422, "unreadable_image"),
    ("cut off", 422, "unreadable_image"),
    ("too many bytes", 413, "too_large"),
    ("too many pixels", 413, "too_large"),
    ("a bomb", 413, "too_large"),
    ("not declared", 415, "unsupported_type"),
    ("another format", 415, "unsupported_type"),
]


@pytest.mark.parametrize(("name", "status", "code"), REFUSED)
def test_what_cannot_be_analyzed_is_refused_with_the_reason(run: Run, name: str, status: int, code: str) -> None:
    got, body = answer(run, name)
    assert (got, body["error"]["code"]) == (status, code)
    assert body["error"]["message"]


def test_the_debug_routes_do_what_they_say(run: Run) -> None:
    assert answer(run, "fail") == (500, "Internal Server Error")
    assert "this route fails on purpose" in run.stdout
    assert answer(run, "slow") == (200, {"slept_s": 0.01})
    assert answer(run, "unknown")[0] == 404


def test_without_the_setting_there_are_no_debug_routes() -> None:
    run = run_handler(BARE, EXAMPLE, [EVENTS["fail"]])
    assert run.results[0]["statusCode"] == 404


def test_an_event_that_is_no_request_is_an_invocation_error() -> None:
    run = run_handler(INSTRUMENTED, EXAMPLE, [event("not-http"), event("health")])
    assert run.errors[0]["errorType"] == "RuntimeError"
    assert run.results[0]["statusCode"] == 200


def test_bare_it_writes_no_metric_and_loads_no_instrument() -> None:
    run = run_handler(BARE, EXAMPLE, [EVENTS["analyze"]])
    assert run.records == []
    assert run.datagrams == []


def test_instrumented_it_counts_and_logs_what_it_does() -> None:
    run = run_handler(INSTRUMENTED, EXAMPLE, [EVENTS["health"], EVENTS["analyze"]])
    (business,) = run.emf("ImagesAnalyzed")
    assert business["ImagesAnalyzed"] == [1.0]
    assert business["ImageBytes"] == [616.0]
    assert business["AnalysisDuration"][0] > 0
    latencies = run.emf("RouteLatency")
    assert [record["route"] for record in latencies] == ["/health", "/analyze"]
    assert {record["service"] for record in latencies} == {FUNCTION_NAME}
    (line,) = run.messages("image analyzed")
    assert (line["image_format"], line["image_width"], line["cold_start"]) == ("PNG", 160, False)
    assert len(run.emf("ColdStart")) == 1
    init = parse_message(json.dumps(run.messages("monitor.init")[0]))
    assert isinstance(init, InitRecordEvent)
    assert init.init_record.imports is not None
    (application,) = (node for node in init.init_record.imports.tree if node.module == "app.main")
    assert "fastapi" in {child.module for child in application.children}
    assert [document["name"] for document in run.datagrams].count("## handler") == 2


class _Bucket(BaseHTTPRequestHandler):
    """S3's PutObject, keeping what was put."""

    kept: dict[str, bytes]

    def do_PUT(self) -> None:
        self.kept[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200 if self.path.startswith("/results/") else 403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Keep the test's output to itself."""


@pytest.fixture
def bucket() -> Iterator[tuple[str, dict[str, bytes]]]:
    kept: dict[str, bytes] = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Bucket,), {"kept": kept}))
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", kept
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("eager", ["1", ""])
def test_a_result_is_stored_when_there_is_a_bucket(bucket: tuple[str, dict[str, bytes]], eager: str) -> None:
    url, kept = bucket
    env = {"APP_BUCKET": "results", "APP_EAGER_SDK": eager, "AWS_ENDPOINT_URL": url}
    run = run_handler(INSTRUMENTED, EXAMPLE, [EVENTS["analyze"]], env=env)
    body = json.loads(run.results[0]["body"])
    assert list(kept) == [f"/results/{body['stored_as']}"]
    assert json.loads(kept[f"/results/{body['stored_as']}"])["format"] == "PNG"
    assert "s3" in [document["name"] for document in run.datagrams]
    modules = json.dumps(run.messages("monitor.init"))
    assert ('"boto3"' in modules) is bool(eager)


def test_a_refusal_by_s3_is_a_502(bucket: tuple[str, dict[str, bytes]]) -> None:
    env = {"APP_BUCKET": "elsewhere", "AWS_ENDPOINT_URL": bucket[0]}
    run = run_handler(BARE, EXAMPLE, [EVENTS["analyze"]], env=env)
    assert run.results[0]["statusCode"] == 502
    assert json.loads(run.results[0]["body"])["error"]["code"] == "storage_failed"


def test_a_setting_that_makes_no_sense_fails_the_init_by_name() -> None:
    run = run_handler(BARE, EXAMPLE, [EVENTS["health"]], env={"APP_MAX_BYTES": "many"})
    assert run.init_error is not None
    assert "APP_MAX_BYTES" in run.init_error["errorMessage"]
