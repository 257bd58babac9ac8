"""What this code knows of AWS's lists of values, compared with botocore's models: a value that is new is named.

The installed botocore is compared in every run, the newest one of the package index in `make check-slow`. Types of
dashboard widgets, of inits and of platform events are in no model of botocore: their sources are named where they are.
"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader

from monitor.aws import insights, logs, trace_search
from monitor.dashboards.board import workflow_metrics
from monitor.dashboards.body import alarms
from monitor.dashboards.checks.schema import schema
from monitor.diagnose import model_runtimes as runtimes
from monitor.diagnose.rules import snapstart
from monitor.kernel.iam import ACTIONS
from monitor.packages.inspect import search_path

WIDGETS: Any = schema()["$defs"]


@dataclass(frozen=True)
class Known:
    """The values of an enumeration that this code handles, each by name or by a reviewed default."""

    service: str
    shape: str
    values: frozenset[str]
    prefix: str = ""

    def __str__(self) -> str:
        return f"{self.service} {self.shape}"


def known(service: str, shape: str, *values: str, prefix: str = "") -> Known:
    return Known(service, shape, frozenset(values), prefix)


# Released on 2026-10-09; when AWS deprecates it is not known yet.
WITHOUT_DATES = ("python3.15",)
PYTHONS = (*runtimes.PYTHON, *runtimes.OLDER, *WITHOUT_DATES)
ENUMERATIONS = (
    known("lambda", "Runtime", *PYTHONS, prefix="python"),
    # Prices, wheels and the layer exist for these two.
    known("lambda", "Architecture", "x86_64", "arm64"),
    known("lambda", "PackageType", "Zip", "Image"),
    known("lambda", "SnapStartApplyOn", snapstart.ON, "None"),
    known("lambda", "SnapStartOptimizationStatus", "On", "Off"),
    known("lambda", "TracingMode", "Active", "PassThrough"),
    known("lambda", "LogFormat", "JSON", "Text"),
    known("lambda", "LastUpdateStatus", "Successful", "Failed", "InProgress"),
    # Only Active and Pending are handled by name; the state and its reason are printed for all others.
    known(
        "lambda", "State", "Pending", "Active", "Inactive", "Failed", "Deactivating", "Deactivated",
        "ActiveNonInvocable", "Deleting",
    ),
    known("lambda", "ApplicationLogLevel", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"),
    known("lambda", "SystemLogLevel", "DEBUG", "INFO", "WARN"),
    known("lambda", "ProvisionedConcurrencyStatusEnum", "IN_PROGRESS", "READY", "FAILED"),
    known("logs", "LogGroupClass", "STANDARD", *logs.INSIGHTS_ONLY, *logs._CANNOT),
    # Every other status than these ends a query with an error that names it.
    known("logs", "QueryStatus", *insights._RUNNING, "Complete", "Failed", "Cancelled", "Timeout"),
    known("logs", "QueryLanguage", *WIDGETS["log"]["properties"]["queryLanguage"]["enum"]),
    known("cloudwatch", "StateValue", *workflow_metrics._NOT_MET, "ALARM"),
    known("cloudwatch", "Statistic", *workflow_metrics._COMBINE, "Average"),
    known("cloudwatch", "StatusCode", "Complete", "PartialData", "Forbidden", "InternalError"),
    known("cloudwatch", "AlarmType", "MetricAlarm", "CompositeAlarm", "LogAlarm"),
    known("xray", "RetrievalStatus", *trace_search._WORKING, "COMPLETE", "FAILED", "CANCELLED", "TIMEOUT"),
    known("xray", "TraceSegmentDestination", "XRay", "CloudWatchLogs"),
    known("xray", "TraceFormatType", "XRAY", "OTEL"),
)  # fmt: skip
# Parameters of operations that a document of the user is checked for. Tags are read at creation only.
MEMBERS = (
    known("cloudwatch", "PutMetricAlarmInput", *alarms.METRIC_MEMBERS, "Tags"),
    known("cloudwatch", "PutLogAlarmInput", *alarms.LOG_MEMBERS, "Tags"),
)


def model(loader: Loader, service: str) -> dict[str, Any]:
    found: dict[str, Any] = loader.load_service_model(service, "service-2")
    return found


def members(loader: Loader, one: Known) -> set[str]:
    return set(model(loader, one.service)["shapes"][one.shape]["members"])


def new_values(loader: Loader) -> Iterator[str]:
    """What the models have and this code does not know."""
    for one in ENUMERATIONS:
        values = model(loader, one.service)["shapes"][one.shape]["enum"]
        yield from (f"{one}: {value}" for value in values if value.startswith(one.prefix) and value not in one.values)
    for one in MEMBERS:
        yield from (f"{one}: {name}" for name in sorted(members(loader, one) - one.values))


def gone_values(loader: Loader) -> Iterator[str]:
    """What this code knows and the models do not have: a spelling mistake, or a value that AWS removed."""
    for one in ENUMERATIONS:
        allowed = {"Scheduled", "Running", "Unknown"} if one.shape == "RetrievalStatus" else set()
        values = model(loader, one.service)["shapes"][one.shape]["enum"]
        yield from (f"{one}: {value}" for value in sorted(one.values - set(values) - allowed))
    for one in MEMBERS:
        yield from (f"{one}: {name}" for name in sorted(one.values - members(loader, one)))
    for call in ACTIONS:
        service, _, operation = call.partition(":")
        if operation not in model(loader, service)["operations"]:
            yield f"the operation {call}"


def test_the_installed_botocore_has_no_value_that_is_not_known() -> None:
    assert list(new_values(Loader())) == []


def test_every_python_runtime_has_its_place_in_layers() -> None:
    frozen = {"python2.7", "python3.6", "python3.7", "python3.8"}
    assert {f"python{version}" for version in search_path._PYTHONS} == set(PYTHONS) - frozen


def test_a_new_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Loader.load_service_model

    def later(self: Loader, service: str, kind: str) -> dict[str, Any]:
        document: dict[str, Any] = original(self, service, kind)
        if service == "lambda":
            runtime = {"type": "string", "enum": ["python3.99", "nodejs99.x", "python3.14"]}
            document = {**document, "shapes": {**document["shapes"], "Runtime": runtime}}
        return document

    monkeypatch.setattr(Loader, "load_service_model", later)
    assert list(new_values(Loader())) == ["lambda Runtime: python3.99"]


@pytest.mark.slow
def test_the_newest_botocore_has_the_same_values(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run(
        [*command, "--upgrade", "--target", str(tmp_path), "botocore"], capture_output=True, text=True, timeout=300
    )
    if done.returncode:
        pytest.skip(f"the package index cannot be reached: {done.stderr.strip()[-200:]}")
    loader = Loader(extra_search_paths=[str(tmp_path / "botocore" / "data")], include_default_search_paths=False)

    assert list(new_values(loader)) == []
    assert list(gone_values(loader)) == []
