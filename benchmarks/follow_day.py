"""A day of following one log group, in a given clock: how many calls it makes, and how many events it remembers.

    python benchmarks/follow_day.py [--hours 24] [--per-hour 0 120 3600]

Nothing is timed and no request is made: the clock passes when the follow sleeps, the events come three seconds late.
"""

import argparse
import bisect
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from monitor.logs.follow.follow import Follow, Pulse
from monitor.records.event import LogEvent

NOW_MS = 1_795_402_121_000
HOUR_MS = 3_600_000
LATE_MS = 3_000
PAGE = 10_000


class DayIsOverError(Exception):
    """The clock has come to its end."""


@dataclass
class Clock:
    ms: int
    ends_ms: int

    def now_ms(self) -> int:
        return self.ms

    def sleep(self, seconds: float) -> None:
        self.ms += round(seconds * 1000)
        if self.ms >= self.ends_ms:
            raise DayIsOverError


class Group:
    """Events of one rate, each visible some seconds after its timestamp; `calls` counts pages, as AWS counts them."""

    name = key = "group"

    def __init__(self, clock: Clock, per_hour: int, hours: int) -> None:
        self._clock = clock
        self._times = [NOW_MS + number * HOUR_MS // per_hour for number in range(hours * per_hour)] if per_hour else []
        self.calls = 0

    def pages(self, start_ms: int, end_ms: int | None) -> Iterator[Sequence[LogEvent]]:
        first = bisect.bisect_left(self._times, start_ms)
        last_ms = self._clock.ms - LATE_MS
        last = bisect.bisect_right(self._times, last_ms if end_ms is None else min(end_ms, last_ms))
        for at in range(first, max(last, first + 1), PAGE):
            self.calls += 1
            yield [
                LogEvent(self._times[number], "text", "stream", "group", f"{number:056d}")
                for number in range(at, min(at + PAGE, last))
            ]


def day(per_hour: int, hours: int) -> tuple[int, int, int]:
    """(calls, events printed, events remembered at most)."""
    clock = Clock(NOW_MS, NOW_MS + hours * HOUR_MS)
    group = Group(clock, per_hour, hours)
    follow = Follow([group], NOW_MS, clock, workers=1)
    printed = most = 0
    try:
        for item in follow:
            if isinstance(item, Pulse):
                most = max(most, remembered(follow))
            else:
                printed += 1
    except DayIsOverError:
        pass
    return group.calls, printed, most


def remembered(follow: Follow) -> int:
    """How many events it would know again."""
    return len(follow._seen)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--hours", type=int, default=24)
    options.add_argument("--per-hour", type=int, nargs="*", default=[0, 120, 3_600])
    asked = options.parse_args()
    print("| events an hour | calls | events remembered at most |")
    print("|---:|---:|---:|")
    for per_hour in asked.per_hour:
        calls, printed, most = day(per_hour, asked.hours)
        # The last seconds' events are still held back for order when the day ends.
        assert printed >= per_hour * asked.hours - 10, printed
        print(f"| {per_hour:,} | {calls:,} | {most:,} |", flush=True)


if __name__ == "__main__":
    main()
