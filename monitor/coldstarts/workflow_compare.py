"""Compares the cold starts of two windows."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from monitor.coldstarts.analyze_compare import compare
from monitor.coldstarts.analyze_report import runtime_versions
from monitor.coldstarts.analyze_tally import Tally, grouped
from monitor.coldstarts.analyze_totals import ColdStarts
from monitor.coldstarts.model import By, ColdStartGroup, Comparison, OnRead
from monitor.coldstarts.workflow import read_tallies
from monitor.errors import UsageError
from monitor.kernel.place import Place
from monitor.kernel.window import Window
from monitor.logs.workflow_reading import Reading


@dataclass(frozen=True, slots=True)
class ComparedColdStarts:
    """The two windows (None for files), a comparison for each function, and with --by the groups of each window.

    `runtimes` are, for each function that started on several versions of the runtime in them, these versions with the
    time of their first start, the oldest first.
    """

    before: Window | None
    after: Window | None
    comparisons: tuple[Comparison, ...]
    groups_before: tuple[ColdStartGroup, ...] = ()
    groups_after: tuple[ColdStartGroup, ...] = ()
    runtimes: dict[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)


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


def around(window: Window, changed_ms: int) -> tuple[Window, Window]:
    """The parts of the window before and after a change.

    Raises:
        UsageError: the change is not in the window.
    """
    if not window.start_ms < changed_ms < window.end_ms:
        raise UsageError(
            "the last deployment is not in the window", ("give a --since before it, and no --until before it")
        )
    return replace(window, end_ms=changed_ms, open_ended=False), replace(window, start_ms=changed_ms)


def compare_cold_starts(
    before: tuple[Reading, Window | None], after: tuple[Reading, Window | None], on_read: OnRead, by: By | None = None
) -> ComparedColdStarts:
    """Read both windows, and compare each function that is in either."""
    old, new = read_tallies(*before, on_read, by), read_tallies(*after, on_read, by)
    olds, news = _by_function(old), _by_function(new)
    keys = sorted(olds.keys() | news.keys(), key=lambda key: (key[1], key[0].profile, key[0].region))
    found = tuple(
        replace(
            compare(name, olds.get((place, name)), news.get((place, name))), region=place.region, profile=place.profile
        )
        for place, name in keys
    )
    runtimes = runtime_versions(tally.runtimes for tally in (*old, *new))
    return ComparedColdStarts(before[1], after[1], found, grouped(old), grouped(new), runtimes)


def _by_function(tallies: Sequence[Tally]) -> dict[tuple[Place, str], ColdStarts]:
    return {(tally.place, name): one for tally in tallies for name, one in tally.accumulated()}
