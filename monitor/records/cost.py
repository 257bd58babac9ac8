"""What invocations cost at Lambda's list prices."""

import math
from dataclasses import dataclass

from monitor.kernel import prices
from monitor.records.invocation import InitKind
from monitor.records.record import Report

_GB_SECOND = {"x86_64": prices.X86_GB_SECOND, "arm64": prices.ARM_GB_SECOND}
_PROVISIONED = {"x86_64": prices.PROVISIONED_X86_GB_SECOND, "arm64": prices.PROVISIONED_ARM_GB_SECOND}
MONTH_S = 730 * 3600  # as AWS's own calculators count it


@dataclass(frozen=True, slots=True)
class Price:
    """What Lambda takes in one region, for one architecture, in USD."""

    gb_second_usd: float
    request_usd: float


def price(region: str | None, architecture: str | None) -> Price | None:
    """The on-demand list price, None where it is not known. Architectures as Lambda names them: x86_64, arm64."""
    gb_second_usd = _GB_SECOND.get(architecture or "")
    if region not in prices.REGIONS or gb_second_usd is None:
        return None
    return Price(gb_second_usd, prices.REQUEST)


def duration_cost_usd(billed_ms: float, memory_mb: int, at: Price) -> float:
    """What a billed duration costs: GB-seconds, a GB being 1,024 MB."""
    return billed_ms / 1000 * memory_mb / 1024 * at.gb_second_usd


def invocation_cost_usd(report: Report, kind: InitKind | None, at: Price | None) -> float | None:
    """What an invocation cost: its billed duration and the request.

    None where a figure or the price is missing, and for kinds that are priced otherwise (provisioned
    concurrency, managed instances). SnapStart's price of caching and restoring is not in it.
    """
    if at is None or report.billed_ms is None or report.memory_mb is None:
        return None
    if kind in (InitKind.PROVISIONED, InitKind.MANAGED):
        return None
    return duration_cost_usd(report.billed_ms, report.memory_mb, at) + at.request_usd


def init_cost_usd(report: Report, kind: InitKind | None, at: Price | None) -> float | None:
    """The part of an invocation's cost that is its init's: what was billed beyond the duration, rounded up.

    0 where init was not billed (a managed runtime before 2025-08); None as for `invocation_cost_usd`, and
    for a suppressed init, whose part of the duration is not known.
    """
    if invocation_cost_usd(report, kind, at) is None or at is None or report.duration_ms is None:
        return None
    if kind is InitKind.SUPPRESSED or report.billed_ms is None or report.memory_mb is None:
        return None
    if report.init_ms is None and report.restore_ms is None:
        return 0.0
    init_billed_ms = max(0.0, report.billed_ms - math.ceil(report.duration_ms))
    # Up to 2020 durations were billed in steps of 100 ms: what is beyond is rounding, not init.
    longest_ms = math.ceil(report.init_ms if report.init_ms is not None else report.restore_ms or 0.0) + 1
    return duration_cost_usd(min(init_billed_ms, longest_ms), report.memory_mb, at)


def provisioned_usd_month(environments: int, memory_mb: int, region: str, architecture: str) -> float | None:
    """What holding environments ready costs for a month of 730 hours, used or not; None where not known."""
    gb_second_usd = _PROVISIONED.get(architecture)
    if region not in prices.CAPACITY_REGIONS or gb_second_usd is None:
        return None
    return environments * memory_mb / 1024 * MONTH_S * gb_second_usd


def snap_start_usd_month(memory_mb: int, restores: float, region: str) -> float | None:
    """What SnapStart costs for a month: one version's snapshot kept, and `restores` of it; None where not known."""
    if region not in prices.CAPACITY_REGIONS:
        return None
    memory_gb = memory_mb / 1024
    return memory_gb * (MONTH_S * prices.SNAP_START_CACHE_GB_SECOND + restores * prices.SNAP_START_RESTORE_GB)
