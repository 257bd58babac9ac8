"""A value that is not there, with the reason."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that is not there, and why."""

    reason: str
