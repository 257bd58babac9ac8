"""Suppressed inits (inits inside an invocation): those that took too long, and those that no failure explains.

Lambda repeats an init inside the invocation, without its CPU boost, when the process ended before, or when the first
try failed or took more than ten seconds. An init that was ended after ten seconds is one finding: the caller waited for
it in vain, so an init below ten seconds saves at least that. Starts after a timeout, kill or crash are reported by
timeouts-cause-cold-starts and memory-too-small. Of the others, the likely saving is the difference to an ordinary
start, the low end is nothing, and the high end is the difference to a warm call.
"""

from collections.abc import Iterator

from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.facts.starts import counted, kind_count, middle, ordinary, quoted, show, then_cold, warm_p50_ms
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import NEEDS_LAMBDA_LIFECYCLE, Rule
from monitor.records.invocation import INIT_LIMIT_MS, ColdStart, FailureKind, InitKind, is_timed_out

_EXPLAINED = (FailureKind.TIMEOUT, FailureKind.OUT_OF_MEMORY, FailureKind.EXIT, FailureKind.INIT)

_SIGNS = "INIT_REPORT|Runtime exited|Task timed out"


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """One finding for inits over ten seconds, and one for the others."""
    ended = tuple(one for one in evidence.cold_starts if one.kind is InitKind.SUPPRESSED and is_timed_out(one))
    if ended:
        yield _too_long(evidence, ended)
    count = kind_count(evidence, InitKind.SUPPRESSED)
    rest = count - len(ended) - then_cold(evidence, *_EXPLAINED)
    if rest > 0:
        yield _unexplained(evidence, count, rest)


def _too_long(evidence: FunctionEvidence, ended: tuple[ColdStart, ...]) -> Finding:
    lost_ms = middle(one.failed_init_ms for one in ended) or INIT_LIMIT_MS
    total_ms = middle(one.first_total_ms for one in ended)
    example = next((one.request_id for one in ended if one.request_id), "")
    facts = [Evidence(f"Lambda ended {counted(len(ended), 'init')} after 10 s", show(evidence, example))]
    if total_ms is not None:
        facts.append(Evidence(f"such a start took {format_ms(total_ms)}, with the init twice (median)"))
    return Finding(
        rule="suppressed-init",
        subject="inits over 10 s",
        title=f"{counted(len(ended), 'init')} took longer than 10 s, so Lambda ran "
        f"{'it' if len(ended) == 1 else 'them'} again inside the invocation",
        evidence=tuple(facts),
        changes=(Change(ChangeKind.CODE, "Make init shorter (see the other findings), or move work to its first use"),),
        saving=Saving(lost_ms, lost_ms, max(lost_ms, total_ms or 0.0), "the init that was ended, which nobody needed"),
        affected=len(ended),
        risk=Grade.LOW,
        confidence=Grade.HIGH,
        risk_text="The repeated init counts toward Duration and the function's timeout.",
    )


def _unexplained(evidence: FunctionEvidence, count: int, rest: int) -> Finding:
    starts = tuple(one for one in evidence.cold_starts if one.kind is InitKind.SUPPRESSED and not is_timed_out(one))
    example = next((one.request_id for one in starts if one.request_id), "")
    where = show(evidence, example) if example else ""
    facts = [Evidence(f"no failure in the log explains {rest} of {counted(count, 'init')} inside an invocation", where)]
    facts += _durations(evidence, starts)
    return Finding(
        rule="suppressed-init",
        subject="inits inside an invocation",
        title=f"{counted(rest, 'init')} ran inside an invocation, without the CPU boost of init",
        evidence=tuple(facts),
        changes=(
            Change(
                ChangeKind.COMMAND,
                "See what came before: a failed init, an init over 10 s, or the end of the process",
                f"monitor tail {quoted(evidence.name)} --since 1d --no-follow --grep {quoted(_SIGNS)}",
            ),
        ),
        saving=_saving(evidence, starts),
        affected=rest,
        risk=Grade.LOW,
        confidence=Grade.LOW,
        risk_text="Such an init counts toward Duration and the function's timeout, and is billed as Duration.",
    )


def _durations(evidence: FunctionEvidence, starts: tuple[ColdStart, ...]) -> Iterator[Evidence]:
    total_ms = middle(one.first_total_ms for one in starts)
    usual_ms = middle(one.first_total_ms for one in ordinary(evidence))
    if total_ms is None:
        return
    beside = f", an ordinary start {format_ms(usual_ms)}" if usual_ms is not None else ""
    where = f"monitor coldstarts {quoted(evidence.name)} --by kind"
    yield Evidence(f"such a start took {format_ms(total_ms)}{beside} (medians)", where)


def _saving(evidence: FunctionEvidence, starts: tuple[ColdStart, ...]) -> Saving | None:
    total_ms = middle(one.first_total_ms for one in starts)
    usual_ms, warm_ms = middle(one.first_total_ms for one in ordinary(evidence)), warm_p50_ms(evidence)
    if total_ms is None or usual_ms is None:
        return None
    likely = max(0.0, total_ms - usual_ms)
    high = max(likely, total_ms - (warm_ms or 0.0))
    return Saving(0.0, likely, high, "the difference to an ordinary start; at most, to a warm call")


RULE = Rule("suppressed-init", find, trial=NEEDS_LAMBDA_LIFECYCLE)
