"""Calls over the network at import: from the source, with the module's time, and from traces."""

import pytest

from monitor.diagnose.evidence.model import InitLogging, InitWork, ModuleCall, ModuleUse, SourceFacts, StartRecord
from monitor.diagnose.model_finding import Grade
from monitor.diagnose.rules.network_calls_in_init import find
from monitor.records.imports import ImportNode, ImportProfile
from monitor.records.xray.trace import Http, Span, SpanKind, Trace
from tests.fakes.start_evidence import MISSING, evidence, nothing

URLOPEN = ModuleCall("urllib.request.urlopen", "app/core/remote.py", 7, "urllib.request.urlopen(…)")


def code(*calls: ModuleCall) -> SourceFacts:
    return SourceFacts(3, 0, (), calls)


def imports(**self_ms: float) -> ImportProfile:
    """Modules by name, `__` for a dot, all below the handler's."""
    children = tuple(ImportNode(name.replace("__", "."), ms, ms, "/var/task") for name, ms in self_ms.items())
    top = ImportNode("app.main", 20.0, 20.0 + sum(self_ms.values()), "/var/task", children)
    return ImportProfile("shop", "init records", 10, top.cumulative_ms, (top,), ())


def traced(start_s: float, end_s: float) -> Trace:
    init = Span("i", "Init", 100.0, 101.0, SpanKind.INIT)
    call = Span("c", "config.example", start_s, end_s, SpanKind.DOWNSTREAM, http=Http("GET", "https://config.example/"))
    return Trace("1-1", 2.0, (Span("f", "shop", 100.0, 102.0, SpanKind.FUNCTION, children=(init, call)),))


def test_the_call_is_named_with_its_line_and_its_modules_own_time() -> None:
    (found,) = find(evidence(code=code(URLOPEN), imports=imports(app__core__remote=260.0)))
    assert found.title == "urllib.request.urlopen is called while app/core/remote.py is imported"
    assert found.subject == "app/core/remote.py:7"
    assert found.saving is not None
    assert found.saving.likely_ms == 260
    assert found.saving.low_ms == 130
    assert found.affected == 10
    assert found.confidence is Grade.HIGH
    assert "260 ms without its imports" in found.evidence[1].text


def test_the_calls_library_can_wait_with_it_unless_another_file_needs_it() -> None:
    library = ImportNode("urllib.request", 5.0, 30.0, "")
    remote = ImportNode("app.core.remote", 260.0, 290.0, "/var/task", (library,))
    tree = ImportProfile("shop", "init records", 10, 290.0, (remote,), ())
    (found,) = find(evidence(code=code(URLOPEN), imports=tree))
    assert found.saving is not None
    assert found.saving.likely_ms == 290
    other = ModuleUse("urllib.request", "app/other.py", 1, "import urllib.request", True, True)
    (shared,) = find(evidence(code=SourceFacts(3, 0, (other,), (URLOPEN,)), imports=tree))
    assert shared.saving is not None
    assert shared.saving.likely_ms == 260


def test_a_module_found_by_the_end_of_its_path() -> None:
    (found,) = find(evidence(code=code(URLOPEN), imports=imports(core__remote=260.0)))
    assert found.saving is not None
    assert found.saving.likely_ms == 260


def test_a_call_in_a_helper_costs_the_module_that_runs_it() -> None:
    other = ModuleCall("fastapi.FastAPI", "app/config.py", 3, "fastapi.FastAPI(…)")
    found = list(find(evidence(code=code(URLOPEN, other), imports=imports(app__core__remote=2.0, app__config=400.0))))
    assert found[-1].saving is not None or found[0].saving is not None
    helped = next(one for one in found if one.subject == "app/core/remote.py:7")
    assert helped.saving is not None
    assert helped.saving.likely_ms == 400
    assert helped.saving.low_ms == 0
    assert "importing app/config.py takes 400 ms" in helped.evidence[1].text


def test_without_import_times_a_round_trip_is_assumed() -> None:
    (found,) = find(evidence(code=code(URLOPEN)))
    assert found.saving is not None
    assert (found.saving.low_ms, found.saving.likely_ms) == (0.0, 100.0)
    assert found.saving.high_ms == pytest.approx(302.5)
    assert "assum" in found.saving.basis
    assert found.confidence is Grade.MEDIUM


@pytest.mark.parametrize(
    "name",
    [
        "requests.get",
        "requests.Session.post",
        "httpx.Client.get",
        "socket.create_connection",
        "boto3.client.get_parameter",
        "boto3.session.Session.client.get_secret_value",
        "boto3.resource.Table.get_item",
        "aws_lambda_powertools.utilities.parameters.get_secret",
        "psycopg2.connect",
    ],
)
def test_what_waits_for_another_machine(name: str) -> None:
    call = ModuleCall(name, "app/core/remote.py", 7, f"{name}(…)")
    assert list(find(evidence(code=code(call), imports=imports(app__core__remote=120.0))))


@pytest.mark.parametrize(
    "name",
    [
        "requests.Session",
        "requests.Session.mount",
        "boto3.client",
        "boto3.resource",
        "boto3.resource.Table",
        "boto3.client.get_paginator",
        "boto3.client.generate_presigned_url",
        "fastapi.FastAPI",
        "fastapi.APIRouter.get",
        "os.environ.get",
    ],
)
def test_what_does_not(name: str) -> None:
    call = ModuleCall(name, "app/core/remote.py", 7, f"{name}(…)")
    assert not list(find(evidence(code=code(call), imports=imports(app__core__remote=120.0))))


def test_a_module_that_is_slow_of_its_own_is_asked_about() -> None:
    call = ModuleCall("vendor.connect", "app/core/remote.py", 7, "vendor.connect(…)")
    (found,) = find(evidence(code=code(call), imports=imports(app__core__remote=600.0)))
    assert found.title.endswith("check the call of vendor.connect")
    assert found.confidence is Grade.LOW
    assert found.saving is not None
    assert found.saving.low_ms == 0


def test_a_slow_module_that_makes_sdk_clients_or_logs_much_is_explained() -> None:
    sdk = ModuleCall("boto3.resource", "app/core/remote.py", 7, "boto3.resource('s3')")
    slow = imports(app__core__remote=600.0)
    assert not list(find(evidence(code=code(sdk), imports=slow)))
    call = ModuleCall("vendor.connect", "app/core/remote.py", 7, "vendor.connect(…)")
    chatty = InitLogging(10, 4000.0, 400_000.0, 3900.0)
    assert not list(find(evidence(code=code(call), imports=slow, logging=chatty)))


def test_a_slow_module_whose_lines_were_watched_is_explained_by_them() -> None:
    call = ModuleCall("vendor.connect", "app/core/remote.py", 7, "vendor.connect(…)")
    for ms, is_named in ((10.0, True), (1_000.0, False)):
        watched = StartRecord(None, (InitWork("line", "app/core/remote.py", 7, 1, ms),), 0.0)
        found = list(find(evidence(code=code(call), imports=imports(app__core__remote=600.0), calls=watched)))
        assert bool(found) == is_named


def test_a_call_that_took_no_time_is_not_worth_a_word() -> None:
    assert not list(find(evidence(code=code(URLOPEN), imports=imports(app__other=30.0))))


def test_a_trace_shows_a_call_inside_init() -> None:
    (found,) = find(evidence(traces=(traced(100.1, 100.6),)))
    assert found.subject == "config.example"
    assert found.saving is not None
    assert found.saving.likely_ms == pytest.approx(500)
    assert "GET https://config.example/" in found.evidence[0].text


def test_a_call_of_the_handler_is_none_of_init() -> None:
    assert not list(find(evidence(traces=(traced(101.2, 101.6),))))


def test_a_trace_strengthens_what_the_source_says() -> None:
    one = evidence(code=code(URLOPEN), imports=imports(app__core__remote=120.0), traces=(traced(100.1, 100.2),))
    (found,) = find(one)
    assert found.confidence is Grade.HIGH
    assert found.evidence[-1].where == "c"


def test_a_healthy_function_and_no_evidence_say_nothing() -> None:
    calls = code(ModuleCall("fastapi.FastAPI", "app/main.py", 5, "fastapi.FastAPI(…)"))
    assert not list(find(evidence(code=calls, imports=imports(app__routers=4.0))))
    assert not list(find(nothing()))
    assert not list(find(evidence(code=MISSING, imports=MISSING)))
