"""Times of this process: when it started, and how the monotonic clock maps to the epoch."""

import os
import time

# One mapping for the life of the process: two readings a step apart would bend durations.
EPOCH_NS = time.time_ns() - time.perf_counter_ns()

# A process older than this at its entry point was not started for this init (a debugger, a restored
# snapshot): its age says nothing.
_OLDEST_S = 60.0


def epoch_ms(moment_ns: int) -> float:
    """A reading of `time.perf_counter_ns` as milliseconds since the epoch."""
    return (EPOCH_NS + moment_ns) / 1e6


def process_start_ns(entered_ns: int) -> int:
    """When this process was started, on `time.perf_counter_ns`'s scale; `entered_ns` where that is unknown.

    Linux keeps it in clock ticks of 10 ms (proc(5), /proc/pid/stat, field 22): half a tick is added,
    which leaves an error of 5 ms either way.
    """
    try:
        with open("/proc/self/stat", "rb") as file:  # noqa: PTH123 - pathlib takes 5 ms to import
            fields = file.read().rpartition(b")")[2].split()
        started_s = (int(fields[19]) + 0.5) / os.sysconf("SC_CLK_TCK")
        age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - started_s
    except (OSError, ValueError, IndexError, AttributeError):
        return entered_ns
    started_ns = time.perf_counter_ns() - int(age_s * 1e9)
    if started_ns > entered_ns or entered_ns - started_ns > _OLDEST_S * 1e9:
        return entered_ns
    return started_ns
