"""CloudWatch Logs Insights: start queries, wait for them, read all pages, and stop those that nobody waits for.

Limits (CloudWatch Logs quotas): 50 named groups and 60 minutes a query, 30 to 100 queries at once, 10,000 rows a page,
100,000 a query. Billed by what is scanned.
"""

import math
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from monitor.aws.connection import Connection
from monitor.errors import DeniedError, MonitorError, NotFoundError, RefusedError, UnreachableError
from monitor.kernel.clock import Clock, SystemClock
from monitor.records.query_result import LogResult

GROUPS_A_QUERY = 50
MOST_ROWS = 100_000
# Well below the quota, which others in the account share.
_AT_ONCE = 8
_RUNNING = ("Scheduled", "Running", "Unknown")
# A pointer to the event, which Insights adds to every row.
_POINTER = "@ptr"

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class QueryPolling:
    """How long to wait for a query: before the first poll, by how much more before each one after, and in all."""

    first_s: float
    factor: float
    longest_s: float
    deadline_s: float

    def wait_s(self, polls: int) -> float:
        """How long to wait after so many polls."""
        # Past this many polls every wait is the longest one; the power would only grow out of range.
        return min(self.first_s * self.factor ** min(polls, 64), self.longest_s)


# Queries over many groups, which may take as long as Insights lets them.
BULK = QueryPolling(0.25, 2.0, 2.0, 3_600.0)


@dataclass(frozen=True, slots=True)
class Query:
    """One query over at most 50 log groups, from `start_ms` to `end_ms`, both included to the second.

    `name` is what messages call it, as in "the query for NAME". `groups` is empty where the text says SOURCE.
    """

    name: str
    groups: tuple[str, ...]
    text: str
    start_ms: int
    end_ms: int
    limit: int = MOST_ROWS

    @property
    def label(self) -> str:
        """The name and the log groups, for messages."""
        more = f" and {len(self.groups) - 1} more" if len(self.groups) > 1 else ""
        return f"the Logs Insights query for {self.name}" + (f" on {self.groups[0]}{more}" if self.groups else "")


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of a query; `is_cut` says that its limit was reached. `error`: why there is no answer."""

    query: Query
    rows: tuple[Row, ...] = ()
    scanned_bytes: float = 0.0
    is_cut: bool = False
    error: MonitorError | None = None

    @property
    def result(self) -> LogResult:
        """The rows as a table: the columns of all rows, since a row leaves out the fields that it does not have."""
        columns = tuple(dict.fromkeys(name for row in self.rows for name in row))
        return LogResult(columns, tuple(tuple(row.get(name) for name in columns) for row in self.rows))


@dataclass(slots=True, eq=False)
class _Running:
    query: Query
    query_id: str
    started_ms: int
    polls: int = 0


def run_query(connection: Connection, query: Query, *, polling: QueryPolling, clock: Clock | None = None) -> Answer:
    """The answer of one query. It is stopped when the caller leaves, Ctrl-C included.

    Raises:
        RefusedError: AWS refused the query, or the query failed.
        UnreachableError: there was no answer before the deadline.
    """
    with closing(_run(connection, [query], polling, clock or SystemClock(), halve=False)) as answers:
        answer = next(answers)
    if answer.error is not None:
        raise answer.error
    return answer


def run_queries(
    connection: Connection, queries: Sequence[Query], *, polling: QueryPolling = BULK, clock: Clock | None = None
) -> closing[Generator[Answer]]:
    """A context of the answers, each as soon as it is there; eight queries run at once.

    A batch of groups of which one is refused or absent is halved until that one stands alone: its Answer has the
    error, the others have theirs. Whatever still runs when the context ends (by Ctrl-C too) is stopped.

    Raises:
        UnreachableError: a query had no answer before the deadline.
    """
    return closing(_run(connection, queries, polling, clock or SystemClock(), halve=True))


def _run(
    connection: Connection, queries: Sequence[Query], polling: QueryPolling, clock: Clock, *, halve: bool
) -> Generator[Answer]:
    waiting, running = list(reversed(queries)), list[_Running]()
    try:
        while waiting or running:
            while waiting and len(running) < _AT_ONCE:
                query = waiting.pop()
                try:
                    running.append(_Running(query, _start(connection, query), clock.now_ms()))
                except UnreachableError:
                    if not running:
                        raise
                    # Too many queries at once in this account: when one of ours has ended there is room.
                    waiting.append(query)
                    break
                except (NotFoundError, DeniedError) as error:
                    if not halve or len(query.groups) <= 1:
                        yield Answer(query, error=error)
                        continue
                    half = len(query.groups) // 2
                    waiting += [replace(query, groups=part) for part in (query.groups[half:], query.groups[:half])]
            if running:
                clock.sleep(polling.wait_s(min(one.polls for one in running)))
            for one in list(running):
                answer = _poll(connection, one)
                if answer is not None:
                    running.remove(one)
                    yield answer
                elif clock.now_ms() - one.started_ms >= polling.deadline_s * 1000:
                    raise _too_slow(one.query, polling)
    finally:
        for one in running:
            _stop(connection, one)


def _start(connection: Connection, query: Query) -> str:
    groups = {"logGroupNames": list(query.groups)} if query.groups else {}
    answer = connection.call(
        "logs",
        "StartQuery",
        startTime=query.start_ms // 1000,
        endTime=math.ceil(query.end_ms / 1000),
        queryString=query.text,
        limit=query.limit,
        **groups,
    )
    return str(answer["queryId"])


def _poll(connection: Connection, one: _Running) -> Answer | None:
    """The answer, None while the query runs."""
    one.polls += 1
    page = connection.call("logs", "GetQueryResults", queryId=one.query_id)
    status = page.get("status", "Unknown")
    if status in _RUNNING:
        return None
    query = one.query
    if status != "Complete":
        error = UnreachableError if status == "Timeout" else RefusedError
        message = f"{query.label} ended as {status}"
        return Answer(query, error=error(message, "give a shorter --since, or try again"))
    scanned = float(page.get("statistics", {}).get("bytesScanned", 0.0))
    rows = _rows(page)
    while (token := page.get("nextToken")) and len(rows) < query.limit:
        page = connection.call("logs", "GetQueryResults", queryId=one.query_id, nextToken=token)
        if not page.get("results"):
            break
        rows += _rows(page)
    return Answer(query, tuple(rows[: query.limit]), scanned, len(rows) >= query.limit)


def _stop(connection: Connection, one: _Running) -> None:
    try:
        connection.call("logs", "StopQuery", queryId=one.query_id)
    except MonitorError as error:
        # A query that has ended in the meantime needs no message.
        connection.warn_denied(error, "a query that nobody waits for runs to its end")


def _too_slow(query: Query, polling: QueryPolling) -> UnreachableError:
    minutes = polling.deadline_s / 60
    return UnreachableError(f"{query.label} took longer than {minutes:g} minutes", "give a shorter --since")


def _rows(page: dict[str, Any]) -> list[Row]:
    return [
        {field.get("field", ""): field["value"] for field in row if "value" in field and field.get("field") != _POINTER}
        for row in page.get("results", [])
    ]


def row_time_ms(text: str) -> int | None:
    """Epoch milliseconds of `@timestamp` as Insights writes it (`2026-11-23 02:48:41.886`, UTC), or of a number."""
    try:
        if text.replace(".", "", 1).isdigit():
            return int(float(text))
        return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
