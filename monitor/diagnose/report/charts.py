"""The charts of the HTML report: the parts of a start, flame graphs, waterfalls, treemaps and figures over time."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.model import Slice
from monitor.diagnose.report.colors import colors_of, legend_of, slice_css
from monitor.diagnose.report.start import StartChart, start_charts
from monitor.diagnose.report.times import Times, times_of
from monitor.diagnose.report.treemap import Tile, treemaps


@dataclass(frozen=True, slots=True)
class Charts:
    """A package has the same color, a CSS class, in every chart.

    `slices` are the classes of the parts of the median start. `maps` are treemaps: of what, a note, and the tiles.
    """

    slices: list[str]
    starts: list[StartChart]
    maps: list[tuple[str, str, list[Tile]]]
    legend: list[tuple[str, str]]
    times: Times | None


def charts_of(evidence: FunctionEvidence, slices: Sequence[Slice]) -> Charts:
    """Every chart that the evidence allows."""
    colors = colors_of(evidence)
    return Charts(
        slices=[slice_css(one.label, colors) for one in slices],
        legend=legend_of(evidence, colors),
        starts=list(start_charts(evidence, colors)),
        maps=list(treemaps(evidence, colors)),
        times=times_of(evidence, utc=True),
    )
