"""Missing values, with the reason."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A target that could not be read although others could, with the reason and a hint."""

    name: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """A missing value and the reason."""

    reason: str
