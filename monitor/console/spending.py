"""The cost of a command: printed before it starts, and confirmed above a limit."""

import sys

import click

from monitor.console.output import note
from monitor.console.settings import Settings
from monitor.errors import UsageError

ASK_ABOVE_USD = 1.0
_HINT = "give --yes, a shorter --since or fewer TARGETs, or set ask_above_usd in ~/.config/monitor/config.toml"


def spend(settings: Settings, what: str, cost_usd: float, *, yes: bool) -> None:
    """Print the expected cost, and ask for confirmation above the limit. Without a terminal, refuse.

    Raises:
        UsageError: the cost is above the limit and was not confirmed.
    """
    limit = settings.spending_limit_usd(ASK_ABOVE_USD)
    price = f"about ${cost_usd:.2f}" if cost_usd >= 0.01 else f"about ${cost_usd:.4f}"
    note(f"monitor: {what}: {price}")
    if cost_usd <= limit or yes:
        return
    asks = sys.stdin.isatty() and sys.stderr.isatty()
    if not asks or not click.confirm(f"This is more than ${limit:g}. Continue?", err=True):
        raise UsageError(f"{what} would cost {price}, more than the limit of ${limit:g}", _HINT)
