"""How many lines a second `monitor serve` carries to a browser: every line arrives, and the page stays responsive.

A replayed log is followed by the page's own server, and Chromium shows it. Lines are counted on both sides. The longest
time between two frames tells whether the page froze.

    python benchmarks/serve.py                       2,000 lines a second for a minute, and then faster
    python benchmarks/serve.py --rates 2000 --seconds 60
    python benchmarks/serve.py --day                 a simulated day: memory at both ends
"""

import argparse
import gc
import resource
import sys
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from monitor.kernel.clock import CancellableClock
from monitor.records.event import LogEvent
from tests.fakes.page import page_of
from tests.functional.conftest import CHROMIUM, CHROMIUM_ARGUMENTS

_STREAMS = 20
_LINES_AN_INVOCATION = 8
_SETTLE_S = 8.0
# The longest time between two frames, and every line that the page got.
_WATCH = """() => {
  window.watched = { worst: 0, frames: 0, last: performance.now() };
  const step = (now) => {
    watched.worst = Math.max(watched.worst, now - watched.last);
    watched.last = now;
    watched.frames += 1;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
}"""


class Replay:
    """A log that grows at a rate: invocations of several environments, each with START, lines, END and REPORT."""

    name = key = "replay"

    def __init__(self, per_second: int, seconds: float, began_ms: int) -> None:
        self._events = list(_events(per_second, seconds, began_ms))
        self._times = [event.timestamp_ms for event in self._events]
        # START and END are folded away.
        self.lines = sum(not event.message.startswith(("START", "END")) for event in self._events)

    def pages(self, start_ms: int, end_ms: int | None) -> Iterator[Sequence[LogEvent]]:
        now_ms = time.time_ns() // 1_000_000
        last = bisect_right(self._times, now_ms if end_ms is None else min(now_ms, end_ms))
        for at in range(bisect_left(self._times, start_ms), last, 10_000):
            yield self._events[at : min(at + 10_000, last)]


def _events(per_second: int, seconds: float, began_ms: int) -> Iterator[LogEvent]:
    position = 0
    for number in range(round(per_second * seconds / _LINES_AN_INVOCATION)):
        request = f"5b86d4d4-0c1f-4d2c-9a0e-{number:012x}"
        stream = f"2026/11/30/[$LATEST]{number % _STREAMS:032x}"
        inside = [f"[INFO]\t2026-11-30T01:00:00.000Z\t{request}\tline {at} of {number}\n" for at in range(5)]
        report = f"REPORT RequestId: {request}\tDuration: 12.50 ms\tBilled Duration: 13 ms\tMemory Size: 512 MB\t"
        lines = [
            f"START RequestId: {request} Version: $LATEST\n",
            *inside,
            f"END RequestId: {request}\n",
            f"{report}Max Memory Used: 80 MB\t\n",
        ]
        for text in lines:
            at_ms = began_ms + round(position * 1000 / per_second)
            yield LogEvent(at_ms, text, stream, "/aws/lambda/replay", f"{position:020d}", at_ms)
            position += 1


def measure(browser: Any, per_second: int, seconds: float) -> tuple[int, int, int, float]:
    """(lines of the log, lines that the page got, lines skipped, longest time between two frames in ms)."""
    began_ms = time.time_ns() // 1_000_000 + 6_000
    source = Replay(per_second, seconds, began_ms)
    with page_of(source=source) as served:
        tab = browser.new_page(viewport={"width": 1280, "height": 800})
        tab.goto(served.address.replace("/#", "/live#"))
        tab.wait_for_selector(".counter[data-lines]")
        tab.evaluate(_WATCH)
        time.sleep(max(0.0, began_ms / 1000 - time.time()))
        tab.evaluate("() => { watched.worst = 0; watched.frames = 0; }")
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            # Somebody uses the page meanwhile: moves, follows again, filters.
            for key in ("k", "k", "G"):
                tab.keyboard.press(key)
            tab.wait_for_timeout(500)
        worst = float(tab.evaluate("watched.worst"))
        got = _settled(tab, source.lines)
        skipped = int(tab.get_attribute(".counter", "data-skipped") or 0)
        tab.close()
    return source.lines, got, skipped, worst


def _settled(tab: Any, expected: int) -> int:
    """How many lines the page has got once no more come."""
    end_s = time.monotonic() + 3 * _SETTLE_S
    while time.monotonic() < end_s:
        got = int(tab.get_attribute(".counter", "data-lines") or 0)
        if got >= expected:
            break
        tab.wait_for_timeout(500)
    return int(tab.get_attribute(".counter", "data-lines") or 0)


class DayClock(CancellableClock):
    """Time that passes when the follow sleeps."""

    def __init__(self) -> None:
        super().__init__()
        self.ms = time.time_ns() // 1_000_000

    def now_ms(self) -> int:
        return self.ms

    def sleep(self, seconds: float) -> None:
        super().sleep(0.0005)
        self.ms += round(seconds * 1000)


class Day:
    """Two lines a second without an end, made when they are read, so that the log itself takes no memory."""

    name = key = "day"

    def __init__(self, clock: DayClock) -> None:
        self._clock, self._began_ms = clock, clock.ms

    def pages(self, start_ms: int, end_ms: int | None) -> Iterator[Sequence[LogEvent]]:
        last_ms = self._clock.ms if end_ms is None else min(self._clock.ms, end_ms)
        first = max(0, -(-(start_ms - self._began_ms) // 500))
        yield [self._event(number) for number in range(first, (last_ms - self._began_ms) // 500 + 1)]

    def _event(self, position: int) -> LogEvent:
        number, line = divmod(position, 4)
        request, at_ms = f"5b86d4d4-0c1f-4d2c-9a0e-{number:012x}", self._began_ms + position * 500
        text = (
            f"START RequestId: {request} Version: $LATEST\n",
            f"[INFO]\t2026-11-30T01:00:00.000Z\t{request}\tline {'x' * 200} of {number}\n",
            f"END RequestId: {request}\n",
            f"REPORT RequestId: {request}\tDuration: 12.50 ms\tBilled Duration: 13 ms\tMemory Size: 512 MB\t\n",
        )[line]
        return LogEvent(at_ms, text, "2026/11/30/[$LATEST]0", "/aws/lambda/day", f"{position:020d}", at_ms)


def day(browser: Any, hours: int) -> None:
    """Print what the server and the tab keep, by simulated hour."""
    clock = DayClock()
    with page_of(source=Day(clock), clock=clock) as served:
        tab = browser.new_page(viewport={"width": 1280, "height": 800})
        devtools = tab.context.new_cdp_session(tab)
        tab.goto(served.address.replace("/#", "/live#"))
        tab.wait_for_selector(".counter[data-lines]")
        began_ms = clock.ms
        print(f"{'hour':>5} {'lines':>9} {'server':>9} {'tab heap':>9} {'DOM nodes':>10}")
        for hour in range(1, hours + 1):
            while clock.ms < began_ms + hour * 3_600_000:
                tab.wait_for_timeout(200)
            devtools.send("HeapProfiler.collectGarbage")
            heap = devtools.send("Runtime.getHeapUsage")["usedSize"]
            nodes = devtools.send("Memory.getDOMCounters")["nodes"]
            gc.collect()
            lines = next(iter(served.feeds._feeds.values()))._log._line_count
            print(f"{hour:>5} {lines:>9,} {_rss_mb():>6.1f} MB {heap / 1e6:>6.1f} MB {nodes:>10,}", flush=True)
            # A person looks at other views now and then.
            for key in ("g", "f", "g", "d", "g", "l", "v", "v"):
                tab.keyboard.press(key)
                tab.wait_for_timeout(50)


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def main() -> None:
    """Measure each rate, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", default="2000,4000,8000")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--day", action="store_true", help="follow a simulated day instead")
    parser.add_argument("--hours", type=int, default=24)
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    if given.day:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
            day(browser, given.hours)
            browser.close()
        return

    columns = ("lines/s", "seconds", "in the log", "on the page", "skipped", "behind", "longest frame", "CPU")
    print(" ".join(f"{name:>13}" for name in columns))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        for rate in map(int, given.rates.split(",")):
            before_s = _cpu_s()
            total, got, skipped, worst = measure(browser, rate, given.seconds)
            busy = (_cpu_s() - before_s) / given.seconds
            # Behind: not read within 24 seconds of the end.
            behind = total - got - skipped
            row = (f"{rate:,}", f"{given.seconds:.0f}", f"{total:,}", f"{got:,}", f"{skipped:,}", f"{behind:,}")
            print(" ".join(f"{cell:>13}" for cell in (*row, f"{worst:.0f} ms", f"{busy:.0%}")), flush=True)
        browser.close()


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
