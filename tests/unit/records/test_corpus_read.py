"""The corpus read a second time, as a person does: find the label, read what stands behind it.

`Second` knows nothing of the parser; where the two disagree, one of them is wrong. The counts are those that whoever
gathered the corpus wrote down beside it.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.records.message import parse_message
from monitor.records.record import Malformed, Report

LABELS = {
    "Billed Duration:": "billed_ms",
    "Memory Size:": "memory_mb",
    "Max Memory Used:": "max_memory_mb",
    "Init Duration:": "init_ms",
    "Billed Restore Duration:": "billed_restore_ms",
}


def number_after(text: str, label: str) -> float | None:
    """The number behind a label, which a person reads up to its unit; None where the label is not there."""
    _, found, rest = text.partition(label)
    if not found:
        return None
    rest = rest.replace("\\t", " ").strip()
    digits = ""
    for char in rest:
        if not (char.isdigit() or char == "."):
            break
        digits += char
    return float(digits) if digits else None


@pytest.fixture(scope="module")
def reports(corpus: Path) -> list[tuple[str, Report]]:
    lines = (corpus / "report_lines.jsonl").read_text(encoding="utf-8").splitlines()
    found = []
    for item in map(json.loads, lines):
        record = parse_message(item["text"])
        if item["kind"] == "report" and not item.get("malformed"):
            assert isinstance(record, Report), item["text"]
            found.append((item["text"], record))
    return found


def test_every_labeled_figure_of_every_report_is_read(reports: list[tuple[str, Report]]) -> None:
    compared = 0
    for text, report in reports:
        for label, name in LABELS.items():
            expected = number_after(text, label)
            assert getattr(report, name) == expected, (label, text)
            compared += expected is not None
        # "Duration:" is part of the other labels too: a person skips those.
        plain = text
        for label in ("Billed Restore Duration:", "Restore Duration:", "Billed Duration:", "Init Duration:"):
            plain = plain.replace(label, "")
        if "Runtime Duration:" not in plain:
            assert report.duration_ms == number_after(plain, "Duration:"), text
    assert compared > 200


def test_status_error_type_and_trace_of_every_report(reports: list[tuple[str, Report]]) -> None:
    for text, report in reports:
        for label, got in (("Error Type: ", report.error_type), ("XRAY TraceId: ", report.trace_id)):
            _, found, rest = text.partition(label)
            if found:
                assert got == rest.replace("\\t", "\t").split()[0], text
            elif "Task failed" not in text:
                assert got is None, text


def test_the_counts_that_were_written_down_beside_the_corpus(reports: list[tuple[str, Report]]) -> None:
    found = [report for _, report in reports]
    assert len(found) == 81 - 1  # one is marked as malformed
    assert sum(report.init_ms is not None for report in found) == 38
    assert sum(report.restore_ms is not None for report in found) == 6
    assert sum(report.billed_restore_ms is not None for report in found) == 5
    assert sum(report.trace_id is not None for report in found) == 16 + 2


def test_every_platform_event_s_metrics_are_read(corpus: Path) -> None:
    names = {"durationMs": "duration_ms", "billedDurationMs": "billed_ms", "memorySizeMB": "memory_mb",
             "maxMemoryUsedMB": "max_memory_mb",
             "initDurationMs": "init_ms", "restoreDurationMs": "restore_ms"}  # fmt: skip
    read = 0
    for line in (corpus / "platform_events.jsonl").read_text(encoding="utf-8").splitlines():
        event: dict[str, Any] = json.loads(line)["event"]
        if event.get("type") != "platform.report":
            continue
        record = parse_message(json.dumps(event))
        assert isinstance(record, Report), event
        assert record.request_id == event["record"]["requestId"]
        assert record.status == event["record"].get("status")
        for key, value in event["record"]["metrics"].items():
            if key in names:
                assert getattr(record, names[key]) == value, (key, event)
                read += 1
    assert read >= 17


def test_every_emf_file_gives_the_values_that_stand_in_it(corpus: Path) -> None:
    seen = 0
    for path in sorted((corpus / "emf").glob("*.json")):
        line = json.loads(path.read_text(encoding="utf-8"))["emf"]
        record = parse_message(json.dumps(line))
        assert not isinstance(record, Malformed), path.name
        for datum in getattr(record, "data", ()):
            value = line[datum.name]
            assert list(datum.values) == [float(one) for one in (value if isinstance(value, list) else [value])]
            assert all(str(line[name]) == text for name, text in datum.dimensions)
            seen += 1
    assert seen > 15
