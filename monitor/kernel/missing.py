"""A value that is not there, with the reason."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A target that could not be read while others could: why, and what to do about it."""

    name: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that is not there, and why."""

    reason: str
