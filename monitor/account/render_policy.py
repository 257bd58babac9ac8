"""The permissions that commands need, and why."""

from collections.abc import Mapping, Sequence

from monitor.console.text import Style
from monitor.kernel.iam import Need

_KEYS = """\
If packages, layers or environment variables are encrypted with your own KMS key, kms:Decrypt on that key is needed too,
and kms:Encrypt for `instrument --apply`. The key policy must allow both."""


def render_needs(needs: Mapping[str, Sequence[Need]], style: Style) -> str:
    """Each command with its actions: their purpose, the option that needs them, and what happens without them."""
    parts = [_command(name, found, style) for name, found in needs.items() if found]
    if silent := [name for name, found in needs.items() if not found]:
        parts.append(f"No permissions needed: {', '.join(silent)}")
    if any(found for found in needs.values()):
        parts.append(_KEYS)
    return "\n\n".join(parts)


def _command(name: str, needs: Sequence[Need], style: Style) -> str:
    head = f"\x1b[1mmonitor {name}\x1b[0m" if style.color else f"monitor {name}"
    width = max(len(need.action.name) for need in needs)
    lines = [head]
    for need in needs:
        circumstance = need.when or (f"in the response of {need.part_of}" if need.part_of else "")
        when = f" ({circumstance})" if circumstance else ""
        lines.append(f"  {need.action.name:<{width}}  on {need.action.on.value}: {need.why}{when}")
        if need.part_of:
            lines.append(f"  {'':<{width}}  for a part of the response of {need.part_of}")
        if need.without:
            lines.append(f"  {'':<{width}}  without it: {need.without}")
    return "\n".join(lines)
