"""A dashboard with the data of all widgets, ready to be rendered."""

from dataclasses import dataclass
from enum import StrEnum

from monitor.kernel.window import Window
from monitor.records.query_result import LogResult

Points = tuple[tuple[int, float], ...]
"""(epoch ms, value) in ascending time."""


class View(StrEnum):
    """The views of metric and log widgets, with CloudWatch's names."""

    TIME_SERIES = "timeSeries"
    SINGLE_VALUE = "singleValue"
    GAUGE = "gauge"
    BAR = "bar"
    PIE = "pie"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a chart. `color` is set by the dashboard, or empty; `right`: uses the right axis."""

    label: str
    points: Points
    color: str = ""
    right: bool = False


@dataclass(frozen=True, slots=True)
class Annotation:
    """An annotation of a chart, at a value (horizontal) or an epoch ms (vertical); with `until` it is a band."""

    at: float
    label: str = ""
    color: str = ""
    until: float | None = None
    vertical: bool = False
    right: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """A value axis: its label, and its limits if the dashboard sets them."""

    label: str = ""
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """Series over time, shown as `view`."""

    view: View
    curves: tuple[Series, ...]
    period_s: int = 300
    stacked: bool = False
    marks: tuple[Annotation, ...] = ()
    left: Axis = Axis()
    right: Axis = Axis()
    legend: bool = True


@dataclass(frozen=True, slots=True)
class CategoryChart:
    """A bar or pie chart of a log widget: values by name, without time. Each row has a name and `columns` values."""

    view: View
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]


@dataclass(frozen=True, slots=True)
class MarkdownText:
    """The Markdown of a text widget. It is not trusted."""

    markdown: str
    transparent: bool = False


@dataclass(frozen=True, slots=True)
class AlarmState:
    """An alarm and its state (OK, ALARM, INSUFFICIENT_DATA); `state` is empty if the alarm does not exist."""

    name: str
    state: str
    reason: str = ""
    since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Alarms:
    """The alarms of an alarm widget, in its order."""

    states: tuple[AlarmState, ...]


@dataclass(frozen=True, slots=True)
class Image:
    """A PNG drawn by CloudWatch."""

    png: bytes


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The reason why a widget cannot be shown, and a hint."""

    reason: str
    hint: str = ""


Content = Chart | CategoryChart | LogResult | MarkdownText | Alarms | Image | Unavailable


@dataclass(frozen=True, slots=True)
class Widget:
    """A widget with its position on the grid of 24 columns and its content.

    `notes` are about its data; `window` is its own time range, if it does not follow that of the dashboard.
    """

    kind: str
    title: str
    x: int
    y: int
    width: int
    height: int
    content: Content
    notes: tuple[str, ...] = ()
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard with its data for a time range. `source` is the origin of the data, `made_ms` when it was read."""

    name: str
    origin: str
    source: str
    start_ms: int
    end_ms: int
    made_ms: int
    widgets: tuple[Widget, ...]
    notes: tuple[str, ...] = ()
