"""Findings that a trial refutes, or whose change breaks the function."""

from dataclasses import replace

import pytest

from monitor.console.text import Style
from monitor.diagnose.analyze import diagnose
from monitor.diagnose.analyze_trials import judged
from monitor.diagnose.model import Diagnosis, Trial
from monitor.diagnose.model_finding import Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import Rule
from monitor.diagnose.report.html import render_html
from monitor.diagnose.report.markdown import render_markdown
from monitor.diagnose.report.text import render_text
from monitor.kernel.missing import Missing
from tests.fakes.code_evidence import healthy
from tests.fakes.start_evidence import start


def finding(rule: str, likely_ms: float) -> Finding:
    return Finding(
        rule,
        "numpy",
        f"change by {rule}",
        (Evidence("seen"),),
        (),
        Saving(0, likely_ms, 2 * likely_ms, "guess"),
        20,
        Grade.LOW,
        Grade.HIGH,
    )


def trial(rule: str, spread_ms: tuple[float, float], **more: object) -> Trial:
    saved = sum(spread_ms) / 2
    made = Trial(rule, "numpy", "tried", (100.0,) * 9, (100.0 - saved,) * 9, saved, spread_ms, saved)
    return replace(made, **more)  # type: ignore[arg-type]


FOUND = diagnose(
    healthy(),
    rules=[Rule(name, lambda _e, n=name, ms=ms: [finding(n, ms)]) for name, ms in (("a", 200.0), ("b", 100.0))],
)


@pytest.mark.parametrize(
    ("result", "why"),
    [
        (trial("a", (-5.0, 20.0)), "starts were not faster with the change"),
        (trial("a", (-50.0, -20.0)), "starts were slower with the change"),
        (trial("a", (-5.0, 20.0), breaks="the function does not start"), "the function does not start"),
        (trial("a", (150.0, 220.0), breaks="another result"), "another result"),
    ],
    ids=["no gain", "slower", "does not start", "another result"],
)
def test_a_refuted_finding_is_no_advice_and_comes_below_all_others(result: Trial, why: str) -> None:
    after = judged(FOUND, [result])
    assert [one.rule for one in after.findings] == ["b"]
    (refuted,) = after.refuted
    assert (refuted.rule, refuted.refuted, refuted.confidence) == ("a", why, Grade.LOW)
    for text in (render_text(after, Style(width=100)), render_markdown(after)):
        assert text.index("change by b") < text.index("and refuted") < text.rindex("change by a")
        assert why in text
    assert why in render_html(after)


@pytest.mark.parametrize(
    "result",
    [
        trial("a", (150.0, 220.0)),
        trial("a", (-100.0, 300.0)),
        trial("a", (-5.0, 20.0), measures=False),
        trial("a", (-5.0, 20.0), failed="not here"),
        trial("c", (-5.0, 20.0)),
        trial("a", (-50.0, -20.0), before_ms=(1.0,) * 6),
    ],
    ids=["faster", "noise decides nothing", "times do not show it", "not tried", "of another", "a few turns"],
)
def test_a_trial_that_does_not_refute_a_finding_leaves_it(result: Trial) -> None:
    after = judged(FOUND, [result])
    assert [one.rule for one in after.findings] == ["a", "b"]
    assert after.refuted == ()


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (trial("a", (-300.0, 210.0)), Grade.LOW),
        (trial("a", (-210.0, 300.0)), Grade.HIGH),
        (trial("a", (-300.0, 210.0), before_ms=(1.0,) * 6), Grade.HIGH),
        (trial("a", (-300.0, 210.0), measures=False), Grade.HIGH),
    ],
    ids=["slower as a rule", "faster as a rule", "a few turns", "times do not show it"],
)
def test_a_trial_that_is_open_and_saved_nothing_leaves_low_confidence(result: Trial, expected: Grade) -> None:
    sure = replace(FOUND, findings=tuple(replace(one, confidence=Grade.HIGH) for one in FOUND.findings))
    found = {one.rule: one.confidence for one in judged(sure, [result]).findings}
    assert found == {"a": expected, "b": Grade.HIGH}


def test_a_finding_whose_change_cannot_be_made_is_no_advice() -> None:
    result = Trial("a", "numpy", "tried", failed="the import stands in an if", impossible=True)
    after = judged(FOUND, [result])
    assert [one.rule for one in after.findings] == ["b"]
    assert [(one.rule, one.confidence) for one in after.minor] == [("a", Grade.LOW)]
    for text in (render_text(after, Style(width=100)), render_markdown(after)):
        assert text.index("change by b") < text.index("change by a")
        assert "the import stands in an if" in " ".join(text.split())


def test_a_saving_is_compared_on_the_scale_of_this_machine() -> None:
    # Lambda takes four times as long: 200 ms there are 50 ms here.
    slow = trial("a", (-5.0, 45.0), scaled_ms=80.0)
    assert len(judged(FOUND, [replace(slow, spread_ms=(-5.0, 20.0))]).refuted) == 1
    assert len(judged(FOUND, [replace(slow, spread_ms=(-5.0, 30.0))]).refuted) == 0


def test_a_finding_that_a_trial_confirms_is_no_longer_low_and_ranks_higher() -> None:
    low = tuple(replace(one, confidence=Grade.LOW) for one in FOUND.findings)
    after = judged(replace(FOUND, findings=low), [trial("b", (60.0, 130.0))])
    assert {one.rule: one.confidence for one in after.findings} == {"a": Grade.LOW, "b": Grade.MEDIUM}
    few = judged(replace(FOUND, findings=low), [trial("b", (60.0, 130.0), before_ms=(1.0,) * 3)])
    assert {one.confidence for one in few.findings} == {Grade.LOW}


@pytest.mark.parametrize(("scaled_ms", "range_ms"), [(95.0, (60.0, 95.0, 130.0)), (380.0, (240.0, 380.0, 520.0))])
def test_a_saving_that_a_trial_measured_is_the_one_that_is_told(
    scaled_ms: float, range_ms: tuple[float, float, float]
) -> None:
    """Before, the estimate and its range (0 ms to 400 ms here) stayed beside the measurement."""
    total_ms = scaled_ms / 95.0 * 100.0
    known = replace(FOUND, evidence=replace(FOUND.evidence, cold_starts=(start(total_ms - 40.0, 40.0),) * 20))
    result = trial("a", (60.0, 130.0), scaled_ms=scaled_ms)
    saving = _saving_of_a(judged(known, [result]))
    assert (saving.low_ms, saving.likely_ms, saving.high_ms) == pytest.approx(range_ms)
    assert saving.basis == "measured on this machine in 9 turns with and without the change, and scaled to the function"
    # The ratio of this machine to the function is as uncertain as the median of the function's own starts.
    apart = (start(total_ms / 2, 0.0), *known.evidence.cold_starts, start(2 * total_ms, 0.0))
    varied = _saving_of_a(judged(replace(known, evidence=replace(known.evidence, cold_starts=apart)), [result]))
    assert varied == saving
    few = replace(known, evidence=replace(known.evidence, cold_starts=(apart[0], *apart[-2:])))
    varied = _saving_of_a(judged(few, [result]))
    assert (varied.low_ms, varied.high_ms) == pytest.approx((range_ms[0] / 2, 2 * range_ms[2]))


def _saving_of_a(diagnosis: Diagnosis) -> Saving:
    saving = next(one.saving for one in diagnosis.findings if one.rule == "a")
    assert saving is not None
    return saving


@pytest.mark.parametrize("result", [trial("a", (-5.0, 220.0)), trial("a", (60.0, 130.0), before_ms=(1.0,) * 6)])
def test_a_trial_that_decides_nothing_leaves_the_estimate(result: Trial) -> None:
    assert [one.saving for one in judged(FOUND, [result]).findings] == [one.saving for one in FOUND.findings]


def test_after_trials_the_last_step_is_to_measure_the_deployed_function() -> None:
    after = judged(FOUND, [trial("a", (150.0, 220.0))])
    assert after.next_steps[:-1] == FOUND.next_steps
    last = after.next_steps[-1]
    name = FOUND.evidence.function.name  # type: ignore[union-attr]  # healthy() has one
    assert last.command == f"monitor measure {name}"
    for text in (render_text(after, Style(width=100)), render_markdown(after)):
        assert f"monitor measure {name}" in text
    offline = replace(FOUND, evidence=replace(FOUND.evidence, function=Missing("a file of log lines")))
    assert judged(offline, []).next_steps == FOUND.next_steps
