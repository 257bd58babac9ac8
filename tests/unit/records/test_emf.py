"""EMF lines, as CloudWatch extracts them."""

import json
from pathlib import Path

import pytest

from monitor.records.emf import MetricDatum
from monitor.records.message import parse_message
from monitor.records.record import Malformed, Metrics


def metrics(line: object) -> Metrics:
    record = parse_message(json.dumps(line))
    assert isinstance(record, Metrics)
    return record


def test_powertools_cold_start() -> None:
    record = metrics(
        {
            "_aws": {
                "Timestamp": 1790000000000,
                "CloudWatchMetrics": [
                    {
                        "Namespace": "Shop",
                        "Dimensions": [["function_name", "service"]],
                        "Metrics": [{"Name": "ColdStart", "Unit": "Count"}],
                    }
                ],
            },
            "function_name": "analyzer",
            "service": "ảnh",
            "ColdStart": [1.0],
            "function_request_id": "abc",
        }
    )
    datum = MetricDatum("Shop", "ColdStart", "Count", (1.0,), (("function_name", "analyzer"), ("service", "ảnh")))
    assert record.data == (datum,)
    assert (record.timestamp_ms, record.request_id, record.skipped) == (1790000000000, "abc", 0)


def one(values: object, **metric: object) -> Metrics:
    return metrics(
        {"_aws": {"CloudWatchMetrics": [{"Namespace": "N", "Metrics": [{"Name": "M", **metric}]}]}, "M": values}
    )


def test_no_dimensions_no_unit_no_time() -> None:
    record = one([1, 2, 3])
    assert record.data == (MetricDatum("N", "M", "None", (1.0, 2.0, 3.0)),)
    assert record.timestamp_ms is None


def test_a_high_resolution_metric_says_so() -> None:
    assert one(1, StorageResolution=1).data[0].resolution_s == 1
    assert one(1, StorageResolution=60).data[0].resolution_s == 60


@pytest.mark.parametrize("value", ["1", None, True, {"a": 1}, [], ["x"], float("nan")])
def test_what_is_no_number_is_skipped_and_counted(value: object) -> None:
    record = one(value)
    assert (record.data, record.skipped) == ((), 1)


def test_a_dimension_that_the_line_does_not_hold_is_skipped_and_counted() -> None:
    record = metrics(
        {
            "_aws": {
                "CloudWatchMetrics": [
                    {"Namespace": "N", "Dimensions": [["here"], ["gone"], "odd"], "Metrics": [{"Name": "M"}]}
                ]
            },
            "here": 200,
            "M": 1,
        }
    )
    assert record.data == (MetricDatum("N", "M", "None", (1.0,), (("here", "200"),)),)
    assert record.skipped == 2


def test_a_hostile_line_does_not_multiply_itself() -> None:
    names = [f"m{index}" for index in range(2_000)]
    record = metrics(
        {
            "_aws": {
                "CloudWatchMetrics": [
                    {"Namespace": "N", "Dimensions": [[]] * 2_000, "Metrics": [{"Name": name} for name in names]}
                ]
            },
            **dict.fromkeys(names, 1),
        }
    )
    assert len(record.data) == 2_000
    assert record.skipped == 1_999


def test_a_cut_emf_line_is_kept_with_the_reason() -> None:
    record = parse_message('{"_aws": {"Timestamp": 1790000000000, "CloudWatchMet')
    assert isinstance(record, Malformed)
    assert record.kind == "metrics"
    assert record.reason.startswith("not JSON")


EXPECTED = {
    "fluentbit_high_resolution": [
        ("ThroughputMbps", "Megabytes/Second", (2.720108,), 1, 2),
        ("ThroughputKbps", "Kilobytes/Second", (2720.108,), 1, 2),
    ],
    "go_empty_dimensions": [("speed1", "Bytes/Second", (100.0,), 1, 0)],
    "go_no_dimensions_no_timestamp": [("M", "None", (1.0, 2.0, 3.0), 60, 0)],
    "go_numeric_dimension_value": [("M", "None", (1.0,), 60, 1)],
    "metrique_mixed_resolution_no_units": [
        ("NumberOfDucks", "None", (10.0,), 60, 3),
        ("NumberOfDucks", "None", (10.0,), 60, 2),
        ("HighStorageResolution", "None", (1.0,), 1, 3),
        ("HighStorageResolution", "None", (1.0,), 1, 2),
    ],
    "powertools_py_coldstart": [("ColdStart", "Count", (1.0,), 60, 2)],
    "powertools_py_metadata": [("SuccessfulBooking", "Count", (1.0,), 60, 1)],
    "powertools_py_multi_value": [("TurbineReads", "Count", (1.0, 8.0), 60, 2)],
    "powertools_py_single": [("MySingleMetric", "Count", (1.0,), 60, 2)],
    "powertools_ts_dimension_sets": [("successfulBooking", "Count", (1.0,), 60, 2)] * 3,
    "powertools_ts_malformed_nested_metrics": [],
    "powertools_ts_multi_value": [("performedActionA", "Count", (2.0, 1.0), 60, 1)],
    "powertools_ts_scalar": [("successfulBooking", "Count", (1.0,), 60, 1)],
    "xray_sdk_java_legacy_top_level": [
        ("ErrorRate", "None", (1.0,), 60, 2),
        ("FaultRate", "None", (1.0,), 60, 2),
        ("ThrottleRate", "None", (1.0,), 60, 2),
        ("OkRate", "None", (0.0,), 60, 2),
        ("Latency", "Milliseconds", (3600000.0,), 60, 2),
    ],
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_real_lines(corpus: Path, name: str) -> None:
    line = json.loads((corpus / "emf" / f"{name}.json").read_text(encoding="utf-8"))["emf"]
    record = metrics(line)
    read = [(datum.name, datum.unit, datum.values, datum.resolution_s, len(datum.dimensions)) for datum in record.data]
    assert read == EXPECTED[name]
    assert record.skipped == (1 if "malformed" in name else 0)


def test_the_lambda_insights_event_has_eight_metrics_in_two_dimension_sets(corpus: Path) -> None:
    text = (corpus / "emf" / "lambda_insights_performance.json").read_text(encoding="utf-8")
    record = metrics(json.loads(text)["emf"])
    assert len(record.data) == 16
    assert record.request_id == "12345678-8bcc-42f7-b1de-123456789012"
    init = [datum for datum in record.data if datum.name == "init_duration"]
    assert [(datum.values, datum.dimensions) for datum in init] == [
        ((130.0,), (("function_name", "cpu-intensive"),)),
        ((130.0,), (("function_name", "cpu-intensive"), ("version", "Blue"))),
    ]
