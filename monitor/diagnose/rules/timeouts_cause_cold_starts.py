"""Time-outs and crashes that make the next call wait for a new init.

Lambda ends the process of an invocation that times out or crashes; the next one in that environment has its init
inside itself, with no extra CPU. Looks at the failures of the window and what came after each. A saved start is one
that does not happen: `analyze.starts.avoided`. Kills for memory are memory-too-small's. Whether retries or other calls
came into the broken environments is not known here, only that something had to wait.
"""

from collections.abc import Iterator

from monitor.diagnose.evidence.model import FailureCount, FunctionEvidence
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade
from monitor.diagnose.model_rule import NEEDS_LAMBDA_LIFECYCLE, Rule
from monitor.diagnose.rules.starts import avoided, configure, counted, function_of, kind_count, quoted, summary_of
from monitor.records.invocation import FailureKind, InitKind

_LONGEST_S = 900
_SURE = 5
_RISK = "A longer time-out lets a call that hangs cost more before it ends."
_DEADLINE = """# A call that gives up before Lambda does leaves the environment alive:
# requests / httpx:  timeout=(1, 2)
# botocore:          Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2})
# anything else:     stop at context.get_remaining_time_in_millis() - 500"""


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """One finding for time-outs and one for crashes, where new inits followed them."""
    for failure in evidence.failures:
        if failure.then_cold > 0 and failure.kind is FailureKind.TIMEOUT:
            yield _finding(evidence, failure, ("time-out", "time-outs"), _timeout_changes(evidence), _RISK)
        elif failure.then_cold > 0 and failure.kind is FailureKind.EXIT:
            yield _finding(evidence, failure, ("crash", "crashes"), (_see(evidence, "What the process died of"),))


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
    where = f"monitor show {quoted(example)}" if example else f"monitor errors {quoted(evidence.name)}"
    yield Evidence(f"{told}, {failure.then_cold} of them with a new init right after", where)
    summary = summary_of(evidence)
    if summary is not None and summary.cold_starts:
        share = min(1.0, failure.then_cold / summary.cold_starts)
        yield Evidence(f"{share:.0%} of the window's {summary.cold_starts} cold starts come from them")
    if count := kind_count(evidence, InitKind.SUPPRESSED):
        yield Evidence(
            f"{counted(count, 'init')} ran inside an invocation: without the CPU of an ordinary init, in its time-out"
        )
    cut = [one for one in evidence.cold_starts if one.kind is InitKind.FAILED and one.status == "timeout"]
    if cut:
        example = cut[0].request_id
        where = f"monitor show {quoted(example)}" if example else ""
        yield Evidence(
            f"{counted(len(cut), 'init')} did not end within the function's time-out: the next one starts over", where
        )


def _timeout_changes(evidence: FunctionEvidence) -> tuple[Change, ...]:
    changes = [
        Change(ChangeKind.CODE, "Give what the handler waits for a deadline shorter than the function's", _DEADLINE)
    ]
    function = function_of(evidence)
    if function is not None and function.timeout_s < _LONGEST_S:
        longer_s = min(_LONGEST_S, max(function.timeout_s * 2, 10))
        changes.append(
            Change(
                ChangeKind.COMMAND,
                f"If the work needs it, a longer time-out ({function.timeout_s} s now)",
                configure(evidence, f"--timeout {longer_s}"),
            )
        )
    changes.append(_see(evidence, "Which ones they are"))
    return tuple(changes)


def _see(evidence: FunctionEvidence, title: str) -> Change:
    return Change(ChangeKind.COMMAND, title, f"monitor errors {quoted(evidence.name)}")


RULE = Rule("timeouts-cause-cold-starts", find, trial=NEEDS_LAMBDA_LIFECYCLE)
