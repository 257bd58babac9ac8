"""Reading traces under Transaction Search, on a loopback stand-in in the shapes of botocore's models."""

from collections.abc import Iterator

import pytest

from monitor.aws.connection import Connection
from monitor.aws.trace_search import xray_id
from monitor.errors import NotFoundError, UnreachableError
from monitor.kernel.window import Window
from monitor.records.xray.trace import TraceFilter
from monitor.traces.workflow_find import list_traces
from monitor.traces.workflow_source import open_source, read_trace
from tests.fakes.transaction_search import Served, TransactionSearch

NOW_MS = 1_790_000_600_000
WINDOW = Window(NOW_MS - 3_600_000, NOW_MS)


class Clock:
    def __init__(self, now_ms: int = NOW_MS) -> None:
        self.ms = now_ms
        self.slept: list[float] = []

    def now_ms(self) -> int:
        return self.ms

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.ms += round(seconds * 1000)


def trace_id(at_s: int, number: int) -> str:
    return f"1-{at_s:08x}-{number:024x}"


def documents(at_s: int, request: str, init: bool) -> list[dict[str, object]]:
    below = [{"id": "b" * 16, "name": "Invocation", "start_time": at_s + 0.5, "end_time": at_s + 0.7}]
    if init:
        below.append({"id": "c" * 16, "name": "Initialization", "start_time": at_s + 0.1, "end_time": at_s + 0.45})
    service = {"id": "a" * 16, "name": "f", "origin": "AWS::Lambda", "start_time": at_s, "end_time": at_s + 0.8}
    function = {"id": "d" * 16, "parent_id": "a" * 16, "name": "f", "origin": "AWS::Lambda::Function"}
    times = {"start_time": at_s + 0.5, "end_time": at_s + 0.75}
    return [{**service, "aws": {"request_id": request}}, {**function, **times, "subsegments": below}]


@pytest.fixture
def search() -> TransactionSearch:
    made = TransactionSearch("f")
    for number in range(5):
        at_s = 1_790_000_000 + number * 60
        request = f"00000000-0000-4000-8000-{number:012x}"
        made.documents[trace_id(at_s, number)] = documents(at_s, request, init=number % 2 == 0)
        xray = f"XRAY TraceId: {trace_id(at_s, number)}\tSegmentId: {'d' * 16}\tSampled: true"
        report = f"REPORT RequestId: {request}\tDuration: 200.00 ms\tBilled Duration: 200 ms\tMemory Size: 128 MB\t"
        made.reports.append((at_s * 1000 + 800, f"{report}Max Memory Used: 50 MB\t\n{xray}\t\n"))
    made.indexed = (trace_id(1_790_000_000, 0),)
    return made


@pytest.fixture
def endpoint(search: TransactionSearch) -> Iterator[str]:
    with Served(search) as url:
        yield url


@pytest.fixture
def connection(endpoint: str) -> Connection:
    return Connection(region="eu-west-1", endpoint_url=endpoint, local=True)


def test_ids_come_from_the_log_and_spans_from_a_retrieval_and_that_is_said(
    connection: Connection, search: TransactionSearch
) -> None:
    clock = Clock()
    listed = list_traces(open_source(connection, "f", clock), WINDOW, TraceFilter(), limit=3, explained=True)
    assert [one.summary.id for one in listed.items] == [trace_id(1_790_000_000 + n * 60, n) for n in (4, 3, 2)]
    assert listed.items[0].figures is not None
    assert (listed.items[0].figures.init_ms, listed.items[0].figures.handler_ms) == (350.0, 200.0)
    assert listed.sampling is not None
    assert listed.sampling.traces == 5
    assert "Transaction Search is on" in listed.notes[0]
    assert "from the function's log" in listed.notes[0]
    assert search.asked["TraceSummaries"] == search.asked["Traces"] == 0
    assert search.asked["ListRetrievedTraces"] == 4  # scheduled, running, and two pages
    assert clock.slept


def test_filters_apply_to_what_was_retrieved(connection: Connection) -> None:
    source = open_source(connection, "f", Clock())
    cold = list_traces(source, WINDOW, TraceFilter(cold=True), limit=10)
    assert [one.summary.id for one in cold.items] == [trace_id(1_790_000_000 + n * 60, n) for n in (4, 2, 0)]
    assert list_traces(source, WINDOW, TraceFilter(slower_than_ms=5000), limit=10).items == ()


def test_without_the_log_ids_come_from_insights(connection: Connection, search: TransactionSearch) -> None:
    search.logs_denied = True
    listed = list_traces(open_source(connection, "f", Clock()), WINDOW, TraceFilter(), limit=10)
    assert len(listed.items) == 5
    assert "Logs Insights on aws/spans" in listed.notes[0]
    query = next(body for operation, body in search.requests if operation == "StartQuery")
    assert query["logGroupNames"] == ["aws/spans"]
    assert query["limit"] == 10
    assert '`resource.attributes.faas.name` = "f"' in query["queryString"]


def test_a_filter_expression_needs_the_index_and_the_note_says_what_that_leaves_out(connection: Connection) -> None:
    listed = list_traces(open_source(connection, "f", Clock()), WINDOW, TraceFilter(expression="ok"), limit=10)
    assert [one.summary.id for one in listed.items] == [trace_id(1_790_000_000, 0)]
    assert "cover only the spans that it indexes" in listed.notes[0]


def test_one_trace_is_found_among_the_spans(connection: Connection, search: TransactionSearch) -> None:
    trace, notes = read_trace(connection, trace_id(1_790_000_060, 1), Clock())
    assert len(list(trace.spans())) == 3
    assert "Transaction Search is on" in notes[0]
    assert search.asked["Traces"] == 1


def test_more_than_a_hundred_ids_take_several_retrievals(connection: Connection, search: TransactionSearch) -> None:
    search.polls_until_complete, search.page = 0, 60
    at_s = 1_790_000_000
    ids = [trace_id(at_s, number) for number in range(100, 250)]
    search.documents.update((one, documents(at_s, "", init=False)) for one in ids)
    source = open_source(connection, "f", Clock())
    assert [trace.id for trace in source.traces(ids, WINDOW)] == ids
    assert search.asked["StartTraceRetrieval"] == 2


def test_a_retrieval_that_never_ends_is_told_after_two_minutes(
    connection: Connection, search: TransactionSearch
) -> None:
    search.polls_until_complete = 10_000
    clock = Clock()
    with pytest.raises(UnreachableError, match="longer than 2 minutes"):
        read_trace(connection, trace_id(1_790_000_060, 1), clock)
    assert 120 <= sum(clock.slept) < 130


def test_a_young_trace_is_asked_for_again_until_it_is_indexed(
    connection: Connection, search: TransactionSearch
) -> None:
    search.destination = "XRay"
    search.unindexed_reads = 3
    wanted = trace_id(1_790_000_060, 1)
    clock = Clock(1_790_000_065_000)
    trace, notes = read_trace(connection, wanted, clock)
    assert (trace.id, notes) == (wanted, ())
    assert clock.slept == [1.0, 2.0, 4.0]


def test_an_old_trace_that_is_not_there_is_not_waited_for(connection: Connection, search: TransactionSearch) -> None:
    search.destination = "XRay"
    clock = Clock()
    with pytest.raises(NotFoundError, match="has no trace"):
        read_trace(connection, trace_id(1_780_000_000, 7), clock)
    assert clock.slept == []


def test_an_id_in_w3c_s_form_becomes_x_ray_s() -> None:
    assert xray_id("6566a1b20123456789abcdef01234567") == "1-6566a1b2-0123456789abcdef01234567"
    assert xray_id("1-6566a1b2-0123456789abcdef01234567") == "1-6566a1b2-0123456789abcdef01234567"
