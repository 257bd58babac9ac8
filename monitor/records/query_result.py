"""The result of a Logs Insights query."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogResult:
    """Rows of text as Insights returns them (times as `2026-11-23 05:54:36.181`, UTC); None for an absent value."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
