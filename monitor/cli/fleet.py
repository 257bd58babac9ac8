"""Targets of a command that reads a fleet: named, by tag, or all."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.cli.settings import Settings
from monitor.errors import ExitCode

if TYPE_CHECKING:
    from monitor.aws.connection import Connection
    from monitor.model.coldstart import Unavailable
    from monitor.model.target import LogTarget

F = TypeVar("F", bound=Callable[..., Any])


def fleet_options(function: F) -> F:
    """--all and --tag."""
    function = click.option(
        "--tag", "tags", metavar="KEY[=VALUE]", multiple=True, help="Functions with this tag; all of them if repeated."
    )(function)
    return click.option("--all", "every", is_flag=True, help="Every function of the region.")(function)


def fleet(
    settings: Settings, targets: Sequence[str], every: bool, tags: Sequence[str]
) -> "list[tuple[Connection, LogTarget]]":
    """Each target with the connection that it was found by.

    Raises:
        UsageError: nothing was asked for.
        NotFoundError: it is in none of the regions; a target need only be in one of several.
    """
    from monitor.aws.fleet import resolve_fleet
    from monitor.cli.output import remark
    from monitor.errors import NotFoundError

    found: list[tuple[Connection, LogTarget]] = []
    absent: list[NotFoundError] = []
    connections = settings.connections()
    for connection in connections:
        try:
            found += [(connection, one) for one in resolve_fleet(connection, targets, every=every, tags=tags)]
        except NotFoundError as error:
            absent.append(error)
    if not found:
        raise absent[0]
    for one in absent:
        remark(one.message, one.hint)
    return found


def tell_unavailable(found: "Sequence[Unavailable]") -> None:
    """Name what could not be read, and end with the code of a refusal: the rest has been shown."""
    from monitor.cli.output import remark

    for one in found:
        remark(f"{one.name} could not be read: {one.message}", one.hint)
    click.get_current_context().exit(ExitCode.REFUSED)
