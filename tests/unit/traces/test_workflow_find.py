"""Listing traces: what X-Ray is asked for, what is kept of it, and how a version or alias is told."""

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor.errors import MonitorError, NotFoundError, RefusedError, UsageError
from monitor.kernel.window import Window
from monitor.records.xray.trace import TraceFilter
from monitor.traces.workflow_find import list_traces, slowest_cold
from monitor.traces.workflow_source import TraceSource, open_source

HOUR_MS = 3_600_000
BASE_S = 1_790_000_000


def trace_id(at_s: int, number: int) -> str:
    return f"1-{at_s:08x}-{number:024x}"


class Fake:
    """A connection that holds traces, in the API's shapes."""

    region = where = "eu-west-1"

    def __init__(self, summaries: Iterator[dict[str, Any]] | list[dict[str, Any]] = (), traces: Any = None) -> None:  # type: ignore[assignment]
        self.summaries, self.traces = summaries, traces or {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.refused: set[str] = set()
        self.missed: list[str] = []
        self.invocations: float | None = 1000.0

    def warn_denied(self, error: MonitorError, instead: str) -> None:
        self.missed.append(instead)

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        self.asked.append((operation, parameters))
        if operation in self.refused:
            raise RefusedError(f"{operation} is not allowed")
        if operation == "GetTraceSegmentDestination":
            return {"Destination": "XRay", "Status": "ACTIVE"}
        if operation == "BatchGetTraces":
            ids = parameters["TraceIds"]
            assert len(ids) <= 5
            known = [{"Id": one, "Segments": self.traces[one]} for one in ids if one in self.traces]
            return {"Traces": known, "UnprocessedTraceIds": [one for one in ids if one not in self.traces]}
        if operation == "GetAlias":
            if parameters["Name"] != "live":
                raise NotFoundError("no such alias")
            return {"FunctionVersion": "7"}
        raise AssertionError(operation)

    def pages(self, service: str, operation: str, /, token: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        self.asked.append((operation, parameters))
        if operation in self.refused:
            raise RefusedError(f"{operation} is not allowed")
        if operation == "GetMetricData":
            values = [] if self.invocations is None else [self.invocations]
            times = [datetime.fromtimestamp(BASE_S, UTC)] * len(values)
            yield {"MetricDataResults": [{"Id": "m0", "Label": "x", "Timestamps": times, "Values": values}]}
            return
        assert operation == "GetTraceSummaries"
        start, end = parameters["StartTime"].timestamp(), parameters["EndTime"].timestamp()
        page: list[dict[str, Any]] = []
        for summary in self.summaries:
            if start <= int(summary["Id"][2:10], 16) <= end:
                page.append(summary)
                if len(page) == 100:
                    yield {"TraceSummaries": page}
                    page = []
        yield {"TraceSummaries": page}


def summary(at_s: int, number: int = 0, **fields: Any) -> dict[str, Any]:
    return {"Id": trace_id(at_s, number), "StartTime": datetime.fromtimestamp(at_s, UTC), "Duration": 0.2, **fields}


def segments(at_s: float, init_ms: float = 0, arn: str = "", handler_ms: float = 100, wait_ms: float = 0) -> list[Any]:
    begun = at_s + (wait_ms + init_ms) / 1000
    below = [{"id": "2" * 16, "name": "Invocation", "start_time": begun, "end_time": begun + handler_ms / 1000}]
    if init_ms:
        below.append({"id": "3" * 16, "name": "Initialization", "start_time": at_s + wait_ms / 1000, "end_time": begun})
    function = {"id": "1" * 16, "parent_id": "0" * 16, "name": "f", "origin": "AWS::Lambda::Function"}
    service = {"id": "0" * 16, "name": "f", "origin": "AWS::Lambda", "resource_arn": arn, "start_time": at_s}
    end = begun + handler_ms / 1000
    return [
        {**service, "end_time": end},
        {**function, "start_time": begun, "end_time": end, "subsegments": below},
    ]


def source(fake: Fake, target: str = "f") -> TraceSource:
    return open_source(fake, target)  # type: ignore[arg-type]


def window(hours: float) -> Window:
    return Window(round((BASE_S - hours * 3600) * 1000), BASE_S * 1000)


def test_a_long_window_is_asked_for_six_hours_at_a_time_newest_first() -> None:
    edge = BASE_S - 6 * 3600
    fake = Fake([summary(BASE_S - 60), summary(edge, 1), summary(BASE_S - 8 * 3600, 2), summary(BASE_S - 13 * 3600, 3)])
    listed = list_traces(source(fake), window(14), TraceFilter(), limit=10)
    calls = [parameters for operation, parameters in fake.asked if operation == "GetTraceSummaries"]
    assert [(call["EndTime"] - call["StartTime"]).total_seconds() / 3600 for call in calls] == [6, 6, 2]
    assert calls[0]["EndTime"] == datetime.fromtimestamp(BASE_S, UTC)
    assert calls[1]["EndTime"] == calls[0]["StartTime"]
    # The trace on the edge was answered by two calls.
    assert [one.summary.id for one in listed.items] == [one["Id"] for one in fake.summaries]
    assert listed.found == 4


def test_filters_are_x_ray_s_to_apply() -> None:
    fake = Fake()
    annotations = (("ColdStart", True), ("items", 3.0), ('who"s', 'a"b'))
    wanted = TraceFilter(False, 1500.0, True, annotations, "http.status = 502")
    listed = list_traces(source(fake), window(1), wanted, limit=5, explained=True)
    (call,) = [parameters for operation, parameters in fake.asked if operation == "GetTraceSummaries"]
    assert call["FilterExpression"] == (
        'service("f") AND duration >= 1.5 AND (fault OR error OR throttle) AND annotation[ColdStart] = true'
        ' AND annotation[items] = 3 AND annotation[who"s] = "a\\"b" AND (http.status = 502)'
    )
    # Not all traces of the window were named, so nothing can be said of how many invocations have one.
    assert listed.sampling is None


def test_how_many_invocations_have_a_trace_is_told() -> None:
    fake = Fake([summary(BASE_S - n, n) for n in range(1, 51)])
    listed = list_traces(source(fake), window(1), TraceFilter(), limit=5, explained=True)
    assert listed.sampling is not None
    assert (listed.sampling.invocations, listed.sampling.traces, listed.sampling.share) == (1000.0, 50, 0.05)
    assert len(listed.items) == 5
    fake.refused = {"GetMetricData"}
    listed = list_traces(source(fake), window(1), TraceFilter(), limit=5, explained=True)
    assert listed.sampling is not None
    assert (listed.sampling.invocations, listed.sampling.share) == (None, None)
    assert fake.missed == ["the number of invocations is unknown"]


def test_a_metric_that_lags_behind_gives_no_share() -> None:
    fake = Fake([summary(BASE_S - n, n) for n in range(1, 51)])
    fake.invocations = 20.0
    sampling = list_traces(source(fake), window(1), TraceFilter(), limit=5, explained=True).sampling
    assert sampling is not None
    assert (sampling.invocations, sampling.share) == (20.0, None)


def test_without_permission_to_ask_for_the_destination_x_ray_s_store_is_read() -> None:
    fake = Fake([summary(BASE_S - 60)])
    fake.refused = {"GetTraceSegmentDestination"}
    assert len(list_traces(source(fake), window(1), TraceFilter(), limit=5, explained=True).items) == 1


def test_cold_traces_are_looked_for_inside_the_newest_and_how_many_is_said() -> None:
    many = [summary(BASE_S - n, n) for n in range(1, 101)]
    traces = {one["Id"]: segments(BASE_S - n, init_ms=300 if n % 10 == 0 else 0) for n, one in enumerate(many, 1)}
    listed = list_traces(source(Fake(many, traces)), window(1), TraceFilter(cold=True), limit=3, examine=40)
    assert [one.summary.id for one in listed.items] == [many[n - 1]["Id"] for n in (10, 20, 30)]
    assert (listed.found, listed.examined) == (100, 40)
    assert listed.notes == ("read the newest 40 of 100 traces; --examine N reads more",)


ARN = "arn:aws:lambda:eu-west-1:123456789012:function:f"


def test_an_alias_selects_what_ran_behind_it() -> None:
    arns = [f"{ARN}:live", f"{ARN}:7", f"{ARN}:6", ARN]
    many = [summary(BASE_S - n, n) for n in range(4)]
    traces = {one["Id"]: segments(BASE_S - n, arn=arn) for n, (one, arn) in enumerate(zip(many, arns, strict=True))}
    for target in ("f:live", f"{ARN}:live"):
        listed = list_traces(source(Fake(many, traces), target), window(1), TraceFilter(), limit=10)
        assert [one.summary.id for one in listed.items] == [many[0]["Id"], many[1]["Id"]]
    latest = list_traces(source(Fake(many, traces), "f:$LATEST"), window(1), TraceFilter(), limit=10)
    assert [one.summary.id for one in latest.items] == [many[3]["Id"]]


def test_summaries_that_name_another_version_are_not_even_read() -> None:
    many = [summary(BASE_S - 1, 1, ResourceARNs=[{"ARN": f"{ARN}:6"}]), summary(BASE_S - 2, 2)]
    fake = Fake(many, {many[1]["Id"]: segments(BASE_S - 2, arn=f"{ARN}:live")})
    listed = list_traces(source(fake, "f:live"), window(1), TraceFilter(), limit=10)
    assert [one.summary.id for one in listed.items] == [many[1]["Id"]]
    assert [p["TraceIds"] for operation, p in fake.asked if operation == "BatchGetTraces"] == [[many[1]["Id"]]]


def test_an_arn_finds_the_figures_of_its_function() -> None:
    one = summary(BASE_S - 1)
    listed = list_traces(source(Fake([one], {one["Id"]: segments(BASE_S - 1)}), ARN), window(1), TraceFilter(), limit=1)
    assert listed.items[0].figures is not None
    assert listed.items[0].figures.handler_ms == 100.0


@pytest.mark.parametrize(
    ("target", "error", "says"),
    [
        ("/aws/lambda/f", UsageError, "is not one function"),
        ("f*", UsageError, "is not one function"),
        ("f:gone", NotFoundError, "no alias 'gone'"),
        (ARN.replace("eu-west-1", "us-east-1"), NotFoundError, "is in us-east-1, not in eu-west-1"),
    ],
)
def test_a_target_that_is_not_one_function_is_refused(target: str, error: type[MonitorError], says: str) -> None:
    with pytest.raises(error, match=says):
        source(Fake(), target)


def test_the_slowest_cold_one_is_slow_itself_and_did_not_merely_wait_for_an_environment() -> None:
    waited, slow = summary(BASE_S - 60, 1), summary(BASE_S - 30, 2)
    traces = {
        waited["Id"]: segments(BASE_S - 60, init_ms=300, wait_ms=5000),
        slow["Id"]: segments(BASE_S - 30, init_ms=800),
    }
    shown = slowest_cold(source(Fake([waited, slow], traces)), window(1))
    assert shown.trace.id == slow["Id"]


def test_memory_does_not_grow_with_the_number_of_summaries() -> None:
    def peak(count: int) -> int:
        made = ({"Id": trace_id(BASE_S - 1 - n % 3500, n), "Duration": 0.1} for n in range(count))
        fake = Fake(made)
        tracemalloc.start()
        listed = list_traces(source(fake), window(1), TraceFilter(), limit=20)
        measured = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (listed.found, len(listed.items)) == (count, 20)
        return measured

    peak(500)
    small, large = peak(1000), peak(20_000)
    assert large < small + 200_000
