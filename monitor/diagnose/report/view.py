"""A diagnosis in words: what the terminal, Markdown and HTML reports show. Its texts are not escaped."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.console.text import format_counted, format_ms, format_time
from monitor.diagnose.evidence.model import FunctionEvidence, SourceState, is_missing
from monitor.diagnose.model import Diagnosis, Headline, Slice
from monitor.diagnose.report.figures import known_ms, median_start, slice_shares
from monitor.diagnose.report.finding_view import FindingView, TrialView, finding_views, other_trials
from monitor.records.invocation import is_timed_out

# From this share on, an init whose imports are not known may hide any cause.
# Minor findings are told in the verdict if together they save this share of a first call.
_WORTH_TOGETHER = 0.1
_MOSTLY_INIT = 0.5
OVERLAP = "Savings overlap and do not add up. Measure again after each change."


@dataclass(frozen=True, slots=True)
class ReportView:
    """The report in the order in which it is shown.

    `headline`, `starts` and `latest` are sentences without a period. `verdict` stands in place of `findings`.
    `slices` come with their share of the start. `unread` are the sources of evidence that were not read.
    """

    name: str
    region: str
    window_ms: tuple[float, ...]
    window: str
    headline: str
    starts: str
    latest: str
    slices: tuple[tuple[Slice, float], ...]
    verdict: str
    overlap: str
    findings: tuple[FindingView, ...]
    minor: tuple[FindingView, ...]
    refuted: tuple[FindingView, ...]
    other_trials: tuple[TrialView, ...]
    unread: tuple[SourceState, ...]
    read: tuple[SourceState, ...]


def view_of(diagnosis: Diagnosis, *, utc: bool) -> ReportView:
    """The report of a diagnosis. Without `utc`, times are in the zone of this machine."""
    evidence, headline = diagnosis.evidence, diagnosis.headline
    return ReportView(
        name=evidence.name,
        region=evidence.region,
        window_ms=_window_ms(evidence),
        window=window_text(evidence, utc=utc),
        headline=headline_text(headline),
        starts=starts_text(headline),
        latest=latest_text(evidence, utc=utc),
        slices=tuple(slice_shares(diagnosis.slices, headline)),
        verdict=verdict_text(diagnosis),
        overlap=OVERLAP if len(diagnosis.findings) > 1 else "",
        findings=finding_views(diagnosis.findings, diagnosis),
        minor=finding_views(diagnosis.minor, diagnosis),
        refuted=finding_views(diagnosis.refuted, diagnosis),
        other_trials=other_trials(diagnosis),
        unread=tuple(one for one in evidence.sources if one.state != "read"),
        read=tuple(one for one in evidence.sources if one.state == "read"),
    )


def headline_text(headline: Headline) -> str:
    """The headline in one sentence."""
    if headline.first_total_p50_ms is None:
        why = f": {headline.why}" if headline.why else ""
        return f"The duration of a first call is not known{why}"
    text = f"A first call takes {format_ms(headline.first_total_p50_ms)}"
    if headline.first_total_p95_ms is not None:
        text += f"; 1 in 20 takes {format_ms(headline.first_total_p95_ms)} or more"
    return text


def starts_text(headline: Headline) -> str:
    """The share of cold starts and the init duration; "" without invocations."""
    if not headline.invocations and not headline.starts:
        return ""
    share = f" ({headline.share:.1%})" if headline.share is not None and 0 <= headline.share <= 1 else ""
    text = f"{headline.starts:,} of {format_counted(headline.invocations, 'invocation')} were cold starts{share}"
    init = "" if headline.init_p50_ms is None else f"; init takes {format_ms(headline.init_p50_ms)}"
    return f"{text}{init}"


def _window_ms(evidence: FunctionEvidence) -> tuple[float, ...]:
    """The start and the end of the window, or the time when evidence was gathered."""
    window = evidence.window
    return (evidence.gathered_at_ms,) if window is None else (window.start_ms, window.end_ms)


def window_text(evidence: FunctionEvidence, *, utc: bool) -> str:
    """The window to the minute, or the time when evidence was gathered."""
    window = evidence.window
    if window is None:
        return f"gathered {_minute(evidence.gathered_at_ms, utc)}"
    return f"{_minute(window.start_ms, utc)} – {_minute(window.end_ms, utc)}"


def latest_text(evidence: FunctionEvidence, *, utc: bool) -> str:
    """The change since which the function is judged, and the starts before it; "" if there is none."""
    change = evidence.latest
    if change is None:
        return ""
    when = _minute(change.at_ms, utc)
    what = f"the deployment of {when}" if change.version == "$LATEST" else f"version {change.version}, deployed {when}"
    verb = "is" if change.left_out == 1 else "are"
    return f"Based on starts since {what}; {format_counted(change.left_out, 'earlier cold start')} {verb} ignored"


def _minute(time_ms: float, utc: bool) -> str:
    text = format_time(time_ms, utc=utc)
    return text[:16] + ("Z" if utc else "") if len(text) > 1 else text


def verdict_text(diagnosis: Diagnosis) -> str:
    """The verdict if no finding is worth changing: that nothing is, or what would have to be known to say so."""
    if diagnosis.findings:
        return ""
    if diagnosis.headline.first_total_p50_ms is None:
        return "There is too little data to say what to change."
    if other := other_language(diagnosis.evidence):
        return f"This is a {other} function: monitor only knows the causes of slow starts of Python functions."
    gaps = unknowns(diagnosis.evidence)
    if (share := _unseen_init(diagnosis)) >= _MOSTLY_INIT:
        return (
            f"Not enough is known to say what to change: init is {share:.0%} of the median start, and "
            f"{_joined(gaps)} could not be examined. The last section says how to find out."
        )
    if diagnosis.refuted:
        return "Nothing is worth changing: trials refuted every finding that would have made a start noticeably faster."
    if gaps:
        return f"No finding is worth changing in what could be examined. Not examined: {', '.join(gaps)}."
    together_ms = sum(one.saving.likely_ms for one in diagnosis.minor if one.saving is not None)
    if together_ms >= _WORTH_TOGETHER * diagnosis.headline.first_total_p50_ms:
        return (
            "No single change makes a start noticeably faster, but the minor findings together may save "
            f"{format_ms(together_ms)}. `monitor optimize` tries such changes together."
        )
    return "Nothing is worth changing: no finding would make a start noticeably faster."


def _unseen_init(diagnosis: Diagnosis) -> float:
    """The share of init in the median start, where what init imports is not known; else 0."""
    headline = diagnosis.headline
    if not is_missing(diagnosis.evidence.imports) or not headline.first_total_p50_ms:
        return 0.0
    start = median_start(diagnosis.evidence.judged_starts)
    if start is not None and is_timed_out(start):
        # The init that was ended, and the one that was repeated, which took at least as long.
        return min(1.0, 2 * (start.failed_init_ms or 0.0) / headline.first_total_p50_ms)
    return min(1.0, known_ms(headline.init_p50_ms) / headline.first_total_p50_ms)


def _joined(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def other_language(evidence: FunctionEvidence) -> str:
    """The runtime of a function that is not Python, "" if it is or may be Python."""
    if is_missing(evidence.function):
        return ""
    runtime = evidence.function.runtime or ""
    return "" if not runtime or runtime.startswith(("python", "provided")) else runtime


def unknowns(evidence: FunctionEvidence) -> list[str]:
    """What most findings depend on and could not be examined: imports, the package, the application's code."""
    parts = (("imports", evidence.imports), ("package", evidence.package), ("code", evidence.code))
    return [name for name, part in parts if is_missing(part)]
