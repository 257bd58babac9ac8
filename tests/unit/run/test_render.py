from dataclasses import replace
from typing import Any

from monitor.console.text import Style
from monitor.records.invocation import InitKind
from monitor.records.invoke_result import InvocationResult
from monitor.records.message import parse_message
from monitor.run.render import render_run

STYLE = Style(width=80, color=False, unicode=True)


def result(init_ms: float | None, duration_ms: float, kind: InitKind | None, error: str | None = None) -> Any:
    init = f"\tInit Duration: {init_ms:.2f} ms" if init_ms is not None else ""
    line = (
        f"REPORT RequestId: 5b86\tDuration: {duration_ms:.2f} ms\tBilled Duration: 1 ms\tMemory Size: 128 MB"
        f"\tMax Memory Used: 31 MB{init}\t\n"
    )
    return InvocationResult("5b86", error, b"", parse_message(line), 1.0, kind)  # type: ignore[arg-type]


def test_a_run_says_what_each_figure_is() -> None:
    on_demand = next(kind for kind in InitKind if kind.value == "on-demand")
    text = render_run("fn", [result(100, 20, on_demand), result(300, 40, on_demand), result(None, 5, None)], STYLE)
    assert text.splitlines() == [
        "fn: 3 invocations, 2 cold starts, 0 errors",
        "  init                   median 200 ms, 100 ms – 300 ms",
        "  first invocation       median 30.0 ms, 20.0 ms – 40.0 ms",
        "  warm call              median 5.00 ms, 1 value",
    ]


def test_a_first_call_with_a_repeated_init_is_not_mixed_with_others() -> None:
    failed = next(kind for kind in InitKind if kind.value == "failed")
    text = render_run("fn", [result(None, 700, failed, "Unhandled")], STYLE)
    assert text.splitlines() == [
        "fn: 1 invocation, 1 cold start (1 failed), 1 error",
        "  first call, with init  median 700 ms, 1 value",
    ]


def test_inits_that_took_too_long_are_cold_starts_with_what_their_callers_waited() -> None:
    suppressed = next(kind for kind in InitKind if kind.value == "suppressed")
    ended = replace(result(None, 11_500, suppressed), elapsed_ms=21_500.0)
    assert render_run("fn", [ended], STYLE).splitlines() == [
        "fn: 1 invocation, 1 cold start (1 suppressed), 0 errors",
        "  first call, with init  median 11.5 s, 1 value",
        "  the caller waited      median 21.5 s, 1 value",
        "  Lambda ended the init, after a failure or 10 s, and ran it again inside the first call",
    ]
