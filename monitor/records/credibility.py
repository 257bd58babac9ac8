"""Which platform lines cannot be Lambda's: a function can print lines that look like REPORT or INIT_START.

Lambda's own lines have an order. An execution environment has one process, which is initialized once and runs one
invocation at a time, except on managed instances. What contradicts this was printed by the function.
"""

from monitor.records.record import InitReport, InitStart, Report, RestoreReport, RestoreStart
from monitor.records.start_kinds import InitFacts

_MOST_STREAMS = 50_000
_FAILED = ("error", "failure", "timeout")
_MANAGED = "lambda-managed-instances"

Key = tuple[str, str]


class Survivors:
    """The streams whose process survived its last invocation, and the request id of that invocation."""

    def __init__(self) -> None:
        self._last: dict[Key, tuple[str, bool]] = {}

    def add(self, key: Key, request_id: str, *, began: bool) -> None:
        """An invocation ended, and the process continues; `began`: its START was read."""
        if key not in self._last and len(self._last) >= _MOST_STREAMS:
            del self._last[next(iter(self._last))]
        self._last[key] = request_id, began

    def discard(self, key: Key) -> None:
        """The process ended."""
        self._last.pop(key, None)

    def last(self, key: Key) -> str | None:
        """The last request id of a process that continues; None for any other stream."""
        found = self._last.get(key)
        return None if found is None else found[0]

    def began(self, key: Key) -> bool:
        """Whether the stream was read from the START of its last invocation on, and its process continues."""
        return self._last.get(key, ("", False))[1]


def is_credible_init(
    record: InitStart | InitReport | RestoreStart | RestoreReport, init: InitFacts, start_ms: int, *, survived: bool
) -> bool:
    """Whether an init that is logged inside an invocation, which began at `start_ms`, can be the platform's.

    A process that was initialized, or that survived an invocation, is not initialized again.
    """
    if init.after_crash or any(one.status in _FAILED for one in init.reports) or init.restore_status in _FAILED:
        return True
    if isinstance(record, RestoreReport) and init.restored:
        return True
    inside = init.started_ms is not None and init.started_ms > start_ms
    if inside:
        return not isinstance(record, InitStart)
    if isinstance(record, InitReport) and record.phase != "invoke" and init.started and not init.reports:
        # The report of the init before it can come late.
        return True
    return not (survived or init.started or init.restored)


def is_of_another_init(one: InitReport, report: Report) -> bool:
    """Whether the report of a successful init names another duration than the REPORT of the invocation after it."""
    if one.init_ms is None or report.init_ms is None or one.phase == "invoke" or one.status in _FAILED:
        return False
    return abs(one.init_ms - report.init_ms) >= 1.0


def is_alone(init: InitFacts) -> bool:
    """Whether an execution environment is known to run one request at a time."""
    return init.certain and init.initialization_type != _MANAGED


def is_of_another(report: Report, init: InitFacts) -> bool:
    """Whether one of two requests that run at once was printed by a function, by the REPORT of one of them.

    Managed instances run several at once; their reports have no billed duration.
    """
    return is_alone(init) and report.billed_ms is not None
