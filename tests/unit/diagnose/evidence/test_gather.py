"""Gathering evidence: what is read, what is not to be had, and that no secret is kept."""

import json
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from zipfile import ZipFile

import pytest

from monitor.diagnose.evidence import workflow
from monitor.diagnose.evidence.model import FunctionEvidence, SourceState
from monitor.diagnose.evidence.workflow import gather
from monitor.errors import MonitorError, NotFoundError, RefusedError, UnreachableError, UsageError
from monitor.kernel.function import FunctionInfo
from monitor.kernel.jsonable import jsonable
from monitor.kernel.missing import Missing
from monitor.kernel.origin import Origin
from monitor.kernel.window import Window
from monitor.packages.zips.listing import FolderListing, ZipListing
from monitor.packages.zips.source import RemoteSource
from tests.fakes.one_function import BASE_MS, NAME, OneFunction, failing
from tests.fakes.range_server import serving

WINDOW = Window(BASE_MS - 60_000, BASE_MS + 3_600_000)
TRACE = f"1-{BASE_MS // 1000:08x}-{1:024x}"


@pytest.fixture
def account(tmp_path: Path) -> Iterator[OneFunction]:
    """A function with a package behind a URL, three cold starts, one of them traced."""
    package = tmp_path / "package.zip"
    with ZipFile(package, "w") as archive:
        archive.writestr("app/main.py", "import boto3\nclient = boto3.client('s3')\n")
        archive.writestr("app/broken.py", "def f(:\n")
        archive.writestr("thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
        archive.writestr("thing-1.0.dist-info/RECORD", "thing/__init__.py,,\nthing-1.0.dist-info/METADATA,,\n")
        archive.writestr("thing/__init__.py", "secret = 'of another distribution'\n")
    found = OneFunction()
    found.cold_start(0, "r1", "[DEBUG]\t2026-11-23T02:48:41.886Z\t\tloading\n", trace_id=TRACE)
    found.cold_start(1_000, "r2", init_ms=500.0)
    found.cold_start(120_000, "r3", init_ms=600.0)
    segment = {
        "id": "a" * 16,
        "name": NAME,
        "trace_id": TRACE,
        "start_time": BASE_MS / 1000,
        "end_time": BASE_MS / 1000,
    }
    found.segments[TRACE] = [{"Id": "a" * 16, "Document": json.dumps(segment | {"origin": "AWS::Lambda"})}]
    with serving(package) as served:
        found.code_url = served.url
        yield found


def gathered(account: OneFunction, target: str = NAME) -> tuple[FunctionEvidence, dict[str, SourceState]]:
    told: list[SourceState] = []
    evidence = gather(account, target, WINDOW, told.append)  # type: ignore[arg-type]
    assert tuple(told) == evidence.sources
    return evidence, {one.name: one for one in told}


def test_every_source_is_read_and_told(account: OneFunction) -> None:
    evidence, states = gathered(account)
    imports = states.pop("imports")
    assert {name: state.state for name, state in states.items()} == dict.fromkeys(
        ("configuration", "log", "package", "traces", "metrics", "concurrency", "deployments"), "read"
    )
    assert isinstance(evidence.function, FunctionInfo)
    assert not isinstance(evidence.starts, Missing)
    assert (evidence.starts.invocations, evidence.starts.cold_starts, evidence.starts.init.p50) == (3, 3, 500.0)
    assert [(one.start_ms - BASE_MS // 60_000 * 60_000, one.cold_starts) for one in evidence.minutes] == [
        (0, 2),
        (120_000, 1),
    ]
    assert evidence.logging is not None
    assert evidence.logging.debug_lines == pytest.approx(1 / 3)
    assert [trace.id for trace in evidence.traces] == [TRACE]
    assert not isinstance(evidence.metrics, Missing)
    assert evidence.metrics.invocations == 12
    assert not isinstance(evidence.concurrency, Missing)
    assert (evidence.concurrency.reserved, evidence.concurrency.provisioned) == (10, {"live": 3})
    assert [one.version for one in evidence.deployments] == ["7", "$LATEST"]
    assert imports.state == "absent"
    assert imports.lost


def test_the_application_s_own_files_are_read_by_ranges_and_their_text_is_not_kept(account: OneFunction) -> None:
    evidence, _ = gathered(account)
    assert not isinstance(evidence.code, Missing)
    assert (evidence.code.files, evidence.code.unread) == (1, 1)
    assert [(one.name, one.file, one.line) for one in evidence.code.calls] == [("boto3.client", "app/main.py", 2)]
    assert "of another distribution" not in json.dumps(jsonable(evidence))


def test_a_folder_of_the_function_s_name_is_not_taken_for_its_package(
    account: OneFunction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / NAME).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    evidence, _ = gathered(account)
    assert not isinstance(evidence.package, Missing)
    assert "thing" in [part.name for part in evidence.package.parts]


def test_values_of_the_environment_are_not_kept_but_for_the_few_that_bear_on_a_start(account: OneFunction) -> None:
    account.variables = {
        "DATABASE_PASSWORD": "hunter2",
        "LOG_LEVEL": "debug",
        "PYTHONPATH": "/opt/vendored:hunter2",
        "PYTHONPROFILEIMPORTTIME": "1",
        "MONITOR_HANDLER": "hunter2",
    }
    evidence, _ = gathered(account)
    assert not isinstance(evidence.settings, Missing)
    assert evidence.settings.log_level == "DEBUG"
    assert evidence.settings.pythonpath == ("/opt/vendored",)
    assert (evidence.settings.profiles_imports, evidence.settings.instrumented) == (True, True)
    text = json.dumps(jsonable(evidence))
    assert "DATABASE_PASSWORD" in text
    assert "hunter2" not in text


def test_a_log_level_that_is_none_is_not_kept(account: OneFunction) -> None:
    account.variables = {"LOG_LEVEL": "hunter2"}
    evidence, _ = gathered(account)
    assert not isinstance(evidence.settings, Missing)
    assert evidence.settings.log_level is None


SOURCES = {
    "GetFunctionConfiguration": ("configuration", "function"),
    "FilterLogEvents": ("log", "starts"),
    "GetFunction": ("package", "package"),
    "BatchGetTraces": ("traces", "traces"),
    "GetMetricData": ("metrics", "metrics"),
    "ListVersionsByFunction": ("deployments", ""),
    "GetAccountSettings": ("concurrency", ""),
    "GetFunctionConcurrency": ("concurrency", ""),
}


@pytest.mark.parametrize("operation", SOURCES)
def test_without_one_permission_the_rest_is_there_and_the_lack_is_named(account: OneFunction, operation: str) -> None:
    account.refused = {operation}
    evidence, states = gathered(account)
    name, part = SOURCES[operation]
    assert states[name].state == "refused"
    assert operation in states[name].detail
    assert states[name].lost
    assert states[name].hint == "add it to your IAM policy"
    others = {one.name for one in states.values() if one.state == "refused"}
    assert others == {name}
    if part:
        assert not getattr(evidence, part) or isinstance(getattr(evidence, part), Missing)


def test_what_could_be_asked_of_concurrency_stays_where_a_part_is_refused(account: OneFunction) -> None:
    account.refused = {"ListProvisionedConcurrencyConfigs"}
    evidence, _ = gathered(account)
    assert not isinstance(evidence.concurrency, Missing)
    assert (evidence.concurrency.reserved, evidence.concurrency.unknown) == (10, ("provisioned",))


def test_an_endpoint_that_lacks_an_api_is_no_refusal(account: OneFunction) -> None:
    account.absent = {"ListProvisionedConcurrencyConfigs"}
    evidence, states = gathered(account)
    assert states["concurrency"].state == "read"
    assert "provisioned unknown" in states["concurrency"].detail
    assert not isinstance(evidence.concurrency, Missing)


def test_nothing_at_all_is_the_error_that_it_is() -> None:
    with pytest.raises(RefusedError, match="no AWS credentials"):
        gathered(failing(RefusedError("no AWS credentials were found")))
    with pytest.raises(UnreachableError):
        gathered(failing(UnreachableError("eu-west-1 could not be reached")))


def test_a_function_that_never_was_is_told_before_all_else_is_asked(account: OneFunction) -> None:
    with pytest.raises(NotFoundError) as told:
        gathered(account, "analyser")
    assert "analyzer" in told.value.hint
    assert account.calls["cloudwatch:GetMetricData"] == 0


@pytest.mark.parametrize("target", ["ana*", "/aws/lambda/analyzer"])
def test_a_target_that_is_not_one_function_is_a_usage_error(account: OneFunction, target: str) -> None:
    with pytest.raises(UsageError):
        gathered(account, target)


def test_a_function_that_logged_nothing_is_no_failure(account: OneFunction) -> None:
    account.events = []
    account.invocations = None
    evidence, states = gathered(account)
    assert states["log"].state == states["metrics"].state == states["traces"].state == "absent"
    assert isinstance(evidence.starts, Missing)
    assert isinstance(evidence.metrics, Missing)


def test_a_container_image_has_no_package_and_that_is_all(account: OneFunction) -> None:
    account.configuration = {"PackageType": "Image"}
    evidence, states = gathered(account)
    assert states["package"].state == "absent"
    assert isinstance(evidence.package, Missing)
    assert "container image" in evidence.package.reason


def test_a_defect_in_a_source_is_raised_where_it_can_be_told(account: OneFunction) -> None:
    account.broken = {"GetMetricData": ZeroDivisionError("a defect")}
    with pytest.raises(ZeroDivisionError):
        gathered(account)


def test_only_cold_starts_that_x_ray_has_are_asked_for(account: OneFunction) -> None:
    for number in range(30):
        account.cold_start(
            200_000 + 1_000 * number, f"u{number}", trace_id=f"1-{BASE_MS // 1000:08x}-{number + 9:024x}"
        )
    account.events = [
        {**one, "message": one["message"].replace("Sampled: true", "Sampled: false")}
        if "u" in one["logStreamName"][-4:]
        else one
        for one in account.events
    ]
    evidence, _ = gathered(account)
    assert [trace.id for trace in evidence.traces] == [TRACE]
    assert account.calls["xray:BatchGetTraces"] == 1


def test_sources_are_read_at_the_same_time(account: OneFunction) -> None:
    together = threading.Barrier(3, timeout=20)
    plain = account.call

    def call(service: str, operation: str, /, **parameters: object) -> dict[str, object]:
        if operation in ("FilterLogEvents", "GetMetricData", "GetFunctionConcurrency"):
            together.wait()
        return plain(service, operation, **parameters)

    account.call = call  # type: ignore[method-assign, assignment]
    evidence, _ = gathered(account)
    assert not isinstance(evidence.starts, Missing)


def test_an_interrupt_does_not_wait_for_calls_under_way(account: OneFunction) -> None:
    release = threading.Event()
    plain = account.call

    def call(service: str, operation: str, /, **parameters: object) -> dict[str, object]:
        if operation == "FilterLogEvents":
            release.wait(30)
        return plain(service, operation, **parameters)

    def tell(state: SourceState) -> None:
        if state.name == "deployments":
            raise KeyboardInterrupt

    account.call = call  # type: ignore[method-assign, assignment]
    try:
        with pytest.raises(KeyboardInterrupt):
            gather(account, NAME, WINDOW, tell)  # type: ignore[arg-type]
    finally:
        release.set()


def test_an_interrupt_stops_the_query_that_looks_for_ids_of_traces(account: OneFunction) -> None:
    plain, waits = account.call, threading.Event()
    account.refused = {"FilterLogEvents"}
    answers: dict[str, dict[str, object]] = {
        "GetTraceSegmentDestination": {"Destination": "CloudWatchLogs"},
        "StartQuery": {"queryId": "q"},
        "GetQueryResults": {"status": "Running", "results": []},
        "StopQuery": {"success": True},
    }

    def call(service: str, operation: str, /, **parameters: object) -> dict[str, object]:
        if operation not in answers:
            return plain(service, operation, **parameters)
        account.calls[f"{service}:{operation}"] += 1
        if operation == "GetQueryResults":
            waits.set()
        return answers[operation]

    def tell(state: SourceState) -> None:
        if state.name == "metrics":
            assert waits.wait(20)
            raise KeyboardInterrupt

    account.call = call  # type: ignore[method-assign, assignment]
    with pytest.raises(KeyboardInterrupt):
        gather(account, NAME, WINDOW, tell)  # type: ignore[arg-type]
    assert account.calls["logs:StopQuery"] == account.calls["logs:StartQuery"] == 1


def test_who_waits_is_told_what_is_still_being_read(account: OneFunction, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow, "_PATIENCE_S", 0.02)
    waited: list[list[str]] = []
    release = threading.Event()
    plain = account.call

    def call(service: str, operation: str, /, **parameters: object) -> dict[str, object]:
        if operation == "FilterLogEvents":
            release.wait(30)
        return plain(service, operation, **parameters)

    def still(names: Sequence[str]) -> None:
        waited.append(list(names))
        if names == ["log", "package", "traces"]:
            release.set()

    account.call = call  # type: ignore[method-assign, assignment]
    gather(account, NAME, WINDOW, lambda _state: None, still)  # type: ignore[arg-type]
    # On a busy machine, what comes after the log is waited for too.
    assert ["log", "package", "traces"] in waited


def test_an_arn_of_another_region_is_told_before_anything_is_asked(account: OneFunction) -> None:
    with pytest.raises(NotFoundError) as told:
        gathered(account, "arn:aws:lambda:us-east-1:123456789012:function:analyzer")
    assert told.value.hint == "give --region us-east-1"
    assert not account.calls


def test_an_error_of_monitor_s_own_kind_is_a_state(account: OneFunction) -> None:
    account.broken = {"GetMetricData": MonitorError("odd")}
    _, states = gathered(account)
    assert (states["metrics"].state, states["metrics"].detail) == ("failed", "odd")


def test_a_zip_s_files_are_read_within_a_budget_of_bytes_and_requests(tmp_path: Path) -> None:
    package = tmp_path / "package.zip"
    with ZipFile(package, "w") as archive:
        for number in range(40):
            archive.writestr(f"app/m{number:02d}.py", f"x = {number}\n" * 100)
            archive.writestr(f"data/{number:02d}.bin", bytes(20_000))
    names = [f"app/m{number:02d}.py" for number in range(40)]
    with serving(package) as served:
        source = RemoteSource(served.url)
        listing = ZipListing(source)
        before = source.reading()
        found = listing.contents([*names, "not/there.py"], 200_000, 6)
        cost = source.reading()
        source.close()
    # All forty lie in 6 stretches only with what is between them: as many as fit are read, the first ones first.
    assert 8 <= len(found) < 40
    assert found["app/m00.py"] == b"x = 0\n" * 100
    assert cost.requests - before.requests <= 6
    assert cost.read_bytes - before.read_bytes <= 200_000
    assert set(FolderListing(tmp_path).contents(["package.zip", "no"], 10, 1)) == set()
    assert set(FolderListing(tmp_path).contents(["package.zip", "no"], 10_000_000, 1)) == {"package.zip"}


def test_the_commands_in_hints_carry_the_connection_options(account: OneFunction) -> None:
    account.broken["GetMetricData"] = RefusedError(
        "refused", "see `monitor iam-policy` and `monitor diagnose f --since 1h`"
    )
    found = gather(account, NAME, WINDOW, lambda _state: None, origin=Origin(local=True))  # type: ignore[arg-type]
    (hint,) = (one.hint for one in found.sources if one.name == "metrics")
    assert hint == "see `monitor iam-policy` and `monitor --local diagnose f --since 1h`"
    assert found.origin == Origin(local=True)
