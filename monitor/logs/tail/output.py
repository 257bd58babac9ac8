"""Writing to stdout, and the printer of `-o raw`, which needs nothing else."""

import sys
from collections.abc import Iterable

from monitor.console.pager import PAGER
from monitor.records.event import LogEvent


class Shown:
    """The text of one batch, its events, and whether --until-match has matched."""

    __slots__ = ("events", "met", "text")

    def __init__(self, text: list[str], events: list[LogEvent], met: bool = False) -> None:
        self.text, self.events, self.met = text, events, met


class RawPrinter:
    """Prints messages as they are stored; `safe`: without control characters, for a terminal."""

    unsupported = 0

    def __init__(self, safe: bool) -> None:
        self._safe = safe

    def batch(self, events: Iterable[LogEvent]) -> Shown:
        """The text of a batch."""
        events = events if isinstance(events, list) else list(events)
        if self._safe:
            from monitor.console.text import clean_lines

            return Shown(["\n".join(clean_lines(event.message)) for event in events], events)
        return Shown([event.message.removesuffix("\n") for event in events], events)

    def pulse(self, now_ms: int) -> Shown:  # noqa: ARG002
        """Nothing: no line is held back."""
        return Shown([], [])

    def finish(self) -> Shown:
        """Nothing: no line is held back."""
        return Shown([], [])


def write(text: list[str]) -> None:
    """Write lines to stdout and flush; escape what its encoding cannot represent."""
    if not text:
        return
    text.append("")
    out = sys.stdout
    joined = "\n".join(text)
    if PAGER.write(joined):
        return
    encoding = getattr(out, "encoding", None) or "utf-8"
    try:
        content = joined.encode(encoding)
    except UnicodeEncodeError:
        content = joined.encode(encoding, "backslashreplace")
    out.flush()
    out.buffer.write(content)
    out.buffer.flush()
