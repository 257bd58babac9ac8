"""Options that the commands of `monitor traces` share, and the parsing of their values."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from monitor.console.durations import DURATION
from monitor.console.output import note
from monitor.errors import UsageError
from monitor.kernel.pairs import parse_pair
from monitor.records.xray.trace import TraceFilter

# X-Ray's own rule for annotation keys, and the dots that Lambda's keys have.
_KEY = re.compile(r"[A-Za-z0-9_.:-]{1,500}", re.ASCII)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)

F = TypeVar("F", bound=Callable[..., Any])


expression_option = click.option(
    "--filter", "expression", metavar="EXPRESSION", default="", help="An X-Ray filter expression."
)


def filter_options(function: F) -> F:
    """--cold, --slower-than, --faulty, --annotation: read by `wanted`."""
    for decorate in (
        click.option(
            "--annotation",
            "annotations",
            metavar="KEY=VALUE",
            multiple=True,
            help='Only traces with this annotation: true, false, a number or text ("5" is text). Repeatable.',
        ),
        click.option("--faulty", is_flag=True, help="Only traces with a fault, an error or a throttle."),
        click.option(
            "--slower-than",
            "slower_than_ms",
            type=DURATION,
            metavar="DURATION",
            help="Only traces that take longer: 800ms, 2s.",
        ),
        click.option("--cold", is_flag=True, help="Only traces of cold starts."),
    ):
        function = decorate(function)
    return function


def examine_option(default: int) -> Callable[[F], F]:
    """--examine: how many trace documents are read."""
    return click.option(
        "--examine",
        type=click.IntRange(1, 20_000),
        default=default,
        show_default=True,
        metavar="N",
        help="Read at most N of the newest traces when looking for cold starts.",
    )


def wanted(
    *, cold: bool, slower_than_ms: float | None, faulty: bool, annotations: tuple[str, ...], expression: str = ""
) -> TraceFilter:
    """The filter that the options name."""
    return TraceFilter(cold, slower_than_ms, faulty, tuple(map(parse_annotation, annotations)), expression)


def say(notes: tuple[str, ...]) -> None:
    """Print notes about how the traces were read to stderr."""
    for text in notes:
        note(f"monitor: {text}")


def parse_annotation(text: str) -> tuple[str, str | float | bool]:
    """Parse `KEY=VALUE`: true and false are booleans, digits a number, anything else (and quoted values) text.

    Raises:
        UsageError: there is no `=`, or X-Ray does not allow the key.
    """
    key, value = parse_pair(text, "--annotation", "tenant=acme")
    if not _KEY.fullmatch(key):
        raise UsageError(f"{key!r} is not the key of an annotation", "keys are letters, digits and . _ : -")
    if value in ("true", "false"):
        return key, value == "true"
    if _NUMBER.fullmatch(value):
        return key, float(value)
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'"
    return key, value[1:-1] if quoted else value
