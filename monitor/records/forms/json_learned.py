"""Events in JSON of an unknown layout, learned from the objects in which a member holds a record of Lambda's platform.

A member's path, such as `hits.hits.*._source.@message`, is the same in all values of one tool. The objects that have
the member are events; their times and places have the usual names, in the object or in those around it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from monitor.records.forms.json_events import LEARNED, Found, event_with
from monitor.records.forms.openings import is_platform

# "*" is each value of a list.
Path = tuple[str, ...]
_DEEPEST, _MOST_MEMBERS = 12, 200


def learn(values: Iterable[Any]) -> Path | None:
    """The path at which most records of the platform are; None if there is none."""
    found: Counter[Path] = Counter()
    for value in values:
        found.update(_paths(value, ()))
    return found.most_common(1)[0][0] if found else None


def _paths(value: Any, path: Path) -> Iterator[Path]:
    if len(path) > _DEEPEST:
        return
    if isinstance(value, str):
        if path and path[-1] != "*" and is_platform(value):
            yield path
    elif isinstance(value, dict):
        for name, one in list(value.items())[:_MOST_MEMBERS]:
            yield from _paths(one, (*path, name))
    elif isinstance(value, list):
        for one in value:
            yield from _paths(one, (*path, "*"))


def learned_events(value: Any, path: Path, around: dict[str, Any]) -> Iterator[Found]:
    """The events in a value by a learned path; `around` are members of the objects that contain it.

    A value can lie inside a list of a document that is read piece by piece: the path then begins behind that list.
    """
    starts = [0, *(at + 1 for at, name in enumerate(path) if name == "*")]
    for start in starts:
        found = list(_at(value, path[start:], around))
        if found:
            yield from found
            return


def _at(value: Any, path: Path, around: dict[str, Any]) -> Iterator[Found]:
    name, rest = path[0], path[1:]
    if name == "*":
        if isinstance(value, list):
            for one in value:
                yield from _at(one, rest, around) if rest else ()
        return
    if not isinstance(value, dict) or name not in value:
        return
    if rest:
        scalars = {key: one for key, one in value.items() if isinstance(one, str | int | float)}
        yield from _at(value[name], rest, {**around, **scalars})
        return
    message = value[name]
    if isinstance(message, str):
        yield Found(LEARNED, event_with(message, value, around))
