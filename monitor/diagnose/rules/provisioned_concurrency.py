"""Bursts: minutes in which many environments start, and the effect of provisioned concurrency.

A burst is a run of minutes mostly served by new environments, in which concurrency at least doubles. A deployment
replaces environments that were just as busy before, and is not a burst. For the concurrency of the median burst, of
nine in ten bursts and of all bursts, the rule states how many cold starts are avoided, and what the environments cost a
month. The first invocation in a provisioned environment takes as long as before: the saving is the init, and at most
the whole difference to a warm call. The log shows what ran, not what was throttled.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.diagnose.evidence.model import FunctionEvidence, Minute, is_missing
from monitor.diagnose.facts.starts import (
    architecture_of,
    avoided,
    counted,
    function_of,
    memory_mb_of,
    quoted,
    summary_of,
)
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import NEEDS_LAMBDA_LIFECYCLE, Rule
from monitor.kernel.statistics import percentile
from monitor.records.cost import provisioned_usd_month
from monitor.records.invocation import InitKind

MINUTE_MS = 60_000
# Fewer starts at once are not a burst.
FEWEST = 4
# Lambda usually keeps environments at least this long after their last invocation.
_MEMORY_MINUTES = 5
_HOUR_MS = 60 * MINUTE_MS
_FEW_HOURS = 8
_SURE = 5
# The prices used for regions without known prices.
_ELSEWHERE = "us-east-1"
# If two levels need the same number of environments, the later label is used.
_LEVELS = (("the median burst", 0.5), ("nine in ten bursts", 0.9), ("the largest burst", 1.0))


@dataclass(frozen=True, slots=True)
class Burst:
    """A run of minutes with many starts: its peak concurrency and its cold starts."""

    start_ms: int
    end_ms: int
    concurrency: int
    cold_starts: int

    def avoided(self, ready: int) -> int:
        """How many of its cold starts `ready` environments avoid. Warm environments serve too."""
        warm = max(0, self.concurrency - self.cold_starts)
        left = max(0, self.concurrency - max(ready, warm))
        return max(0, self.cold_starts - left) if ready > warm else 0


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """At most one finding, with environments for nine in ten bursts."""
    found = bursts(evidence.minutes)
    function = function_of(evidence)
    if not found or (function is not None and function.snap_start == "PublishedVersions"):
        return
    peaks = sorted(float(one.concurrency) for one in found)
    levels = {round(percentile(peaks, share)): label for label, share in _LEVELS}
    ready = round(percentile(peaks, 0.9))
    saved = sum(one.avoided(ready) for one in found)
    cold = sum(one.cold_starts for one in found)
    if not saved:
        return
    yield Finding(
        rule="provisioned-concurrency",
        subject=f"{ready} environments",
        title=f"Bursts of up to {int(peaks[-1])} concurrent invocations cause {cold} cold starts",
        evidence=tuple(_evidence(evidence, found, levels)),
        changes=tuple(_changes(evidence, found, ready)),
        saving=_saving(evidence, found),
        affected=saved,
        risk=Grade.LOW,
        confidence=Grade.HIGH if len(found) >= _SURE else Grade.MEDIUM if len(found) > 1 else Grade.LOW,
        saves_usd_month=_saves_usd_month(evidence, ready),
        risk_text="Provisioned environments cost money all the time, and a larger burst still starts cold. They need a "
        "published version behind an alias, and cannot be combined with SnapStart.",
    )


def bursts(minutes: Sequence[Minute]) -> list[Burst]:
    """The bursts, in order of time."""
    ordered = sorted(minutes, key=lambda minute: minute.start_ms)
    found: list[Burst] = []
    run: list[Minute] = []
    for minute in ordered:
        if run and (minute.cold_starts < 2 or minute.start_ms - run[-1].start_ms > MINUTE_MS):
            found += _burst(run, ordered)
            run = []
        if minute.cold_starts >= 2:
            run.append(minute)
    return found + _burst(run, ordered)


def _burst(run: list[Minute], ordered: Sequence[Minute]) -> list[Burst]:
    """The burst of a run of minutes; none if it is too small, or if the function was as busy before."""
    if not run:
        return []
    begin_ms = run[0].start_ms
    since_ms = begin_ms - _MEMORY_MINUTES * MINUTE_MS
    before = max((one.concurrency for one in ordered if since_ms <= one.start_ms < begin_ms), default=0)
    peak = max(minute.concurrency for minute in run)
    cold = sum(minute.cold_starts for minute in run)
    if cold < FEWEST or peak < FEWEST or before * 2 > peak or cold * 2 < peak:
        return []
    return [Burst(begin_ms, run[-1].start_ms + MINUTE_MS, peak, cold)]


def _saving(evidence: FunctionEvidence, found: Sequence[Burst]) -> Saving | None:
    inside = tuple(
        start
        for start in evidence.cold_starts
        if start.kind is InitKind.ON_DEMAND and any(burst.start_ms <= start.at_ms < burst.end_ms for burst in found)
    )
    most = avoided(evidence, inside)
    inits = sorted(start.init_ms for start in inside if start.init_ms is not None)
    if most is None or not inits:
        return most
    likely = percentile(inits, 0.5)
    basis = "the median init in the bursts; at most the difference between a first and a warm call"
    return Saving(min(inits[0], likely), likely, max(most.high_ms, inits[-1]), basis)


def _evidence(evidence: FunctionEvidence, found: Sequence[Burst], levels: dict[int, str]) -> Iterator[Evidence]:
    cold = sum(one.cold_starts for one in found)
    summary = summary_of(evidence)
    of = f" of the window's {summary.cold_starts}" if summary is not None and summary.cold_starts >= cold else ""
    where = f"monitor coldstarts {quoted(evidence.name)} --by hour"
    yield Evidence(f"{counted(len(found), 'burst')} with {cold}{of} cold starts", where)
    for ready, label in sorted(levels.items()):
        saved = sum(one.avoided(ready) for one in found)
        cost, here = _cost(evidence, ready, evidence.region), ""
        if cost is None:
            cost, here = _cost(evidence, ready, _ELSEWHERE), f" at the price of {_ELSEWHERE}"
        price = f" for about ${cost:,.2f} a month{here}" if cost is not None else ""
        yield Evidence(f"{ready} environments, enough for {label}, avoid {saved} of {cold}{price}")
    if hours := _hours(found):
        named = ", ".join(f"{hour:02d}" for hour in hours)
        yield Evidence(
            f"all bursts begin in the hours {named} (UTC): on a schedule, the cost is {len(hours)}/24 of that"
        )
    if not is_missing(evidence.concurrency) and (there := sum(evidence.concurrency.provisioned.values())):
        yield Evidence(f"{there} environments are provisioned already: bursts exceed them, or do not use their alias")


def _hours(found: Sequence[Burst]) -> list[int]:
    """The hours of the day (UTC) in which bursts begin, if there are several bursts and few such hours."""
    hours = sorted({burst.start_ms // _HOUR_MS % 24 for burst in found})
    return hours if len(found) > 1 and len(hours) <= _FEW_HOURS else []


def _cost(evidence: FunctionEvidence, ready: int, region: str) -> float | None:
    memory_mb = memory_mb_of(evidence)
    if memory_mb is None:
        return None
    return provisioned_usd_month(ready, memory_mb, region, architecture_of(evidence))


def _saves_usd_month(evidence: FunctionEvidence, ready: int) -> float | None:
    """Negative: the price of the environments. Durations in them are cheaper, which is not counted."""
    cost = _cost(evidence, ready, evidence.region)
    return None if cost is None else -cost


def _changes(evidence: FunctionEvidence, found: Sequence[Burst], ready: int) -> Iterator[Change]:
    name = quoted(evidence.name)
    steady = (
        f"aws lambda publish-version --function-name {name}\n"
        f"aws lambda create-alias --function-name {name} --name live --function-version VERSION\n"
        f"aws lambda put-provisioned-concurrency-config --function-name {name} --qualifier live "
        f"--provisioned-concurrent-executions {ready}"
    )
    yield Change(ChangeKind.COMMAND, f"Provision {ready} environments on an alias that callers use", steady)
    if hours := _hours(found):
        title = "Or only in the hours of the bursts: check the hours in a longer window first"
        yield Change(ChangeKind.COMMAND, title, "\n".join(_schedule(evidence.name, hours, ready)))


def _schedule(name: str, hours: Sequence[int], ready: int) -> Iterator[str]:
    """Scale up ten minutes before an hour with bursts, and down after the last of consecutive hours."""
    target = f"--service-namespace lambda --resource-id {quoted(f'function:{name}:live')}"
    target += " --scalable-dimension lambda:function:ProvisionedConcurrency"
    yield f"aws application-autoscaling register-scalable-target {target} --min-capacity 0 --max-capacity {ready}"
    before = ",".join(str((hour - 1) % 24) for hour in hours if (hour - 1) % 24 not in hours)
    after = ",".join(str((hour + 1) % 24) for hour in hours if (hour + 1) % 24 not in hours)
    for label, cron, capacity in (("up", f"cron(50 {before} * * ? *)", ready), ("down", f"cron(0 {after} * * ? *)", 0)):
        yield (
            f"aws application-autoscaling put-scheduled-action {target} --scheduled-action-name bursts-{label} "
            f"--schedule '{cron}' --scalable-target-action MinCapacity={capacity},MaxCapacity={capacity}"
        )


RULE = Rule("provisioned-concurrency", find, trial=NEEDS_LAMBDA_LIFECYCLE)
