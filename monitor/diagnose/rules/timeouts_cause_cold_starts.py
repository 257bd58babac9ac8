"""Timeouts and crashes that make the next call wait for a new init.

Lambda ends the process of an invocation that times out or crashes. The next invocation in that environment includes a
new init, without its CPU boost. Evidence: the failures in the window, and what followed each. The saving is that of an
avoided start (starts.avoided). Out-of-memory kills are reported by memory-too-small.
"""

from collections.abc import Iterator

from monitor.diagnose.evidence.model import FailureCount, FunctionEvidence
from monitor.diagnose.facts.starts import avoided, configure, counted, function_of, kind_count, quoted, show, summary_of
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade
from monitor.diagnose.model_rule import NEEDS_LAMBDA_LIFECYCLE, Rule
from monitor.records.invocation import FailureKind, InitKind

_LONGEST_S = 900
_SURE = 5
_RISK = "With a longer timeout, a call that hangs costs more before it ends."
_DEADLINE = """# A call that gives up before Lambda does keeps the environment alive:
# requests / httpx:  timeout=(1, 2)
# botocore:          Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2})
# anything else:     stop at context.get_remaining_time_in_millis() - 500"""


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """One finding for time-outs and one for crashes, where new inits followed them."""
    for failure in evidence.failures:
        if failure.then_cold > 0 and failure.kind is FailureKind.TIMEOUT:
            yield _finding(evidence, failure, ("timeout", "timeouts"), _timeout_changes(evidence), _RISK)
        elif failure.then_cold > 0 and failure.kind is FailureKind.EXIT:
            yield _finding(evidence, failure, ("crash", "crashes"), (_see(evidence, "See why the process ended"),))


def _finding(
    evidence: FunctionEvidence,
    failure: FailureCount,
    noun: tuple[str, str],
    changes: tuple[Change, ...],
    risk_text: str = "",
) -> Finding:
    suppressed = tuple(start for start in evidence.cold_starts if start.kind is InitKind.SUPPRESSED)
    told = counted(failure.count, *noun)
    return Finding(
        rule="timeouts-cause-cold-starts",
        subject=noun[1],
        title=f"{told} made {counted(failure.then_cold, 'later invocation')} wait for a new init",
        evidence=tuple(_evidence(evidence, failure, told)),
        changes=changes,
        saving=avoided(evidence, suppressed),
        affected=failure.then_cold,
        risk=Grade.LOW,
        confidence=Grade.HIGH if failure.then_cold >= _SURE else Grade.MEDIUM,
        risk_text=risk_text,
    )


def _evidence(evidence: FunctionEvidence, failure: FailureCount, told: str) -> Iterator[Evidence]:
    example = failure.request_ids[0] if failure.request_ids else ""
    where = show(evidence, example)
    yield Evidence(f"{told}, {failure.then_cold} of them followed by a new init", where)
    summary = summary_of(evidence)
    if summary is not None and summary.cold_starts:
        share = min(1.0, failure.then_cold / summary.cold_starts)
        yield Evidence(f"they cause {share:.0%} of the {summary.cold_starts} cold starts in the window")
    if count := kind_count(evidence, InitKind.SUPPRESSED):
        yield Evidence(f"{counted(count, 'init')} ran inside an invocation, without the CPU boost of init")
    cut = [one for one in evidence.cold_starts if one.kind is InitKind.FAILED and one.status == "timeout"]
    if cut:
        example = cut[0].request_id
        where = show(evidence, example) if example else ""
        yield Evidence(
            f"the function's timeout ended {counted(len(cut), 'init')}, and the next invocation started over", where
        )


def _timeout_changes(evidence: FunctionEvidence) -> tuple[Change, ...]:
    changes = [
        Change(ChangeKind.CODE, "Set timeouts shorter than the function's for the calls of the handler", _DEADLINE)
    ]
    function = function_of(evidence)
    if function is not None and function.timeout_s < _LONGEST_S:
        longer_s = min(_LONGEST_S, max(function.timeout_s * 2, 10))
        changes.append(
            Change(
                ChangeKind.COMMAND,
                f"If the work needs it, set a longer timeout (now {function.timeout_s} s)",
                configure(evidence, f"--timeout {longer_s}"),
            )
        )
    changes.append(_see(evidence, "See the timeouts"))
    return tuple(changes)


def _see(evidence: FunctionEvidence, title: str) -> Change:
    return Change(ChangeKind.COMMAND, title, f"monitor errors {quoted(evidence.name)}")


RULE = Rule("timeouts-cause-cold-starts", find, trial=NEEDS_LAMBDA_LIFECYCLE)
