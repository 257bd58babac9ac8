"""A dashboard with its data: what every widget shows, ready to be drawn."""

from dataclasses import dataclass
from enum import StrEnum

from monitor.records.query_result import LogResult

Points = tuple[tuple[int, float], ...]
"""(epoch ms, value) in ascending time."""


class View(StrEnum):
    """How a metric or log widget shows its data, as CloudWatch names it."""

    TIME_SERIES = "timeSeries"
    SINGLE_VALUE = "singleValue"
    GAUGE = "gauge"
    BAR = "bar"
    PIE = "pie"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Curve:
    """One series of a chart. `colour` is the dashboard's own, or empty; `right`: against the right axis."""

    label: str
    points: Points
    colour: str = ""
    right: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """An annotation across a chart: at a value (horizontal) or at an epoch ms (vertical), a band where `until` is."""

    at: float
    label: str = ""
    colour: str = ""
    until: float | None = None
    vertical: bool = False
    right: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """A value axis: its label, and its ends where the dashboard fixes them."""

    label: str = ""
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """Series over time, shown as `view` says."""

    view: View
    curves: tuple[Curve, ...]
    period_s: int = 300
    stacked: bool = False
    marks: tuple[Mark, ...] = ()
    left: Axis = Axis()
    right: Axis = Axis()
    legend: bool = True


@dataclass(frozen=True, slots=True)
class Bars:
    """Values of named things, without time: a log widget's bar or pie. Each row has a name and `columns` values."""

    view: View
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]


@dataclass(frozen=True, slots=True)
class Prose:
    """A text widget's Markdown, as it was written: nothing of it is trusted."""

    markdown: str
    transparent: bool = False


@dataclass(frozen=True, slots=True)
class AlarmState:
    """An alarm and its state (OK, ALARM, INSUFFICIENT_DATA), or `state` "" for one that is not there."""

    name: str
    state: str
    reason: str = ""
    since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Alarms:
    """An alarm widget's alarms, in its order."""

    states: tuple[AlarmState, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG that CloudWatch drew."""

    png: bytes


@dataclass(frozen=True, slots=True)
class NotDrawn:
    """Why a widget has nothing to show, and what can be done."""

    reason: str
    hint: str = ""


Content = Chart | Bars | LogResult | Prose | Alarms | Picture | NotDrawn


@dataclass(frozen=True, slots=True)
class Drawn:
    """A widget: where it lies in the grid of 24 columns, and what it shows. `notes` are about its data."""

    kind: str
    title: str
    x: int
    y: int
    width: int
    height: int
    content: Content
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard, drawn for a stretch of time. `source` says where its data came from, `made_ms` when."""

    name: str
    origin: str
    source: str
    start_ms: int
    end_ms: int
    made_ms: int
    widgets: tuple[Drawn, ...]
    notes: tuple[str, ...] = ()
