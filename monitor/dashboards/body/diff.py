"""The differences between two dashboards, with widgets matched by content, not by position.

Widgets with the same content are the same widget, and have moved if their position differs. Others are paired by
type and title, then by position, then by similarity.
"""

import json
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

from monitor.dashboards.body import layout
from monitor.dashboards.body.normal import normal
from monitor.dashboards.model import Change, ChangeKind
from monitor.dashboards.model_document import Document
from monitor.kernel.pointer import join

_LEAST_SIMILARITY = 0.5
_TEXT_LENGTH = 120
_LINE_LENGTH = 60
_ABSENT = object()


def diff(before: Document, after: Document) -> tuple[Change, ...]:
    """The changes that turn `before` into `after`; empty if both mean the same."""
    old, new = normal(before), normal(after)
    return (*_settings(old, new), *_variables(old, new), *_widgets(old["widgets"], new["widgets"]))


def values(before: Any, after: Any, pointer: str = "") -> Iterator[str]:
    """One line for every leaf that differs, e.g. `properties/period: 300 → 60`."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in (*before, *(key for key in after if key not in before)):
            yield from values(before.get(key, _ABSENT), after.get(key, _ABSENT), join(pointer, key))
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            one = before[index] if index < len(before) else _ABSENT
            other = after[index] if index < len(after) else _ABSENT
            yield from values(one, other, join(pointer, index))
    elif before is _ABSENT:
        yield f"{pointer[1:]}: + {_short(after)}"
    elif after is _ABSENT:
        yield f"{pointer[1:]}: - {_short(before)}"
    elif isinstance(before, str) and isinstance(after, str) and max(len(before), len(after)) > _LINE_LENGTH:
        yield from _lines(before, after, pointer[1:])
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield f"{pointer[1:]}: {_short(before)} → {_short(after)}"


def _lines(before: str, after: str, name: str) -> Iterator[str]:
    """The differences between two long texts line by line, each cut to the surroundings of its first difference."""
    old, new = before.splitlines(), after.splitlines()
    for tag, start, end, other_start, other_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        removed, added = old[start:end], new[other_start:other_end]
        for index in range(max(len(removed), len(added))):
            one = removed[index] if index < len(removed) else None
            other = added[index] if index < len(added) else None
            first = _first_difference(one or "", other or "") if one is not None and other is not None else 0
            if one is not None:
                yield f"{name}: - {_around(one, first)}"
            if other is not None:
                yield f"{name}: + {_around(other, first)}"


def _first_difference(one: str, other: str) -> int:
    return next(
        (index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _around(line: str, index: int) -> str:
    if len(line) <= _LINE_LENGTH:
        return line
    start = max(0, min(index - _LINE_LENGTH // 4, len(line) - _LINE_LENGTH))
    end = start + _LINE_LENGTH
    return ("…" if start else "") + line[start:end] + ("…" if end < len(line) else "")


def title(widget: Any) -> str:
    """A name for a widget: its type, and its title, first line of text or first metric."""
    if not isinstance(widget, dict):
        return "not a widget"
    kind = str(widget.get("type", "untyped"))
    properties = widget.get("properties")
    if not isinstance(properties, dict):
        return kind
    if own := properties.get("title"):
        return f"{kind} “{own}”"
    if isinstance(text := properties.get("markdown"), str):
        first = next((line.strip("#*> ") for line in text.splitlines() if line.strip("#*> ")), "")
        return f"{kind} “{first[:50]}”"
    rows = properties.get("metrics")
    if isinstance(rows, list) and rows and isinstance(rows[0], list):
        return f"{kind} {' '.join(part for part in rows[0][:2] if isinstance(part, str))}".rstrip()
    return kind


def _settings(old: Document, new: Document) -> Iterator[Change]:
    keys = [key for key in {**old, **new} if key not in ("widgets", "variables")]
    for key in keys:
        if old.get(key, _ABSENT) != new.get(key, _ABSENT):
            lines = values({key: old[key]} if key in old else {}, {key: new[key]} if key in new else {})
            yield Change(_kind(key in old, key in new), f"setting {key}", tuple(lines))


def _variables(old: Document, new: Document) -> Iterator[Change]:
    before, after = (_by_id(body.get("variables", [])) for body in (old, new))
    for name in {**before, **after}:
        one, other = before.get(name), after.get(name)
        if one != other:
            details = tuple(values(one, other)) if one is not None and other is not None else ()
            yield Change(_kind(one is not None, other is not None), f"variable {name}", details)
    if list(before) != list(after) and set(before) == set(after):
        yield Change(ChangeKind.MOVED, "variables", (f"{', '.join(before)} → {', '.join(after)}",))


def _by_id(variables: list[Any]) -> dict[str, Any]:
    return {
        str(variable.get("id", index)) if isinstance(variable, dict) else str(index): variable
        for index, variable in enumerate(variables)
    }


def _kind(was: bool, remains: bool) -> ChangeKind:
    if was and remains:
        return ChangeKind.CHANGED
    return ChangeKind.REMOVED if was else ChangeKind.ADDED


def _widgets(old: list[Any], new: list[Any]) -> Iterator[Change]:
    pairs = _paired(old, new)
    removed, added = set(range(len(old))), set(range(len(new)))
    for position, other in sorted(pairs, key=lambda pair: pair[1]):
        removed.discard(position)
        added.discard(other)
        yield from _widget(old[position], new[other])
    yield from (Change(ChangeKind.ADDED, title(new[index]), (_place(new[index]),)) for index in sorted(added))
    yield from (Change(ChangeKind.REMOVED, title(old[index]), (_place(old[index]),)) for index in sorted(removed))


def _widget(old: Any, new: Any) -> Iterator[Change]:
    details = list(values(_content(old), _content(new)))
    if _place(old) != _place(new):
        moved = f"{_place(old)} → {_place(new)}"
        if not details:
            yield Change(ChangeKind.MOVED, title(new), (moved,))
            return
        details.append(moved)
    if details:
        yield Change(ChangeKind.CHANGED, title(new), tuple(details))


def _paired(old: list[Any], new: list[Any]) -> list[tuple[int, int]]:
    """Index pairs by equal content (same position first), then same type and title, same position, and similarity."""
    pairs: list[tuple[int, int]] = []
    left, right = list(range(len(old))), list(range(len(new)))
    for key in (
        lambda widget: _text(widget),
        lambda widget: _text(_content(widget)),
        lambda widget: _titled(widget),
        lambda widget: (_type(widget), _place(widget)),
    ):
        waiting: dict[Any, list[int]] = {}
        for index in right:
            waiting.setdefault(key(new[index]), []).append(index)
        for index in left:
            same = waiting.get(key(old[index]))
            if same and key(old[index]) is not None:
                pairs.append((index, same.pop(0)))
        left = [index for index in left if index not in {pair[0] for pair in pairs}]
        right = [index for index in right if index not in {pair[1] for pair in pairs}]
    return pairs + _similar(old, new, left, right)


def _similar(old: list[Any], new: list[Any], left: list[int], right: list[int]) -> list[tuple[int, int]]:
    scores = [
        (score, one, other)
        for one in left
        for other in right
        if _type(old[one]) == _type(new[other]) and (score := _similarity(old[one], new[other])) > _LEAST_SIMILARITY
    ]
    pairs: list[tuple[int, int]] = []
    seen_left: set[int] = set()
    seen_right: set[int] = set()
    for _, one, other in sorted(scores, key=lambda entry: (-entry[0], entry[1], entry[2])):
        if one not in seen_left and other not in seen_right:
            seen_left.add(one)
            seen_right.add(other)
            pairs.append((one, other))
    return pairs


def _similarity(one: Any, other: Any) -> float:
    """The share of leaves (with their pointers) that two widgets have in common, from 0 to 1."""
    first, second = set(_leaves(_content(one))), set(_leaves(_content(other)))
    return len(first & second) / max(1, len(first | second))


def _leaves(value: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, join(pointer, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, join(pointer, index))
    else:
        yield pointer, _text(value)


def _content(widget: Any) -> Any:
    if not isinstance(widget, dict):
        return widget
    return {key: value for key, value in widget.items() if key not in ("x", "y", "width", "height")}


def _titled(widget: Any) -> tuple[str, str] | None:
    properties = widget.get("properties") if isinstance(widget, dict) else None
    own = properties.get("title") if isinstance(properties, dict) else None
    return (_type(widget), str(own)) if own else None


def _type(widget: Any) -> str:
    return str(widget.get("type")) if isinstance(widget, dict) else ""


def _place(widget: Any) -> str:
    place = layout.box(widget) if isinstance(widget, dict) else None
    return f"at {place.x},{place.y}, {place.width}×{place.height}" if place else "without a position"


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _short(value: Any) -> str:
    text = _text(value)
    return text if len(text) <= _TEXT_LENGTH else text[: _TEXT_LENGTH - 1] + "…"
