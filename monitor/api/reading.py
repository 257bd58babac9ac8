"""Functions that read metrics, traces, packages, and all of them together."""

from pathlib import Path
from typing import TYPE_CHECKING

from monitor.api.account import Account, Time, check_texts, opened
from monitor.api.model import Rows
from monitor.kernel.jsonable import Json, jsonable

if TYPE_CHECKING:
    from monitor.dashboards.board.model import Board
    from monitor.diagnose.model import Diagnosis
    from monitor.kernel.dashboard import DashboardInfo
    from monitor.packages.model import PackageReport
    from monitor.records.metric import FunctionMetrics
    from monitor.traces.model import ListedTrace, ShownInvocation, ShownTrace

_EXAMINED = 200


def metrics(
    *targets: str, since: Time = "1h", until: Time | None = None, account: Account | None = None
) -> "Rows[FunctionMetrics]":
    """CloudWatch's metrics of functions, or of every function without a target. They appear 1 to 3 minutes late.

    Raises:
        NotFoundError: a target does not exist.
        UsageError: a target is a log group.
    """
    from monitor.metrics.workflow import function_metrics

    call = opened(account, since, until, "1h")
    found = call.located(targets)
    rows: list[FunctionMetrics] = []
    for connection in dict.fromkeys(connection for connection, _ in found):
        rows += function_metrics(connection, [target for one, target in found if one is connection], call.window)
    return Rows(tuple(rows), tuple(call.notes))


def traces(
    target: str,
    *,
    since: Time = "1h",
    until: Time | None = None,
    cold: bool = False,
    limit: int = 20,
    account: Account | None = None,
) -> "Rows[ListedTrace]":
    """The newest X-Ray traces of a function, newest first.

    Raises:
        NotFoundError: the function does not exist.
    """
    from monitor.records.xray.trace import TraceFilter
    from monitor.traces.workflow_find import list_traces
    from monitor.traces.workflow_source import open_source

    call = opened(account, since, until, "1h")
    check_texts(target)
    source = open_source(call.connection(), target)
    listed = list_traces(
        source, call.window, TraceFilter(cold=cold), limit=limit, examine=max(limit, _EXAMINED), explained=True
    )
    return Rows(listed.items, (*call.notes, *listed.notes))


def trace(
    which: str,
    target: str | None = None,
    *,
    since: Time = "1d",
    until: Time | None = None,
    account: Account | None = None,
) -> "ShownTrace | ShownInvocation":
    """One X-Ray trace, laid out as a waterfall; for a request without a trace, its invocation.

    `which` is the id of a trace, or, of a function, a request id, `latest` or `slowest-cold`.

    Raises:
        NotFoundError: there is no such trace or request in the window.
        UsageError: `which` needs a target.
    """
    from monitor.traces.workflow_show import show_trace

    call = opened(account, since, until, "1d")
    check_texts(which, *([] if target is None else [target]))
    return show_trace(call.connection(), which, target, call.window)


def diagnose(
    target: str, *, since: Time = "1d", until: Time | None = None, account: Account | None = None
) -> "Diagnosis":
    """Why a function starts slowly and what to change, ranked by the expected saving. Nothing is changed.

    `evidence.sources` of the result says what was read and what was not.

    Raises:
        NotFoundError: there is no such function.
    """
    from monitor.diagnose.analyze import diagnose as ranked
    from monitor.diagnose.evidence.workflow import gather

    call = opened(account, since, until, "1d")
    check_texts(target)
    return ranked(gather(call.connection(), target, call.window, lambda _state: None, origin=call.settings.origin))


def inspect(subject: str | Path, *, account: Account | None = None) -> "PackageReport":
    """The deployment package of a function, a zip, a folder, a URL, or the ARN of a layer version.

    Raises:
        NotFoundError: it does not exist.
        UsageError: it is not a package, or it is damaged.
    """
    from monitor.packages.workflow import ReadOptions, read_package

    call = opened(account, None, None, "1h")
    subject = str(subject) if isinstance(subject, Path) else subject
    check_texts(subject)
    return read_package(subject, ReadOptions(call.connection))


def inspect_function(function: str, *, account: Account | None = None) -> "PackageReport":
    """The deployment package of a deployed function, never of a file or a URL.

    Raises:
        NotFoundError: there is no such function.
    """
    from monitor.packages.workflow import ReadOptions, read_function

    call = opened(account, None, None, "1h")
    return read_function(function, ReadOptions(call.connection))


def dashboards(prefix: str = "", *, account: Account | None = None) -> "Rows[DashboardInfo]":
    """The CloudWatch dashboards of the account whose names begin with `prefix`."""
    from monitor.aws.dashboards import list_dashboards

    call = opened(account, None, None, "1h")
    return Rows(tuple(list_dashboards(call.connection(), prefix)), tuple(call.notes))


def dashboard(
    name: str,
    *,
    functions: tuple[str, ...] = (),
    since: Time = "3h",
    until: Time | None = None,
    deployed: bool = False,
    account: Account | None = None,
) -> "Board":
    """A dashboard, a built-in template or a file with the data of its widgets. A template needs `functions`.

    `deployed`: only a dashboard of the account, even if a file or a template has its name.

    Logs widgets run queries of Logs Insights, which AWS bills by the GB scanned.

    Raises:
        NotFoundError: there is no such dashboard.
    """
    import time

    from monitor.dashboards.board.workflow import RenderRequest, draw

    call = opened(account, since, until, "3h")
    request = RenderRequest(name, functions, window=call.window, deployed=deployed)
    return draw(call.connection(), request, time.time_ns() // 1_000_000)


def plan_instrument(function: str, *, layer: str | None = None, account: Account | None = None) -> Json:
    """What `monitor instrument FUNCTION --apply` would change. Nothing is changed.

    Raises:
        NotFoundError: there is no such function.
    """
    from monitor.instrument.workflow import Options, prepare

    call = opened(account, None, None, "1h")
    return jsonable(prepare(call.connection(), function, Options(layer, tracing=True)).plan)
