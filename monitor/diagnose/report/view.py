"""A diagnosis in words: what the terminal, Markdown and HTML reports show. Its texts are not escaped."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.diagnose.evidence.model import SourceState
from monitor.diagnose.model import Diagnosis, Slice, Trial
from monitor.diagnose.model_finding import Finding
from monitor.diagnose.report import words


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


@dataclass(frozen=True, slots=True)
class ReportView:
    """The report in the order in which it is shown.

    `headline`, `starts` and `latest` are sentences without a period. `verdict` stands in place of `findings`.
    `slices` come with their share of the start. `unread` are the sources of evidence that were not read.
    """

    name: str
    region: str
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
        window=words.window_text(evidence, utc=utc),
        headline=words.headline_text(headline),
        starts=words.starts_text(headline),
        latest=words.latest_text(evidence, utc=utc),
        slices=tuple(words.slice_shares(diagnosis.slices, headline)),
        verdict=words.verdict_text(diagnosis),
        overlap=words.OVERLAP if len(diagnosis.findings) > 1 else "",
        findings=_findings(diagnosis.findings, diagnosis),
        minor=_findings(diagnosis.minor, diagnosis),
        refuted=_findings(diagnosis.refuted, diagnosis),
        other_trials=_other_trials(diagnosis),
        unread=tuple(one for one in evidence.sources if one.state != "read"),
        read=tuple(one for one in evidence.sources if one.state == "read"),
    )


def _findings(findings: Sequence[Finding], diagnosis: Diagnosis) -> tuple[FindingView, ...]:
    return tuple(
        FindingView(
            finding=one,
            what=words.first_change(one),
            saving=words.saving_text(one),
            likely=words.likely_text(one),
            range="" if one.saving is None else words.range_text(one.saving),
            between="" if one.saving is None else words.between_text(one.saving),
            share=words.share_text(one, diagnosis.headline),
            affected=words.affected_text(one),
            money=words.money_text(one),
            trials=_trials(trial for trial in diagnosis.trials if _subject(trial) == _subject(one)),
        )
        for one in findings
    )


def _other_trials(diagnosis: Diagnosis) -> tuple[TrialView, ...]:
    """The trials of findings that are not shown in full."""
    shown = {_subject(one) for one in (*diagnosis.findings, *diagnosis.refuted)}
    return _trials(trial for trial in diagnosis.trials if _subject(trial) not in shown)


def _trials(trials: Iterable[Trial]) -> tuple[TrialView, ...]:
    return tuple(
        TrialView(change=one.change, subject=one.subject, result=words.trial_text(one), failed=bool(one.failed))
        for one in trials
    )


def _subject(one: Finding | Trial) -> tuple[str, str]:
    return one.rule, one.subject
