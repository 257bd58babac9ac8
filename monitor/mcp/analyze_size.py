"""Keep an answer small: shorten texts, then lists, and say how much was left out."""

import json

from monitor.console.text import clean_lines
from monitor.kernel.jsonable import Json

# About 4,000 tokens: five answers fit in the context that an assistant gives to one question.
MOST_CHARACTERS = 10_000
_LONGEST_TEXT = 600
_SHORTEST_LIST = 3


def bounded(document: Json, most_characters: int = MOST_CHARACTERS) -> Json:
    """The document with clean texts, and with its longest lists shortened until it fits.

    A shortened text ends in `…`. A shortened list of an object says so in `KEY_left_out`, the number of its items that
    are missing. Control characters and escape sequences are removed from every text.
    """
    found = _cleaned(document)
    while _size(found) > most_characters:
        longest = max(_lists(found), key=lambda one: _size(one[0][one[1]]), default=None)
        if longest is None:
            return {"left_out": "this part of the result is too large: ask for a shorter window or fewer items"}
        _shorten(*longest)
    return found


def _cleaned(value: Json) -> Json:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {_text(key): _cleaned(item) for key, item in value.items()}
    return value


def _text(text: str) -> str:
    text = "\n".join(clean_lines(text[: 4 * _LONGEST_TEXT]))
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"


def _lists(value: Json) -> list[tuple[dict[str, Json], str]]:
    """Each list of an object that can be shortened, as the object and its key."""
    found: list[tuple[dict[str, Json], str]] = []
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, list) and len(item) > _SHORTEST_LIST:
                found.append((value, key))
            found += _lists(item)
    elif isinstance(value, list):
        for item in value:
            found += _lists(item)
    return found


def _shorten(owner: dict[str, Json], key: str) -> None:
    items = owner[key]
    assert isinstance(items, list)
    kept = max(_SHORTEST_LIST, len(items) * 2 // 3)
    before = owner.get(f"{key}_left_out", 0)
    owner[key] = items[:kept]
    owner[f"{key}_left_out"] = (before if isinstance(before, int) else 0) + len(items) - kept


def _size(value: Json) -> int:
    return len(json.dumps(value, ensure_ascii=False))
