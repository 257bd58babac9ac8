"""A handler on shapely."""

from shapely.geometry import Point


def handler(event, context):
    """The area of a circle."""
    return {"area": round(Point(0, 0).buffer(event.get("radius", 10.0)).area, 6)}
