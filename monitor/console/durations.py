"""Options that take a duration: one type, so that each reads the same spellings."""

from typing import TYPE_CHECKING, Any

import click

from monitor.kernel.timespec import parse_duration_ms

if TYPE_CHECKING:
    _Float = click.ParamType[float]
else:
    # The class takes no parameters in older versions of click.
    _Float = click.ParamType


class DurationType(_Float):
    """A duration, as milliseconds. `bare_unit` is what a number without a unit counts."""

    name = "duration"

    def __init__(self, bare_unit: str = "s") -> None:
        self.bare_unit = bare_unit

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ARG002
        """The milliseconds of a text.

        Raises:
            UsageError: it is not a duration.
        """
        option = param.opts[-1] if param is not None else ""
        return parse_duration_ms(value, option, bare_unit=self.bare_unit) if isinstance(value, str) else float(value)


DURATION = DurationType()
