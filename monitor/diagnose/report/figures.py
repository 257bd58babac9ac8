"""Figures that the charts and the texts of a report share."""

from collections.abc import Iterator, Sequence

from monitor.diagnose.model import Headline, Slice
from monitor.records.invocation import ColdStart

_LONGEST_MS = 1e12


def known_ms(value: float | None) -> float:
    """A duration that can be drawn: 0 if it is unknown or impossible."""
    return value if value is not None and abs(value) < _LONGEST_MS else 0.0


def slice_shares(slices: Sequence[Slice], headline: Headline) -> Iterator[tuple[Slice, float]]:
    """Each part with its share of the start (or of the sum of all parts, if that is more)."""
    parts = [max(0.0, known_ms(one.ms)) for one in slices]
    whole = max(sum(parts), known_ms(headline.first_total_p50_ms))
    yield from ((one, part / whole if whole > 0 else 0.0) for one, part in zip(slices, parts, strict=True))


def median_start(starts: Sequence[ColdStart]) -> ColdStart | None:
    """The median of the starts whose first call is known; None without any."""
    known = sorted((one for one in starts if one.first_total_ms is not None), key=lambda one: one.first_total_ms or 0.0)
    return known[(len(known) - 1) // 2] if known else None


def round_step(value: float) -> float:
    """The least of 1, 2, 5, 10, 20 … that is at least `value`."""
    step = 1e-3
    while step < value:
        for factor in (1, 2, 5):
            if step * factor >= value:
                return step * factor
        step *= 10
    return step
