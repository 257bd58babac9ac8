"""Targets of a command that reads a fleet: named, by tag, or all."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.console.settings import Settings, targets_argument
from monitor.errors import ExitCode

if TYPE_CHECKING:
    from monitor.aws.connection import Connection
    from monitor.kernel.missing import Unavailable
    from monitor.kernel.target import LogTarget

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Fleet:
    """What was asked for; `yes`: it may cost more than the configuration's limit."""

    targets: tuple[str, ...]
    every: bool
    tags: tuple[str, ...]
    yes: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing was."""
        return not (self.targets or self.every or self.tags)

    def find(self, settings: Settings) -> "list[tuple[Connection, LogTarget]]":
        """Each target with the connection that it was found by.

        Raises:
            UsageError: nothing was asked for.
            NotFoundError: it is in none of the regions; a target need only be in one of several.
        """
        from monitor.aws.fleet import resolve_fleet
        from monitor.console.output import remark
        from monitor.errors import NotFoundError

        found: list[tuple[Connection, LogTarget]] = []
        absent: list[NotFoundError] = []
        for connection in settings.connections():
            try:
                targets = resolve_fleet(connection, self.targets, every=self.every, tags=self.tags)
            except NotFoundError as error:
                absent.append(error)
            else:
                found += [(connection, one) for one in targets]
        if not found:
            raise absent[0]
        for one in absent:
            remark(one.message, one.hint)
        return found


def fleet_options(function: F) -> Callable[..., Any]:
    """TARGET…, --all, --tag and --yes, given to the command as one `fleet`."""

    @functools.wraps(function)
    def gathered(
        *args: Any, targets: tuple[str, ...], every: bool, tags: tuple[str, ...], yes: bool, **kwargs: Any
    ) -> Any:
        return function(*args, fleet=Fleet(targets, every, tags, yes), **kwargs)

    decorated: Callable[..., Any] = gathered
    for option in (
        click.option("--yes", is_flag=True, help="Do not ask, whatever it costs (ask_above_usd, $1 unless set)."),
        click.option("--tag", "tags", metavar="KEY[=VALUE]", multiple=True, help="With this tag; repeatable."),
        click.option("--all", "every", is_flag=True, help="Every function of the region."),
        targets_argument(required=False),
    ):
        decorated = option(decorated)
    return decorated


def tell_unavailable(found: "Sequence[Unavailable]") -> None:
    """Name what could not be read, and end with the code of a refusal: the rest has been shown."""
    from monitor.console.output import remark

    for one in found:
        remark(f"{one.name} could not be read: {one.message}", one.hint)
    click.get_current_context().exit(ExitCode.REFUSED)
