"""What invocations cost, by hand from the list prices."""

import pytest

from monitor.records.cost import init_cost_usd, invocation_cost_usd, price
from monitor.records.invocation import InitKind
from monitor.records.record import Report

SINGAPORE = price("ap-southeast-1", "x86_64")
COLD = Report("r", duration_ms=2.46, billed_ms=417, memory_mb=1024, init_ms=413.61)


def test_a_gigabyte_for_a_thousand_seconds_on_x86_and_on_arm() -> None:
    report = Report("r", duration_ms=1_000_000, billed_ms=1_000_000, memory_mb=1024)
    # 1,000 GB-s × $0.0000166667 + $0.20 / 1,000,000; and × $0.0000133334.
    assert invocation_cost_usd(report, None, SINGAPORE) == pytest.approx(0.0166667 + 0.0000002)
    assert invocation_cost_usd(report, None, price("us-east-1", "arm64")) == pytest.approx(0.0133334 + 0.0000002)


def test_half_the_memory_costs_half() -> None:
    report = Report("r", duration_ms=1_000_000, billed_ms=1_000_000, memory_mb=512)
    assert invocation_cost_usd(report, None, SINGAPORE) == pytest.approx(0.00833335 + 0.0000002)


def test_a_billed_init_is_what_was_billed_beyond_the_duration() -> None:
    # 417 - 3 = 414 ms of 1 GB.
    assert init_cost_usd(COLD, InitKind.ON_DEMAND, SINGAPORE) == pytest.approx(0.414 * 0.0000166667)


def test_an_init_that_was_not_billed_costs_nothing() -> None:
    report = Report("r", duration_ms=8.4, billed_ms=9, memory_mb=128, init_ms=170.13)
    assert init_cost_usd(report, InitKind.ON_DEMAND, SINGAPORE) == 0.0
    warm = Report("r", duration_ms=8.4, billed_ms=100, memory_mb=128)
    assert init_cost_usd(warm, None, SINGAPORE) == 0.0


@pytest.mark.parametrize(
    ("region", "architecture"),
    [("af-south-1", "x86_64"), ("mars-1", "x86_64"), (None, "arm64"), ("us-east-1", None), ("us-east-1", "riscv")],
)
def test_a_price_that_is_not_known_is_none_not_a_guess(region: str | None, architecture: str | None) -> None:
    at = price(region, architecture)
    assert at is None
    assert invocation_cost_usd(COLD, None, at) is None
    assert init_cost_usd(COLD, None, at) is None


def test_what_is_priced_otherwise_or_has_no_figures_has_no_cost() -> None:
    assert invocation_cost_usd(COLD, InitKind.PROVISIONED, SINGAPORE) is None
    assert invocation_cost_usd(Report("r", duration_ms=2.5), InitKind.MANAGED, SINGAPORE) is None
    assert invocation_cost_usd(Report("r", duration_ms=2.5), None, SINGAPORE) is None
    assert init_cost_usd(COLD, InitKind.SUPPRESSED, SINGAPORE) is None
