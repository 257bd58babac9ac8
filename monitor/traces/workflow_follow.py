"""A function's new traces as they complete, from wherever they are kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.kernel.window import Window
from monitor.logs.follow.follow import Notice
from monitor.records.xray.trace import Trace, TraceFilter, TraceSummary
from monitor.traces.analyze_invocations import choose_figures, has_qualifier, trace_figures
from monitor.traces.analyze_summary import filter_expression, matches, summary_of
from monitor.traces.model import ListedTrace
from monitor.traces.workflow_polling import FollowedTrace, TracePollSettings, follow_traces
from monitor.traces.workflow_source import SEARCHED, TraceSource

_MOST_A_POLL = 2_000


@dataclass(frozen=True, slots=True)
class FollowedLine(ListedTrace):
    """A trace that was followed, as a line of a list; `lacking` as in FollowedTrace."""

    lacking: str = ""


@dataclass(frozen=True, slots=True)
class _Feed:
    source: TraceSource

    def changed(self, start_ms: int, end_ms: int) -> Iterator[TraceSummary]:
        window = Window(start_ms, max(end_ms, start_ms + 1000))
        if self.source.is_searched:
            ids, _, _ = self.source.logged_ids(window, _MOST_A_POLL)
            return (TraceSummary(trace_id) for trace_id in ids)
        # Filters are applied to the finished trace: while it grows, X-Ray's own answer to them changes.
        expression = filter_expression(self.source.function, TraceFilter())
        return self.source.summaries(window, expression, by_event=True)

    def read(self, ids: Sequence[str]) -> Iterator[Trace]:
        now_ms = self.source.clock.now_ms()
        return self.source.traces(ids, Window(now_ms - 6 * 3_600_000, now_ms + 60_000)) if ids else iter(())


def follow(
    source: TraceSource, start_ms: int, wanted: TraceFilter, settings: TracePollSettings | None = None
) -> Iterator[FollowedLine | Notice]:
    """The function's traces from `start_ms` on that match, each once; without an end."""
    if source.is_searched:
        yield Notice(SEARCHED.format(ids="the function's log"))
    for item in follow_traces(_Feed(source), start_ms, source.clock, settings):
        if isinstance(item, Notice):
            yield item
            continue
        line = _line(item, source)
        if line is None or not matches(line.summary, wanted):
            continue
        if not wanted.cold or (line.figures and line.figures.cold):
            yield line


def _line(item: FollowedTrace, source: TraceSource) -> FollowedLine | None:
    mine = [one for one in trace_figures(item.trace) if one.function == source.function]
    if source.qualifiers:
        mine = [one for one in mine if has_qualifier(one, source.qualifiers)]
        if not mine:
            return None
    return FollowedLine(summary_of(item.trace), choose_figures(mine), item.lacking)
