"""Options that would have no effect together are refused: nobody should believe that they had one."""

import click
from click.core import ParameterSource

from monitor.errors import UsageError


def given(*names: str) -> list[str]:
    """Those of the parameters that are on the command line, as they are written there."""
    context = click.get_current_context()
    return [
        parameter.opts[-1]
        for parameter in context.command.params
        if parameter.name in names and context.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE
    ]


def refuse_with(option: str, *names: str, hint: str = "") -> None:
    """Refuse the parameters `names`, which have no effect with `option`.

    Raises:
        UsageError: one of them is on the command line.
    """
    for other in given(*names):
        raise UsageError(f"{other} has no effect with {option}", hint or f"leave out {other} or {option}")


def refuse_without(option: str, *names: str) -> None:
    """Refuse the parameters `names`, which have no effect without `option`.

    Raises:
        UsageError: one of them is on the command line.
    """
    for other in given(*names):
        raise UsageError(f"{other} has no effect without {option}", f"add {option}, or leave out {other}")
