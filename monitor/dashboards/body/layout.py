"""Positions of widgets on the grid of 24 columns."""

from dataclasses import dataclass
from typing import Any, TypeGuard

COLUMNS = 24
DEFAULT_WIDTH = 6
DEFAULT_HEIGHT = 6


@dataclass(frozen=True, slots=True)
class Box:
    """The position and size of a widget in grid units."""

    x: int
    y: int
    width: int
    height: int

    def overlaps(self, other: "Box") -> bool:
        """Whether two boxes share a cell of the grid."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


def box(widget: dict[str, Any]) -> Box | None:
    """The position that a widget states; None if it leaves the position to CloudWatch or states an invalid one."""
    x, y = widget.get("x"), widget.get("y")
    if not (_is_count(x) and _is_count(y)):
        return None
    return Box(x, y, *_size(widget))


def pack(widgets: list[Any]) -> list[Any]:
    """`widgets` with a position for each: stated positions are kept, the others fill rows from left to right.

    A row is as high as its highest widget. A widget that does not fit starts the next row.
    """
    taken = [stated for widget in widgets if isinstance(widget, dict) and (stated := box(widget))]
    x = y = row_height = 0
    result: list[Any] = []
    for widget in widgets:
        if not isinstance(widget, dict) or box(widget):
            result.append(widget)
            continue
        width, height = _size(widget)
        place = Box(x, y, width, height)
        while place.x + place.width > COLUMNS or any(place.overlaps(other) for other in taken):
            blocking = next((other for other in taken if place.overlaps(other)), None)
            if blocking and place.x + place.width <= COLUMNS:
                place = Box(blocking.x + blocking.width, place.y, width, height)
            else:
                place = Box(0, place.y + max(row_height, 1), width, height)
                row_height = 0
        row_height = max(row_height, height)
        x, y = place.x + place.width, place.y
        # An invalid size is kept, so that validation reports it.
        result.append({"width": width, "height": height, **widget, "x": place.x, "y": place.y})
    return result


def bottom(widgets: list[Any]) -> int:
    """The first grid row below every widget."""
    boxes = (box(widget) for widget in widgets if isinstance(widget, dict))
    return max((place.y + place.height for place in boxes if place), default=0)


def _size(widget: dict[str, Any]) -> tuple[int, int]:
    width, height = widget.get("width", DEFAULT_WIDTH), widget.get("height", DEFAULT_HEIGHT)
    return (
        min(width, COLUMNS) if _is_count(width) and width else DEFAULT_WIDTH,
        height if _is_count(height) and height else DEFAULT_HEIGHT,
    )


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
