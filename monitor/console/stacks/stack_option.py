"""`--stack NAME`: TARGETs by their logical IDs in a CloudFormation stack, or all of its functions."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from monitor.console.settings import settings_of
from monitor.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])

# Other ways to select functions.
_OTHERS = {"every": "--all", "everything": "--all", "tags": "--tag", "source": "--from"}


def stack_option(argument: str, *, required: bool, metavar: str = "TARGET") -> Callable[[F], F]:
    """Add --stack. The names of its functions take the place of the command's argument.

    That is `targets`, `target`, or another one that can be a path too.

    Raises (when the command runs):
        UsageError: --stack stands beside another way to select functions, or names several for one TARGET.
        NotFoundError: there is no such stack, or no such function in it.
    """

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def resolved(*args: Any, stack: str | None, **kwargs: Any) -> Any:
            given = kwargs[argument]
            if stack is not None:
                kwargs[argument] = _of_stack(stack, argument, given)
            elif required and not given:
                missing = "TARGET..." if argument == "targets" else metavar
                raise click.UsageError(f"Missing argument '{missing}'.", click.get_current_context())
            return function(*args, **kwargs)

        option = click.option(
            "--stack",
            metavar="NAME",
            help="Functions of this CloudFormation stack; a TARGET can be a logical ID.",
        )
        decorated: Any = option(resolved)
        result: F = decorated
        return result

    return decorate


def _of_stack(stack: str, argument: str, given: Any) -> Any:
    from monitor.aws.stacks import select

    context = click.get_current_context()
    other = next((option for name, option in _OTHERS.items() if context.params.get(name)), None)
    if other:
        raise UsageError(f"--stack has no effect with {other}", "leave one of the two out")
    settings = settings_of(context)
    if argument == "targets":
        return select(settings.connections(), stack, given)
    found = select(settings.connections(), stack, (given,) if given else ())
    if len(found) > 1:
        raise UsageError(f"the stack {stack} has {len(found)} functions", "give the logical ID of one as TARGET")
    # A function's name alone could be that of a folder, too.
    return found[0] if argument == "target" or ":" in found[0] else f"{found[0]}:$LATEST"
