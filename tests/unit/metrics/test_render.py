"""Functions' metrics in a terminal: a block for one, a row each for several, whatever the width."""

import pytest

from monitor.console.text import Style
from monitor.metrics.render import render_metrics
from monitor.records.metric import FunctionMetrics


def row(name: str, invocations: float | None = 1000.0) -> FunctionMetrics:
    return FunctionMetrics(
        function=name,
        region="eu-west-1",
        window=(0, 60_000),
        invocations=invocations,
        errors=12.0,
        throttles=0.0,
        concurrency_max=3.0,
        duration_p50_ms=12.0,
        duration_p90_ms=40.0,
        duration_p99_ms=99.0,
        duration_max_ms=120.0,
        cold_starts=7.0,
        observed_init_p50_ms=400.0,
        observed_init_max_ms=900.0,
    )


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140, 200])
def test_several_functions_are_a_table_that_fits_at_any_width(width: int) -> None:
    text = render_metrics([row("ai-image-analyzer-fastapi"), row("short"), row("never-ran", None)], Style(width=width))
    lines = text.splitlines()
    assert all(len(line) <= width for line in lines)
    assert lines[0].split()[:2] == ["Function", "Invocations"]
    assert [line.split()[0] for line in lines[1:4]] == ["ai-image-analyzer-fastapi", "short", "never-ran"]
    assert lines[3].split()[:3] == ["never-ran", "no", "data"]
    note = " ".join(lines[4:])
    assert note == "" if width >= 140 else note.startswith("(no room for ") and note.endswith("-o json)")


def test_a_wide_terminal_has_every_figure_and_one_function_a_block() -> None:
    heading = render_metrics([row("a"), row("b")], Style(width=140)).splitlines()[0]
    for name in ("Invocations", "Errors", "Throttles", "Cold", "p50", "p99", "Max", "Init p50", "Init p99", "Init $"):
        assert name in heading
    assert "Concurrency" in render_metrics([row("a")], Style(width=80))
