"""The checks of `monitor doctor`."""

from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """The result of a check: with `WARNING` some features do not work, with `FAILED` none does."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what was found, and in `hint` what to do about it (empty if nothing is wrong)."""

    name: str
    outcome: Outcome
    detail: str
    hint: str = ""
    exit_code: int = 0
