"""One truth about cold: whether this invocation is the first of its environment, and who waited for the init."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

ON_DEMAND = "on-demand"
PROVISIONED = "provisioned-concurrency"
SNAP_START = "snap-start"
MANAGED = "lambda-managed-instances"
PROACTIVE = "proactive"

# Only under these did an invocation wait: for the init, or for the restore of its snapshot. Under provisioned
# concurrency, on managed instances and after a proactive init it was over before anybody called.
_WAITED_FOR = frozenset({ON_DEMAND, SNAP_START})

# An invocation that Lambda makes an environment for follows its init at once. A longer gap than this means that the
# environment was made in advance. Source: AWS, "Understanding the Lambda execution environment lifecycle".
PROACTIVE_AFTER_MS = 10_000.0

_begun = False


def initialization_type() -> str:
    """How Lambda initialized this environment, in Lambda's own words."""
    return os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") or ON_DEMAND


def start_of(waited_ms: float) -> str:
    """What kind of start an environment had whose first invocation came `waited_ms` after its init.

    Lambda's initialization type, or `proactive`. A suppressed init (repeated inside the invocation after a crash, a
    time-out or the 10 s limit) looks like any other from inside, and is one that the caller waited for: readers tell
    it by the REPORT line, which then has no Init Duration.
    """
    kind = initialization_type()
    return PROACTIVE if kind == ON_DEMAND and waited_ms >= PROACTIVE_AFTER_MS else kind


def begin() -> bool:
    """Call it as an invocation begins. Returns whether it is the first of its environment."""
    global _begun
    first = not _begun
    _begun = True
    return first


def waited_for(start: str) -> bool:
    """Whether the first invocation after a start of this kind is a cold start: its caller waited."""
    return start in _WAITED_FOR


class Call:
    """What the handler did in one invocation."""

    __slots__ = ("cold", "error", "result", "started", "traceback")

    def __init__(self, cold_start: bool) -> None:
        self.cold = cold_start
        self.started = False
        self.result: Any = None
        self.error: BaseException | None = None
        self.traceback: TracebackType | None = None

    def run(self, handler: Callable[[Any, Any], Any], event: Any, context: Any) -> Any:
        """Call the handler and keep what came of it."""
        self.started = True
        try:
            self.result = handler(event, context)
        except BaseException as error:
            self.error = error
            self.traceback = error.__traceback__ and error.__traceback__.tb_next
            raise
        return self.result
