"""CloudWatch Logs Insights: queries started, polled, paged, and stopped when nobody waits for them any more.

Limits (CloudWatch Logs quotas): 50 named groups and 60 minutes a query, 30 to 100 queries at once, 10,000 rows a page,
100,000 a query. Billed by what is scanned.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from monitor.aws.connection import Connection
from monitor.errors import DeniedError, MonitorError, NotFoundError, RefusedError, UnreachableError

GROUPS_A_QUERY = 50
MOST_ROWS = 100_000
# Well below the quota, which others in the account share.
_AT_ONCE = 8
_POLL_S = (0.25, 0.5, 1.0, 2.0)
_RUNNING = ("Scheduled", "Running", "Unknown")
_HOUR_OF_POLLS = 1_800

Row = dict[str, str]
Sleep = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Query:
    """One query over at most 50 log groups, from `start_ms` to `end_ms`, both included to the second."""

    groups: tuple[str, ...]
    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query came to; `rows` is cut at 100,000, which `is_cut` says. `error`: why there is no answer."""

    query: Query
    rows: tuple[Row, ...] = ()
    scanned_bytes: float = 0.0
    is_cut: bool = False
    error: MonitorError | None = None


@dataclass(slots=True)
class _Running:
    query: Query
    query_id: str
    polls: int = 0


def run_queries(connection: Connection, queries: Sequence[Query], *, sleep: Sleep = time.sleep) -> Iterator[Answer]:
    """Each query's answer, as soon as it is there; eight run at once.

    A batch of groups of which one is refused or absent is halved until that one stands alone: its Answer has the
    error, the others have theirs. Whatever still runs when the caller stops (Ctrl-C included) is stopped.
    """
    waiting, running = list(reversed(queries)), list[_Running]()
    try:
        while waiting or running:
            while waiting and len(running) < _AT_ONCE:
                query = waiting.pop()
                try:
                    running.append(_Running(query, _start(connection, query)))
                except UnreachableError:
                    if not running:
                        raise
                    # Too many queries at once in this account: when one of ours has ended there is room.
                    waiting.append(query)
                    break
                except RefusedError as error:
                    if not isinstance(error, NotFoundError | DeniedError):
                        raise
                    if len(query.groups) == 1:
                        yield Answer(query, error=error)
                        continue
                    half = len(query.groups) // 2
                    waiting += [replace(query, groups=part) for part in (query.groups[half:], query.groups[:half])]
            done = []
            for one in running:
                answer = _poll(connection, one)
                if answer is not None:
                    done.append(one)
                    yield answer
            running[:] = [one for one in running if one not in done]
            if running and not done:
                sleep(_POLL_S[min(min(one.polls for one in running), len(_POLL_S)) - 1])
    finally:
        for one in running:
            # What has ended meanwhile cannot be stopped, and that is as well.
            with contextlib.suppress(MonitorError):
                connection.call("logs", "StopQuery", queryId=one.query_id)


def _start(connection: Connection, query: Query) -> str:
    answer = connection.call(
        "logs",
        "StartQuery",
        logGroupNames=list(query.groups),
        startTime=query.start_ms // 1000,
        endTime=-(-query.end_ms // 1000),
        queryString=query.text,
        limit=MOST_ROWS,
    )
    return str(answer["queryId"])


def _poll(connection: Connection, one: _Running) -> Answer | None:
    """The answer, None while the query runs."""
    one.polls += 1
    page = connection.call("logs", "GetQueryResults", queryId=one.query_id)
    status = page.get("status", "Unknown")
    if status in _RUNNING:
        if one.polls > _HOUR_OF_POLLS:
            raise UnreachableError("a Logs Insights query did not end within an hour", "give a shorter --since")
        return None
    if status != "Complete":
        error = UnreachableError(f"a Logs Insights query ended as {status}", "give a shorter --since, or try again")
        return Answer(one.query, error=error)
    scanned = float(page.get("statistics", {}).get("bytesScanned", 0.0))
    rows = [_row(row) for row in page.get("results", [])]
    while (token := page.get("nextToken")) and len(rows) < MOST_ROWS:
        page = connection.call("logs", "GetQueryResults", queryId=one.query_id, nextToken=token)
        if not page.get("results"):
            break
        rows += [_row(row) for row in page["results"]]
    return Answer(one.query, tuple(rows[:MOST_ROWS]), scanned, len(rows) >= MOST_ROWS)


def _row(fields: Sequence[dict[str, str]]) -> Row:
    return {field["field"]: field.get("value", "") for field in fields if field.get("field") != "@ptr"}


def row_time_ms(text: str) -> int | None:
    """Epoch milliseconds of `@timestamp` as Insights writes it (`2026-11-23 02:48:41.886`, UTC), or of a number."""
    try:
        if text.replace(".", "", 1).isdigit():
            return int(float(text))
        return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
