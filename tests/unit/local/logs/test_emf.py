import json
from pathlib import Path
from typing import Any

import pytest

from monitor.local.logs.emf import extract, metric_data

NOW_MS = 1_795_402_121_886


def blob(directive: dict[str, Any], **members: Any) -> str:
    return json.dumps({"_aws": {"Timestamp": 5000, "CloudWatchMetrics": [directive]}, **members})


BASE = {"Namespace": "N", "Dimensions": [["service"]], "Metrics": [{"Name": "M", "Unit": "Count"}]}


def test_a_value_and_an_array_become_values_with_the_blobs_time() -> None:
    (one,) = extract(blob(BASE, service="s", M=3), NOW_MS)
    (many,) = extract(blob(BASE, service="s", M=[1.0, 2.5]) + "\n", NOW_MS)

    assert (one.namespace, one.name, one.dimensions, one.values, one.unit) == (
        "N",
        "M",
        (("service", "s"),),
        (3.0,),
        "Count",
    )
    assert one.timestamp_ms == 5000
    assert many.values == (1.0, 2.5)


def test_each_dimension_set_is_a_metric_of_its_own() -> None:
    directive = BASE | {"Dimensions": [["service"], ["service", "env"], [], ["absent"]]}

    found = extract(blob(directive, service="s", env="prod", M=1), NOW_MS)

    assert [one.dimensions for one in found] == [(("service", "s"),), (("service", "s"), ("env", "prod")), ()]


@pytest.mark.parametrize("dimensions", [None, [], {}])
def test_missing_or_empty_dimensions_mean_none(dimensions: Any) -> None:
    (one,) = extract(blob(BASE | {"Dimensions": dimensions}, M=1), NOW_MS)

    assert one.dimensions == ()


def test_unit_timestamp_and_resolution_have_defaults() -> None:
    old = json.dumps({"CloudWatchMetrics": [{"Namespace": "N", "Metrics": [{"Name": "M"}]}], "M": 1})

    (one,) = extract(old, NOW_MS)

    assert (one.unit, one.timestamp_ms, one.storage_resolution_s) == ("None", NOW_MS, 60)
    (fine,) = extract(blob(BASE | {"Metrics": [{"Name": "M", "StorageResolution": 1}]}, service="s", M=1), NOW_MS)
    assert fine.storage_resolution_s == 1


@pytest.mark.parametrize(
    "message",
    [
        "CloudWatchMetrics",
        '{"_aws": {"CloudWatchMetrics": 7}}',
        '{"_aws": {"CloudWatchMetrics": [7, {"Namespace": 7, "Metrics": []}]}}',
        blob(BASE, service="s"),
        blob(BASE, service="s", M="3"),
        blob(BASE, service="s", M=True),
        blob(BASE, service="s", M=[1, "x"]),
        blob(BASE, service="s", M=[1.0] * 101),
        blob(BASE | {"Metrics": [{"Name": "M", "Unit": "Parsecs"}]}, service="s", M=1),
        blob(BASE | {"Metrics": [{"Name": "M"}] * 101}, service="s", M=1),
        '{"_aws": {"CloudWatchMetrics": [{"Namespace": "N", "Metrics": [{"Name": "M"}]}]}, "M": NaN}',
        "[" * 100_000 + "CloudWatchMetrics",
    ],
)
def test_what_does_not_conform_is_no_metric(message: str) -> None:
    assert extract(message, NOW_MS) == []


def test_real_blobs_are_understood(corpus: Path) -> None:
    found = {path.name: extract(json.dumps(json.loads(path.read_text())["emf"]), NOW_MS) for path in _emf_files(corpus)}

    with_metrics = [name for name, metrics in found.items() if metrics]
    assert len(found) == 15
    assert len(with_metrics) >= 12
    assert all(metric.values for metrics in found.values() for metric in metrics)


def _emf_files(corpus: Path) -> list[Path]:
    return sorted((corpus / "emf").glob("*.json"))


def test_metric_data_is_grouped_by_namespace() -> None:
    data = metric_data(extract(blob(BASE, service="s", M=[1, 2]), NOW_MS))

    assert data == {
        "N": [
            {
                "MetricName": "M",
                "Dimensions": [{"Name": "service", "Value": "s"}],
                "Values": [1.0, 2.0],
                "Counts": [1.0, 1.0],
                "Unit": "Count",
                "Timestamp": 5.0,
                "StorageResolution": 60,
            }
        ]
    }
