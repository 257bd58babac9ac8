"""The options of `monitor tail`, and the value that they become."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from monitor.console.durations import DURATION
from monitor.console.selection import tag_option
from monitor.errors import UsageError
from monitor.kernel.values import dataclass

F = TypeVar("F", bound=Callable[..., Any])

_LEVELS = ("debug", "info", "warning", "error", "critical")


@dataclass(frozen=True, slots=True, kw_only=True)
class TailOptions:
    """The options of a tail beside its targets, its window and its output; texts as they were written."""

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

    @property
    def picks_invocations(self) -> bool:
        """Whether whole invocations are chosen, each when it has ended."""
        return bool(self.request_id or self.trace_id or self.cold or self.errors or self.slow_ms is not None)

    @property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """--grep, compiled."""
        return tuple(compiled(text, "--grep") for text in self.grep)


def compiled(text: str, option: str) -> re.Pattern[str]:
    """A regular expression.

    Raises:
        UsageError: it is none.
    """
    try:
        return re.compile(text)
    except re.error as error:
        raise UsageError(f"{option} {text!r} is no regular expression: {error}") from error


def tail_options(function: F) -> F:
    """All of them; the command receives them as keywords, as `TailOptions` takes them."""
    for decorate in reversed(_OPTIONS):
        function = decorate(function)
    return function


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--grep", metavar="REGEX", multiple=True, help="Only lines that match; highlighted."),
    click.option("--exclude", metavar="REGEX", multiple=True, help="No lines that match."),
    click.option("--level", type=click.Choice(_LEVELS), help="Lines of this level and above; platform failures too."),
    click.option("--request-id", metavar="ID", multiple=True, help="Only this invocation, whole."),
    click.option("--trace-id", metavar="ID", multiple=True, help="Only the invocations of this X-Ray trace."),
    click.option("--cold", is_flag=True, help="Only cold starts, each whole when it has ended."),
    click.option("--errors", is_flag=True, help="Only invocations that failed or logged an error."),
    click.option(
        "--slow", "slow_ms", type=DURATION, metavar="TIME", help="Only invocations of at least this long, e.g. 500ms."
    ),
    click.option("--fields", metavar="A,B", help="Of JSON lines, only these members beside the message."),
    click.option("--query", metavar="JMESPATH", help="Of JSON lines, what this expression gives; others are left out."),
    click.option("--context", type=click.IntRange(0, 1000), default=0, metavar="N", help="N lines around a match."),
    click.option("--invocations", is_flag=True, help="One line an invocation."),
    click.option("--no-fold", is_flag=True, help="Every line as it was logged, START and END too."),
    click.option("--until-match", metavar="REGEX", help="End when a line matches: exit 0, or 1 after --timeout."),
    click.option(
        "--timeout",
        "timeout_ms",
        type=DURATION,
        metavar="TIME",
        help="End after this long. With --until-match the default is 60s.",
    ),
    click.option(
        "--checkpoint", type=click.Path(dir_okay=False, path_type=Path), help="Go on where the last run ended."
    ),
    click.option(
        "--save", type=click.Path(dir_okay=False, path_type=Path), help="Append what is shown, as JSON lines."
    ),
    click.option(
        "--live",
        type=click.Choice(("off", "auto", "on")),
        is_flag=False,
        flag_value="on",
        default="off",
        help="StartLiveTail joined with polling; about $0.01 a minute.  [default: off]",
    ),
    click.option(
        "--lateness",
        "lateness_ms",
        type=DURATION,
        default="60s",
        metavar="TIME",
        show_default=True,
        help="How late an event may become visible.",
    ),
    click.option(
        "--reorder",
        "reorder_ms",
        type=DURATION,
        default="2s",
        metavar="TIME",
        show_default=True,
        help="Hold back for order; 0 for none.",
    ),
    tag_option,
)
