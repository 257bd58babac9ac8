"""`--fail-over`: a condition that no function may meet, for pipelines."""

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.errors import CheckFailedError

if TYPE_CHECKING:
    from monitor.kernel.expressions.condition import Condition

F = TypeVar("F", bound=Callable[..., Any])


def fail_over_option(function: F) -> F:
    """--fail-over."""
    return click.option(
        "--fail-over",
        "fail_over",
        metavar="CONDITION",
        help="Exit with code 1 if CONDITION is true, such as 'p99_init_ms > 800'.",
    )(function)


def condition(text: str | None, known: Collection[str]) -> "Condition | None":
    """Parse the condition, before any call to AWS.

    Raises:
        UsageError: it is malformed.
    """
    from monitor.kernel.expressions.condition import parse_condition

    return None if text is None else parse_condition(text, known)


def check(asked: "Condition | None", figures: Mapping[str, Mapping[str, float | None]]) -> None:
    """Fail if the condition is true for a function, or cannot be checked.

    Raises:
        CheckFailedError: the check failed; the message contains the figures.
    """
    from monitor.kernel.expressions.condition import broken

    said = broken(asked, figures) if asked else []
    if asked and (said or not figures):
        told = "; ".join(said[:5]) + (f"; and {len(said) - 5} more" if len(said) > 5 else "")
        raise CheckFailedError(f"{asked.text}: {told or 'no function was found'}", "this is what --fail-over forbids")
