"""Options that the commands of `monitor traces` share, and how their values are written."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from monitor.console.output import note
from monitor.errors import UsageError
from monitor.records.xray.trace import TraceFilter

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m)?", re.ASCII)
_UNIT_MS = {"ms": 1.0, "s": 1000.0, "m": 60_000.0}
# X-Ray's own rule for annotation keys, and the dots that Lambda's keys have.
_KEY = re.compile(r"[A-Za-z0-9_.:-]{1,500}", re.ASCII)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)

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


def parse_duration_ms(text: str) -> float:
    """`800ms`, `2s`, `1.5s`, `1m`; a bare number is seconds.

    Raises:
        UsageError: it is none of these.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{text!r} is not a duration", "write 800ms, 2s, 1.5s or 1m")
    return float(match[1]) * _UNIT_MS[match[2] or "s"]


def parse_annotation(text: str) -> tuple[str, str | float | bool]:
    """`KEY=VALUE`: true and false are booleans, digits a number, all else (and what is in quotes) text.

    Raises:
        UsageError: there is no `=`, or the key is none that X-Ray takes.
    """
    key, sign, value = text.partition("=")
    if not sign or not _KEY.fullmatch(key):
        raise UsageError(f"{text!r} is not an annotation", "write KEY=VALUE, e.g. ColdStart=true or tenant=acme")
    if value in ("true", "false"):
        return key, value == "true"
    if _NUMBER.fullmatch(value):
        return key, float(value)
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'"
    return key, value[1:-1] if quoted else value
