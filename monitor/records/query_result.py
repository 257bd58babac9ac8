"""The rows that a Logs Insights query answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogResult:
    """A query's answer: texts as Insights writes them (times as `2026-11-23 05:54:36.181`, UTC), None for nothing."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
