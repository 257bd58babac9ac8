"""A resource or client made at init, on evidence made by hand."""

from dataclasses import replace

import pytest

from monitor.callgraph.model import Reached
from monitor.diagnose.evidence.model import FunctionEvidence, MadeValue, ModuleCall, Settings
from monitor.diagnose.model_finding import Saving
from monitor.diagnose.rules.sdk_client_at_init import find
from monitor.kernel.missing import Missing
from monitor.records.xray.trace import Span, SpanKind, Trace
from tests.fakes.code_evidence import FRAMEWORK, code, healthy, node, profile, use

RESOURCE = ModuleCall("boto3.resource", "app/storage.py", 9, '_s3 = boto3.resource("s3")')
CLIENT = ModuleCall("boto3.client", "app/storage.py", 9, '_s3 = boto3.client("s3")')
# 100 ms of imports, 20 of them boto3.resources; 50 ms of building in app.storage.
TREE = node(
    "lambda_function",
    1.0,
    node(
        "app.main",
        8.0,
        FRAMEWORK,
        node(
            "app.storage",
            50.0,
            node("boto3", 10.0, node("botocore", 70.0)),
            node("boto3.resources", 5.0, node("x", 15.0)),
        ),
    ),
)


def made(call: ModuleCall, *traces: Trace) -> FunctionEvidence:
    return healthy(
        imports=profile(TREE), code=code(use("boto3", "app/storage.py"), calls=(call,)), traces=tuple(traces)
    )


def cold(*spans: Span) -> Trace:
    return Trace(
        "1-0",
        1.0,
        (Span("a", "f", 0.0, 1.0, SpanKind.FUNCTION, children=(Span("b", "Init", 0.0, 0.5, SpanKind.INIT), *spans)),),
    )


PUT = Span("c", "S3", 0.6, 0.7, SpanKind.DOWNSTREAM, namespace="aws")


def saving_of(evidence: FunctionEvidence) -> Saving:
    (found,) = find(evidence)
    assert found.saving is not None
    return found.saving


def test_a_resource_at_init_costs_the_sdk_and_its_building() -> None:
    (found,) = find(made(RESOURCE))
    assert found.title == "app/storage.py:9 creates a boto3 resource at init"
    assert found.evidence[0].text == '`_s3 = boto3.resource("s3")` runs while app/storage.py is imported'
    assert (
        "100 ms for importing the SDK and 50.0 ms in the modules that make the call, including 20.0 ms for "
        "boto3.resources"
    ) in (found.evidence[1].text)
    # It stays a resource.
    assert 'return boto3.resource("s3")  # app/storage.py:9' in found.changes[0].text
    saving = saving_of(made(RESOURCE))
    assert (saving.low_ms, saving.likely_ms, saving.high_ms) == (0.0, 85.0, 195.0)


def test_where_first_invocations_call_nothing_of_aws_all_of_it_can_wait() -> None:
    saving = saving_of(made(RESOURCE, cold()))
    assert (saving.low_ms, saving.likely_ms) == (75.0, 135.0)
    assert "no traced first invocation" in saving.basis


def test_where_they_do_a_client_saves_the_resources_alone() -> None:
    saving = saving_of(made(RESOURCE, cold(PUT)))
    assert (saving.low_ms, saving.likely_ms, saving.high_ms) == (0.0, 20.0, 70.0)


def test_a_client_at_init_is_right_unless_traces_show_that_it_is_not_needed() -> None:
    assert list(find(made(CLIENT))) == []
    assert list(find(made(CLIENT, cold(PUT)))) == []
    (found,) = find(made(CLIENT, cold()))
    assert found.title == "app/storage.py:9 creates a boto3 client at init"
    assert [change.title for change in found.changes] == ["Call boto3.client on first use"]


def test_untraced_calls_are_not_taken_for_none() -> None:
    assert list(find(replace(made(CLIENT, cold()), settings=Settings()))) == []


@pytest.mark.parametrize("settings", [Missing("refused"), Settings()])
def test_without_knowing_that_calls_are_traced_the_range_stays_wide(settings: Settings | Missing) -> None:
    saving = saving_of(replace(made(RESOURCE, cold()), settings=settings))
    assert (saving.low_ms, saving.likely_ms) == (0.0, 85.0)


def test_without_imports_a_resource_has_no_milliseconds() -> None:
    (found,) = find(replace(made(RESOURCE), imports=Missing("no records")))
    assert found.saving is None


def test_what_another_library_imports_of_the_sdk_is_not_counted() -> None:
    watching = node("aws_xray_sdk.core", 5.0, node("botocore.config", 500.0))
    assert saving_of(replace(made(RESOURCE), imports=profile(watching, TREE))).high_ms == 195.0


def test_a_call_behind_a_condition_that_was_not_made_is_no_finding() -> None:
    tree = profile(node("lambda_function", 1.0, node("app.storage", 1.0)))
    assert list(find(replace(made(RESOURCE), imports=tree))) == []
    assert list(find(replace(made(CLIENT, cold()), imports=tree))) == []


def test_other_calls_and_no_files_are_silent() -> None:
    assert list(find(made(ModuleCall("requests.get", "app/a.py", 1, "requests.get(URL)")))) == []
    assert list(find(replace(made(RESOURCE), code=Missing("refused")))) == []
    assert list(find(healthy())) == []


def test_a_client_that_not_every_call_reads_is_a_finding_without_traces() -> None:
    value = MadeValue("_s3", "app/storage.py", 9, "boto3.client('s3')")
    some = use(
        "boto3",
        "app/storage.py",
        used_at_import=False,
        used_in=("put",),
        reached=Reached.SOME_ROUTES,
        routes=("PUT /images",),
        makes=(value,),
    )
    (found,) = find(replace(made(CLIENT), code=code(some, calls=(CLIENT,))))
    assert found.title == "app/storage.py:9 creates a boto3 client at init"
    assert found.evidence[1].text == "some calls of the handler read it, and others do not: PUT /images"
    assert found.saving is not None
    assert (found.saving.low_ms, found.saving.likely_ms) == (37.5, pytest.approx(135.0))
    # Every call reads another client: the SDK is imported in any case.
    every = use("boto3", "app/queue.py", makes=(MadeValue("_sqs", "app/queue.py", 4, "boto3.client('sqs')"),))
    other = ModuleCall("boto3.client", "app/queue.py", 4, "_sqs = boto3.client('sqs')")
    (found,) = find(replace(made(CLIENT), code=code(some, every, calls=(CLIENT, other))))
    assert found.saving is not None
    assert (found.saving.low_ms, found.saving.likely_ms) == (0.0, 25.0)
    assert list(find(replace(made(other), code=code(every, calls=(other,))))) == []
