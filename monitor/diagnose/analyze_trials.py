"""What trials say of the findings: their savings are measured, and a change that saves nothing is refuted."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from monitor.diagnose.analyze import ranked
from monitor.diagnose.analyze_next_steps import steps_after_trials
from monitor.diagnose.model import Diagnosis, Trial
from monitor.diagnose.model_finding import Finding, Grade, Saving
from monitor.kernel.statistics import median_interval

# Fewer turns decide nothing: `FEWEST` of monitor/diagnose/trials/paired.py.
_FEWEST_TURNS = 7
# A smaller saving than expected is one, and the trial shows it.
_PART = 0.5


def judged(diagnosis: Diagnosis, trials: Sequence[Trial]) -> Diagnosis:
    """The diagnosis with these trials.

    Findings that one of them refuted come last, with low confidence. What a trial confirmed has its measured saving,
    and at least medium confidence. What a trial leaves open, without a saving as a rule, has low confidence. A finding
    whose change cannot be made becomes a minor finding.
    """
    why = {
        (one.rule, one.subject): reason
        for one in trials
        if (reason := refuted_by(one, _likely_ms(diagnosis, one))) is not None
    }

    def is_refuted(finding: Finding) -> bool:
        return (finding.rule, finding.subject) in why

    impossible = {(one.rule, one.subject) for one in trials if one.impossible}

    def is_impossible(finding: Finding) -> bool:
        return (finding.rule, finding.subject) in impossible

    confirmed = {(one.rule, one.subject): one for one in trials if is_confirmed(one)}
    doubtful = {(one.rule, one.subject) for one in trials if _is_doubtful(one)}
    reported = [known for one in diagnosis.evidence.judged_starts if (known := one.first_total_ms) is not None]

    def weighed(finding: Finding) -> Finding:
        trial = confirmed.get((finding.rule, finding.subject))
        if trial is None:
            is_doubtful = (finding.rule, finding.subject) in doubtful
            return replace(finding, confidence=Grade.LOW) if is_doubtful else finding
        confidence = Grade.MEDIUM if finding.confidence is Grade.LOW else finding.confidence
        return replace(finding, confidence=confidence, saving=_measured(trial, finding.saving, reported))

    every = (*diagnosis.findings, *diagnosis.minor)
    return replace(
        diagnosis,
        findings=ranked(weighed(one) for one in diagnosis.findings if not (is_refuted(one) or is_impossible(one))),
        minor=(
            *(weighed(one) for one in diagnosis.minor if not is_refuted(one)),
            *(replace(one, confidence=Grade.LOW) for one in diagnosis.findings if is_impossible(one)),
        ),
        refuted=tuple(
            replace(one, confidence=Grade.LOW, refuted=why[one.rule, one.subject]) for one in every if is_refuted(one)
        ),
        trials=tuple(trials),
        next_steps=(*diagnosis.next_steps, *steps_after_trials(diagnosis.evidence)),
    )


def is_confirmed(trial: Trial) -> bool:
    """Whether the starts of a trial were faster with the change by more than noise."""
    enough = len(trial.before_ms) >= _FEWEST_TURNS
    return enough and not trial.breaks and trial.spread_ms is not None and trial.spread_ms[0] > 0


def _is_doubtful(trial: Trial) -> bool:
    """Whether the starts of a trial were as a rule not faster with the change."""
    enough = trial.measures and not trial.failed and len(trial.before_ms) >= _FEWEST_TURNS
    return enough and trial.saved_ms is not None and trial.saved_ms <= 0


def _measured(trial: Trial, estimate: Saving | None, reported: Sequence[float]) -> Saving | None:
    """The saving that a trial measured, scaled to the function as `scaled_ms` is.

    The range is the trial's interval, times the interval of the ratio: `reported` are the function's own first calls.
    """
    if not trial.measures or trial.spread_ms is None or trial.saved_ms is None:
        return estimate
    low_ms, high_ms = trial.spread_ms
    likely_ms, local_ms = trial.saved_ms, median(trial.before_ms)
    basis = f"measured on this machine in {len(trial.before_ms)} turns with and without the change"
    if trial.scaled_ms is not None and reported and local_ms > 0:
        least_ms, most_ms = median_interval(reported)
        low_ms, likely_ms, high_ms = low_ms * least_ms / local_ms, trial.scaled_ms, high_ms * most_ms / local_ms
        basis += ", and scaled to the function"
    low_ms, high_ms = min(low_ms, likely_ms), max(high_ms, likely_ms)
    return Saving(low_ms, likely_ms, high_ms, basis, "" if estimate is None else estimate.unless)


def refuted_by(trial: Trial, likely_ms: float | None) -> str | None:
    """Why a trial refutes its finding; None if it does not.

    `likely_ms` is the expected saving on the machine of the trial. A trial whose interval contains both zero and half
    of the expected saving decides nothing, and neither do a few turns.
    """
    if trial.breaks:
        return trial.breaks
    if trial.failed or trial.spread_ms is None or not trial.measures or len(trial.before_ms) < _FEWEST_TURNS:
        return None
    low_ms, high_ms = trial.spread_ms
    if high_ms < 0:
        return "starts were slower with the change"
    if low_ms > 0 or (likely_ms is not None and _PART * likely_ms <= high_ms):
        return None
    return "starts were not faster with the change"


def _likely_ms(diagnosis: Diagnosis, trial: Trial) -> float | None:
    """The saving that the finding expects, scaled to the machine of the trial."""
    every = (*diagnosis.findings, *diagnosis.minor)
    finding = next((one for one in every if (one.rule, one.subject) == (trial.rule, trial.subject)), None)
    if finding is None or finding.saving is None:
        return None
    if not trial.saved_ms or trial.scaled_ms is None:
        return finding.saving.likely_ms
    return finding.saving.likely_ms * trial.saved_ms / trial.scaled_ms if trial.scaled_ms else None
