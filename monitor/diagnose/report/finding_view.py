"""A finding and its trials in  The texts are not escaped."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from monitor.console.text import format_counted, format_ms
from monitor.diagnose.model import Diagnosis, Headline, Trial
from monitor.diagnose.model_finding import ChangeKind, Finding, Saving
from monitor.diagnose.report.figures import known_ms

SCALED = "scaled to the function (an estimate: page cache and CPU differ on Lambda)"
KINDS = {
    ChangeKind.PATCH: "patch",
    ChangeKind.COMMAND: "command",
    ChangeKind.SETTING: "setting",
    ChangeKind.CODE: "code",
}


@dataclass(frozen=True, slots=True)
class TrialView:
    """A trial and its result; `failed` says that the change was not tried."""

    change: str
    subject: str
    result: str
    failed: bool


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding with its figures as text; "" for what is not known.

    `what` is the first change in one line, `saving` a sentence without its period, and `share` the likely saving as a
    share of the median start.
    """

    finding: Finding
    what: str
    saving: str
    likely: str
    range: str
    between: str
    unless: str
    share: str
    affected: str
    money: str
    trials: tuple[TrialView, ...]

    @property
    def facts(self) -> list[str]:
        """Affected starts, confidence, risk, and what the change saves or costs a month."""
        grades = (f"confidence {self.finding.confidence.value}", f"risk {self.finding.risk.value}")
        return [fact for fact in (self.affected, *grades, self.money) if fact]

    @property
    def figures(self) -> str:
        """The likely saving and its range; "" if the change saves nothing in milliseconds."""
        return "" if self.finding.saving is None else f"{self.likely or 'not known'} ({self.range})"


def finding_views(findings: Sequence[Finding], diagnosis: Diagnosis) -> tuple[FindingView, ...]:
    """Each finding with its trials."""
    return tuple(
        FindingView(
            finding=one,
            what=first_change(one),
            saving=saving_text(one),
            likely=likely_text(one),
            range="" if one.saving is None else range_text(one.saving),
            between="" if one.saving is None else between_text(one.saving),
            unless="" if one.saving is None else unless_text(one.saving),
            share=share_text(one, diagnosis.headline),
            affected=affected_text(one),
            money=money_text(one),
            trials=_trials(trial for trial in diagnosis.trials if _subject(trial) == _subject(one)),
        )
        for one in findings
    )


def other_trials(diagnosis: Diagnosis) -> tuple[TrialView, ...]:
    """The trials of findings that are not shown in full."""
    shown = {_subject(one) for one in (*diagnosis.findings, *diagnosis.refuted)}
    return _trials(trial for trial in diagnosis.trials if _subject(trial) not in shown)


def _trials(trials: Iterable[Trial]) -> tuple[TrialView, ...]:
    return tuple(
        TrialView(change=one.change, subject=one.subject, result=trial_text(one), failed=bool(one.failed))
        for one in trials
    )


def _subject(one: Finding | Trial) -> tuple[str, str]:
    return one.rule, one.subject


def first_change(finding: Finding) -> str:
    """What to do in one line, with the subject."""
    what = finding.changes[0].title if finding.changes else finding.title
    return what if finding.subject in what else f"{what} ({finding.subject})"


def saving_text(finding: Finding) -> str:
    """The saving as a sentence without its final period."""
    saving = finding.saving
    if saving is None:
        return "the saving in milliseconds is not known"
    if not saving.is_known:
        return f"the saving is not known{between_text(saving)}"
    verb, likely = ("saves", saving.likely_ms) if saving.likely_ms >= 0 else ("costs", -saving.likely_ms)
    return f"likely {verb} {format_ms(likely)} {_per_text(finding)}{between_text(saving)}{unless_text(saving)}"


def _per_text(finding: Finding) -> str:
    if finding.share >= 1:
        return "per start"
    return f"in {finding.affected:,} of {finding.starts:,} starts ({format_ms(finding.mean_ms)} per start on average)"


def between_text(saving: Saving) -> str:
    """` (between 310 ms and 430 ms)`, "" without a range."""
    low, high = format_ms(saving.low_ms), format_ms(saving.high_ms)
    return "" if low == high else f" (between {low} and {high})"


def unless_text(saving: Saving) -> str:
    """`, nothing if its first request imports it`, "" without an exception."""
    return f", nothing if {saving.unless}" if saving.unless else ""


def range_text(saving: Saving) -> str:
    """`310 ms – 430 ms`."""
    low, high = format_ms(saving.low_ms), format_ms(saving.high_ms)
    return low if low == high else f"{low} – {high}"


def likely_text(finding: Finding) -> str:
    """The likely saving of a start on average, "" if it is not known."""
    known = finding.saving is not None and finding.saving.is_known
    return format_ms(finding.mean_ms) if known else ""


def share_text(finding: Finding, headline: Headline) -> str:
    """The likely saving of a start on average, as a share of the median start; "" if either is unknown."""
    whole_ms = known_ms(headline.first_total_p50_ms)
    if finding.saving is None or not finding.saving.is_known or whole_ms < 1e-3:
        return ""
    return f"{known_ms(finding.mean_ms) / whole_ms:.0%}"


def affected_text(finding: Finding) -> str:
    """How many starts in the window are affected; "" if the finding is not about starts."""
    if not finding.affected:
        return ""
    if finding.starts > finding.affected:
        return f"{finding.affected:,} of {finding.starts:,} starts"
    return format_counted(finding.affected, "start")


def money_text(finding: Finding) -> str:
    """The monthly saving or cost, "" if it is not known."""
    usd = finding.saves_usd_month
    if usd is None:
        return ""
    amount = f"${abs(usd):,.2f}" if abs(usd) >= 0.01 or not usd else "less than $0.01"
    return f"{'costs' if usd < 0 else 'saves'} {amount} a month"


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
