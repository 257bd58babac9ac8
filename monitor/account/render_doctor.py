"""The checks of `monitor doctor` as text."""

from monitor.account.model_check import Check, Outcome
from monitor.console.text import Style, clean

_SIGNS = {Outcome.OK: ("✓", "ok", "32"), Outcome.WARNING: ("!", "!!", "33"), Outcome.FAILED: ("✗", "XX", "31")}


def render_check(check: Check, style: Style) -> str:
    """One check: a sign, its name and its result, with the hint on the next line."""
    pretty, plain, code = _SIGNS[check.outcome]
    sign = pretty if style.unicode else plain
    if style.color:
        sign = f"\x1b[{code}m{sign}\x1b[0m"
    text = f"{sign} {check.name:<12} {clean(check.detail)}"
    return f"{text}\n  {'':<12} hint: {clean(check.hint)}" if check.hint else text
