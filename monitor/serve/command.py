"""`monitor serve`: one live page on 127.0.0.1."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import click

from monitor.console.ending import ENDING
from monitor.console.options import options_without_timeout, targets_argument
from monitor.console.output import echo, note, progress
from monitor.console.selection import tag_option
from monitor.console.settings import Settings, pass_settings
from monitor.errors import ExitCode, UsageError
from monitor.kernel.target import TargetSelection

if TYPE_CHECKING:
    from monitor.aws.connection import Connection
    from monitor.serve.web.app import Site
    from monitor.serve.workflow_live import Feeds

# A fixed port keeps the addresses of views the same from day to day.
DEFAULT_PORT = 4577
_CALLS_PER_HOUR = 20_000
_FIRST_COLD, _FIRST_WARM = 2, 3


@click.command(name="serve")
@targets_argument(required=False)
@tag_option
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    default=DEFAULT_PORT,
    show_default=True,
    help="Port; 0 chooses a free one.",
)
@click.option(
    "--open/--no-open",
    "opens",
    default=None,
    help="Open the page in the browser.  [default: open it when run from a terminal, if a display is available]",
)
@click.option(
    "--calls-per-hour",
    type=click.IntRange(1),
    default=_CALLS_PER_HOUR,
    show_default=True,
    metavar="N",
    help="Stop calling AWS after N calls in an hour. The page shows the count.",
)
@click.option("--utc", is_flag=True, help="Show times in UTC.")
@options_without_timeout
@pass_settings
def command(
    settings: Settings,
    targets: tuple[str, ...],
    tags: tuple[str, ...],
    port: int,
    opens: bool | None,
    calls_per_hour: int,
    utc: bool,
) -> None:
    """Show functions, their live log, cold starts, traces, dashboards, and diagnoses on a live web page.

    The page is served only on 127.0.0.1, and only to someone who has the printed URL. It changes nothing in the
    account. Without TARGETs it shows all functions in the Region. Press Ctrl-C to stop.

    With --local, if no embedded stack is running, the command starts its own with the example function on it.

    \b
    monitor serve --local                 no AWS account needed: an example function and its cold starts
    monitor serve                         all functions in the Region
    monitor serve 'ai-*' --region eu-west-1
    monitor serve my-function --port 8080 --no-open
    """
    from monitor.console.page_output import opens_browser

    _require_libraries()
    selection = TargetSelection(targets, every=not targets and not tags, tags=tags)
    with ExitStack() as stack:
        connection = stack.enter_context(_connected(settings, selection))
        site, feeds = _site(settings, connection, selection, calls_per_hour, utc=utc)
        _serve(site, feeds, port, opens=opens_browser() if opens is None else opens)
        # A stack of the page's own ends by itself. Waiting for it would take longer than a Ctrl-C may.
        ENDING.finish(ExitCode.OK)


def _require_libraries() -> None:
    """Refuse to start without the libraries of the extra `serve`.

    Raises:
        UsageError: one is not installed.
    """
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in ("starlette", "hypercorn")):
        raise UsageError("`monitor serve` needs starlette and hypercorn", "pip install 'lambda-monitor[serve]'")


@contextmanager
def _connected(settings: Settings, selection: TargetSelection) -> "Iterator[Connection]":
    """The connection of the page: to AWS, to the embedded stack that is up, or to a stack that ends with the page."""
    if not _needs_stack(settings):
        yield settings.connection()
        return
    from monitor.console.embedded_stack import can_start_stack, temporary_stack

    if not can_start_stack():
        raise UsageError("the embedded stack is not installed", "pip install 'lambda-monitor[local]'")
    note("monitor: no embedded stack is up: starting one for this page")
    with temporary_stack() as temporary:
        connection = temporary.in_region(settings.local_regions()[0])
        if selection.every:
            _drive_example(connection)
        yield connection


def _needs_stack(settings: Settings) -> bool:
    if not settings.is_local or os.environ.get("MONITOR_LOCAL_ENDPOINT"):
        return False
    from monitor.local.server.registry import read_all

    return not read_all()


def _drive_example(connection: "Connection") -> None:
    """Deploy the example and invoke it, so that the page has real cold starts to show."""
    from monitor.aws.deploy import drive
    from monitor.run.workflow import EXAMPLE, example_folder, put_up

    with progress(f"packaging {EXAMPLE}"):
        put_up(connection, EXAMPLE, example_folder())
    event = (example_folder() / "events" / "analyze.json").read_bytes()
    with progress(f"invoking {EXAMPLE}", total=_FIRST_COLD + _FIRST_WARM) as bar:
        for _ in drive(connection, EXAMPLE, event, cold=_FIRST_COLD, warm=_FIRST_WARM, concurrency=1):
            bar.advance()
    note(f"monitor: {EXAMPLE} was deployed to it and ran: {_FIRST_COLD} cold starts, {_FIRST_WARM} warm invocations")


def _site(
    settings: Settings, connection: "Connection", selection: TargetSelection, calls_per_hour: int, *, utc: bool
) -> "tuple[Site, Feeds]":
    from monitor.console.spending import ASK_ABOVE_USD
    from monitor.kernel.clock import SystemClock
    from monitor.serve.web.app import Site
    from monitor.serve.web.running import feeds_of
    from monitor.serve.workflow_account import Account
    from monitor.serve.workflow_budget import Budget

    limit_usd = settings.spending_limit_usd(ASK_ABOVE_USD)
    budget = Budget(SystemClock(), calls_per_hour, limit_usd, free=connection.local)
    connection.on_call = budget.spend
    account = Account(connection, selection, budget.pace_s, settings.origin)
    # What cannot be read at all is said here, not only on the page.
    account.located()
    feeds = feeds_of(account, settings.zone(utc=utc))
    return Site(account, feeds, budget, settings, utc=utc), feeds


def _serve(site: "Site", feeds: "Feeds", port: int, *, opens: bool) -> None:
    """Serve until Ctrl-C, or until an error that nobody foresaw ends what the page shows."""
    from monitor.serve.web.running import running

    try:
        with running(site, feeds, port) as page, ExitStack() as stack:
            echo(page.address)
            sys.stdout.flush()
            note("Open this URL in a browser on this machine. Press Ctrl-C to stop.")
            if opens:
                stack.enter_context(_opened(page.address))
            page.server.wait(lambda: feeds.failure)
    except KeyboardInterrupt:
        note("Stopped")


@contextmanager
def _opened(address: str) -> Iterator[None]:
    """Open the address in a browser. A private file leads there: other users can read the arguments of processes."""
    import webbrowser
    from html import escape

    from monitor.console.temporary import temporary_folder

    with temporary_folder() as folder:
        page = folder / "open.html"
        page.write_text(f'<!doctype html><meta http-equiv="refresh" content="0; url={escape(address)}">\n')
        if not webbrowser.open(page.as_uri()):
            note("monitor: no browser could be opened")
        yield
