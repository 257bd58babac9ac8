"""What `monitor doctor` looked at."""

from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """How a check ended: `WARNING` costs a feature, `FAILED` costs the tool."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, what was found, and what to do about it (`hint`, empty when all is well)."""

    name: str
    outcome: Outcome
    detail: str
    hint: str = ""
    exit_code: int = 0
