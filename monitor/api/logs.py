"""Functions that read logs: what was logged, cold starts, failures, one invocation."""

from monitor.api.account import Account, Time, check_texts, opened
from monitor.api.model import ColdStarts, Rows
from monitor.coldstarts.model import By
from monitor.errors import UsageError
from monitor.kernel.function import FunctionInfo
from monitor.logs.errors.model import FailureGroup
from monitor.records.event import LogEvent, Notice, Pulse
from monitor.traces.model import ShownInvocation

_MOST_EVENTS = 10_000


def functions(pattern: str = "*", *, account: Account | None = None) -> Rows[FunctionInfo]:
    """The functions whose name matches `pattern`, in each region of the account. Values of variables are not read.

    Raises:
        NotFoundError: no function matches.
    """
    call = opened(account, None, None, "1h")
    infos = (target.info for _, target in call.located((pattern,)))
    return Rows(tuple(info for info in infos if info is not None), tuple(call.notes))


def tail(
    *targets: str,
    since: Time = "15m",
    until: Time | None = None,
    filter_pattern: str = "",
    limit: int = _MOST_EVENTS,
    account: Account | None = None,
) -> Rows[LogEvent]:
    """The last `limit` log events of the window, oldest first. `filter_pattern` is CloudWatch's own syntax.

    Raises:
        NotFoundError: a target does not exist.
    """
    from collections import deque

    from monitor.logs.follow.polling import PollSettings
    from monitor.logs.tail.workflow import Tail, TailPlan
    from monitor.logs.workflow_reading import open_located

    call = opened(account, since, until, "15m")
    reading = open_located(call.located(_named(targets)), filter_pattern)
    kept: deque[LogEvent] = deque(maxlen=limit)
    read = 0
    for item in Tail(reading, TailPlan(call.window, False, PollSettings(), filter_pattern=filter_pattern)):
        if isinstance(item, Notice):
            call.notes.append(item.text)
        elif not isinstance(item, Pulse):
            kept.extend(item)
            read += len(item)
    if read > limit:
        call.notes.append(f"{read - limit:,} earlier events of the window are left out by the limit of {limit:,}")
    return Rows(tuple(kept), tuple(call.notes))


def coldstarts(
    *targets: str,
    since: Time = "1d",
    until: Time | None = None,
    by: str | None = None,
    account: Account | None = None,
) -> ColdStarts:
    """The cold starts of functions, or of every function without a target, from their logs.

    The log is read event by event. Logs Insights, which bills by the GB scanned, is not used.

    Raises:
        NotFoundError: a target does not exist.
        UsageError: `by` is not a way to group cold starts.
    """
    from monitor.coldstarts.workflow import read_cold_starts
    from monitor.logs.workflow_reading import open_located

    if by is not None and by not in {one.value for one in By}:
        raise UsageError(f"cold starts are not grouped by {by!r}", f"one of {', '.join(one.value for one in By)}")
    call = opened(account, since, until, "1d")
    reading = open_located(call.located(targets))
    report = read_cold_starts(reading, call.window, "scan", lambda _: None, By(by) if by else None)
    unread = (f"{one.name} could not be read: {one.message}" for one in report.unavailable)
    notes = tuple(dict.fromkeys((*call.notes, *reading.notices, *unread, *([report.reason] if report.reason else ()))))
    return ColdStarts(
        Rows(report.summaries, notes),
        Rows(report.cold_starts, notes),
        Rows(report.imports, notes),
        Rows(report.groups, notes),
        report.engine,
        notes,
    )


def errors(
    *targets: str, since: Time = "1d", until: Time | None = None, account: Account | None = None
) -> Rows[FailureGroup]:
    """The failures of functions, grouped by cause, the most frequent first.

    Raises:
        NotFoundError: a target does not exist.
    """
    from monitor.logs.errors.workflow import failures
    from monitor.logs.workflow_reading import open_located

    call = opened(account, since, until, "1d")
    reading = open_located(call.located(_named(targets)))
    groups: tuple[FailureGroup, ...] = ()
    for update in failures(reading, call.window, follows=False, seen=lambda _: None):
        if isinstance(update, Notice):
            call.notes.append(update.text)
        else:
            groups = update.groups
    return Rows(groups, tuple(dict.fromkeys((*call.notes, *reading.notices))))


def show(
    which: str, *targets: str, since: Time = "1d", until: Time | None = None, account: Account | None = None
) -> ShownInvocation:
    """One invocation: `which` is a request id or the start of one, `latest` or `slowest-cold`.

    Raises:
        NotFoundError: there is no such invocation in the window.
    """
    from monitor.logs.workflow_reading import open_located
    from monitor.traces.workflow_show import show_invocation

    call = opened(account, since, until, "1d")
    check_texts(which)
    return show_invocation(open_located(call.located(_named(targets))), which, call.window)


def _named(targets: tuple[str, ...]) -> tuple[str, ...]:
    if not targets:
        raise UsageError("no target was given", "give a function name, name:alias, an ARN, or a glob such as 'ai-*'")
    return targets
