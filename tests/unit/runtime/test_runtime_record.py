"""The init record: what it holds, what it never exceeds, and when it is written."""

import json
import sys
import time
import types
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.records.init_record import ImportedModule, InitImports
from monitor.records.message import parse_message
from monitor.records.record import InitRecordEvent, LateImports
from monitor.runtime import clock, lines, record, spans, tree
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


def imports_of(line: dict[str, Any]) -> tuple[InitImports, tuple[str, ...]]:
    """The imports of a record as the readers read them, and the record's roots."""
    event = parse_message(json.dumps(line))
    if isinstance(event, LateImports):
        return event.imports, event.roots
    assert isinstance(event, InitRecordEvent)
    assert event.init_record.imports is not None
    return event.init_record.imports, event.init_record.roots


def find(nodes: Iterable[ImportedModule], module: str) -> ImportedModule | None:
    return next((node for node in walk(nodes) if node.module == module), None)


def walk(nodes: Iterable[ImportedModule]) -> Iterator[ImportedModule]:
    for node in nodes:
        yield node
        yield from walk(node.children)


def test_one_record_at_the_first_invocation_with_the_invocation_s_ids(run: Run) -> None:
    (line,) = run.messages("monitor.init")
    assert line["level"] == "INFO"
    assert line["service"] == line["function_name"] == FUNCTION_NAME
    assert line["function_request_id"] == request_id(1)
    assert line["xray_trace_id"] == TRACE_ID
    assert line["timestamp"].endswith("Z")


def test_the_record_says_where_and_on_what_it_ran(run: Run) -> None:
    details = run.messages("monitor.init")[0]["monitor_init"]
    assert details["version"] == 2
    assert details["initialization_type"] == "on-demand"
    assert details["python"] == "{}.{}.{}".format(*sys.version_info[:3])
    assert details["libraries"] == {}
    assert details["memory_mb"] == 512
    assert details["architecture"] in {"x86_64", "arm64"}
    assert abs(details["started_at_ms"] / 1000 - time.time()) < 120
    assert "error" not in details


def test_the_phases_follow_each_other_and_fill_the_init(run: Run) -> None:
    details = run.messages("monitor.init")[0]["monitor_init"]
    phases = details["phases"]
    assert [phase["name"] for phase in phases] == ["runtime", "entry", "application", "other"]
    end_ms = 0.0
    for phase in phases:
        assert phase["start_ms"] == pytest.approx(end_ms, abs=0.002)
        end_ms = phase["start_ms"] + phase["duration_ms"]
    assert end_ms == pytest.approx(details["observed_init_ms"], abs=0.01)


def test_the_tree_has_self_and_cumulative_times_and_the_root_of_each_module(run: Run) -> None:
    line = run.messages("monitor.init")[0]
    imports, roots = imports_of(line)
    slow = find(imports.tree, "slow_library")
    assert slow is not None
    inner = find(slow.children, "inner_library")
    assert inner is not None
    assert find(inner.children, "slow_library") is None
    assert inner.self_ms == inner.cumulative_ms >= 20
    assert slow.cumulative_ms >= 50
    assert 30 <= slow.self_ms <= slow.cumulative_ms - inner.cumulative_ms + 0.01
    assert Path(roots[slow.root]).name.startswith("package")
    assert find(imports.tree, "late_library") is None
    assert imports.count == len(list(walk(imports.tree))) > 15
    assert imports.dropped == 0
    assert imports.total_ms < line["monitor_init"]["observed_init_ms"]


def test_the_totals_by_package_are_those_of_the_tree(run: Run) -> None:
    imports, _ = imports_of(run.messages("monitor.init")[0])
    assert sum(package.modules for package in imports.packages) == imports.count
    for package in imports.packages:
        own = [node for node in walk(imports.tree) if node.module.partition(".")[0] == package.name]
        assert package.modules == len(own)
        assert package.self_ms == pytest.approx(sum(node.self_ms for node in own), abs=0.001 * len(own))
        assert package.left_out == package.left_out_ms == 0
    assert sum(package.self_ms for package in imports.packages) == pytest.approx(imports.total_ms, abs=0.05)


def test_what_the_first_invocation_imports_is_its_own(run: Run) -> None:
    (line,) = run.messages("monitor.imports")
    assert line["function_request_id"] == request_id(1)
    imports, _ = imports_of(line)
    assert [node.module for node in walk(imports.tree)] == ["late_library"]
    assert imports.tree[0].cumulative_ms >= 15


def test_the_metrics_beside_it_hold_the_same_numbers(run: Run) -> None:
    details = run.messages("monitor.init")[0]["monitor_init"]
    (emf,) = run.emf("ObservedInitDuration")
    assert emf["ObservedInitDuration"] == [details["observed_init_ms"]]
    assert emf["ImportDuration"] == [details["imports"]["total_us"] / 1000]
    (directive,) = emf["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["function_name", "service"]]
    assert {metric["Unit"] for metric in directive["Metrics"]} == {"Milliseconds", "Count"}


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
    assert "importlib is not built as expected" in warning["message"]
    assert "imports" not in run.messages("monitor.init")[0]["monitor_init"]


@pytest.mark.parametrize(("setting", "threshold_ms"), [("20", 20.0), ("0", 0.0), ("-3", 0.0), ("ten", 0.0), ("", 0.0)])
def test_the_threshold_is_a_setting(monkeypatch: pytest.MonkeyPatch, setting: str, threshold_ms: float) -> None:
    monkeypatch.setenv("MONITOR_IMPORTS_MIN_MS", setting)
    assert tree.threshold_ms() == threshold_ms


def _span_texts(init: Init, trace_id: str, segment_id: str) -> list[str]:
    """The documents of the init as they are sent."""
    return [lines.encode(one) for one in spans.documents(init, record._entries(init), trace_id, segment_id)]


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


def written(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The one record that was written, which has to fit."""
    line = capsys.readouterr().out
    assert len(line.encode()) <= 32 * 1024
    assert line.count("\n") == 1
    parsed: dict[str, Any] = json.loads(line)
    return parsed


@pytest.mark.parametrize("count", [50, 400, 1200, 5000, 20_000])
@pytest.mark.parametrize("name_length", [1, 60, 20_000])
def test_thousands_of_modules_fit_into_32_kb_and_what_is_left_out_is_summed_up(
    capsys: pytest.CaptureFixture[str], name_length: int, count: int
) -> None:
    init = start_of(count, name_length)
    record.write_failed(init)
    imports, _ = imports_of(written(capsys))
    listed = list(walk(imports.tree))
    assert imports.count == count
    assert imports.dropped == count - len(listed)
    assert sum(package.modules for package in imports.packages) == count
    assert sum(package.left_out for package in imports.packages) == imports.dropped
    # Listed or not, every millisecond is in the totals.
    assert sum(package.self_ms for package in imports.packages) == pytest.approx(imports.total_ms, rel=1e-6)
    listed_ms = sum(node.self_ms for node in listed)
    assert listed_ms + (imports.left_out_ms or 0.0) == pytest.approx(imports.total_ms, rel=1e-6)
    if name_length < 100:
        assert len(listed) >= min(count, 1_000)
        slowest = max(record._entries(init), key=lambda entry: entry.cumulative_ms)
        assert slowest.module in {node.module for node in listed}


ERRORS = {
    "long": "x" * 100_000,
    "outside ASCII": "\u1ea3" * 100_000,
    "outside the first plane": "\U0001f40d" * 100_000,
    "controls": "\x00\x1b" * 100_000,
}


@pytest.mark.parametrize("text", ERRORS.values(), ids=ERRORS.keys())
def test_an_error_of_any_length_leaves_room_for_the_tree(capsys: pytest.CaptureFixture[str], text: str) -> None:
    init = start_of(3000)
    init.fail(RuntimeError(text), text, text)
    record.write_failed(init)
    line = written(capsys)
    error = line["monitor_init"]["error"]
    assert text.startswith(error["message"])
    assert len(error["message"]) > 100
    imports, _ = imports_of(line)
    assert len(imports.tree) > 20


def test_a_path_of_many_long_roots_leaves_room_for_the_tree(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
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
    imports, roots = imports_of(written(capsys))
    named = {node.root for node in imports.tree}
    assert 1 <= len(roots) <= 10
    assert named <= {*range(len(roots)), -1}
    assert -1 in named


class _Lazy(types.ModuleType):
    """A module that is loaded by whatever looks at it."""

    def __getattribute__(self, name: str) -> object:
        raise AssertionError(f"somebody asked for {name}")


def test_a_module_is_not_loaded_by_the_record_that_names_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    init = start_of(5)
    assert init.tracer is not None
    for one in init.tracer.imports:
        for name in (one.module, one.module.partition(".")[0]):
            monkeypatch.setitem(sys.modules, name, _Lazy(name))
    record.write_failed(init)
    imports, _ = imports_of(written(capsys))
    assert imports.count == 5


def test_an_entry_of_the_path_may_be_of_any_type(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [b"/opt/legacy", None, Path("/opt"), 5, "", *sys.path])
    record.write_failed(start_of(5))
    assert imports_of(written(capsys))[0].count == 5


def test_the_parts_of_a_namespace_package_are_packages_of_their_own(package: Callable[..., Path]) -> None:
    folder = package(app="import space.one.leaf, space.two.leaf\ndef handler(event, context): return 1")
    for part in ("one", "two"):
        (folder / "space" / part).mkdir(parents=True)
        (folder / "space" / part / "__init__.py").touch()
        (folder / "space" / part / "leaf.py").touch()
    run = run_handler(ENTRY, folder, [{}], env={"MONITOR_HANDLER": "app.handler"})
    imports, roots = imports_of(run.messages("monitor.init")[0])
    rows = {one.name: one for one in imports.packages}
    assert {"space", "space.one", "space.two"} <= set(rows)
    assert rows["space.one"].modules == 2
    leaf = find(imports.tree, "space.two.leaf")
    assert leaf is not None
    assert roots[leaf.root] == str(folder)


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
    (document,) = [text for text in _span_texts(init, "1-a-b", "c") if "evil" in text]
    assert json.loads(document)["subsegments"][0]["name"] == "evil__[31m__".replace("[", "_")


def test_spans_have_their_true_past_times_and_fit_a_datagram() -> None:
    init = start_of(3000)
    documents = _span_texts(init, "1-trace", "segment")
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
