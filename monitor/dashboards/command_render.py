"""`monitor dashboard render`: a dashboard with its data, as an HTML page or a PNG."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.console.option_rules import needs
from monitor.console.options import complete_dashboards, connection_options, output_option
from monitor.console.output import note, progress
from monitor.console.settings import Settings, pass_settings
from monitor.dashboards.command_options import function_option, set_option, wrapped_option
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.dashboards.board.model import Board

_WIDTH_PX = 1600


def in_file(arguments: tuple[str, ...], wrapped: str | None) -> tuple[tuple[str, ...], str]:
    """The files that `--in` reads, and the name of the dashboard, or "" for any.

    `FILE --in NAME` and `--in FILE NAME` are the same: an option with an optional value takes what follows it.
    """
    from monitor.dashboards.body.builtin import names_a_file

    if wrapped and not arguments and names_a_file(wrapped) and not Path(wrapped).exists():
        raise UsageError(f"no such file: {wrapped}", "check the path")
    if not wrapped or (arguments and Path(arguments[0]).is_file() and not Path(wrapped).is_file()):
        return arguments, wrapped or ""
    if not Path(wrapped).is_file():
        return arguments, wrapped
    names = [one for one in arguments if not Path(one).is_file()]
    if len(names) > 1:
        raise UsageError("several names for --in", "give one NAME")
    files = tuple(one for one in arguments if one not in names)
    return (wrapped, *files), names[0] if names else ""


@click.command(short_help="Render a dashboard with its data as HTML or PNG.")
@needs("--until", "--since", hint="give both, or neither to use the time range of the dashboard")
@click.argument("source", required=False, metavar="[NAME|TEMPLATE|FILE]", shell_complete=complete_dashboards)
@wrapped_option
@function_option
@set_option
@click.option("--since", metavar="TIME", help="Start of the time range.  [default: set by the dashboard]")
@click.option("--until", metavar="TIME", help="End of the time range.  [default: now]")
@click.option("--utc", is_flag=True, help="Read and show times in UTC.")
@click.option("--out", metavar="FILE", type=click.Path(dir_okay=False), help="Write to FILE; - is stdout.")
@click.option("--theme", type=click.Choice(["auto", "light", "dark"]), default="auto", help="Colors of the page.")
@click.option("--native", is_flag=True, help="Let CloudWatch draw the metric widgets.")
@click.option(
    "--engine",
    type=click.Choice(["auto", "scan", "insights"]),
    default="auto",
    help="Query log widgets with Logs Insights, or read the log and evaluate the query locally.",
)
@output_option("html", "png")
@connection_options
@pass_settings
def render(
    settings: Settings,
    source: str | None,
    wrapped: str | None,
    functions: tuple[str, ...],
    overrides: tuple[str, ...],
    since: str | None,
    until: str | None,
    utc: bool,
    out: str | None,
    theme: str,
    native: bool,
    engine: str,
    output: str,
) -> None:
    """Render a dashboard with its data as one self-contained HTML page, or as a PNG.

    The default is the template lambda-cold-starts. NAME is a dashboard in the account; templates and files do not need
    to be deployed. Log widgets use Logs Insights, which is billed by the GB it reads; --engine scan is free.

    \b
    monitor dashboard render --function my-function --since 6h
    monitor dashboard render my-dashboard -o png --out board.png
    """
    from monitor.dashboards.board.workflow import RenderRequest, draw
    from monitor.dashboards.body.builtin import DEFAULT, check_source
    from monitor.dashboards.command_deploy import parse_overrides

    if source and wrapped is None:
        check_source(source)
    browser = _browser() if output == "png" else None
    window = settings.window(since, until, utc=utc, default="3h") if since else None
    files, chosen = in_file((source,) if source else (), wrapped)
    if wrapped is not None and not files:
        raise UsageError("--in needs a file", "give FILE --in [NAME]")
    wanted = RenderRequest(
        files[0] if wrapped is not None else source or DEFAULT,
        functions,
        tuple(parse_overrides(overrides)),
        window,
        native,
        engine,
        chosen if wrapped is not None else None,
    )
    with progress("rendering widgets") as bar:
        board = draw(settings.connection(), wanted, _now_ms(), tell=note, advance=bar.advance)
    in_utc = settings.zone(utc=utc) is not None
    content = _png(board, browser, theme, in_utc) if browser else _html(board, theme, in_utc)
    from monitor.console.files import write_file

    target = out or f"{board.name}.{output}"
    if target == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    else:
        write_file(target, content)
    _report(board, target)


def _now_ms() -> int:
    import time

    return time.time_ns() // 1_000_000


def _browser() -> str:
    from monitor.console.screenshot import find_browser

    return find_browser()


def _html(board: "Board", theme: str, utc: bool) -> bytes:
    from monitor.dashboards.board.render_page import render_page

    return render_page(board, utc=utc, theme="" if theme == "auto" else theme).encode()


def _png(board: "Board", browser: str, theme: str, utc: bool) -> bytes:
    from monitor.console.screenshot import MOST_PX, screenshot
    from monitor.dashboards.board.render_page import render_page, still_height_px

    html = render_page(board, utc=utc, theme="light" if theme == "auto" else theme, still=True)
    height_px = still_height_px(board)
    if height_px > MOST_PX:
        note(f"note: the image ends after {MOST_PX:,} of {height_px:,} pixels; -o html shows everything")
    return screenshot(browser, html, _WIDTH_PX, min(height_px, MOST_PX))


def _report(board: "Board", target: str) -> None:
    from monitor.dashboards.board.model import Alarms, Unavailable

    for one in board.notes:
        note(f"note: {one}")
    missing = [widget for widget in board.widgets if isinstance(widget.content, Unavailable)]
    for widget in missing:
        assert isinstance(widget.content, Unavailable)
        note(f"not shown: {widget.title or widget.kind or 'a widget'}: {widget.content.reason}")
    for widget in board.widgets:
        states = widget.content.states if isinstance(widget.content, Alarms) else ()
        gone = [f"alarm {one.name} not found" for one in states if not one.state]
        for text in (*widget.notes, *gone):
            note(f"note: {widget.title or widget.kind or 'a widget'}: {text}")
    drawn = len(board.widgets) - len(missing)
    where = "" if target == "-" else f" to {target}"
    note(f"rendered {drawn} of {len(board.widgets)} widgets of {board.name}{where}")
