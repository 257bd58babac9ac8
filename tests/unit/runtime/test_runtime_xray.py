"""What the X-Ray daemon receives from an instrumented function."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from aws_xray_sdk.core import patcher

from monitor.runtime import xray
from tests.fakes.runtime_api import PARENT_ID, SAMPLED, TRACE_ID, Run, run_handler

ENTRY = "monitor.runtime.entry.lambda_handler"
Package = Callable[..., Path]


class _S3(BaseHTTPRequestHandler):
    """Answers every request as S3 answers ListBuckets."""

    seen: list[str | None]

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("X-Amzn-Trace-Id"))
        body = b"<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>"
        self.send_response(200)
        self.send_header("x-amz-request-id", "REQUEST1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Keep the test's output to itself."""


@pytest.fixture
def s3() -> Iterator[tuple[str, list[str | None]]]:
    seen: list[str | None] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_S3,), {"seen": seen}))
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", seen
    server.shutdown()
    server.server_close()


def named(run: Run, name: str) -> dict[str, Any]:
    (found,) = [document for document in run.datagrams if document["name"] == name]
    return found


def test_the_handler_is_a_subsegment_of_the_function_s_segment(package: Package) -> None:
    folder = package(app="def handler(event, context): return {'secret': 1}")
    run = run_handler(ENTRY, folder, [{}, {}], env={"MONITOR_HANDLER": "app.handler"})
    first, second = [document for document in run.datagrams if document["name"] == "## handler"]
    assert first["trace_id"] == TRACE_ID
    assert first["parent_id"] == PARENT_ID
    assert first["annotations"]["ColdStart"] is True
    assert second["annotations"]["ColdStart"] is False
    assert "metadata" not in first


def test_an_exception_is_in_the_subsegment(package: Package) -> None:
    folder = package(app="def handler(event, context): raise ValueError('no image')")
    run = run_handler(ENTRY, folder, [{}], env={"MONITOR_HANDLER": "app.handler"})
    span = named(run, "## handler")
    assert span["fault"] is True
    assert span["annotations"] == {"ColdStart": True, "Service": "ai-image-analyzer-fastapi"}
    (exception,) = span["cause"]["exceptions"]
    assert (exception["type"], exception["message"]) == ("ValueError", "no image")


EAGER = "import boto3\ns3 = boto3.client('s3')\ndef handler(event, context):\n    return s3.list_buckets()['Buckets']"
LAZY = "def handler(event, context):\n    import boto3\n    return boto3.client('s3').list_buckets()['Buckets']"
OWN_TRACER = "from aws_lambda_powertools import Tracer\ntracer = Tracer()\n" + LAZY


@pytest.mark.parametrize("code", [EAGER, LAZY, OWN_TRACER], ids=["eager", "lazy", "own tracer"])
def test_an_aws_call_is_a_subsegment_when_the_application_imports_boto3(
    package: Package, s3: tuple[str, list[str | None]], code: str
) -> None:
    url, seen = s3
    env = {"MONITOR_HANDLER": "app.handler", "AWS_ENDPOINT_URL": url}
    run = run_handler(ENTRY, package(app=code), [{}], env=env)
    assert run.results == [[]]
    call = named(run, "s3")
    assert call["namespace"] == "aws"
    assert call["aws"]["operation"] == "ListBuckets"
    assert call["aws"]["region"] == "ap-southeast-1"
    assert call["parent_id"] == named(run, "## handler")["id"]
    assert seen == [f"Root={TRACE_ID};Parent={call['id']};Sampled=1"]
    assert [record for record in run.records if record.get("level") == "WARNING"] == []


def test_other_libraries_are_patched_as_they_are_imported(package: Package, s3: tuple[str, list[str | None]]) -> None:
    code = (
        "import sqlite3, requests\n"
        "def handler(event, context):\n"
        "    sqlite3.connect(':memory:').execute('select 1')\n"
        "    return requests.get(event['url']).status_code"
    )
    run = run_handler(ENTRY, package(app=code), [{"url": s3[0]}], env={"MONITOR_HANDLER": "app.handler"})
    assert run.results == [200]
    assert {"127.0.0.1", "## handler"} <= {document["name"] for document in run.datagrams}
    assert any("sql" in document or "execute" in str(document) for document in run.datagrams)


def test_every_library_that_the_sdk_patches_has_its_hook() -> None:
    assert set(xray.PATCHES.values()) == set(patcher.NO_DOUBLE_PATCH)


def test_the_application_s_own_tracer_still_patches_everything(package: Package) -> None:
    code = (
        "import sys\nfrom aws_lambda_powertools import Tracer\nbefore = 'botocore.client' in sys.modules\n"
        "tracer = Tracer()\n"
        "def handler(event, context):\n"
        "    import botocore.client\n"
        "    return [before, hasattr(botocore.client, '_xray_enabled'), tracer.auto_patch, tracer.service]"
    )
    run = run_handler(ENTRY, package(app=code), [{}], env={"MONITOR_HANDLER": "app.handler"})
    assert run.results == [[False, True, True, ""]]


def test_the_init_is_sent_as_spans_that_lie_before_the_invocation(package: Package) -> None:
    folder = package(app="import library\ndef handler(event, context): return 1")
    (folder / "library.py").write_text("import time\ntime.sleep(0.02)")
    run = run_handler(ENTRY, folder, [{}, {}], env={"MONITOR_HANDLER": "app.handler"})
    application = named(run, "init: application")
    assert application["parent_id"] == PARENT_ID
    assert application["trace_id"] == TRACE_ID
    assert application["end_time"] <= run.datagrams[-1]["start_time"]
    (module,) = application["subsegments"]
    (library,) = module["subsegments"]
    assert (module["name"], library["name"]) == ("app", "library")
    assert library["end_time"] - library["start_time"] >= 0.02
    details = run.messages("monitor.init")[0]["monitor_init"]
    assert named(run, "init: runtime")["start_time"] == pytest.approx(details["started_at_ms"] / 1000, abs=0.001)


NOT_SENT: dict[str, tuple[dict[str, str], str | None]] = {
    "not sampled": ({}, f"Root={TRACE_ID};Parent={PARENT_ID};Sampled=0"),
    "no header": ({}, None),
    "a header without its parent": ({}, f"Root={TRACE_ID};Sampled=1"),
    "provisioned": ({"AWS_LAMBDA_INITIALIZATION_TYPE": "provisioned-concurrency"}, SAMPLED),
    "tracing off": ({"POWERTOOLS_TRACE_DISABLED": "true"}, SAMPLED),
}


@pytest.mark.parametrize(("env", "header"), NOT_SENT.values(), ids=NOT_SENT.keys())
def test_no_spans_of_the_init_where_they_do_not_belong(
    package: Package, env: dict[str, str], header: str | None
) -> None:
    folder = package(app="def handler(event, context): return 1")
    run = run_handler(ENTRY, folder, [{}], env={"MONITOR_HANDLER": "app.handler", **env}, trace_header=header)
    assert run.results == [1]
    assert [document for document in run.datagrams if document["name"].startswith("init")] == []
    assert [record for record in run.records if record.get("level") == "WARNING"] == []


def test_an_unreachable_daemon_changes_nothing(package: Package) -> None:
    folder = package(app="def handler(event, context): return 1")
    env = {"MONITOR_HANDLER": "app.handler", "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:1"}
    run = run_handler(ENTRY, folder, [{}, {}, {}], env=env)
    assert run.results == [1, 1, 1]
