"""When AWS deprecates Lambda's Python runtimes: data, with its date.

Source: AWS Lambda developer guide, "Lambda runtimes". The dates are AWS's plans, and AWS has moved some before.
"""

from dataclasses import dataclass
from datetime import date

AS_OF = "2026-08-28"
NEWEST = "python3.14"


@dataclass(frozen=True, slots=True)
class Support:
    """`deprecated`: no security updates from then on; `frozen`: functions can no longer be updated."""

    deprecated: date
    frozen: date


PYTHON: dict[str, Support] = {
    "python3.8": Support(date(2024, 10, 14), date(2026, 9, 30)),
    "python3.9": Support(date(2025, 12, 15), date(2026, 9, 30)),
    "python3.10": Support(date(2026, 10, 31), date(2027, 1, 15)),
    "python3.11": Support(date(2027, 6, 30), date(2027, 8, 31)),
    "python3.12": Support(date(2028, 10, 31), date(2029, 1, 10)),
    "python3.13": Support(date(2029, 6, 30), date(2029, 8, 31)),
    "python3.14": Support(date(2029, 6, 30), date(2029, 8, 31)),
}
# All before 3.8 were deprecated by the end of 2023.
OLDER = ("python2.7", "python3.6", "python3.7")
EVERYTHING_BEFORE = Support(date(2023, 12, 4), date(2026, 9, 30))


def support_of(runtime: str) -> Support | None:
    """The dates of a Python runtime by its identifier, None where they are not known."""
    return EVERYTHING_BEFORE if runtime in OLDER else PYTHON.get(runtime)
