"""Saved traces: listed and shown without X-Ray."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.errors import UsageError
from monitor.main import cli
from monitor.traces.command_options import parse_annotation

SAMPLES = Path(__file__).parents[2] / "samples" / "traces"


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["traces", *arguments], input=stdin, env={"COLUMNS": "120"})


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Samples in one file, as `aws xray batch-get-traces` would have printed them."""
    traces = []
    for name in ("cold_old_layout_imports", "cold_new_layout", "snapstart_restore", "in_progress", "fault"):
        document = json.loads((SAMPLES / f"{name}.json").read_text())
        if isinstance(document, dict):
            traces += document.get("Traces", [document])
        else:
            traces.append({"Id": document[0]["trace_id"], "Segments": document})
    path = tmp_path / "saved.json"
    path.write_text(json.dumps({"Traces": traces, "UnprocessedTraceIds": ["1-6ab13b80-0c01d00000000000000000ff"]}))
    return path


def test_a_saved_file_is_listed(saved: Path) -> None:
    done = run("list", "--from", str(saved))
    assert done.exit_code == 0, done.output
    assert "1-6ab13b80-0c01d0000000000000000001" in done.output
    cold = run("list", "--from", str(saved), "--cold", "-o", "json")
    found = [json.loads(line) for line in cold.output.splitlines()]
    assert {one["figures"]["cold"] for one in found} == {True}
    assert {one["summary"]["id"][-1] for one in found} == {"1", "2", "3"}


def test_the_filters_hold_for_a_file_too(saved: Path) -> None:
    slow = run("list", "--from", str(saved), "--slower-than", "900ms", "-o", "json").output.splitlines()
    assert slow
    assert all(json.loads(line)["summary"]["duration_ms"] >= 900 for line in slow)
    faulty = run("list", "--from", str(saved), "--faulty", "-o", "json").output.splitlines()
    assert {json.loads(line)["summary"]["has_fault"] for line in faulty} == {True}
    refused = run("list", "--from", str(saved), "--filter", "fault")
    assert refused.exit_code == 2 or isinstance(refused.exception, UsageError)


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ("slowest-cold", "1-6ab13b80-0c01d0000000000000000001"),
        ("5b86c8f2-0000-4000-8000-000000000005", "1-6ab13b80-0c01d0000000000000000005"),
        ("1-6ab13b80-0c01d0000000000000000004", "200 ms so far"),
        ("1-6ab13b80-0c01d00000000000000000ff", "not indexed yet"),
    ],
)
def test_one_of_a_file_is_shown_by_what_a_person_has(saved: Path, which: str, expected: str) -> None:
    done = run("show", which, "--from", str(saved))
    assert done.exit_code == 0, done.output
    assert expected in " ".join(done.output.split())


def test_stdin_with_one_trace_needs_no_name() -> None:
    done = run("show", "--from", "-", stdin=(SAMPLES / "fault.json").read_bytes())
    assert done.exit_code == 0, done.output
    assert "ClientError" in done.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "--from", "SAVED"), "contains 6 traces"),
        (("show", "nobody", "--from", "SAVED"), "contains no trace nobody"),
        (("show", "latest", "--from", "/nonexistent/x"), "cannot be read"),
        (("list", "--from", "/nonexistent/x"), "cannot be read"),
        (("list",), "no TARGET was given"),
        (("show",), "no trace was given"),
        (("show", "latest", "--from", "SAVED", "--logs"), "--logs has no effect with --from"),
    ],
)
def test_what_cannot_be_read_is_told(saved: Path, arguments: tuple[str, ...], says: str) -> None:
    done = run(*(str(saved) if one == "SAVED" else one for one in arguments))
    assert done.exit_code != 0
    assert says in f"{done.output} {done.exception}"


def test_long_traces_are_shortened_unless_all_is_asked_for(tmp_path: Path) -> None:
    below = [{"id": f"{n:016x}", "name": f"S3 {n}", "start_time": 100 + n, "end_time": 100.5 + n} for n in range(200)]
    path = tmp_path / "long.json"
    path.write_text(json.dumps({"id": "f", "name": "f", "start_time": 100, "end_time": 301, "subsegments": below}))
    assert "more spans" in run("show", "--from", str(path)).output
    whole = run("show", "--from", str(path), "--all").output
    assert "more spans" not in whole
    assert "S3 199" in whole


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a=true", True),
        ("a=3", 3.0),
        ("a=-0.5", -0.5),
        ('a="3"', "3"),
        ("a=x=y", "x=y"),
        ("a=True", "True"),
        ("a=", ""),
    ],
)
def test_annotations_keep_their_kind(text: str, value: object) -> None:
    assert parse_annotation(text) == ("a", value)


@pytest.mark.parametrize("text", ["a", "=1", 'a"]=1', "a b=1"])
def test_what_is_no_annotation_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_annotation(text)
