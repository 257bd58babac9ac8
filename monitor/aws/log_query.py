"""Logs Insights: a query started, waited for, and its rows."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitor.aws.connection import Connection
from monitor.errors import RefusedError, UnreachableError
from monitor.kernel.window import Window
from monitor.records.query_result import LogResult

# Results come after 1 to 3 s as a rule; a query may run for 60 minutes, a person will not wait so long.
_FIRST_WAIT_S = 0.4
_LONGEST_WAIT_S = 3.0
_LIMIT_S = 120.0
_ROWS = 10_000
_OWN_COLUMN = "@ptr"


@dataclass(frozen=True, slots=True)
class Answered:
    """A query's rows, and how many bytes of log it read, which is what AWS bills."""

    result: LogResult
    scanned_bytes: float


def run_query(
    connection: Connection,
    query: str,
    groups: Sequence[str],
    window: Window,
    sleep: Callable[[float], None] = time.sleep,
) -> Answered:
    """The rows of `query` over `groups` (none where the query itself says SOURCE).

    Raises:
        RefusedError: the query failed, or AWS refused it.
        UnreachableError: it was not answered in two minutes.
    """
    parameters = {"logGroupNames": list(groups)} if groups else {}
    started = connection.call(
        "logs",
        "StartQuery",
        queryString=query,
        startTime=window.start_ms // 1000,
        endTime=-(-window.end_ms // 1000),
        limit=_ROWS,
        **parameters,
    )
    waited_s, wait_s = 0.0, _FIRST_WAIT_S
    while waited_s < _LIMIT_S:
        sleep(wait_s)
        waited_s += wait_s
        wait_s = min(wait_s * 1.5, _LONGEST_WAIT_S)
        answer = connection.call("logs", "GetQueryResults", queryId=started["queryId"])
        status = answer.get("status", "Unknown")
        if status == "Complete":
            rows = [{one.get("field", ""): one.get("value") for one in row} for row in answer.get("results", [])]
            return Answered(_result(rows), float(answer.get("statistics", {}).get("bytesScanned", 0.0)))
        if status not in ("Scheduled", "Running", "Unknown"):
            raise RefusedError(f"the query ended as {status}", "try it in the console, or a shorter --since")
    try:
        connection.call("logs", "StopQuery", queryId=started["queryId"])
    except RefusedError as error:
        connection.go_without(error, "a query that takes too long is left to run to its end")
    raise UnreachableError("Logs Insights did not answer in two minutes", "a shorter --since reads less")


def _result(rows: list[dict[str, str | None]]) -> LogResult:
    # A row leaves out the fields that it does not have: the columns are those of all rows, in their order.
    columns = [name for name in dict.fromkeys(name for row in rows for name in row) if name != _OWN_COLUMN]
    return LogResult(tuple(columns), tuple(tuple(row.get(name) for name in columns) for row in rows))
