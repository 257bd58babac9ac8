"""The init record: what it holds, what it never exceeds, and when it is written."""

import json
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from monitor.runtime import clock, record, spans, tree
from monitor.runtime.imports import Import, ImportTracer
from monitor.runtime.init import Init
from tests.fakes.runtime_api import FUNCTION_NAME, TRACE_ID, Run, request_id, run_handler

ENTRY = "monitor.runtime.entry.lambda_handler"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("package")
    (folder / "app.py").write_text(
        "import slow_library\ndef handler(event, context):\n    import late_library\n    return 1"
    )
    (folder / "slow_library.py").write_text("import time\nimport inner_library\ntime.sleep(0.03)")
    (folder / "inner_library.py").write_text("import time\ntime.sleep(0.02)")
    (folder / "late_library.py").write_text("import time\ntime.sleep(0.015)")
    return run_handler(ENTRY, folder, [{}, {}], env={"MONITOR_HANDLER": "app.handler"})


def find(nodes: list[dict[str, Any]], module: str) -> dict[str, Any] | None:
    for node in nodes:
        found = node if node["module"] == module else find(node["children"], module)
        if found is not None:
            return found
    return None


def test_one_record_at_the_first_invocation_with_the_invocation_s_ids(run: Run) -> None:
    (line,) = run.messages("monitor.init")
    assert line["level"] == "INFO"
    assert line["service"] == line["function_name"] == FUNCTION_NAME
    assert line["function_request_id"] == request_id(1)
    assert line["xray_trace_id"] == TRACE_ID
    assert line["timestamp"].endswith("Z")


def test_the_record_says_where_and_on_what_it_ran(run: Run) -> None:
    details = run.messages("monitor.init")[0]["monitor_init"]
    assert details["version"] == 1
    assert details["initialization_type"] == "on-demand"
    assert details["python"] == "{}.{}.{}".format(*sys.version_info[:3])
    assert set(details["libraries"]) == {"aws_lambda_powertools", "aws_xray_sdk"}
    assert details["memory_mb"] == 512
    assert details["architecture"] in {"x86_64", "arm64"}
    assert abs(details["started_at_ms"] / 1000 - time.time()) < 120
    assert "error" not in details


def test_the_phases_follow_each_other_and_fill_the_init(run: Run) -> None:
    details = run.messages("monitor.init")[0]["monitor_init"]
    phases = details["phases"]
    assert [phase["name"] for phase in phases] == ["runtime", "entry", "instruments", "application", "other"]
    end_ms = 0.0
    for phase in phases:
        assert phase["start_ms"] == pytest.approx(end_ms, abs=0.002)
        end_ms = phase["start_ms"] + phase["duration_ms"]
    assert end_ms == pytest.approx(details["observed_init_ms"], abs=0.01)


def test_the_tree_has_self_and_cumulative_times_and_the_root_of_each_module(run: Run) -> None:
    details = run.messages("monitor.init")[0]["monitor_init"]
    imports = details["imports"]
    slow = find(imports["tree"], "slow_library")
    assert slow is not None
    inner = find(slow["children"], "inner_library")
    assert inner is not None
    assert inner["self_ms"] == inner["cumulative_ms"] >= 20
    assert slow["cumulative_ms"] >= 50
    assert 30 <= slow["self_ms"] <= slow["cumulative_ms"] - inner["cumulative_ms"] + 0.01
    assert Path(details["roots"][slow["root"]]).name.startswith("package")
    assert find(imports["tree"], "late_library") is None
    assert imports["count"] > 50
    assert imports["threshold_ms"] == 1.0
    assert imports["dropped"] == 0
    assert imports["total_ms"] < details["observed_init_ms"]


def test_what_the_first_invocation_imports_is_its_own(run: Run) -> None:
    (line,) = run.messages("monitor.imports")
    assert line["function_request_id"] == request_id(1)
    late = find(line["monitor_imports"]["imports"]["tree"], "late_library")
    assert late is not None
    assert late["cumulative_ms"] >= 15


def test_the_metrics_beside_it_hold_the_same_numbers(run: Run) -> None:
    details = run.messages("monitor.init")[0]["monitor_init"]
    (emf,) = run.emf("ObservedInitDuration")
    assert emf["ObservedInitDuration"] == [details["observed_init_ms"]]
    assert emf["ImportDuration"] == [details["imports"]["total_ms"]]
    (directive,) = emf["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["function_name", "service"]]
    assert {metric["Unit"] for metric in directive["Metrics"]} == {"Milliseconds"}


def test_the_observed_init_agrees_with_the_runtime_api(run: Run) -> None:
    details = run.messages("monitor.init")[0]["monitor_init"]
    # The process's start is known to 5 ms; starting a process and the first call are not in it.
    assert run.init_ms - 40 < details["observed_init_ms"] < run.init_ms + 6


def test_imports_can_be_left_out(package: Callable[..., Path]) -> None:
    folder = package(app="def handler(event, context): return 1")
    env = {"MONITOR_HANDLER": "app.handler", "MONITOR_IMPORTS": "0"}
    run = run_handler(ENTRY, folder, [{}], env=env)
    details = run.messages("monitor.init")[0]["monitor_init"]
    assert "imports" not in details
    assert "ImportDuration" not in run.emf("ObservedInitDuration")[0]
    assert run.messages("monitor.imports") == []


def test_a_python_whose_importlib_is_built_otherwise_has_no_imports_and_one_warning(
    package: Callable[..., Path],
) -> None:
    folder = package(
        app="def handler(event, context): return 1",
        sitecustomize="from monitor.runtime import imports\nimports._WRAPPED = '_find_and_load_otherwise'",
    )
    run = run_handler(ENTRY, folder, [{}, {}], env={"MONITOR_HANDLER": "app.handler"})
    assert run.results == [1, 1]
    (warning,) = [record for record in run.records if record.get("level") == "WARNING"]
    assert "importlib is built otherwise" in warning["message"]
    assert "imports" not in run.messages("monitor.init")[0]["monitor_init"]


@pytest.mark.parametrize(("setting", "threshold_ms"), [("20", 20.0), ("0", 0.0), ("-3", 0.0), ("ten", 1.0), ("", 1.0)])
def test_the_threshold_is_a_setting(monkeypatch: pytest.MonkeyPatch, setting: str, threshold_ms: float) -> None:
    monkeypatch.setenv("MONITOR_IMPORTS_MIN_MS", setting)
    assert tree.threshold_ms() == threshold_ms


def start_of(module_count: int, name_length: int = 40) -> Init:
    """An init of many imports, 2 ms and more each, in trees five deep."""
    entered_ns = time.perf_counter_ns()
    tracer = ImportTracer()
    init = Init(entered_ns, tracer)
    parent: Import | None = None
    for number in range(module_count):
        depth = number % 5
        one = Import(f"package_{number:04d}.{'m' * name_length}", parent if depth else None, entered_ns + number)
        one.end_ns = one.start_ns + (2_000_000 + number * 1000) * (5 - depth)
        tracer.imports.append(one)
        parent = one
    init.end_phase("application", entered_ns + 20_000_000_000)
    return init


@pytest.mark.parametrize("name_length", [1, 60, 20_000])
def test_three_thousand_modules_fit_into_32_kb_the_slowest_kept(
    capsys: pytest.CaptureFixture[str], name_length: int
) -> None:
    record.write_failed(start_of(3000, name_length))
    line = capsys.readouterr().out
    assert len(line.encode()) <= 32 * 1024
    imports = json.loads(line)["monitor_init"]["imports"]
    assert imports["count"] == 3000
    kept: list[dict[str, Any]] = []
    level = imports["tree"]
    while level:
        kept += level
        level = [child for node in level for child in node["children"]]
    assert imports["dropped"] == 3000 - len(kept)
    if name_length < 100:
        assert len(kept) > 100
        assert "package_2995" in imports["tree"][-1]["module"]
        assert min(node["cumulative_ms"] for node in kept) > 8


ERRORS = {
    "long": "x" * 100_000,
    "outside ASCII": "\u1ea3" * 100_000,
    "outside the first plane": "\U0001f40d" * 100_000,
    "controls": "\x00\x1b" * 100_000,
}


@pytest.mark.parametrize("text", ERRORS.values(), ids=ERRORS.keys())
def test_an_error_of_any_length_leaves_room_for_the_tree(capsys: pytest.CaptureFixture[str], text: str) -> None:
    init = start_of(3000)
    init.fail(RuntimeError(text), text)
    record.write_failed(init)
    line = capsys.readouterr().out
    assert len(line.encode()) <= 32 * 1024
    details = json.loads(line)["monitor_init"]
    assert text.startswith(details["error"]["message"])
    assert len(details["error"]["message"]) > 100
    assert len(details["imports"]["tree"]) > 20


def test_a_path_of_many_long_roots_leaves_room_for_the_tree(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    init = start_of(3000)
    assert init.tracer is not None
    for number, one in enumerate(init.tracer.imports):
        root = f"/var/task/{'đ' * 200}/{number % 100}"
        module = types.ModuleType(one.module)
        module.__file__ = f"{root}/module.py"
        monkeypatch.setitem(sys.modules, one.module, module)
        if number < 100:
            monkeypatch.syspath_prepend(root)
    record.write_failed(init)
    line = capsys.readouterr().out
    assert len(line.encode()) <= 32 * 1024
    details = json.loads(line)["monitor_init"]
    roots = [node["root"] for node in details["imports"]["tree"]]
    assert 1 <= len(details["roots"]) <= 10
    assert set(roots) <= {*range(len(details["roots"])), -1}
    assert -1 in roots


def test_hostile_names_stay_inside_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    init = start_of(0)
    assert init.tracer is not None
    one = Import("evil\n\x1b[31m\u202e\ud800", None, init.started_ns)
    one.end_ns = one.start_ns + 5_000_000
    init.tracer.imports.append(one)
    record.write_failed(init)
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert "\x1b" not in out
    (document,) = [text for text in spans.documents(init, record._entries(init), "1-a-b", "c") if "evil" in text]
    assert json.loads(document)["subsegments"][0]["name"] == "evil__[31m__".replace("[", "_")


def test_spans_have_their_true_past_times_and_fit_a_datagram() -> None:
    init = start_of(3000)
    documents = spans.documents(init, record._entries(init), "1-trace", "segment")
    assert sum(len(text.encode()) + 40 for text in documents) < 64 * 1024
    runtime, application = map(json.loads, documents)
    origin_s = clock.epoch_ms(init.started_ns) / 1000
    assert application["type"] == "subsegment"
    assert application["trace_id"] == "1-trace"
    assert application["parent_id"] == "segment"
    assert application["metadata"] == {"monitor": {"kind": "phase", "phase": "application"}}
    assert runtime["start_time"] == pytest.approx(origin_s, abs=1e-5)
    assert application["end_time"] == pytest.approx(origin_s + init.observed_init_ms / 1000, abs=1e-5)
    assert len(application["subsegments"]) > 50
    slowest = application["subsegments"][-1]
    assert slowest["metadata"]["monitor"]["kind"] == "import"
    # What it took itself, without the imports that are too small to be listed.
    length_ms = (slowest["end_time"] - slowest["start_time"]) * 1000
    assert 0 <= slowest["metadata"]["monitor"]["self_ms"] < length_ms
    assert slowest["subsegments"][0]["start_time"] >= slowest["start_time"]


def test_the_process_s_start_is_known_to_the_tick() -> None:
    now_ns = time.perf_counter_ns()
    started_ns = clock.process_start_ns(now_ns)
    assert started_ns <= now_ns
    # This process may be older than a minute, which is then no init's start.
    assert started_ns == now_ns or now_ns - started_ns <= 60e9
