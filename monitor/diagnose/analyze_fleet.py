"""Several functions side by side: which of them loses the most to cold starts that a change would shorten."""

from collections.abc import Sequence

from monitor.diagnose.model import Diagnosis


def to_save_ms(diagnosis: Diagnosis) -> float:
    """What the first finding would likely save in the window: of each cold start, times their number."""
    first = next(iter(diagnosis.findings), None)
    return max(0.0, first.mean_ms) * diagnosis.headline.starts if first else 0.0


def waited_ms(diagnosis: Diagnosis) -> float:
    """How long callers waited for all cold starts in the window."""
    return (diagnosis.headline.first_total_p50_ms or 0.0) * diagnosis.headline.starts


def worst_first(found: Sequence[Diagnosis]) -> list[Diagnosis]:
    """Functions that fail first, then by what their first finding would save, then by how long callers wait."""

    def key(one: Diagnosis) -> tuple[bool, float, float, str]:
        fails = any(finding.urgent for finding in one.findings)
        return not fails, -to_save_ms(one), -waited_ms(one), one.evidence.name

    return sorted(found, key=key)
