"""Summaries of cold starts, counted by hand."""

import json

import pytest

from monitor.coldstarts.analyze_tally import Tally
from monitor.coldstarts.analyze_totals import ColdStarts
from monitor.coldstarts.model import ColdStartSummary, FunctionFacts
from monitor.kernel.jsonable import jsonable
from monitor.kernel.missing import Missing
from monitor.kernel.statistics import Bin, Distribution
from monitor.kernel.window import Window
from monitor.records.init_record import InitRecord
from monitor.records.invocation import Failure, FailureKind, InitKind, Invocation, cold_start
from monitor.records.record import Report


def invocation(
    request_id: str,
    duration_ms: float | None = 10.0,
    kind: InitKind | None = None,
    init_ms: float | None = None,
    *,
    function: str = "analyzer",
    version: str = "7",
    at_ms: int = 0,
    record: InitRecord | None = None,
    error: Failure | None = None,
    memory_mb: int = 1024,
) -> Invocation:
    report = Report(request_id, duration_ms, 100.0, memory_mb, 90, init_ms if kind is InitKind.ON_DEMAND else None)
    return Invocation(
        request_id=request_id,
        function=function,
        version=version,
        stream="s",
        group="g",
        at_ms=at_ms,
        start_ms=at_ms,
        end_ms=at_ms + 1,
        report=Missing("no REPORT yet") if duration_ms is None else report,
        cold=kind is not None and kind.waited_for,
        kind=kind,
        init_ms=init_ms,
        error=error,
        trace_id=None,
        init_record=record,
    )


def summarize(
    invocations: list[Invocation],
    function: str = "analyzer",
    window: Window | None = None,
    facts: FunctionFacts | None = None,
    slowest: int = 10,
) -> ColdStartSummary:
    found = ColdStarts(function, window, facts, slowest=slowest)
    for one in invocations:
        found.add(one)
    return found.result()


def test_counts_share_and_distributions_of_a_function() -> None:
    window = Window(0, 100)
    summary = summarize(
        [
            invocation("a", 10.0, InitKind.ON_DEMAND, 400.0, at_ms=5),
            invocation("b", 20.0, InitKind.ON_DEMAND, 200.0, at_ms=6, version="8"),
            invocation("c", 30.0, InitKind.PROVISIONED, 700.0, at_ms=7),
            invocation("d", 900.0, InitKind.SUPPRESSED, at_ms=8),
            invocation("e", 4.0, at_ms=9),
            invocation("f", 6.0, at_ms=3),
            invocation("g", None, at_ms=10),
            invocation("h", 5.0, at_ms=11, error=Failure(FailureKind.TIMEOUT, None, "x")),
        ],
        window=window,
    )
    assert (summary.function, summary.window) == ("analyzer", window)
    assert (summary.invocations, summary.cold_starts, summary.share) == (8, 3, 0.375)
    assert summary.by_kind == {InitKind.ON_DEMAND: 2, InitKind.PROVISIONED: 1, InitKind.SUPPRESSED: 1}
    assert summary.by_version == {"7": 2, "8": 1}
    assert (summary.init.count, summary.init.min, summary.init.p50, summary.init.max) == (2, 200.0, 300.0, 400.0)
    assert (summary.first_total.count, summary.first_total.min, summary.first_total.max) == (3, 220.0, 900.0)
    assert (summary.warm_duration.count, summary.warm_duration.mean) == (3, 5.0)
    assert [item.request_id for item in summary.slowest] == ["d", "a", "b"]
    assert (summary.errors, summary.timeouts, summary.unread.without_report) == (1, 1, 1)
    assert (summary.first_ms, summary.last_ms) == (3, 11)
    assert summary.init_histogram == (
        Bin(200, 220, 1), *(Bin(200 + 20 * n, 220 + 20 * n, 0) for n in range(1, 9)), Bin(380, 400, 1),
    )  # fmt: skip
    assert (summary.memory_mb, summary.max_memory_mb) == ((1024,), 90)


def test_what_the_first_caller_waited_for() -> None:
    on_demand = cold_start(invocation("a", 10.0, InitKind.ON_DEMAND, 400.0))
    suppressed = cold_start(invocation("b", 900.0, InitKind.SUPPRESSED, 655.0))
    unknown = cold_start(invocation("c", 10.0, InitKind.ON_DEMAND, None))
    assert on_demand is not None
    assert suppressed is not None
    assert unknown is not None
    assert (on_demand.first_total_ms, suppressed.first_total_ms, unknown.first_total_ms) == (410.0, 900.0, None)
    assert cold_start(invocation("d")) is None
    assert cold_start(invocation("e", 10.0, InitKind.PROVISIONED, 400.0)) is None
    assert cold_start(invocation("f", 10.0, InitKind.PROACTIVE, 400.0)) is None


def test_cost_by_region_and_architecture_where_the_init_record_knows_better() -> None:
    record = InitRecord(version=1, observed_init_ms=380.0, architecture="arm64")
    summary = summarize(
        [
            invocation("a", 10.0, InitKind.ON_DEMAND, 90.0, record=record),
            invocation("b", 10.0, InitKind.ON_DEMAND, 90.0),
        ],
        facts=FunctionFacts("ap-southeast-1", "x86_64"),
    )
    arm = 0.1 * 0.0000133334 + 0.0000002
    x86 = 0.1 * 0.0000166667 + 0.0000002
    assert summary.cost_usd == pytest.approx(arm + x86)
    # 100 ms billed for 10 ms of duration: 90 ms of init, of either.
    assert summary.init_cost_usd == pytest.approx(0.09 * (0.0000133334 + 0.0000166667))
    assert summary.unpriced == 0
    assert summary.observed_init.p50 == 380.0


def test_without_a_known_price_the_cost_is_none_and_the_cold_starts_are_counted_as_unpriced() -> None:
    cold = invocation("a", 10.0, InitKind.ON_DEMAND, 90.0)
    summary = summarize([cold], facts=FunctionFacts("mars-1", "x86_64"))
    assert (summary.cost_usd, summary.init_cost_usd, summary.unpriced) == (None, None, 1)


def test_a_function_that_never_ran_is_a_summary_that_says_so() -> None:
    summary = summarize([], function="idle")
    assert (summary.function, summary.invocations, summary.cold_starts, summary.share) == ("idle", 0, 0, None)
    assert (summary.init, summary.init_histogram, summary.slowest) == (Distribution(0), (), ())


def test_only_the_slowest_are_kept_whole() -> None:
    found = ColdStarts("analyzer", slowest=3)
    for number in range(100):
        found.add(invocation(str(number), 0.0, InitKind.ON_DEMAND, float(number * 37 % 100)))
    summary = found.result()
    assert [item.first_total_ms for item in summary.slowest] == [99.0, 98.0, 97.0]
    assert summary.cold_starts == 100
    assert ColdStarts("x", slowest=0).result().slowest == ()


def test_of_equally_slow_ones_the_first_come_first() -> None:
    names = ("a", "b", "c")
    summary = summarize([invocation(name, 10.0, InitKind.ON_DEMAND, 90.0) for name in names], slowest=2)
    assert [item.request_id for item in summary.slowest] == ["a", "b"]


def test_several_functions_are_summed_up_apart_by_name() -> None:
    tally = Tally(functions={"zebra": FunctionFacts("us-east-1", "x86_64"), "ant": FunctionFacts("us-east-1")})
    tally.add(invocation("a", 10.0, InitKind.ON_DEMAND, 90.0, function="zebra"))
    tally.add(invocation("b", 10.0, function="ant"))
    tally.add(invocation("c", 10.0, function="zebra"))
    one, two = tally.summaries()
    assert (one.function, one.invocations, one.cold_starts, one.share) == ("ant", 1, 0, 0.0)
    assert (two.function, two.invocations, two.cold_starts, two.share) == ("zebra", 2, 1, 0.5)
    assert two.cost_usd is not None


def test_a_summary_has_a_json_form() -> None:
    summary = summarize([invocation("a", 10.0, InitKind.ON_DEMAND, 90.0)])
    document = json.loads(json.dumps(jsonable(summary)))
    assert document["by_kind"] == {"on-demand": 1}
    assert document["init"]["p99"] == 90.0
    assert document["slowest"][0]["kind"] == "on-demand"
