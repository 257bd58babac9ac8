"""Texts that the terminal, Markdown and HTML forms of a diagnosis share. They are not escaped here."""

from collections.abc import Iterator, Sequence
from statistics import median

from monitor.console.text import format_counted, format_ms, format_time
from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.model import Diagnosis, Headline, Slice, Trial
from monitor.diagnose.model_finding import ChangeKind, Finding, Saving
from monitor.records.invocation import ColdStart, is_timed_out

_LONGEST_MS = 1e12
# From this share on, an init whose imports are not known may hide any cause.
_MOSTLY_INIT = 0.5
OVERLAP = "Savings overlap and do not add up. Measure again after each change."
SCALED = "scaled to the function (an estimate: page cache and CPU differ on Lambda)"
KINDS = {
    ChangeKind.PATCH: "patch",
    ChangeKind.COMMAND: "command",
    ChangeKind.SETTING: "setting",
    ChangeKind.CODE: "code",
}


def known_ms(value: float | None) -> float:
    """A duration that can be drawn: 0 if it is unknown or impossible."""
    return value if value is not None and abs(value) < _LONGEST_MS else 0.0


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


def window_ms(evidence: FunctionEvidence) -> tuple[float, ...]:
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


def range_text(saving: Saving) -> str:
    """`310 ms – 430 ms`."""
    low, high = format_ms(saving.low_ms), format_ms(saving.high_ms)
    return low if low == high else f"{low} – {high}"


def saving_text(finding: Finding) -> str:
    """The saving as a sentence without its final period."""
    saving = finding.saving
    if saving is None:
        return "the saving in milliseconds is not known"
    if not saving.is_known:
        return f"the saving is not known{between_text(saving)}"
    verb, likely = ("saves", saving.likely_ms) if saving.likely_ms >= 0 else ("costs", -saving.likely_ms)
    return f"likely {verb} {format_ms(likely)} of {_of_text(finding)}{between_text(saving)}"


def _of_text(finding: Finding) -> str:
    if finding.share >= 1:
        return "a start"
    return f"{finding.affected:,} of {finding.starts:,} starts ({format_ms(finding.mean_ms)} of a start on average)"


def between_text(saving: Saving) -> str:
    """` (between 310 ms and 430 ms)`, "" without a range."""
    low, high = format_ms(saving.low_ms), format_ms(saving.high_ms)
    return "" if low == high else f" (between {low} and {high})"


def share_text(finding: Finding, headline: Headline) -> str:
    """The likely saving of a start on average, as a share of the median start; "" if either is unknown."""
    whole_ms = known_ms(headline.first_total_p50_ms)
    if finding.saving is None or not finding.saving.is_known or whole_ms < 1e-3:
        return ""
    return f"{known_ms(finding.mean_ms) / whole_ms:.0%}"


def money_text(finding: Finding) -> str:
    """The monthly saving or cost, "" if it is not known."""
    usd = finding.saves_usd_month
    if usd is None:
        return ""
    amount = f"${abs(usd):,.2f}" if abs(usd) >= 0.01 or not usd else "less than $0.01"
    return f"{'costs' if usd < 0 else 'saves'} {amount} a month"


def affected_text(finding: Finding) -> str:
    """How many starts in the window are affected; "" if the finding is not about starts."""
    if not finding.affected:
        return ""
    if finding.starts > finding.affected:
        return f"{finding.affected:,} of {finding.starts:,} starts"
    return format_counted(finding.affected, "start")


def likely_text(finding: Finding) -> str:
    """The likely saving of a start on average, "" if it is not known."""
    known = finding.saving is not None and finding.saving.is_known
    return format_ms(finding.mean_ms) if known else ""


def first_change(finding: Finding) -> str:
    """What to do in one line, with the subject."""
    what = finding.changes[0].title if finding.changes else finding.title
    return what if finding.subject in what else f"{what} ({finding.subject})"


def trial_text(trial: Trial) -> str:
    """The result of a trial."""
    if trial.breaks:
        return f"refuted: {trial.breaks}"
    if trial.failed or not trial.before_ms or not trial.after_ms:
        return f"not tried: {trial.failed or 'no start was measured'}"
    before, after = median(trial.before_ms), median(trial.after_ms)
    text = f"before {format_ms(before)}, after {format_ms(after)} (medians of {len(trial.before_ms)}"
    text += f" and {len(trial.after_ms)} starts on this machine)"
    if trial.saved_ms is not None:
        text += f"; saved {format_ms(trial.saved_ms)}"
        if trial.spread_ms:
            low, high = trial.spread_ms
            text += f", between {format_ms(low)} and {format_ms(high)}"
            text += ": not more than noise" if low <= 0 <= high else ""
    return f"{text}; {format_ms(trial.scaled_ms)} {SCALED}" if trial.scaled_ms is not None else text


def slice_shares(slices: Sequence[Slice], headline: Headline) -> Iterator[tuple[Slice, float]]:
    """Each part with its share of the start (or of the sum of all parts, if that is more)."""
    parts = [max(0.0, known_ms(one.ms)) for one in slices]
    whole = max(sum(parts), known_ms(headline.first_total_p50_ms))
    yield from ((one, part / whole if whole > 0 else 0.0) for one, part in zip(slices, parts, strict=True))


def pieces(text: str) -> list[tuple[str, bool]]:
    """Split text at backticks into plain and code parts. An unpaired backtick is plain text."""
    parts = text.split("`")
    if len(parts) % 2 == 0 or any(not part.strip() for part in parts[1::2]):
        return [(text, False)]
    return [(part, at % 2 == 1) for at, part in enumerate(parts) if part]


def median_start(starts: Sequence[ColdStart]) -> ColdStart | None:
    """The median of the starts whose first call is known; None without any."""
    known = sorted((one for one in starts if one.first_total_ms is not None), key=lambda one: one.first_total_ms or 0.0)
    return known[(len(known) - 1) // 2] if known else None
