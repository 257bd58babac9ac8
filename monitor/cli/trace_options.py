"""Options that the commands of `monitor traces` share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from monitor.console.output import note
from monitor.records.xray.trace import TraceFilter

F = TypeVar("F", bound=Callable[..., Any])


def filter_options(function: F) -> F:
    """--cold, --slower-than, --faulty, --annotation, --filter: read by `wanted`."""
    for decorate in (
        click.option("--filter", "expression", metavar="EXPRESSION", default="", help="X-Ray's own filter expression."),
        click.option(
            "--annotation",
            "annotations",
            metavar="KEY=VALUE",
            multiple=True,
            help='With this annotation: true, false, a number or text ("5" is text); may be repeated.',
        ),
        click.option("--faulty", is_flag=True, help="With a fault, an error or a throttle."),
        click.option("--slower-than", metavar="TIME", help="Longer than this in all: 800ms, 2s."),
        click.option("--cold", is_flag=True, help="Only those with an init in them."),
    ):
        function = decorate(function)
    return function


def examine_option(default: int) -> Callable[[F], F]:
    """--examine: how many traces' documents are read."""
    return click.option(
        "--examine",
        type=click.IntRange(1, 20_000),
        default=default,
        show_default=True,
        metavar="N",
        help="How many of the newest traces to look into for what summaries do not tell.",
    )


def wanted(
    cold: bool, slower_than: str | None, faulty: bool, annotations: tuple[str, ...], expression: str
) -> TraceFilter:
    """The filter that the options name."""
    from monitor.parse.trace_options import parse_annotation, parse_duration_ms

    return TraceFilter(
        cold,
        None if slower_than is None else parse_duration_ms(slower_than),
        faulty,
        tuple(map(parse_annotation, annotations)),
        expression,
    )


def say(notes: tuple[str, ...]) -> None:
    """What there is to say of how it was read, to stderr."""
    for text in notes:
        note(f"monitor: {text}")
