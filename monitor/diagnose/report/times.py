"""Cold starts over time: a dot for each, the median between deployments, and the distribution."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from monitor.coldstarts.analyze_report import runtime_changes
from monitor.console.text import clean, format_ms, format_time
from monitor.diagnose.evidence.model import Deployed, FunctionEvidence
from monitor.diagnose.report.figures import known_ms, round_step
from monitor.records.invocation import ColdStart

_RUNTIME = "a version of the runtime"
_MOST_DOTS, _BINS, _MOST_MARKS, _VERSIONS = 1_500, 24, 12, 8
_TOP = 6.0
# Above this many times the median, a linear axis would press all that is usual to its foot.
_FAR = 8.0
_FILLED = 0.3
_STEPS_MS = [
    1_000 * seconds
    for seconds in (
        1,
        5,
        15,
        30,
        60,
        300,
        900,
        1_800,
        3_600,
        10_800,
        21_600,
        43_200,
        86_400,
        172_800,
        604_800,
        2_592_000,
    )
]


@dataclass(frozen=True, slots=True)
class Dot:
    """A cold start: its place in per cent from the left and the top."""

    x: float
    y: float
    css: str
    text: str


@dataclass(frozen=True, slots=True)
class Level:
    """The median of the starts between two deployments."""

    left: float
    width: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Times:
    """The whole picture; marks are (x, name, text), ticks (place, label), bins (y, height, width) in per cent."""

    dots: tuple[Dot, ...]
    levels: tuple[Level, ...]
    marks: tuple[tuple[float, str, str], ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    bins: tuple[tuple[float, float, float], ...]
    versions: tuple[tuple[str, str], ...]
    more: int
    is_logarithmic: bool


def times_of(evidence: FunctionEvidence, *, utc: bool) -> Times | None:
    """The picture of all cold starts whose time and total are known; None below two."""
    starts = [one for one in evidence.cold_starts if one.at_ms > 0 and known_ms(one.first_total_ms) > 0]
    if len(starts) < 2:
        return None
    starts.sort(key=lambda one: one.at_ms)
    low_ms, high_ms = _span(evidence, starts)
    scale = _Scale([one.first_total_ms or 0.0 for one in starts])
    # Spread over all of the time where there are too many to draw.
    step = max(1, math.ceil(len(starts) / _MOST_DOTS))
    drawn = starts[::step]
    counts: dict[str, int] = {}
    for one in starts:
        counts[one.version or "?"] = counts.get(one.version or "?", 0) + 1
    known = sorted(counts, key=lambda name: -counts[name])[:_VERSIONS]
    colors = {name: f"s{at}" for at, name in enumerate(sorted(known), 1)}

    def x(at_ms: float) -> float:
        return (at_ms - low_ms) / (high_ms - low_ms) * 100

    boundaries = sorted((*evidence.deployments, *_runtimes(starts)), key=lambda one: one.at_ms)
    deployments = [one for one in boundaries if low_ms < one.at_ms < high_ms][-_MOST_MARKS:]
    return Times(
        dots=tuple(
            Dot(
                x(one.at_ms), scale.y(one.first_total_ms or 0.0), colors.get(one.version or "?", "s0"),
                _told(one, utc),
            )
            for one in drawn
        ),
        levels=tuple(_levels(starts, deployments, low_ms, high_ms, scale)),
        marks=tuple((x(one.at_ms), _mark_name(one), _mark_text(one, utc)) for one in deployments),
        x_ticks=tuple((x(at_ms), label) for at_ms, label in _time_ticks(low_ms, high_ms, utc)),
        y_ticks=scale.ticks(),
        bins=scale.bins(),
        versions=tuple((clean(name)[:60], css) for name, css in colors.items()),
        more=len(starts) - len(drawn),
        is_logarithmic=scale.is_logarithmic,
    )  # fmt: skip


class _Scale:
    """From ms to per cent from the top: from zero, or by powers where some start is far beyond the usual."""

    def __init__(self, values: Sequence[float]) -> None:
        self._values = values
        self._high = max(values)
        self.is_logarithmic = self._high > _FAR * median(values)
        self._low = max(1e-3, min(values) * 0.8) if self.is_logarithmic else 0.0

    def y(self, value_ms: float) -> float:
        if self.is_logarithmic:
            share = math.log(max(value_ms, self._low) / self._low) / math.log(self._high / self._low)
        else:
            share = value_ms / self._high
        return 100 - share * (100 - _TOP)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        if self.is_logarithmic:
            powers = range(math.floor(math.log10(self._low)), math.ceil(math.log10(self._high)) + 1)
            wanted = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
        else:
            step = round_step(self._high / 4)
            wanted = [step * at for at in range(int(self._high / step) + 1)]
        return tuple((self.y(one), format_ms(one)) for one in wanted if self._low <= one <= self._high)

    def bins(self) -> tuple[tuple[float, float, float], ...]:
        """How many dots lie at each height, as bars: the most is the whole width."""
        counts = [0] * _BINS
        for value in self._values:
            counts[min(_BINS - 1, int(self.y(value) / 100 * _BINS))] += 1
        height = 100 / _BINS
        return tuple((at * height, height, count / max(counts) * 100) for at, count in enumerate(counts) if count)


def _span(evidence: FunctionEvidence, starts: Sequence[ColdStart]) -> tuple[float, float]:
    """From when until when: the window, but where the starts take little of it, what they take."""
    low, high = float(starts[0].at_ms), float(starts[-1].at_ms)
    window = evidence.window
    if window is not None and high - low > _FILLED * (window.end_ms - window.start_ms):
        low, high = min(low, window.start_ms), max(high, window.end_ms)
    margin = max(1_000.0, (high - low) * 0.02)
    return low - margin, high + margin


def _told(one: ColdStart, utc: bool) -> str:
    version = f" · version {clean(one.version)[:60]}" if one.version else ""
    return (
        f"{format_time(one.at_ms, utc=utc)}: {format_ms(one.first_total_ms)} (init {format_ms(one.init_ms)}, "
        f"invocation {format_ms(one.duration_ms)}){version} · request {clean(one.request_id)[:120]}"
    )


def _levels(
    starts: Sequence[ColdStart], deployments: Sequence[Deployed], low_ms: float, high_ms: float, scale: _Scale
) -> list[Level]:
    edges = [low_ms, *sorted(float(one.at_ms) for one in deployments), high_ms]
    found = []
    for left, right in itertools.pairwise(edges):
        totals = [one.first_total_ms or 0.0 for one in starts if left <= one.at_ms < right]
        if totals:
            middle, whole = median(totals), high_ms - low_ms
            text = f"median {format_ms(middle)} of {len(totals)}"
            found.append(Level((left - low_ms) / whole * 100, (right - left) / whole * 100, scale.y(middle), text))
    return found


def _mark_name(one: Deployed) -> str:
    return clean(one.version)[:24]


def _runtimes(starts: Sequence[ColdStart]) -> list[Deployed]:
    """A mark for each later version of the runtime, at its first start: Lambda deploys it without the user."""
    found = runtime_changes(starts).values()
    return [Deployed(version, at_ms, _RUNTIME) for versions in found for version, at_ms in versions[1:]]


def _mark_text(one: Deployed, utc: bool) -> str:
    if one.description == _RUNTIME:
        return f"runtime {_mark_name(one)} since {format_time(one.at_ms, utc=utc)}"
    told = f": {clean(one.description)[:200]}" if one.description else ""
    return f"{_mark_name(one)} deployed {format_time(one.at_ms, utc=utc)}{told}"


def _time_ticks(low_ms: float, high_ms: float, utc: bool) -> list[tuple[float, str]]:
    """Up to seven round times: days where the window is of many, seconds where it is of one minute."""
    step = next((one for one in _STEPS_MS if (high_ms - low_ms) / one <= 6), _STEPS_MS[-1])
    first = math.ceil(low_ms / step) * step
    found: list[tuple[float, str]] = []
    for at in range(min(8, int((high_ms - first) / step) + 1)):
        text = format_time(first + at * step, utc=utc)
        shown = slice(5, 10) if step >= 86_400_000 else slice(11, 16) if step >= 60_000 else slice(11, 19)
        found.append((first + at * step, text[shown]))
    return found
