"""Too little memory: out-of-memory kills, little headroom, or a first invocation that is short of CPU.

Kills: the start after a kill would not have happened (see starts.avoided). CPU: Lambda gives a function CPU in
proportion to its memory, up to one vCPU at 1,769 MB (AWS Lambda developer guide, "Configure Lambda function memory").
An on-demand init has more than its share, so only the first invocation's own time scales. With starts at several sizes,
handler = a + b / memory is fitted to the function's own medians. With one size, only the time that a first invocation
takes longer than a warm one can be due to CPU, and how much of it is waiting is not known. The embedded stack does not
scale CPU with memory, and gains nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.coldstarts.model import ColdStartGroup
from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FailureCount, FunctionEvidence
from monitor.diagnose.facts.starts import (
    avoided,
    configure,
    cost_usd_month,
    counted,
    kind_count,
    memory_mb_of,
    middle,
    ordinary,
    quoted,
    show,
    summary_of,
    warm_p50_ms,
)
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import NEEDS_LAMBDA_CPU, Rule
from monitor.records.invocation import FailureKind, InitKind

ONE_VCPU_MB = 1769
_MOST_MB = 10_240
_STEP_MB = 64
_HEADROOM = 0.10
# Below this, a first invocation does not gain noticeably.
_WORTH_MS = 50.0
_FEWEST = 3
_LIKELY_CPU_SHARE = 0.5
_RISK = "The price of a GB-second is the same at any size: work that does not get faster costs more."


@dataclass(frozen=True, slots=True)
class _Cpu:
    """The saving of a first invocation at the next size, and its evidence."""

    saving: Saving
    evidence: Evidence
    affected: int
    confidence: Grade


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """At most one finding: kills before CPU, CPU before headroom alone."""
    memory_mb = memory_mb_of(evidence)
    if memory_mb is None:
        return
    kills = next((one for one in evidence.failures if one.kind is FailureKind.OUT_OF_MEMORY and one.count), None)
    used_mb = _used_mb(evidence, memory_mb)
    if kills is not None:
        yield _killed(evidence, kills, memory_mb, used_mb)
        return
    cpu = _cpu(evidence, memory_mb)
    tight = used_mb is not None and used_mb >= memory_mb * (1 - _HEADROOM)
    if cpu is not None or tight:
        yield _slow(evidence, cpu, memory_mb, used_mb if tight else None)


def _killed(evidence: FunctionEvidence, kills: FailureCount, memory_mb: int, used_mb: int | None) -> Finding:
    after = tuple(start for start in evidence.cold_starts if start.kind in (InitKind.SUPPRESSED, InitKind.FAILED))
    example = kills.request_ids[0] if kills.request_ids else ""
    where = show(evidence, example)
    killed = f"{counted(kills.count, 'invocation was', 'invocations were')} killed"
    followed = counted(kills.then_cold, "new init")
    facts = [Evidence(f"{killed} at {memory_mb} MB, followed by {followed}", where)]
    if failed := kind_count(evidence, InitKind.FAILED):
        facts.append(Evidence(f"{counted(failed, 'start')} failed during init"))
    if used_mb is not None:
        facts.append(Evidence(f"REPORT shows at most {used_mb} of {memory_mb} MB used"))
    return Finding(
        rule="memory-too-small",
        subject=f"{memory_mb} MB",
        title=f"{killed} because memory ran out",
        evidence=tuple(facts),
        changes=_changes(evidence, _more(memory_mb)),
        saving=avoided(evidence, after),
        affected=kills.then_cold,
        risk=Grade.LOW,
        confidence=Grade.HIGH,
        saves_usd_month=_saves_usd_month(evidence, memory_mb, _more(memory_mb)),
        risk_text=_RISK,
    )


def _slow(evidence: FunctionEvidence, cpu: _Cpu | None, memory_mb: int, used_mb: int | None) -> Finding:
    facts = [cpu.evidence] if cpu else []
    if used_mb is not None:
        facts.append(
            Evidence(f"{used_mb} of {memory_mb} MB were used, close to an out-of-memory kill", "REPORT's Max Memory")
        )
    target_mb = min(_more(memory_mb), ONE_VCPU_MB) if cpu else _more(memory_mb)
    title = f"With {memory_mb} MB the first invocation has only {memory_mb / ONE_VCPU_MB:.2f} vCPU"
    return Finding(
        rule="memory-too-small",
        subject=f"{memory_mb} MB",
        title=title if cpu else f"Less than {_HEADROOM:.0%} of {memory_mb} MB is free",
        evidence=tuple(facts),
        changes=_changes(evidence, target_mb),
        saving=cpu.saving if cpu else None,
        affected=cpu.affected if cpu else 0,
        risk=Grade.LOW,
        confidence=cpu.confidence if cpu else Grade.MEDIUM,
        saves_usd_month=_saves_usd_month(evidence, memory_mb, target_mb),
        risk_text=_RISK,
    )


def _cpu(evidence: FunctionEvidence, memory_mb: int) -> _Cpu | None:
    if memory_mb >= ONE_VCPU_MB:
        return None
    target_mb = min(_more(memory_mb), ONE_VCPU_MB)
    groups = [(size, one) for one in evidence.by_memory if (size := _size_mb(one)) and one.first_total.count >= _FEWEST]
    if len({size for size, _ in groups}) > 1:
        return _fitted(groups, memory_mb, target_mb)
    return _guessed(evidence, memory_mb, target_mb)


def _fitted(groups: list[tuple[int, ColdStartGroup]], memory_mb: int, target_mb: int) -> _Cpu | None:
    """Fit handler = a + b / memory to the medians, weighted by starts. More than one vCPU does not count."""
    points = [
        (1 / min(size, ONE_VCPU_MB), one.first_total.p50 - one.init.p50, one.first_total.count)
        for size, one in groups
        if one.first_total.p50 is not None and one.init.p50 is not None
    ]
    weight = sum(count for *_, count in points)
    if not weight:
        return None
    mean_x = sum(x * count for x, _, count in points) / weight
    mean_y = sum(y * count for _, y, count in points) / weight
    spread = sum(count * (x - mean_x) ** 2 for x, _, count in points)
    slope = sum(count * (x - mean_x) * (y - mean_y) for x, y, count in points) / spread if spread else 0.0
    likely = slope * (1 / memory_mb - 1 / target_mb)
    if likely <= 0:
        return None
    seen = ", ".join(f"{format_ms(y)} at {size} MB" for (size, _), (_, y, _) in zip(groups, points, strict=False))
    basis = f"handler time = a + b / memory, fitted to the medians of {weight} starts, ± 50%"
    fact = Evidence(f"the first invocation without init took {seen}")
    here = sum(one.cold_starts for size, one in groups if size == memory_mb)
    return _Cpu(Saving(likely * 0.5, likely, likely * 1.5, basis), fact, here or weight, Grade.MEDIUM)


def _guessed(evidence: FunctionEvidence, memory_mb: int, target_mb: int) -> _Cpu | None:
    starts = ordinary(evidence)
    first_ms, warm_ms = middle(start.duration_ms for start in starts), warm_p50_ms(evidence)
    if len(starts) < _FEWEST or first_ms is None or warm_ms is None or first_ms - warm_ms < _WORTH_MS:
        return None
    faster = 1 - memory_mb / target_mb
    saving = Saving(
        0.0,
        (first_ms - warm_ms) * faster * _LIKELY_CPU_SHARE,
        first_ms * faster,
        f"at {target_mb} MB, CPU work takes {1 - faster:.0%} of its time; a first invocation takes "
        f"{format_ms(first_ms - warm_ms)} longer than a warm one, and how much of that is CPU work is not known",
    )
    fact = Evidence(
        f"the handler takes {format_ms(first_ms)} in a first invocation and {format_ms(warm_ms)} in a warm one",
        f"monitor coldstarts {quoted(evidence.name)}",
    )
    return _Cpu(saving, fact, len(starts), Grade.LOW)


def _used_mb(evidence: FunctionEvidence, memory_mb: int) -> int | None:
    """The most memory used while the size was this one; REPORTs of other sizes say nothing of it."""
    summary = summary_of(evidence)
    if summary is None or summary.memory_mb not in ((), (memory_mb,)):
        return max((s.max_memory_mb or 0 for s in evidence.cold_starts if s.memory_mb == memory_mb), default=0) or None
    return summary.max_memory_mb


def _size_mb(group: ColdStartGroup) -> int | None:
    text = group.label.removesuffix(" MB").strip()
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 6 else None


def _more(memory_mb: int) -> int:
    """The next size to try: twice as much, in steps of 64 MB."""
    return min(_MOST_MB, -(-memory_mb * 2 // _STEP_MB) * _STEP_MB)


def _saves_usd_month(evidence: FunctionEvidence, memory_mb: int, target_mb: int) -> float | None:
    """Negative: the extra cost of the next size if nothing gets faster."""
    now = cost_usd_month(evidence)
    return None if now is None else -now * (target_mb / memory_mb - 1)


def _changes(evidence: FunctionEvidence, target_mb: int) -> tuple[Change, ...]:
    command = configure(evidence, f"--memory-size {target_mb}")
    compare = f"monitor coldstarts {quoted(evidence.name)} --by memory"
    return (
        Change(ChangeKind.COMMAND, f"Set the memory size to {target_mb} MB", command),
        Change(ChangeKind.COMMAND, "Then compare the starts of both sizes", compare),
    )


RULE = Rule("memory-too-small", find, trial=NEEDS_LAMBDA_CPU)
