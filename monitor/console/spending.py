"""What a command is about to spend: said before it is, and asked above the configuration's limit."""

import sys

import click

from monitor.console.output import note
from monitor.console.settings import Settings
from monitor.errors import UsageError

ASK_ABOVE_USD = 1.0
_HINT = "give --yes, a shorter --since or fewer TARGETs, or set ask_above_usd in ~/.config/monitor/config.toml"


def spend(settings: Settings, what: str, cost_usd: float, *, yes: bool) -> None:
    """Say what is to cost how much, and above the limit ask a person; where nobody can answer it is refused.

    Raises:
        UsageError: it costs more than the limit, and nobody agreed.
    """
    limit = settings.spending_limit_usd(ASK_ABOVE_USD)
    price = f"about ${cost_usd:.2f}" if cost_usd >= 0.01 else f"about ${cost_usd:.4f}"
    note(f"monitor: {what}: {price}")
    if cost_usd <= limit or yes:
        return
    asks = sys.stdin.isatty() and sys.stderr.isatty()
    if not asks or not click.confirm(f"That is more than ${limit:g}. Go on?", err=True):
        raise UsageError(f"{what} would cost {price}, more than the limit of ${limit:g}", _HINT)
