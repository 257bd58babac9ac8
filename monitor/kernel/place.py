"""Profile and region of a function, and the names of functions that are shown together."""

from collections.abc import Sequence

from monitor.kernel.values import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A profile and a region, "" if they are not known: functions of the same name in two places are two functions."""

    profile: str = ""
    region: str = ""


def place_names(functions: Sequence[tuple[str, Place]]) -> list[str]:
    """The names to show: with the region, the profile or both, if functions of several are shown."""
    profiles = len({place.profile for _, place in functions}) > 1
    regions = len({place.region for _, place in functions}) > 1
    found = []
    for name, place in functions:
        parts = [place.profile or "default"] if profiles else []
        parts += [place.region] if regions and place.region else []
        found.append(f"{name} ({'/'.join(parts)})" if parts else name)
    return found
