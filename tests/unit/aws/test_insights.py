"""The one client of Logs Insights: every page is read, and whatever is not waited for any more is stopped."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore import session
from botocore.validate import ParamValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.aws.insights import BULK, Answer, Query, QueryPolling, run_queries, run_query
from monitor.errors import DeniedError, MonitorError, NotFoundError, RefusedError, UnreachableError
from monitor.kernel.clock import CancellableClock, CancelledError
from monitor.records.query_result import LogResult
from tests.examples import examples
from tests.fakes.ledger import FakeClock

QUICK = QueryPolling(first_s=1.0, factor=2.0, longest_s=4.0, deadline_s=120.0)
MODEL = session.get_session().get_service_model("logs")
HOUR_MS = 3_600_000


@dataclass
class Insights:
    """Logs Insights as a connection shows it: each query runs for so many polls and then has so many rows."""

    running_polls: int = 1
    rows: int = 3
    page: int = 10_000
    most_at_once: int = 100
    ends_as: str = "Complete"
    stop_error: MonitorError | None = None
    refused: dict[str, MonitorError] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    polls: dict[str, int] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    stopped: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        assert service == "logs"
        report = ParamValidator().validate(parameters, MODEL.operation_model(operation).input_shape)
        assert not report.has_errors(), report.generate_report()
        self.asked.append((operation, parameters))
        answer: dict[str, Any] = getattr(self, f"_{operation}")(parameters)
        return answer

    def _StartQuery(self, parameters: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        for group in parameters.get("logGroupNames", ()):
            if group in self.refused:
                raise self.refused[group]
        if len(self.polls) - len(self.ended) - len(self.stopped) >= self.most_at_once:
            raise UnreachableError("too many queries")
        query_id = f"q{len(self.polls)}"
        self.polls[query_id] = 0
        return {"queryId": query_id}

    def _GetQueryResults(self, parameters: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        query_id = parameters["queryId"]
        if "nextToken" not in parameters:
            self.polls[query_id] += 1
        if self.polls[query_id] <= self.running_polls:
            return {"status": "Scheduled" if self.polls[query_id] == 1 else "Running", "results": []}
        self.ended.add(query_id)
        if self.ends_as != "Complete":
            return {"status": self.ends_as}
        first = int(parameters.get("nextToken", 0))
        last = min(first + self.page, self.rows)
        rows = [
            [{"field": "n", "value": f"{query_id}:{number}"}, {"field": "@ptr", "value": "x"}]
            for number in range(first, last)
        ]
        more = {"nextToken": str(last)} if last < self.rows else {}
        return {"status": "Complete", "results": rows, "statistics": {"bytesScanned": 5.0}, **more}

    def _StopQuery(self, parameters: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        if self.stop_error is not None:
            raise self.stop_error
        self.stopped.append(parameters["queryId"])
        return {"success": True}

    def warn_denied(self, error: MonitorError, instead: str) -> None:
        if isinstance(error, DeniedError):
            self.told.append(f"{error.message}: {instead}")

    @property
    def left_running(self) -> set[str]:
        return set(self.polls) - self.ended - set(self.stopped)


def query(*groups: str, name: str = "errors by route", limit: int = 100_000) -> Query:
    return Query(name, groups, "stats count(*) as n", 1_500, 2_001, limit)


def one(aws: Insights, asked: Query, poll: QueryPolling = QUICK) -> Answer:
    return run_query(aws, asked, polling=poll, clock=FakeClock(0, HOUR_MS))  # type: ignore[arg-type]


@given(
    count=st.integers(0, 20),
    running_polls=st.integers(0, 4),
    rows=st.integers(0, 25),
    page=st.integers(1, 10),
    at_once=st.integers(1, 20),
    leave=st.none() | st.tuples(st.sampled_from(("answer", "sleep")), st.integers(1, 25)),
)
@settings(max_examples=examples(200), deadline=None)
def test_every_query_is_answered_whole_or_stopped_wherever_the_caller_leaves(
    count: int, running_polls: int, rows: int, page: int, at_once: int, leave: tuple[str, int] | None
) -> None:
    aws = Insights(running_polls=running_polls, rows=rows, page=page, most_at_once=at_once)
    clock = Interrupting(leave[1] if leave and leave[0] == "sleep" else 0)
    found: list[Answer] = []
    left = True
    queries = [query(f"g{number}") for number in range(count)]
    with suppress(KeyboardInterrupt), run_queries(aws, queries, clock=clock) as answers:  # type: ignore[arg-type]
        for answer in answers:
            found.append(answer)
            if leave == ("answer", len(found)):
                interrupt()
        left = False
    assert aws.left_running == set()
    assert set(aws.stopped).isdisjoint(aws.ended)
    for answer in found:
        assert answer.error is None
        assert [row["n"].partition(":")[2] for row in answer.rows] == [str(number) for number in range(rows)]
    if not left:
        assert sorted(answer.query.groups[0] for answer in found) == sorted(f"g{n}" for n in range(count))


def interrupt() -> None:
    raise KeyboardInterrupt


class Interrupting(FakeClock):
    """Ctrl-C in the nth sleep; 0 for never."""

    def __init__(self, at: int) -> None:
        super().__init__(0, 100 * HOUR_MS)
        self.at = at

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.slept) == self.at:
            interrupt()


def test_rows_are_read_page_by_page_up_to_the_limit_and_no_further() -> None:
    aws = Insights(rows=25, page=10)
    answer = one(aws, query("g", limit=20))
    assert (len(answer.rows), answer.is_cut) == (20, True)
    assert [operation for operation, _ in aws.asked].count("GetQueryResults") == 1 + 2
    started = aws.asked[0][1]
    assert started == {
        "logGroupNames": ["g"],
        "queryString": "stats count(*) as n",
        "startTime": 1,
        "endTime": 3,
        "limit": 20,
    }
    assert not one(Insights(rows=19, page=10), query("g", limit=20)).is_cut


def test_a_query_that_names_its_own_source_is_started_without_groups() -> None:
    aws = Insights()
    one(aws, query())
    assert "logGroupNames" not in aws.asked[0][1]


def test_a_table_has_the_columns_of_all_rows_and_nothing_where_a_row_has_none() -> None:
    answer = Answer(query("g"), ({"n": "3", "when": "a"}, {"n": "4"}, {"route": ""}))
    assert answer.result == LogResult(("n", "when", "route"), (("3", "a", None), ("4", None, None), (None, None, "")))


def test_waits_grow_to_the_longest_and_a_query_that_does_not_end_is_stopped_at_the_deadline() -> None:
    aws, clock = Insights(running_polls=10**6), FakeClock(0, HOUR_MS)
    with pytest.raises(UnreachableError) as raised:
        run_query(aws, query("g", "h", "i"), polling=QUICK, clock=clock)  # type: ignore[arg-type]
    assert raised.value.message == (
        "the Logs Insights query for errors by route on g and 2 more took longer than 2 minutes"
    )
    assert clock.slept[:5] == [1.0, 2.0, 4.0, 4.0, 4.0]
    assert 120 <= sum(clock.slept) < 124
    assert aws.stopped == ["q0"]


def test_many_polls_do_not_make_the_wait_overflow() -> None:
    assert BULK.wait_s(10**6) == 2.0


@pytest.mark.parametrize(
    ("status", "kind"), [("Failed", RefusedError), ("Cancelled", RefusedError), ("Timeout", UnreachableError)]
)
def test_a_query_that_fails_is_named(status: str, kind: type[MonitorError]) -> None:
    aws = Insights(ends_as=status)
    with pytest.raises(kind, match=f"^the Logs Insights query for errors by route on g ended as {status}$"):
        one(aws, query("g"))
    assert aws.stopped == []


def test_one_query_is_not_split_when_a_group_of_it_is_absent() -> None:
    aws = Insights(refused={"h": NotFoundError("no group h")})
    with pytest.raises(NotFoundError, match="no group h"):
        one(aws, query("g", "h"))
    assert [operation for operation, _ in aws.asked] == ["StartQuery"]


def test_of_many_groups_the_refused_one_stands_alone() -> None:
    aws = Insights(refused={"g5": DeniedError("not allowed")})
    groups = tuple(f"g{number}" for number in range(8))
    with run_queries(aws, [query(*groups)], clock=FakeClock(0, HOUR_MS)) as answers:  # type: ignore[arg-type]
        found = list(answers)
    assert [answer.query.groups for answer in found if answer.error] == [("g5",)]
    assert sorted(group for answer in found for group in answer.query.groups) == sorted(groups)


def test_without_the_permission_to_stop_it_a_query_that_is_left_is_told_of() -> None:
    aws = Insights(running_polls=10**6, stop_error=DeniedError("logs:StopQuery is not allowed"))
    with pytest.raises(UnreachableError):
        one(aws, query("g"))
    assert aws.told == ["logs:StopQuery is not allowed: a query that nobody waits for runs to its end"]


def test_a_query_that_ended_before_it_could_be_stopped_hides_nothing() -> None:
    aws = Insights(running_polls=10**6, stop_error=RefusedError("it has ended"))
    with pytest.raises(UnreachableError, match="took longer"):
        one(aws, query("g"))
    assert aws.told == []


def test_a_query_in_another_thread_is_stopped_when_its_clock_is_cancelled() -> None:
    aws, clock = Insights(running_polls=10**6), CancellableClock()
    clock.cancel()
    with pytest.raises(CancelledError):
        run_query(aws, query("g"), polling=QUICK, clock=clock)  # type: ignore[arg-type]
    assert aws.stopped == ["q0"]
