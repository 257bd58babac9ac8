"""Compares the cold starts of two windows."""

from dataclasses import dataclass, replace

from monitor.coldstarts.analyze_compare import compare
from monitor.coldstarts.model import By, ColdStartGroup, Comparison, OnRead
from monitor.coldstarts.workflow import read_tally
from monitor.errors import UsageError
from monitor.kernel.window import Window
from monitor.logs.workflow_reading import Reading


@dataclass(frozen=True, slots=True)
class ComparedColdStarts:
    """The two windows (None for files), a comparison for each function, and with --by the groups of each window."""

    before: Window | None
    after: Window | None
    comparisons: tuple[Comparison, ...]
    groups_before: tuple[ColdStartGroup, ...] = ()
    groups_after: tuple[ColdStartGroup, ...] = ()


def earlier(window: Window, back_ms: int) -> Window:
    """The window of the same length, `back_ms` earlier.

    Raises:
        UsageError: the two windows would overlap.
    """
    if back_ms < window.end_ms - window.start_ms:
        raise UsageError(
            "the two windows of --compare overlap", "give --compare a time at least as long as the window of --since"
        )
    return replace(window, start_ms=window.start_ms - back_ms, end_ms=window.end_ms - back_ms, open_ended=False)


def compare_cold_starts(
    before: tuple[Reading, Window | None], after: tuple[Reading, Window | None], on_read: OnRead, by: By | None = None
) -> ComparedColdStarts:
    """Read both windows, and compare each function that is in either."""
    old, new = read_tally(*before, on_read, by), read_tally(*after, on_read, by)
    olds, news = dict(old.accumulated()), dict(new.accumulated())
    names = sorted(olds.keys() | news.keys())
    found = tuple(compare(name, olds.get(name), news.get(name)) for name in names)
    return ComparedColdStarts(before[1], after[1], found, old.groups(), new.groups())
