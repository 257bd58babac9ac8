"""What the live page shows that no command has: the lines of a feed, its invocations, and the AWS calls so far."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.coldstarts.model import ColdStartReport
from monitor.diagnose.evidence.model import Deployed
from monitor.kernel.window import Window
from monitor.records.invocation import Invocation
from monitor.records.metric import FunctionMetrics


@dataclass(frozen=True, slots=True)
class LiveLine:
    """One log event as text.

    `number` counts the lines of a feed from 1. `source` is the name of the function or log group. `level` is on
    Python's scale, None if the line has none. `text` can have several lines; `cut` says that its end was left out.
    """

    number: int
    at_ms: int
    source: str
    stream: str
    level: int | None
    text: str
    request_id: str = ""
    cut: bool = False


@dataclass(frozen=True, slots=True)
class LiveInvocation:
    """One invocation that has ended. `number` counts the invocations of a feed from 1."""

    number: int
    source: str
    invocation: Invocation


@dataclass(frozen=True, slots=True)
class Position:
    """How much of a feed a reader has seen: the numbers of the last line and of the last invocation."""

    line: int = 0
    invocation: int = 0


@dataclass(frozen=True, slots=True)
class LiveBatch:
    """What is new after a position.

    `skipped` counts the lines between the position and the oldest that is still kept. `notices` are messages about the
    reading itself. `position` is where the next batch begins.
    """

    lines: Sequence[LiveLine]
    invocations: Sequence[LiveInvocation]
    skipped: int
    notices: Sequence[str]
    position: Position


@dataclass(frozen=True, slots=True)
class Spending:
    """The AWS calls of the page.

    `calls` counts all of them, `hour_calls` those of the last hour, for which `hour_limit` is the limit. `cost_usd` is
    the approximate cost of the last day, for which `limit_usd` is the limit. The embedded stack costs nothing.
    """

    calls: int
    hour_calls: int
    hour_limit: int
    cost_usd: float
    limit_usd: float
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class FunctionRow:
    """A function, or a log group, of the page. `metrics` is None for a log group, or if they could not be read."""

    name: str
    function: str | None
    runtime: str
    memory_mb: int | None
    architecture: str
    changed_ms: int | None
    metrics: FunctionMetrics | None


@dataclass(frozen=True, slots=True)
class Functions:
    """The functions of the page, with their figures over the window. `problem` says why figures are missing."""

    window: Window
    rows: tuple[FunctionRow, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ColdView:
    """The cold starts of one function over a window, and the times at which it was deployed."""

    window: Window
    report: ColdStartReport
    deployments: tuple[Deployed, ...]
    problem: str = ""
