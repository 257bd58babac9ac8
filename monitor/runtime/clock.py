"""Times of this process: the epoch, a monotonic clock, and when the process started.

The functions of `time` are bound here before the application is imported, as default arguments: a test library that
freezes time, or an application that replaces `time.time`, changes nothing about what is measured.
"""

import os
import time

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable

# A process older than this when the entry point is imported was not started for this init (a debugger, a restored
# snapshot): its age says nothing.
_OLDEST_PROCESS_S = 60.0


def now_ns(_read: "Callable[[], int]" = time.perf_counter_ns) -> int:
    """The monotonic clock, in nanoseconds."""
    return _read()


def epoch_ns(
    _read: "Callable[[int], int]" = time.clock_gettime_ns,
    _clock: int = time.CLOCK_REALTIME,
) -> int:
    """The time since the epoch, in nanoseconds."""
    return _read(_clock)


# One mapping for the life of the process: two readings a step apart would bend durations.
EPOCH_NS = epoch_ns() - now_ns()


def epoch_ms(moment_ns: int) -> float:
    """A reading of `now_ns` as milliseconds since the epoch."""
    return (EPOCH_NS + moment_ns) / 1e6


def rfc3339(
    epoch_s: float,
    _utc: "Callable[[float], time.struct_time]" = time.gmtime,
    _format: "Callable[[str, time.struct_time], str]" = time.strftime,
) -> str:
    """A time in UTC with milliseconds, as the platform's own records have it."""
    whole, milliseconds = divmod(int(epoch_s * 1000), 1000)
    return f"{_format('%Y-%m-%dT%H:%M:%S', _utc(whole))}.{milliseconds:03d}Z"


def process_start_ns(entered_ns: int) -> int:
    """When this process was started, on the scale of `now_ns`; `entered_ns` where that is unknown.

    Linux reports it in clock ticks of 10 ms (proc(5), /proc/pid/stat, field 22). Half a tick is added, which leaves an
    error of 5 ms either way.
    """
    try:
        with open("/proc/self/stat", "rb") as file:  # noqa: PTH123 - pathlib takes 5 ms to import
            fields = file.read().rpartition(b")")[2].split()
        started_s = (int(fields[19]) + 0.5) / os.sysconf("SC_CLK_TCK")
        age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - started_s
    except (OSError, ValueError, IndexError, AttributeError):
        return entered_ns
    started_ns = now_ns() - int(age_s * 1e9)
    if started_ns > entered_ns or entered_ns - started_ns > _OLDEST_PROCESS_S * 1e9:
        return entered_ns
    return started_ns
