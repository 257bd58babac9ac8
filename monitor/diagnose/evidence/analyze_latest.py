"""Which starts come after a function's latest change, told while its log is read once.

Means over starts from before and after a change describe neither. The change is that of $LATEST's configuration or
code, if it is in the window, or the first line of a published version that is newer than those before it. Log
streams name their version: `2026/11/23/[$LATEST]0123…`.
"""

import re

from monitor.diagnose.evidence.model import Deployed, LatestChange
from monitor.kernel.window import Window
from monitor.records.event import LogEvent

LATEST = "$LATEST"
# Fewer starts tell less than all of the window's do, whatever changed.
FEWEST_SINCE = 5
_VERSION = re.compile(r"\[(\$LATEST|\d{1,18})\]")


def version_of(stream: str) -> str | None:
    """The version that a log stream's name bears, None for none."""
    found = _VERSION.search(stream)
    return found.group(1) if found else None


class Latest:
    """Takes in lines in about the order of time; `change` is the latest one so far, None before any.

    Args:
        changed: the configuration that is diagnosed, with when it last changed; None where that is not known.
        window: what was asked for: a change outside of it leaves nothing out.
    """

    def __init__(self, changed: Deployed | None, window: Window | None) -> None:
        self.change: LatestChange | None = None
        self._newest = -1
        self._versions = changed is None or changed.version == LATEST
        if changed is not None and self._versions and window and window.start_ms < changed.at_ms < window.end_ms:
            self.change = LatestChange(LATEST, changed.at_ms)

    def take(self, event: LogEvent) -> bool:
        """Whether this line is the first of a newer version: what was held so far then belongs to no latest change."""
        version = version_of(event.stream) if self._versions else None
        if version is None or version == LATEST or int(version) <= self._newest:
            return False
        is_first, self._newest = self._newest < 0 and self.change is None, int(version)
        if is_first:
            return False
        self.change = LatestChange(version, event.timestamp_ms)
        return True

    def holds(self, at_ms: int, stream: str) -> bool:
        """Whether a line or invocation comes after the change."""
        return self.change is not None and self.change.holds(at_ms, version_of(stream))
