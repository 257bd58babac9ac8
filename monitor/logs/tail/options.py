"""The options of `monitor tail`, and their values."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from monitor.console.durations import DURATION
from monitor.console.options import Count
from monitor.console.selection import tag_option
from monitor.errors import UsageError
from monitor.kernel import prices
from monitor.kernel.patterns import regular_expression
from monitor.kernel.values import dataclass

F = TypeVar("F", bound=Callable[..., Any])

_LEVELS = ("debug", "info", "warning", "error", "critical")


@dataclass(frozen=True, slots=True, kw_only=True)
class TailOptions:
    """The options of a tail, without its targets, window and output format; text as it was written."""

    grep: tuple[str, ...]
    exclude: tuple[str, ...]
    level: str | None
    request_id: tuple[str, ...]
    trace_id: tuple[str, ...]
    cold: bool
    errors: bool
    slow_ms: float | None
    fields: str | None
    query: str | None
    context: int
    invocations: bool
    no_fold: bool
    until_match: str | None
    timeout_ms: float | None
    checkpoint: Path | None
    save: Path | None
    live: str
    lateness_ms: float
    reorder_ms: float
    tags: tuple[str, ...]
    lines: int | None = None
    durable: tuple[str, ...] = ()

    @property
    def picks_invocations(self) -> bool:
        """Whether a filter selects whole invocations, which are printed when they have ended."""
        return bool(
            self.request_id or self.trace_id or self.durable or self.cold or self.errors or self.slow_ms is not None
        )

    @property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """--grep, compiled."""
        return tuple(compiled(text, "--grep") for text in self.grep)


def compiled(text: str, option: str) -> re.Pattern[str]:
    """Compile a regular expression.

    Raises:
        UsageError: the text is not a valid regular expression.
    """
    try:
        return regular_expression(text)
    except re.error as error:
        raise UsageError(f"{option} {text!r} is not a regular expression: {error}") from error


def tail_options(function: F) -> F:
    """Add all options; the command receives them as the keyword arguments of `TailOptions`."""
    for decorate in reversed(_OPTIONS):
        function = decorate(function)
    return function


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--lines", "-n", type=Count(0), help="Start with only the last N existing lines."),
    click.option("--grep", metavar="REGEX", multiple=True, help="Only lines that match; matches are highlighted."),
    click.option("--exclude", metavar="REGEX", multiple=True, help="Leave out lines that match."),
    click.option(
        "--level",
        type=click.Choice(_LEVELS),
        help="Only lines at this level or above, and failures that Lambda reports.",
    ),
    click.option("--request-id", metavar="ID", multiple=True, help="Only this invocation."),
    click.option("--trace-id", metavar="ID", multiple=True, help="Only the invocations of this X-Ray trace."),
    click.option(
        "--durable",
        metavar="ID",
        multiple=True,
        help="Only the invocations of this durable execution: its name, ID, or ARN.",
    ),
    click.option("--cold", is_flag=True, help="Only cold starts, each printed when its invocation ends."),
    click.option("--errors", is_flag=True, help="Only invocations that failed or logged an error."),
    click.option(
        "--slow",
        "slow_ms",
        type=DURATION,
        metavar="DURATION",
        help="Only invocations that took at least this long, e.g. 500ms.",
    ),
    click.option("--fields", metavar="A,B", help="For JSON lines, show the message followed by only these fields."),
    click.option(
        "--query",
        metavar="JMESPATH",
        help="Print the result of this expression for each JSON line; leave out other lines.",
    ),
    click.option(
        "--context",
        type=click.IntRange(0, 1000),
        default=0,
        metavar="N",
        help="Show N lines before and after each match.",
    ),
    click.option("--invocations", is_flag=True, help="Print one line per invocation."),
    click.option("--no-fold", is_flag=True, help="Print every line as it was logged, including START and END."),
    click.option(
        "--until-match",
        metavar="REGEX",
        help="Stop when a line matches (exit code 0), or after --timeout (exit code 1).",
    ),
    click.option(
        "--timeout",
        "timeout_ms",
        type=DURATION,
        metavar="DURATION",
        help="Stop after this long. With --until-match the default is 60s.",
    ),
    click.option(
        "--checkpoint",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Store the position in this file, and resume from it.",
    ),
    click.option(
        "--save",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Append the shown events to this file, as JSON lines.",
    ),
    click.option(
        "--live",
        type=click.Choice(("off", "auto", "on")),
        is_flag=False,
        flag_value="on",
        default="off",
        help=f"Use StartLiveTail as well as polling; about ${prices.LIVE_TAIL_MINUTE:.2f} a minute.  [default: off]",
    ),
    click.option(
        "--lateness",
        "lateness_ms",
        type=DURATION,
        default="60s",
        metavar="DURATION",
        show_default=True,
        help="How long to wait for events that reach CloudWatch Logs late.",
    ),
    click.option(
        "--reorder",
        "reorder_ms",
        type=DURATION,
        default="2s",
        metavar="DURATION",
        show_default=True,
        help="How long to hold events back to print them in order; 0 to print at once.",
    ),
    tag_option,
)
