"""Requests that were throttled, and by which limit.

A throttled request never reached an environment, so no start becomes faster, and there is no saving in ms. The limit is
the reserved concurrency, if there is one. Otherwise it is the account's limit, which all functions share, or the
scaling rate of a function (1,000 environments in ten seconds).
"""

from collections.abc import Iterator

from monitor.diagnose.evidence.model import Concurrency, FunctionEvidence, is_missing
from monitor.diagnose.facts.starts import counted, quoted
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade
from monitor.diagnose.model_rule import Rule


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """At most one finding."""
    if is_missing(evidence.metrics) or not evidence.metrics.throttles:
        return
    throttles, peak = evidence.metrics.throttles, evidence.metrics.concurrency_max
    turned = counted(round(throttles), "request was", "requests were")
    limits = None if is_missing(evidence.concurrency) else evidence.concurrency
    facts = [Evidence(f"{turned} throttled", f"monitor metrics {quoted(evidence.name)}")]
    if peak is not None:
        facts.append(Evidence(f"at most {peak:,.0f} ran concurrently"))
    facts += _limits(limits)
    reserved = limits.reserved if limits else None
    yield Finding(
        rule="concurrency-limits",
        subject="reserved concurrency" if reserved is not None else "the account's concurrency",
        title=f"{turned} throttled by a concurrency limit",
        evidence=tuple(facts),
        changes=tuple(_changes(evidence, reserved)),
        saving=None,
        affected=0,
        risk=Grade.MEDIUM,
        confidence=Grade.HIGH if limits else Grade.MEDIUM,
        risk_text="A higher limit sends more load to the services behind the function.",
    )


def _limits(limits: Concurrency | None) -> Iterator[Evidence]:
    if limits is None:
        return
    if limits.reserved == 0:
        yield Evidence("its reserved concurrency is 0: the function cannot be invoked")
    elif limits.reserved is not None:
        yield Evidence(f"its reserved concurrency is {limits.reserved}")
    if limits.account_limit is not None:
        yield Evidence(
            f"the concurrency limit of the account in this region is {limits.account_limit:,}, shared by all functions"
        )


def _changes(evidence: FunctionEvidence, reserved: int | None) -> Iterator[Change]:
    name = quoted(evidence.name)
    if reserved is None:
        ask = "aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384"
        yield Change(ChangeKind.COMMAND, "Request a higher limit for the account", f"{ask} --desired-value N")
        return
    more = max(1, reserved) * 2
    command = f"aws lambda put-function-concurrency --function-name {name} --reserved-concurrent-executions {more}"
    yield Change(
        ChangeKind.COMMAND, "Reserve more concurrency, if the services behind the function can take the load", command
    )
    free = f"aws lambda delete-function-concurrency --function-name {name}"
    yield Change(ChangeKind.COMMAND, "Or reserve nothing, and share the limit of the account", free)


RULE = Rule("concurrency-limits", find)
