import json
from pathlib import Path
from typing import Any

import pytest

from monitor.local.logs.emf import extract

NOW_MS = 1_795_402_121_886


def blob(directive: dict[str, Any], **members: Any) -> str:
    return json.dumps({"_aws": {"Timestamp": 5000, "CloudWatchMetrics": [directive]}, **members})


BASE = {"Namespace": "N", "Dimensions": [["service"]], "Metrics": [{"Name": "M", "Unit": "Count"}]}


def extracted(message: str) -> list[dict[str, Any]]:
    return [datum for data in extract(message, NOW_MS).values() for datum in data]


def test_metric_data_is_grouped_by_namespace() -> None:
    assert extract(blob(BASE, service="s", M=[1, 2]), NOW_MS) == {
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


def test_a_value_and_an_array_become_values() -> None:
    (one,) = extracted(blob(BASE, service="s", M=3))
    (many,) = extracted(blob(BASE, service="s", M=[1.0, 2.5]) + "\n")

    assert (one["Values"], one["Counts"]) == ([3.0], [1.0])
    assert many["Values"] == [1.0, 2.5]


def test_each_dimension_set_is_a_metric_of_its_own() -> None:
    directive = BASE | {"Dimensions": [["service"], ["service", "live"], [], ["absent"], ["empty"]]}

    found = extracted(blob(directive, service="s", live=True, empty="", M=1))

    assert [[(one["Name"], one["Value"]) for one in datum["Dimensions"]] for datum in found] == [
        [("service", "s")],
        [("service", "s"), ("live", "true")],
        [],
    ]


@pytest.mark.parametrize("dimensions", [None, [], {}])
def test_missing_or_empty_dimensions_mean_none(dimensions: Any) -> None:
    (one,) = extracted(blob(BASE | {"Dimensions": dimensions}, M=1))

    assert one["Dimensions"] == []


def test_unit_timestamp_and_resolution_have_defaults() -> None:
    old = json.dumps({"CloudWatchMetrics": [{"Namespace": "N", "Metrics": [{"Name": "M"}]}], "M": 1})

    (one,) = extracted(old)

    assert (one["Unit"], one["Timestamp"], one["StorageResolution"]) == ("None", NOW_MS / 1000, 60)
    (fine,) = extracted(blob(BASE | {"Metrics": [{"Name": "M", "StorageResolution": 1}]}, service="s", M=1))
    assert fine["StorageResolution"] == 1


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
        blob(BASE | {"Metrics": [{"Name": "M", "Unit": ["Count"]}]}, service="s", M=1),
        blob(BASE | {"Metrics": [{"Name": "M", "StorageResolution": 30}]}, service="s", M=1),
        blob(BASE | {"Namespace": ""}, service="s", M=1),
        blob(BASE | {"Metrics": [{"Name": "M"}] * 101}, service="s", M=1),
        '{"_aws": {"CloudWatchMetrics": [{"Namespace": "N", "Metrics": [{"Name": "M"}]}]}, "M": NaN}',
        "[" * 100_000 + "CloudWatchMetrics",
    ],
)
def test_what_does_not_conform_is_no_metric(message: str) -> None:
    assert extract(message, NOW_MS) == {}


def test_real_blobs_are_understood(corpus: Path) -> None:
    files = sorted((corpus / "emf").glob("*.json"))
    found = [extracted(json.dumps(json.loads(path.read_text())["emf"])) for path in files]

    assert len(found) == 15
    assert sum(bool(metrics) for metrics in found) >= 12
    assert all(metric["Values"] for metrics in found for metric in metrics)
