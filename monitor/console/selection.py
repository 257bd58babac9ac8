"""The TARGETs of a command that reads many functions: by name, by tag, or all."""

import functools
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.console.options import targets_argument
from monitor.console.settings import Settings
from monitor.errors import ExitCode, UsageError
from monitor.kernel.target import TargetSelection

if TYPE_CHECKING:
    from monitor.aws.targets import Located
    from monitor.kernel.missing import Unavailable

F = TypeVar("F", bound=Callable[..., Any])

tag_option = click.option(
    "--tag", "tags", metavar="KEY[=VALUE]", multiple=True, help="Functions with this tag. Repeatable."
)


def locate(settings: Settings, selection: TargetSelection) -> "list[Located]":
    """Each target with the connection that finds it.

    Raises:
        UsageError: there is no TARGET.
        NotFoundError: a target is in none of the regions.
    """
    from monitor.aws.targets import resolve

    if selection.is_empty:
        raise UsageError("no TARGET was given", "name a function or a glob, or give --all or --tag KEY=VALUE")
    connections = settings.connections()
    found: list[Located] = []
    here, elsewhere = _by_region(selection, {connection.region for connection in connections})
    for region, targets in elsewhere.items():
        # An ARN names its region: it is read there, whatever --region says.
        found += resolve(replace(settings, regions=(region,)).connections(), TargetSelection(targets))
    return [*([] if here.is_empty else resolve(connections, here)), *found]


def _by_region(
    selection: TargetSelection, regions: Collection[str]
) -> tuple[TargetSelection, dict[str, tuple[str, ...]]]:
    """The selection without the ARNs of other regions, and these by region."""
    from monitor.kernel.target import parse_target

    elsewhere: dict[str, tuple[str, ...]] = {}
    for text in selection.targets:
        region = parse_target(text).region
        if region and region not in regions:
            elsewhere[region] = (*elsewhere.get(region, ()), text)
    left = tuple(text for text in selection.targets if all(text not in texts for texts in elsewhere.values()))
    return TargetSelection(left, selection.every, selection.tags), elsewhere


def selection_options(function: F) -> Callable[..., Any]:
    """TARGET…, --all and --tag, given to the command as one `selection`; and --yes."""

    @functools.wraps(function)
    def gathered(*args: Any, targets: tuple[str, ...], every: bool, tags: tuple[str, ...], **kwargs: Any) -> Any:
        return function(*args, selection=TargetSelection(targets, every, tags), **kwargs)

    decorated: Callable[..., Any] = gathered
    for option in (
        click.option(
            "--yes",
            is_flag=True,
            help="Skip the confirmation prompt for estimated costs above ask_above_usd ($1 by default).",
        ),
        tag_option,
        click.option("--all", "every", is_flag=True, help="All functions in the Region."),
        targets_argument(required=False),
    ):
        decorated = option(decorated)
    return decorated


def tell_unavailable(found: "Sequence[Unavailable]") -> None:
    """Report targets that could not be read, and exit with the code for a refusal."""
    from monitor.console.output import remark

    for one in found:
        remark(f"{one.name} could not be read: {one.message}", one.hint)
    click.get_current_context().exit(ExitCode.REFUSED)
