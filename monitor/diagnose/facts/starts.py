"""What rules need about starts: the ordinary ones, the saving of an avoided one, and monthly costs."""

import shlex
from collections.abc import Iterable

from monitor.coldstarts.model import ColdStartSummary
from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.model_finding import Saving
from monitor.kernel.function import FunctionInfo
from monitor.kernel.statistics import distribution
from monitor.records.cost import MONTH_S, duration_cost_usd, price
from monitor.records.invocation import ColdStart, FailureKind, InitKind

# A shorter window is not representative of a month.
_SHORTEST_S = 3600.0
_SUCCEEDED = (None, "success")
_CUT_SHORT = (FailureKind.TIMEOUT, FailureKind.OUT_OF_MEMORY, FailureKind.EXIT)
# A repeated init, whose files were just read, can be shorter by this factor.
_REPEATED = 0.5


def summary_of(evidence: FunctionEvidence) -> ColdStartSummary | None:
    """The summary of the starts in the window, None without one."""
    return None if is_missing(evidence.starts) else evidence.starts


def function_of(evidence: FunctionEvidence) -> FunctionInfo | None:
    """The configuration, None if it could not be read."""
    return None if is_missing(evidence.function) else evidence.function


def kind_count(evidence: FunctionEvidence, *kinds: InitKind) -> int:
    """The number of starts of these kinds in the window."""
    summary = summary_of(evidence)
    return sum(summary.by_kind.get(kind, 0) for kind in kinds) if summary else 0


def ordinary(evidence: FunctionEvidence) -> tuple[ColdStart, ...]:
    """The successful on-demand starts with known durations of init and first invocation."""
    return tuple(
        start
        for start in evidence.cold_starts
        if start.kind is InitKind.ON_DEMAND
        and start.first_total_ms is not None
        and start.init_ms is not None
        and start.error_type is None
        and start.status in _SUCCEEDED
    )


def middle(values: Iterable[float | None]) -> float | None:
    """The median of the known values, None without any."""
    return distribution(value for value in values if value is not None).p50


def init_p50_ms(evidence: FunctionEvidence) -> float | None:
    """The median init in REPORT; None if there is none."""
    known = summary_of(evidence)
    return known.init.p50 if known else None


def warm_p50_ms(evidence: FunctionEvidence) -> float | None:
    """The median duration of a warm invocation; None without any, or if half of them were ended early."""
    known = summary_of(evidence)
    if known is None:
        return None
    cut_short = sum(one.count for one in evidence.failures if one.kind in _CUT_SHORT)
    return known.warm_duration.p50 if cut_short * 2 < known.warm_duration.count else None


def memory_mb_of(evidence: FunctionEvidence) -> int | None:
    """The configured memory size, else the only one in REPORT lines."""
    function, summary = function_of(evidence), summary_of(evidence)
    if function is not None:
        return function.memory_mb
    return summary.memory_mb[0] if summary and len(summary.memory_mb) == 1 else None


def architecture_of(evidence: FunctionEvidence) -> str:
    """The configured architecture, "" if it is not known."""
    function = function_of(evidence)
    return function.architecture if function else ""


def then_cold(evidence: FunctionEvidence, *kinds: FailureKind) -> int:
    """How many failures of these kinds were followed by a new init in their environment."""
    return sum(one.then_cold for one in evidence.failures if one.kind in kinds)


def windows_a_month(evidence: FunctionEvidence) -> float | None:
    """The number of such windows in a month; None if the window is unknown or shorter than an hour."""
    summary = summary_of(evidence)
    length_s = evidence.window.length_s if evidence.window else None
    if length_s is None and summary and summary.first_ms is not None and summary.last_ms is not None:
        length_s = (summary.last_ms - summary.first_ms) / 1000
    return MONTH_S / length_s if length_s is not None and length_s >= _SHORTEST_S else None


def cost_usd_month(evidence: FunctionEvidence) -> float | None:
    """The on-demand cost of a month like this window; None if a price or figure is not known."""
    summary, memory_mb, factor = summary_of(evidence), memory_mb_of(evidence), windows_a_month(evidence)
    at = price(evidence.region, architecture_of(evidence))
    if summary is None or memory_mb is None or factor is None or at is None:
        return None
    spent_ms = sum((one.mean or 0.0) * one.count for one in (summary.warm_duration, summary.first_total))
    return duration_cost_usd(spent_ms, memory_mb, at) * factor


def avoided(evidence: FunctionEvidence, starts: Iterable[ColdStart]) -> Saving | None:
    """The saving of an avoided start, from the figures of `starts`, else of all starts.

    At least half of the shortest init. Likely the median first call less a warm duration, or the median init if the
    starts failed or no warm duration is known. At most the first call of the slowest 10% less a warm duration.
    """
    starts = tuple(starts) or evidence.cold_starts
    totals = distribution(one.first_total_ms for one in starts if one.first_total_ms is not None)
    inits = distribution(one.init_ms for one in (*starts, *evidence.cold_starts) if one.init_ms is not None)
    warm_ms = warm_p50_ms(evidence)
    succeeded = [one for one in starts if one.error_type is None and one.status in _SUCCEEDED]
    over_warm = middle(one.first_total_ms for one in succeeded)
    likely = inits.p50
    basis = "the median init of this function, which a warm call does not wait for"
    if over_warm is not None and warm_ms is not None and over_warm - warm_ms > (inits.p50 or 0.0) / 2:
        likely = over_warm - warm_ms
        basis = f"the median first call of such starts ({format_ms(over_warm)}) less a warm call ({format_ms(warm_ms)})"
    if likely is None:
        likely, basis = totals.p50, "the median first call of such starts, since no warm duration is known"
    if likely is None or likely <= 0:
        return None
    low = min((inits.min or 0.0) * _REPEATED, likely)
    high = max((totals.p90 or 0.0) - (warm_ms or 0.0), inits.p90 or 0.0, likely)
    return Saving(low, likely, high, basis)


def counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun: 1 burst, 2 bursts; `many` is an irregular plural."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def quoted(name: str) -> str:
    """A name quoted for a shell."""
    return shlex.quote(name)


def show(evidence: FunctionEvidence, request_id: str) -> str:
    """The command that shows an invocation, or the failures if there is none to show."""
    name = quoted(evidence.name)
    return f"monitor show {quoted(request_id)} {name}" if request_id else f"monitor errors {name}"


def configure(evidence: FunctionEvidence, *settings: str) -> str:
    """The AWS CLI's command that changes the function's configuration."""
    return " ".join(("aws lambda update-function-configuration --function-name", quoted(evidence.name), *settings))
