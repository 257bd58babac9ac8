"""What the X-Ray daemon receives from an instrumented function."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from monitor.runtime import daemon
from tests.differential.compare import differences
from tests.differential.modes import Case, run_bare, run_wrapped
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
OUR_TRACER = "from monitor.runtime import tracer\n" + LAZY


@pytest.mark.parametrize("code", [EAGER, LAZY, OUR_TRACER], ids=["eager", "lazy", "the runtime's tracer"])
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


def test_an_aws_call_that_fails_is_an_error_with_its_cause(package: Package) -> None:
    code = (
        "import boto3\nfrom botocore.config import Config\n"
        "s3 = boto3.client('s3', endpoint_url='http://127.0.0.1:1', config=Config(retries={'total_max_attempts': 1}))\n"
        "def handler(event, context):\n"
        "    try: s3.get_object(Bucket='pictures', Key='a.png')\n"
        "    except Exception as error:\n"
        "        import traceback\n        return [type(error).__name__, traceback.format_exc()]\n"
    )
    folder = package(app=code)
    bare = run_handler("app.handler", folder, [{}])
    ours = run_handler(ENTRY, folder, [{}], env={"MONITOR_HANDLER": "app.handler"})
    assert ours.results == bare.results
    assert ours.results[0][0] == "EndpointConnectionError"
    call = named(ours, "s3")
    assert call["fault"] is True
    assert call["cause"]["exceptions"][0]["type"] == "EndpointConnectionError"
    assert call["aws"]["bucket_name"] == "pictures"


def test_calls_in_threads_belong_to_the_handler(package: Package, s3: tuple[str, list[str | None]]) -> None:
    code = (
        "import boto3\nfrom concurrent.futures import ThreadPoolExecutor\ns3 = boto3.client('s3')\n"
        "def handler(event, context):\n"
        "    with ThreadPoolExecutor(4) as pool:\n"
        "        return len(list(pool.map(lambda _: s3.list_buckets(), range(4))))"
    )
    run = run_handler(ENTRY, package(app=code), [{}], env={"MONITOR_HANDLER": "app.handler", "AWS_ENDPOINT_URL": s3[0]})
    assert run.results == [4]
    calls = [document for document in run.datagrams if document["name"] == "s3"]
    assert {call["parent_id"] for call in calls} == {named(run, "## handler")["id"]}
    assert sorted(header or "" for header in s3[1]) == sorted(
        f"Root={TRACE_ID};Parent={call['id']};Sampled=1" for call in calls
    )


OTHERS = (
    "import sqlite3, requests\n"
    "def handler(event, context):\n"
    "    db = sqlite3.connect(database=':memory:')\n"
    "    return [db.execute('select 1').fetchone()[0], requests.get(event['url']).status_code]"
)


@pytest.mark.parametrize(
    ("setting", "traced"),
    [
        ("", set()),
        ("aws", set()),
        ("none", set()),
        ("requests", {"127.0.0.1"}),
        ("sqlite3", {"sqlite3"}),
        ("all", {"127.0.0.1", "sqlite3"}),
    ],
)
def test_other_libraries_are_traced_where_monitor_patch_names_them(
    package: Package, s3: tuple[str, list[str | None]], setting: str, traced: set[str]
) -> None:
    env = {"MONITOR_HANDLER": "app.handler", "MONITOR_PATCH": setting}
    run = run_handler(ENTRY, package(app=OTHERS), [{"url": s3[0]}], env=env)
    assert run.results == [[1, 200]]
    names = [document["name"] for document in run.datagrams if not document["name"].startswith("init: ")]
    assert sorted(names) == sorted(["## handler", *traced])


@pytest.mark.parametrize("setting", ["none", "requests"])
def test_aws_calls_are_not_traced_where_monitor_patch_leaves_them_out(
    package: Package, s3: tuple[str, list[str | None]], setting: str
) -> None:
    env = {"MONITOR_HANDLER": "app.handler", "MONITOR_PATCH": setting, "AWS_ENDPOINT_URL": s3[0]}
    run = run_handler(ENTRY, package(app=EAGER), [{}], env=env)
    assert run.results == [[]]
    assert "s3" not in {document["name"] for document in run.datagrams}


def test_a_library_that_cannot_be_traced_is_named_once(package: Package) -> None:
    env = {"MONITOR_HANDLER": "app.handler", "MONITOR_PATCH": "aws,carrots"}
    run = run_handler(ENTRY, package(app="def handler(event, context): return 1"), [{}, {}], env=env)
    (warning,) = [record for record in run.records if record.get("level") == "WARNING"]
    assert "'carrots'" in warning["message"]


STANDING_BACK = {
    "its own tracer": "from aws_lambda_powertools import Tracer\ntracer = Tracer()\n",
    "its own tracer, which patches nothing": (
        "from aws_lambda_powertools import Tracer\ntracer = Tracer(auto_patch=False)\n"
    ),
    "the SDK's patch": "from aws_xray_sdk.core import patch\npatch(['sqlite3'])\n",
}


@pytest.mark.parametrize("before", STANDING_BACK.values(), ids=STANDING_BACK.keys())
def test_an_application_that_traces_by_itself_gets_its_own_subsegments_and_no_others(
    package: Package, s3: tuple[str, list[str | None]], before: str
) -> None:
    folder = package(app=before + EAGER)
    env = {"MONITOR_HANDLER": "app.handler", "AWS_ENDPOINT_URL": s3[0]}
    bare = run_handler("app.handler", folder, [{}], env=env)
    ours = run_handler(ENTRY, folder, [{}], env=env)
    assert ours.results == bare.results == [[]]
    assert [span["name"] for span in ours.datagrams if not span["name"].startswith("init: ")] == [
        span["name"] for span in bare.datagrams
    ]


def test_the_runtime_s_tracer_leaves_the_application_s_own_as_powertools_documents_it(package: Package) -> None:
    code = (
        "import sys\nfrom monitor.runtime import tracer as ours\nfrom aws_lambda_powertools import Tracer\n"
        "before = 'botocore.client' in sys.modules\ntracer = Tracer()\n"
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


ADDRESSES = {
    "": ("127.0.0.1", 2000),
    "10.0.0.1:3000": ("10.0.0.1", 3000),
    "tcp:10.0.0.1:2000 udp:10.0.0.2:4000": ("10.0.0.2", 4000),
    "udp:10.0.0.2:4000 tcp:10.0.0.1:2000": ("10.0.0.2", 4000),
    "nonsense": ("127.0.0.1", 2000),
}


@pytest.mark.parametrize(("text", "address"), ADDRESSES.items())
def test_the_daemon_s_address_in_all_its_forms(
    monkeypatch: pytest.MonkeyPatch, text: str, address: tuple[str, int]
) -> None:
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", text)
    assert daemon.address() == address


def test_a_response_too_large_for_x_ray_is_left_out_of_the_subsegment(package: Package) -> None:
    folder = package(app="def handler(event, context): return 'x' * 100_000")
    env = {"MONITOR_HANDLER": "app.handler", "POWERTOOLS_TRACER_CAPTURE_RESPONSE": "true"}
    run = run_handler(ENTRY, folder, [{}], env=env)
    span = named(run, "## handler")
    assert "metadata" not in span
    assert span["annotations"]["ColdStart"] is True


ODD_RESULTS = {
    "a large one": "{'rows': ['x' * 1000] * 2_000}",
    "one that refers to itself": "AROUND",
    "keys that are no texts": "{(1, 2): 3}",
    "an object": "object()",
}


@pytest.mark.parametrize("result", ODD_RESULTS.values(), ids=ODD_RESULTS.keys())
def test_a_result_that_is_no_short_json_leaves_the_subsegment_without_it(package: Package, result: str) -> None:
    code = f"AROUND = []\nAROUND.append(AROUND)\ndef handler(event, context): return {result}"
    env = {"MONITOR_HANDLER": "app.handler", "POWERTOOLS_TRACER_CAPTURE_RESPONSE": "true"}
    case = Case(package(app=code), "app.handler", [{}], env)
    bare, wrapped = run_bare(case), run_wrapped(case)
    assert differences(bare, wrapped) == []
    assert named(wrapped.run, "## handler")["type"] == "subsegment"
