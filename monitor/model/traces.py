"""Traces as they are listed and shown: the models that commands print."""

from dataclasses import dataclass

from monitor.kernel.missing import Missing
from monitor.model.waterfall import Figures, Waterfall
from monitor.records.invocation import Invocation
from monitor.records.xray.trace import Trace, TraceSummary


@dataclass(frozen=True, slots=True)
class ListedTrace:
    """A line of the list: X-Ray's summary, and the figures of the function's invocation (None: not in the trace)."""

    summary: TraceSummary
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class Sampling:
    """How many of a window's invocations have a trace at all.

    `invocations` is CloudWatch's metric, over whole minutes and one to three minutes late; None where it could not
    be read. `traces` counts those of the same window.
    """

    invocations: float | None
    traces: int

    @property
    def share(self) -> float | None:
        """Traces of invocations, 0 to 1; None where unknown, or where the metric lags behind the traces."""
        if not self.invocations or self.traces > self.invocations:
            return None
        return self.traces / self.invocations


@dataclass(frozen=True, slots=True)
class TraceList:
    """The newest traces that match, newest first.

    `found` counts those that X-Ray named for the window, `examined` those whose documents were read for it. `sampling`
    is None where filters keep X-Ray from naming all of them.
    """

    items: tuple[ListedTrace, ...]
    found: int
    examined: int
    sampling: Sampling | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownTrace:
    """One trace, laid out. `invocation` is there when its log was asked for, or read for its init record."""

    trace: Trace
    waterfall: Waterfall
    figures: tuple[Figures, ...]
    invocation: Invocation | Missing | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownInvocation:
    """An invocation and its trace, or why there is none."""

    invocation: Invocation
    trace: ShownTrace | Missing
