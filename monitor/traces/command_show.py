"""`monitor traces show`: one trace as text, JSON, an HTML page, or OTLP."""

from typing import TYPE_CHECKING

import click

from monitor.console.deployment import since_deploy
from monitor.console.option_rules import CONNECTION, JSON, excludes
from monitor.console.options import (
    complete_request_ids,
    connection_options,
    output_option,
    target_argument,
    window_options,
)
from monitor.console.output import echo, emit_json, note, progress, style, suggest
from monitor.console.page_output import PageOutput, page_options
from monitor.console.settings import Settings, pass_settings
from monitor.errors import NotFoundError, UsageError
from monitor.kernel.target import TargetSelection
from monitor.traces.command_options import examine_option, say

if TYPE_CHECKING:
    from monitor.console.text import Style
    from monitor.traces.model import ShownInvocation, ShownTrace

_EXAMINED = 500
_OTLP = "-o otlp"


@click.command(name="show")
@excludes("--from", *CONNECTION, "--logs", "--examine", hint="a file of traces is all that --from reads")
@excludes("--all", "--max-rows")
@excludes((JSON, "-o html", _OTLP), "--all", "--max-rows", hint="only -o text leaves rows out")
@excludes(_OTLP, "--logs")
@excludes(_OTLP, "--utc", unless=("--since", "--until"))
@click.argument(
    "which",
    metavar="TRACE-ID|REQUEST-ID|latest|slowest-cold",
    required=False,
    shell_complete=complete_request_ids,
)
@target_argument(required=False)
@click.option("--logs", is_flag=True, help="Show the log lines of the invocation too.")
@click.option(
    "--max-rows",
    type=click.IntRange(5),
    default=60,
    show_default=True,
    metavar="N",
    help="With text output, show only the N most important rows: failed, on the critical path, or slow.",
)
@click.option("--all", "every", is_flag=True, help="With text output, show every row.")
@examine_option(_EXAMINED)
@click.option("--from", "source", metavar="FILE", help="Read saved traces from FILE, or from stdin for -.")
@page_options
@window_options(default="1d")
@output_option("text", "json", "html", "otlp")
@connection_options
@pass_settings
def show_command(
    settings: Settings,
    which: str | None,
    target: str | None,
    logs: bool,
    max_rows: int,
    every: bool,
    examine: int,
    source: str | None,
    page: PageOutput,
    since: str | None,
    until: str | None,
    utc: bool,
    output: str,
) -> None:
    """Show one trace as a waterfall. A TARGET is required unless you give a trace ID.

    \b
    monitor traces show slowest-cold my-function --logs
    monitor traces show 1-6566a1b2-0123456789abcdef01234567 -o html --open
    monitor traces show latest my-function -o otlp | curl -d @- -H 'Content-Type: application/json' \\
        http://127.0.0.1:4318/v1/traces
    monitor traces show --from saved.json
    """
    from monitor.traces.model import ShownTrace

    page.check(output)
    shown: ShownTrace | ShownInvocation
    if source is not None:
        if target is not None:
            raise UsageError("TARGET and --from cannot be used together", "leave one of them out")
        from monitor.traces.analyze_waterfall import lay_out
        from monitor.traces.workflow_file import choose_trace, read_file

        within = settings.explicit_window(since, until, utc=utc)
        shown = lay_out(choose_trace(read_file(source, within), which, "stdin" if source == "-" else source))
    else:
        if which is None:
            raise UsageError("no trace was given", "e.g. `monitor traces show latest my-function`, or give --from FILE")
        from monitor.traces.workflow_show import show_trace

        _check_window(which, examine, since or until)
        since = since_deploy(settings, since, TargetSelection((target,) if target else ()))
        window = settings.window(since, until, utc=utc, default="1d")
        with progress("reading the trace"):
            shown = show_trace(settings.connection(), which, target, window, logs=logs, examine=examine)
    if not isinstance(shown, ShownTrace):
        _untraced(shown, settings, utc, output)
        return
    say(shown.notes)
    _print(shown, settings, utc, output, None if every else max_rows, page)


def _check_window(which: str, examine: int, window: str | None) -> None:
    """Refuse what only chooses among traces where one is named.

    Raises:
        UsageError: such an option was given.
    """
    from monitor.kernel.console_pages import is_trace_id
    from monitor.logs.workflow_find import SLOWEST_COLD

    if window and is_trace_id(which):
        raise UsageError("--since and --until have no effect with a trace id", "leave them out")
    if examine != _EXAMINED and which != SLOWEST_COLD:
        raise UsageError("--examine has no effect without slowest-cold", "leave it out")


def _untraced(shown: "ShownInvocation", settings: Settings, utc: bool, output: str) -> None:
    """Show a request without a trace: its log, and the reason why there is no trace."""
    from monitor.kernel.missing import Missing

    reason = shown.trace.reason if isinstance(shown.trace, Missing) else ""
    if output in ("html", "otlp"):
        raise NotFoundError(
            f"request {shown.invocation.request_id} has no trace: {reason}", "use -o text to show its log"
        )
    note(f"monitor: request {shown.invocation.request_id} has no trace: {reason}")
    if output == "json":
        emit_json(shown)
        return
    from monitor.traces.command_invocation import print_invocation

    print_invocation(shown, settings, utc)


def _print(
    shown: "ShownTrace", settings: Settings, utc: bool, output: str, max_rows: int | None, page: PageOutput
) -> None:
    if output == "json":
        emit_json(shown)
        return
    if output == "otlp":
        from monitor.traces.render_otlp import render_otlp

        page.put(render_otlp(shown.trace), "trace.json")
        return
    in_utc = settings.zone(utc=utc) is not None
    if output == "html":
        from monitor.console.text import Style
        from monitor.traces.render_html import render_html

        log = _log(shown, settings, utc, Style(width=10_000))
        page.put(render_html(shown, utc=in_utc, log=log), "trace.html")
        return
    from monitor.logs.render_invocation import heading
    from monitor.traces.render import render_waterfall

    look = style()
    echo(render_waterfall(shown.waterfall, shown.figures, look, utc=in_utc, max_rows=max_rows))
    lines = _log(shown, settings, utc, look)
    if lines:
        echo("\n" + heading("Log", look))
        for line in lines:
            echo(line)
    if function := getattr(shown.invocation, "function", ""):
        words = ["monitor", "traces", "compare", function]
        suggest(words, "cold and warm traces side by side", same_window=True)


def _log(shown: "ShownTrace", settings: Settings, utc: bool, look: "Style") -> list[str]:
    """The log lines of the invocation, or the reason why they are not available."""
    from monitor.kernel.missing import Missing
    from monitor.logs.render_events import TailRenderer
    from monitor.records.message import parse_message

    if shown.invocation is None:
        return []
    if isinstance(shown.invocation, Missing):
        return [shown.invocation.reason]
    renderer = TailRenderer(look, settings.zone(utc=utc), {}, fold=True)
    texts = (renderer.render(event, parse_message(event.message)) for event in shown.invocation.events)
    return [text for text in texts if text is not None]
