"""What `--from` says of files that contain no trace."""

import json
from pathlib import Path

import pytest

from monitor.errors import UsageError
from monitor.records.xray.trace import TraceFilter
from monitor.traces.render_list import _status
from monitor.traces.workflow_file import list_file, read_file

SEGMENT = {
    "id": "a" * 16,
    "name": "f",
    "start_time": 1.7e9,
    "end_time": 1.7e9 + 1,
    "trace_id": "1-5f5e1000-" + "1" * 24,
}
ENVELOPE = {"Id": SEGMENT["trace_id"], "Segments": [{"Id": "a" * 16, "Document": json.dumps(SEGMENT)}]}
NO_TRACES = {
    "summaries": ({"TraceSummaries": [{"Id": "1-5f5e1000-" + "1" * 24}]}, "GetTraceSummaries"),
    "graph": ({"Services": [{"ReferenceId": 0}]}, "a service graph"),
    "logs": ({"resourceLogs": []}, "OTLP logs"),
    "other": ({"a": [1, 2]}, "contains no trace"),
    "list": ([1, "two", None], "contains no trace"),
    "empty list": ([], "contains no trace"),
}


@pytest.mark.parametrize(("content", "said"), NO_TRACES.values(), ids=NO_TRACES.keys())
def test_a_file_without_a_trace_is_refused_with_what_it_looks_like(tmp_path: Path, content: object, said: str) -> None:
    path = tmp_path / "saved.json"
    path.write_text(json.dumps(content))
    with pytest.raises(UsageError, match=said):
        read_file(str(path))


@pytest.mark.parametrize("text", ["", "An error occurred (AccessDenied)", "\x00\x01", "{", "\n\x7f"])
def test_what_is_not_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "saved.txt"
    path.write_text(text)
    with pytest.raises(UsageError, match="contains no trace"):
        read_file(str(path))


def test_traces_by_their_ids_are_read(tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    path.write_text(json.dumps({SEGMENT["trace_id"]: ENVELOPE}))
    (trace,) = read_file(str(path))
    assert [span.name for span in trace.roots] == ["f"]


def test_an_id_that_x_ray_did_not_return_is_not_ok(tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    path.write_text(json.dumps({"Traces": [], "UnprocessedTraceIds": [SEGMENT["trace_id"]]}))
    listed = list_file(read_file(str(path)), TraceFilter(), limit=10)
    assert [_status(item.summary) for item in listed.items] == ["not found"]
