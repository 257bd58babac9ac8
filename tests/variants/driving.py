"""Variants put up on the embedded stack and invoked as their defect shows itself."""

import base64
import http.server
import io
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from monitor.aws.connection import Connection
from monitor.aws.deploy import Deployment, deploy, invoke, refresh
from monitor.kernel.entry_point import ENTRY_POINT
from monitor.records.invoke_result import InvocationResult
from monitor.run.workflow import example_folder
from tests.variants.compose import Variant

REGION = "ap-southeast-1"
BURST = 8


class Slow(http.server.BaseHTTPRequestHandler):
    """Answers with limits, after its server's delay."""

    delay_s = 0.0

    def do_GET(self) -> None:
        time.sleep(self.delay_s)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"largest": 4500000}')

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def slow_server(delay_ms: int) -> Iterator[str]:
    """A server on loopback that takes `delay_ms` to answer; its URL."""
    handler = type("Delayed", (Slow,), {"delay_s": delay_ms / 1000})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/limits"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def put(connection: Connection, name: str, variant: Variant, package: Path, slow_url: str = "") -> None:
    """Deploy the variant's package under `name`."""
    values = {key: value.replace("{slow_url}", slow_url) for key, value in variant.environment.items()}
    environment = {
        "MONITOR_HANDLER": "app.main.handler",
        "POWERTOOLS_SERVICE_NAME": "ai-image-analyzer",
        "POWERTOOLS_METRICS_NAMESPACE": "AiImageAnalyzer",
        **values,
    }
    deploy(
        connection,
        Deployment(name, package, ENTRY_POINT, variant.memory_mb, variant.timeout_s, environment),
    )


def good_event() -> bytes:
    """A small image to look at: what uses everything that the application imports."""
    return (example_folder() / "events" / "analyze.json").read_bytes()


def bad_event(variant: Variant) -> bytes:
    """The request that this variant cannot stand."""
    event = json.loads((example_folder() / "events" / "analyze.json").read_bytes())
    if variant.bad_query:
        path = variant.bad_query["path"]
        event["rawPath"], event["rawQueryString"] = path, variant.bad_query["query"]
        event["requestContext"]["http"] |= {"method": "GET", "path": path}
        event["body"] = ""
    if variant.bad_image:
        from PIL import Image

        out = io.BytesIO()
        Image.new("RGB", (variant.bad_image["width"], variant.bad_image["height"]), "teal").save(out, "PNG")
        event["body"] = base64.b64encode(out.getvalue()).decode()
    return json.dumps(event).encode()


def start(connection: Connection, name: str) -> InvocationResult:
    """One cold start with a small image."""
    refresh(connection, name)
    return invoke(connection, name, good_event())


def storm(connection: Connection, name: str, variant: Variant, rounds: int) -> list[InvocationResult]:
    """A bad request, then a good one, `rounds` times after one start; the good ones' results."""
    results = [start(connection, name)]
    bad, good = bad_event(variant), good_event()
    for _ in range(rounds):
        invoke(connection, name, bad)
        results.append(invoke(connection, name, good))
    return results


def burst(connection: Connection, name: str, size: int = BURST, *, warmed: bool = False) -> list[InvocationResult]:
    """`size` requests at once that find nothing warm, or with `warmed` as many environments as they are."""
    refresh(connection, name)
    event = good_event()
    with ThreadPoolExecutor(max_workers=size) as pool:
        if warmed:
            list(pool.map(lambda _: invoke(connection, name, event), range(size)))
        return list(pool.map(lambda _: invoke(connection, name, event), range(size)))


def first_total_ms(result: InvocationResult) -> float:
    """What the caller waited for, as REPORT says: init and first invocation together."""
    assert result.report is not None
    return (result.report.init_ms or 0.0) + (result.report.duration_ms or 0.0)
