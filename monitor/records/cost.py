"""The cost of invocations at Lambda's list prices."""

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
    """Lambda's prices in one region for one architecture, in USD."""

    gb_second_usd: float
    request_usd: float


def price(region: str | None, architecture: str | None) -> Price | None:
    """The on-demand list price, None if unknown. The architecture is x86_64 or arm64."""
    gb_second_usd = _GB_SECOND.get(architecture or "")
    if region not in prices.REGIONS or gb_second_usd is None:
        return None
    return Price(gb_second_usd, prices.REQUEST)


def duration_cost_usd(billed_ms: float, memory_mb: int, at: Price) -> float:
    """The cost of a billed duration, by GB-seconds with 1,024 MB to a GB."""
    return billed_ms / 1000 * memory_mb / 1024 * at.gb_second_usd


def invocation_cost_usd(report: Report, kind: InitKind | None, at: Price | None) -> float | None:
    """The cost of an invocation: its billed duration and the request.

    None if a figure or the price is unknown, and for invocations with other prices (provisioned concurrency, managed
    instances). SnapStart's charges for caching and restoring are not included.
    """
    if at is None or report.billed_ms is None or report.memory_mb is None:
        return None
    if kind in (InitKind.PROVISIONED, InitKind.MANAGED):
        return None
    return duration_cost_usd(report.billed_ms, report.memory_mb, at) + at.request_usd


def init_cost_usd(report: Report, kind: InitKind | None, at: Price | None) -> float | None:
    """The init's share of an invocation's cost: what was billed beyond the duration, rounded up.

    0 if the init was not billed (managed runtimes before 2025-08). None as for `invocation_cost_usd`, and for a
    suppressed init, because its share of the duration is unknown.
    """
    if invocation_cost_usd(report, kind, at) is None or at is None or report.duration_ms is None:
        return None
    if kind is InitKind.SUPPRESSED or report.billed_ms is None or report.memory_mb is None:
        return None
    if report.init_ms is None and report.restore_ms is None:
        return 0.0
    init_billed_ms = max(0.0, report.billed_ms - math.ceil(report.duration_ms))
    # Until 2020 durations were rounded up to 100 ms; that rounding is not init.
    longest_ms = math.ceil(report.init_ms if report.init_ms is not None else report.restore_ms or 0.0) + 1
    return duration_cost_usd(min(init_billed_ms, longest_ms), report.memory_mb, at)


def provisioned_usd_month(environments: int, memory_mb: int, region: str, architecture: str) -> float | None:
    """The monthly cost (730 hours) of provisioned environments, whether used or not; None if unknown."""
    gb_second_usd = _PROVISIONED.get(architecture)
    if region not in prices.CAPACITY_REGIONS or gb_second_usd is None:
        return None
    return environments * memory_mb / 1024 * MONTH_S * gb_second_usd


def snap_start_usd_month(memory_mb: int, restores: float, region: str) -> float | None:
    """The monthly cost of SnapStart: caching one version's snapshot, and `restores` of it; None if unknown."""
    if region not in prices.CAPACITY_REGIONS:
        return None
    memory_gb = memory_mb / 1024
    return memory_gb * (MONTH_S * prices.SNAP_START_CACHE_GB_SECOND + restores * prices.SNAP_START_RESTORE_GB)
