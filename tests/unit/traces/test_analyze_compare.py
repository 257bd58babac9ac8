"""Cold against warm: medians by hand, steps by their path, imports from records."""

import pytest

from monitor.console.text import Style
from monitor.kernel.origin import Origin
from monitor.records.init_record import ImportedModule, InitImports, InitPhase, InitRecord
from monitor.records.xray.documents import parse_trace
from monitor.records.xray.trace import SpanKind, Trace
from monitor.traces.analyze_compare import TraceComparison
from monitor.traces.analyze_imports import SOURCE, with_imports
from monitor.traces.analyze_invocations import measure, trace_figures
from monitor.traces.model import Comparison
from monitor.traces.render_comparison import render_comparison

T = 1_790_000_000.0


def made(name: str, init_ms: float, handler_ms: float, call_ms: float, calls: int = 1) -> Trace:
    begun = T + init_ms / 1000
    end = begun + handler_ms / 1000
    s3 = [
        {"id": f"c{n}", "name": "S3", "namespace": "aws", "aws": {"operation": "GetObject", "bucket_name": f"b{n}"}}
        | {"start_time": begun + n * call_ms / 1000, "end_time": begun + (n + 1) * call_ms / 1000}
        for n in range(calls)
    ]
    below = [{"id": "i", "name": "Invocation", "start_time": begun, "end_time": end, "subsegments": s3}]
    if init_ms:
        below.append({"id": "n", "name": "Initialization", "start_time": T, "end_time": begun})
    service = {"id": "s", "name": "f", "origin": "AWS::Lambda", "start_time": T, "end_time": end}
    function = {"id": "f", "parent_id": "s", "name": "f", "origin": "AWS::Lambda::Function"}
    times = {"start_time": begun, "end_time": end}
    request = {"aws": {"request_id": f"r-{name}"}}
    return parse_trace([{**service, **request}, {**function, **times, "subsegments": below}], name)


def compared(*traces: Trace) -> Comparison:
    comparison = TraceComparison("f")
    for trace in traces:
        measured = measure(trace)
        assert comparison.add(measured, *measured.figures)
    return comparison.result()


def test_each_step_s_median_difference_is_told_with_its_share_and_the_trace_that_shows_it_best() -> None:
    found = compared(
        made("cold-1", init_ms=800, handler_ms=200, call_ms=50),
        made("cold-2", init_ms=1000, handler_ms=300, call_ms=100),
        made("cold-3", init_ms=900, handler_ms=250, call_ms=60),
        made("warm-1", init_ms=0, handler_ms=100, call_ms=10),
        made("warm-2", init_ms=0, handler_ms=110, call_ms=30),
    )
    # totals 1000, 1150, 1300 against 100 and 110
    assert (found.cold, found.warm, found.cold_ms, found.warm_ms, found.difference_ms) == (3, 2, 1150, 105, 1045)
    assert found.best_id == "cold-3"
    steps = {(one.depth, one.name): one for one in found.steps}
    init = steps[1, "Init"]
    assert (init.cold_ms, init.warm_ms, init.difference_ms) == (900, 0, 900)
    assert init.share == pytest.approx(900 / 1045, abs=1e-4)
    assert (init.cold_seen, init.warm_seen, init.example_id, init.example_ms) == (3, 0, "cold-2", 1000)
    handler = steps[1, "handler"]
    assert (handler.cold_ms, handler.warm_ms, handler.difference_ms) == (250, 105, 145)
    call = steps[2, "S3 GetObject"]
    assert (call.cold_ms, call.warm_ms, call.difference_ms) == (60, 20, 40)


def test_calls_of_one_name_count_together_and_a_trace_without_the_step_counts_as_nothing() -> None:
    found = compared(
        made("cold-1", 500, 400, 50, calls=3),
        made("cold-2", 500, 400, 0, calls=0),
        made("cold-3", 500, 400, 50, calls=2),
        made("warm-1", 0, 100, 0, calls=0),
    )
    (call,) = [one for one in found.steps if one.name == "S3 GetObject"]
    assert (call.cold_ms, call.cold_seen, call.example_ms) == (100, 2, 150)


def test_nothing_is_said_when_one_side_is_missing() -> None:
    found = compared(made("cold-1", 500, 100, 10))
    assert (found.cold, found.warm, found.steps, found.difference_ms) == (1, 0, (), None)
    assert "there is no warm trace in the window" in render_comparison(found, Style(80))


def record(started_ms: float | None) -> InitRecord:
    pydantic = ImportedModule("pydantic", 0, 150, 170, 170)
    fastapi = ImportedModule("fastapi", 0, 130, 45, 215, (pydantic,))
    main = ImportedModule("app.main", 0, 110, 13, 400, (fastapi,))
    phases = (InitPhase("runtime", 0, 90), InitPhase("application", 100, 420))
    return InitRecord(1, 520.0, started_at_ms=started_ms, phases=phases, imports=InitImports(3, 400, 1, 0, (main,)))


def test_the_imports_of_the_record_lie_inside_init_where_x_ray_has_none() -> None:
    trace = made("cold", 600, 100, 10)
    joined = with_imports(measure(trace), record(T * 1000 + 40), "r-cold").trace
    spans = {span.name: span for span in joined.spans()}
    init = spans["Initialization"]
    assert [child.name for child in init.children] == ["init: runtime", "init: application"]
    fastapi = spans["fastapi"]
    assert fastapi.kind is SpanKind.IMPORT
    assert fastapi.duration_ms == pytest.approx(215, abs=0.01)
    assert (fastapi.start_s - T) * 1000 == pytest.approx(170, abs=0.01)
    assert fastapi.metadata["monitor"] == {"kind": "import", "source": SOURCE, "self_ms": 45}
    assert spans["pydantic"] in fastapi.children
    # Figures are the platform's, with imports or without.
    assert trace_figures(joined) == trace_figures(trace)


def test_a_record_without_a_time_ends_with_the_init() -> None:
    joined = with_imports(measure(made("cold", 600, 100, 10)), record(None)).trace
    phase = next(span for span in joined.spans() if span.name == "init: application")
    assert phase.end_s is not None
    assert (T + 0.6 - phase.end_s) * 1000 == pytest.approx(0, abs=0.01)


def test_what_x_ray_was_sent_stays_and_a_warm_trace_is_left_alone() -> None:
    warm = measure(made("warm", 0, 100, 10))
    assert with_imports(warm, record(None)) is warm
    cold = with_imports(measure(made("cold", 600, 100, 10)), record(None))
    assert with_imports(cold, record(None)) is cold
    other = measure(made("other", 600, 100, 10))
    assert with_imports(other, record(None), "r-somebody") is other


def test_a_printed_command_is_whole_on_a_narrow_terminal() -> None:
    found = compared(made("cold-1" + "0" * 40, 600, 150, 10), made("warm-1", 0, 100, 10))
    text = render_comparison(found, Style(60), Origin(endpoint_url="http://127.0.0.1:4566"))
    commands = [line for line in text.split("\n") if line.startswith("  monitor ")]
    assert commands
    assert all("--endpoint-url http://127.0.0.1:4566 " in line for line in commands)
    assert commands[0].endswith(f" {found.best_id}")


@pytest.mark.parametrize("width", [60, 90, 160])
def test_the_table_fits_and_names_what_costs_most(width: int) -> None:
    cold = [with_imports(measure(made(f"cold-{n}", 600, 150, 10)), record(T * 1000 + 40)).trace for n in range(3)]
    found = compared(*cold, made("warm-1", 0, 100, 10))
    text = render_comparison(found, Style(width))
    assert max(map(len, text.split("\n"))) <= width
    assert "f: 3 cold and 1 warm traces" in text
    names = [line.split()[0] for line in text.split("\n") if line.startswith("      ")]
    assert "app.main" in names
    assert "fastapi" in names
    assert text.isprintable() or "\x1b" not in text
