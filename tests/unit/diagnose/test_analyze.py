"""From evidence to a diagnosis: the number, its parts, what is ranked where, and what to ask next."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from monitor.aws.functions import function_info
from monitor.coldstarts.model import ColdStartSummary
from monitor.console.text import Style
from monitor.diagnose.analyze import diagnose, headline
from monitor.diagnose.analyze_compare import compare
from monitor.diagnose.analyze_next_steps import next_steps
from monitor.diagnose.analyze_slices import median_start, slices
from monitor.diagnose.evidence.model import (
    FunctionEvidence,
    LateImport,
    LatestChange,
    Settings,
    SourceFacts,
    SourceState,
    is_missing,
)
from monitor.diagnose.model_finding import Finding, Grade, Saving
from monitor.diagnose.model_rule import Rule
from monitor.diagnose.report.finding_view import saving_text
from monitor.diagnose.report.text import render_text
from monitor.diagnose.report.view import latest_text, verdict_text, view_of
from monitor.kernel.jsonable import jsonable
from monitor.kernel.missing import Missing
from monitor.kernel.statistics import distribution
from monitor.records.invocation import InitKind
from tests.fakes.start_evidence import function
from tests.unit.diagnose.report import diagnosis_factory as factory


def known() -> FunctionEvidence:
    """The slow function's evidence, with the summary of its cold starts."""
    evidence = factory.evidence()
    totals = distribution(one.first_total_ms for one in evidence.cold_starts if one.first_total_ms is not None)
    inits = distribution(one.init_ms for one in evidence.cold_starts if one.init_ms is not None)
    none = distribution(())
    count = len(evidence.cold_starts)
    return replace(
        evidence,
        starts=ColdStartSummary(evidence.name, evidence.window, 2 * count, count, 0.5, inits, totals, none, none),
    )


def starts(evidence: FunctionEvidence) -> ColdStartSummary:
    assert not isinstance(evidence.starts, Missing)
    return evidence.starts


def finding(rule: str, likely_ms: float | None, affected: int = 1_000) -> Finding:
    saving = None if likely_ms is None else Saving(0.0, likely_ms, likely_ms * 2, "measured")
    return Finding(rule, "x", rule, (), (), saving, affected, Grade.LOW, Grade.HIGH)


def test_findings_are_ranked_by_saving_share_of_starts_and_confidence() -> None:
    half = starts(known()).cold_starts // 2

    def some(_: FunctionEvidence) -> Iterator[Finding]:
        yield finding("small", 2.0)
        yield finding("half", 300.0, affected=half)
        yield replace(finding("unsure", 400.0), confidence=Grade.LOW)

    def others(_: FunctionEvidence) -> Iterator[Finding]:
        yield finding("many", 200.0)
        yield finding("unknown", None)

    found = diagnose(known(), rules=(Rule("some", some), Rule("others", others)))
    assert [one.rule for one in found.findings] == ["many", "half", "unsure"]
    assert [one.rule for one in found.minor] == ["small", "unknown"]
    ranks = [one.rank_ms for one in found.findings]
    assert ranks == pytest.approx([200.0, 300.0 * half / starts(known()).cold_starts, 400.0 * 0.3])


def test_one_time_out_in_many_invocations_is_no_finding_worth_changing_and_never_certain() -> None:
    def once(_: FunctionEvidence) -> Iterator[Finding]:
        yield finding("timeouts", 2_020.0, affected=1)
        yield finding("imports", 100.0)

    found = diagnose(known(), rules=(Rule("once", once),))
    assert [one.rule for one in found.findings] == ["imports"]
    (timeout,) = found.minor
    assert timeout.confidence is Grade.LOW
    assert saving_text(timeout).startswith(f"likely saves 2.02 s in 1 of {starts(known()).cold_starts} starts (")


def test_a_saving_of_no_start_is_never_certain_and_no_count_of_starts_is_told() -> None:
    def killed(_: FunctionEvidence) -> Iterator[Finding]:
        yield finding("kills", 500.0, affected=0)

    (found,) = view_of(diagnose(known(), rules=(Rule("killed", killed),)), utc=True).minor
    assert found.finding.confidence is Grade.LOW
    assert found.facts == ["confidence low", "risk low"]


@pytest.mark.parametrize(
    ("low_ms", "likely_ms", "high_ms", "known_range"),
    [
        (-2_920.0, 1_100.0, 1_540.0, False),
        (0.0, 5.0, 900.0, False),
        (0.0, 60.0, 400.0, True),
        (-10.0, 90.0, 140.0, True),
    ],
)
def test_a_range_wide_enough_to_hold_anything_is_not_known(
    low_ms: float, likely_ms: float, high_ms: float, known_range: bool
) -> None:
    one = replace(finding("wide", 1.0), saving=Saving(low_ms, likely_ms, high_ms, "guessed"))

    def wide(_: FunctionEvidence) -> Iterator[Finding]:
        yield one

    found = diagnose(known(), rules=(Rule("wide", wide),))
    assert bool(found.findings) is known_range
    if not known_range:
        assert saving_text(one).startswith("the saving is not known (between ")


def test_a_function_that_fails_comes_before_all_that_is_slow() -> None:
    def broken(_: FunctionEvidence) -> Iterator[Finding]:
        yield finding("slow", 900.0)
        yield replace(finding("broken", None), urgent=True)

    assert [one.rule for one in diagnose(known(), rules=(Rule("broken", broken),)).findings] == ["broken", "slow"]


@pytest.mark.parametrize("part", ["package", "code"])
def test_nothing_is_worth_changing_is_only_said_where_all_that_decides_was_examined(part: str) -> None:
    whole = replace(known(), code=SourceFacts(1, 0))
    assert not is_missing(whole.imports)
    assert not is_missing(whole.package)
    assert verdict_text(diagnose(whole, rules=())).startswith("Nothing is worth changing")
    cut = replace(whole, **{part: Missing("refused")})
    assert verdict_text(diagnose(cut, rules=())).endswith(f"Not examined: {part}.")


@pytest.mark.parametrize(("count", "told"), [(1, False), (9, True)])
def test_minor_findings_that_add_up_are_told(count: int, *, told: bool) -> None:
    whole = replace(known(), code=SourceFacts(1, 0))
    part_ms = (diagnose(whole, rules=()).headline.first_total_p50_ms or 0.0) * 0.015

    def small(_: FunctionEvidence) -> Iterator[Finding]:
        for number in range(count):
            yield replace(finding(f"small-{number}", part_ms), confidence=Grade.LOW)

    found = diagnose(whole, rules=(Rule("small", small),))
    assert not found.findings
    assert ("the minor findings together may save" in verdict_text(found)) is told


def test_where_most_of_a_start_is_an_unknown_init_not_enough_is_known() -> None:
    cut = replace(known(), code=SourceFacts(1, 0), imports=Missing("not recorded"))
    found = diagnose(cut, rules=())
    said = verdict_text(found)
    assert said.startswith("Not enough is known to say what to change: init is ")
    assert "imports could not be examined" in said
    assert any("imports" in step.lacking for step in found.next_steps)


def test_a_node_function_is_called_one() -> None:
    node = replace(known(), function=function(runtime="nodejs22.x"), imports=Missing("none"), cold_starts=())
    found = diagnose(node, rules=())
    assert verdict_text(found).startswith("This is a nodejs22.x function")
    assert any(step.lacking.startswith("it is a nodejs22.x function") for step in found.next_steps)


def test_every_rule_is_silent_where_nothing_is_known() -> None:
    nothing = factory.unknown().evidence
    nothing = replace(nothing, function=Missing("refused"), settings=Missing("refused"), starts=Missing("refused"))
    assert diagnose(nothing).findings == ()


def test_the_number_is_what_first_callers_wait_for_or_why_there_is_none() -> None:
    evidence = known()
    assert headline(evidence).first_total_p50_ms == starts(evidence).first_total.p50
    assert headline(replace(evidence, starts=Missing("refused"))).why == "refused"
    idle = replace(starts(evidence), invocations=0, cold_starts=0)
    assert "no invocations" in headline(replace(evidence, starts=idle)).why
    warm = replace(starts(evidence), cold_starts=0)
    assert "cold start" in headline(replace(evidence, starts=warm)).why


def test_the_parts_of_the_median_start_add_up_to_its_first_total() -> None:
    evidence = known()
    start = median_start(evidence)
    assert start is not None
    parts = slices(evidence)
    assert sum(part.ms for part in parts) == pytest.approx(start.first_total_ms, abs=2.0)
    assert {part.measured for part in parts} >= {"init record", "REPORT"}
    assert all(part.ms > 0 for part in parts)


def test_without_an_init_record_the_init_is_one_part() -> None:
    evidence = known()
    bare = tuple(replace(one, init_record=None) for one in evidence.cold_starts)
    evidence = replace(evidence, cold_starts=bare, imports=Missing("none"))
    assert [part.label for part in slices(evidence)] == ["init", "first invocation"]


def test_an_import_profile_splits_the_init_where_there_is_no_record() -> None:
    evidence = known()
    bare = tuple(replace(one, init_record=None) for one in evidence.cold_starts)
    parts = slices(replace(evidence, cold_starts=bare))
    assert any(part.measured == "import profile" for part in parts)
    start = median_start(replace(evidence, cold_starts=bare))
    assert start is not None
    assert sum(part.ms for part in parts) == pytest.approx(start.first_total_ms, abs=2.0)


def test_no_part_of_a_start_is_cut_off_at_80_columns() -> None:
    evidence = known()
    later = tuple(replace(one, init_ms=(one.init_ms or 0) + 30) for one in evidence.cold_starts)
    bare = tuple(replace(one, init_record=None) for one in evidence.cold_starts)
    for starts_of in (later, bare):
        found = diagnose(replace(evidence, cold_starts=starts_of), rules=())
        assert any(part.measured.startswith("REPORT less") for part in found.slices)
        table = render_text(found, Style(80)).partition("Where the time goes")[2].partition("\n\n")[0]
        assert "…" not in table


def test_a_suppressed_init_is_inside_its_invocation() -> None:
    evidence = known()
    inside = tuple(
        replace(one, kind=InitKind.SUPPRESSED, init_ms=None, first_total_ms=one.duration_ms)
        for one in evidence.cold_starts
    )
    assert [part.label for part in slices(replace(evidence, cold_starts=inside))] == ["first invocation, with its init"]


def test_what_the_first_invocation_imports_is_a_part_of_its_own() -> None:
    late = (LateImport("pandas", 20.0, 10, 10, 12.0),)
    parts = {part.label: part.ms for part in slices(replace(known(), late_imports=late))}
    assert parts["imports by the first invocation"] == pytest.approx(12.0)


def test_what_lacks_is_named_with_a_command_to_paste() -> None:
    evidence = replace(
        known(),
        imports=Missing("none"),
        settings=Settings(instrumented=False),
        traces=(),
        function=function_info({"FunctionName": "analyzer"}, "eu-west-1"),
    )
    commands = [step.command for step in next_steps(evidence)]
    assert "monitor instrument analyzer --apply" in commands
    assert any("Mode=Active" in command for command in commands)
    assert next_steps(known()) == ()


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ({"PackageType": "Image"}, ["monitor instrument analyzer"]),
        ({"Runtime": "nodejs20.x"}, []),
        ({"Runtime": "python3.13"}, ["monitor instrument analyzer --apply"]),
    ],
)
def test_no_command_is_proposed_that_would_be_refused(answer: dict[str, str], wanted: list[str]) -> None:
    function = function_info({"FunctionName": "analyzer", **answer}, "eu-west-1")
    evidence = replace(
        known(), imports=Missing("none"), settings=Settings(instrumented=False), function=function, cold_starts=()
    )
    commands = [step.command for step in next_steps(evidence)]
    assert [one for one in commands if "instrument" in one] == wanted
    assert any("PYTHONPROFILEIMPORTTIME" in one for one in commands) == bool(wanted)


def test_lines_at_hand_point_to_what_aws_knows() -> None:
    evidence = replace(known(), sources=(SourceState("package", "skipped", "none", 0.0),))
    assert [step.command for step in next_steps(evidence)] == [f"monitor diagnose {evidence.name}"]


def test_the_command_that_turns_the_import_profile_on_keeps_the_other_variables() -> None:
    evidence = replace(known(), imports=Missing("none"), settings=Settings(instrumented=False))
    [command] = [step.command for step in next_steps(evidence) if "PYTHONPROFILEIMPORTTIME" in step.command]
    fakes = 'aws() { case $2 in get*) echo \'{"Variables": {"A": "b c"}}\';; *) printf \'%s|\' "$@";; esac; }\n'
    done = subprocess.run(
        ["bash", "-c", fakes + command.replace("python3", sys.executable)], capture_output=True, text=True, check=True
    )
    assert '--environment|{"Variables": {"A": "b c", "PYTHONPROFILEIMPORTTIME": "1"}}|' in done.stdout


def test_a_function_of_a_hostile_name_makes_no_command_of_it() -> None:
    evidence = replace(factory.unknown().evidence, name="x; rm -rf ~", function=Missing("refused"))
    assert all("x; rm" not in step.command.replace("'x; rm -rf ~'", "") for step in next_steps(evidence))


def test_before_and_after_show_what_moved_and_whether_it_is_noise() -> None:
    before = known()
    faster = tuple(
        replace(one, init_ms=(one.init_ms or 0) / 2, first_total_ms=(one.first_total_ms or 0) / 2)
        for one in before.cold_starts
    )
    after = replace(before, cold_starts=faster, gathered_at_ms=before.gathered_at_ms + 1)

    def heavy(evidence: FunctionEvidence) -> Iterator[Finding]:
        yield finding("heavy" if evidence is before else "light", 300.0)
        yield finding("both", 200.0)

    changed = compare(diagnose(before, rules=(Rule("heavy", heavy),)), diagnose(after, rules=(Rule("heavy", heavy),)))
    figures = {one.label: one for one in changed.figures}
    moved = figures["init, median"].difference
    assert moved is not None
    assert moved.is_more_than_noise
    same = compare(diagnose(before, rules=()), diagnose(before, rules=()))
    assert next(one for one in same.figures if one.label == "init, median").difference is not None
    assert all(not one.difference.is_more_than_noise for one in same.figures if one.difference)
    assert [one.rule for one in changed.gone] == ["heavy"]
    assert [one.rule for one in changed.new] == ["light"]
    assert [one.rule for one in changed.kept] == ["both"]
    assert any("overlap" in note for note in changed.notes)
    assert jsonable(changed)


def test_a_finding_without_starts_to_weigh_it_is_not_gone() -> None:
    before = known()
    quiet = replace(before, starts=Missing("it logged nothing in the window"), cold_starts=())

    def heavy(evidence: FunctionEvidence) -> Iterator[Finding]:
        yield finding("heavy", 300.0 if evidence is before else None)

    changed = compare(diagnose(before, rules=(Rule("heavy", heavy),)), diagnose(quiet, rules=(Rule("heavy", heavy),)))
    assert changed.gone == ()
    assert [one.rule for one in changed.kept] == ["heavy"]


def test_rules_see_the_starts_since_the_latest_change_but_for_those_that_look_over_time() -> None:
    evidence = known()
    evidence = replace(evidence, cold_starts=tuple(replace(one, version="$LATEST") for one in evidence.cold_starts))
    middle = sorted(one.at_ms for one in evidence.cold_starts)[len(evidence.cold_starts) // 2]
    change = LatestChange("$LATEST", middle, 3)
    cut = replace(evidence, latest=change)
    seen: dict[str, int] = {}

    def judging(given: FunctionEvidence) -> Iterator[Finding]:
        seen["judging"] = len(given.cold_starts)
        return iter(())

    def over_time(given: FunctionEvidence) -> Iterator[Finding]:
        seen["over time"] = len(given.cold_starts)
        return iter(())

    found = diagnose(cut, rules=(Rule("judging", judging), Rule("over", over_time, compares_over_time=True)))
    assert seen == {"judging": len(cut.judged_starts), "over time": len(evidence.cold_starts)}
    assert 0 < seen["judging"] < seen["over time"]
    assert latest_text(found.evidence, utc=True).endswith("; 3 earlier cold starts are ignored")
    assert latest_text(evidence, utc=True) == ""


def test_a_few_starts_are_too_few_to_tell() -> None:
    few = replace(known(), cold_starts=known().cold_starts[:3])
    changed = compare(diagnose(few, rules=()), diagnose(few, rules=()))
    difference = changed.figures[0].difference
    assert difference is not None
    assert difference.is_more_than_noise is None


def test_an_init_over_ten_seconds_is_shown_as_one_that_was_ended_and_one_in_the_call() -> None:
    evidence = known()
    ended = tuple(
        replace(one, kind=InitKind.SUPPRESSED, init_ms=None, failed_init_ms=10_000.0, first_total_ms=21_500.0)
        for one in evidence.cold_starts
    )
    assert not is_missing(evidence.starts)
    total = replace(evidence.starts.first_total, p50=21_500.0)
    whole = replace(
        evidence, cold_starts=ended, starts=replace(evidence.starts, first_total=total), imports=Missing("none")
    )
    assert [(part.label, part.ms) for part in slices(whole)] == [
        ("init, ended after 10 s", 10_000.0),
        ("first invocation, with its init", 11_500.0),
    ]
    assert verdict_text(diagnose(whole, rules=())).startswith("Not enough is known to say what to change: init is 93%")
