"""Taking edits of a template back, also from a text that was changed since."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from monitor.errors import RefusedError
from monitor.templates.edits import Edit, apply, in_order

_VERSION = 1


def digest(text: str) -> str:
    """The SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def record(before: str, after: str, edits: Sequence[Edit]) -> dict[str, Any]:
    """What `undone` needs: where each edit is in `after`, and digests of the lines around it."""
    entries = []
    shift = 0
    for edit in in_order(edits):
        start = edit.start + shift
        shift += len(edit.new) - len(edit.old)
        places = list(_places(after, edit.new))
        entries.append(
            {
                "at": start,
                "old": edit.old,
                "new": edit.new,
                "number": places.index(start),
                "of": len(places),
                "around": _around(after, start, len(edit.new)),
            }
        )
    return {"before": digest(before), "after": digest(after), "edits": entries}


def encode(records: Sequence[dict[str, Any]]) -> str:
    """The records of a file, the newest last."""
    return json.dumps({"version": _VERSION, "writes": list(records)}, indent=1, ensure_ascii=False) + "\n"


def decode(text: str, file: str) -> list[dict[str, Any]]:
    """The records in a text.

    Raises:
        RefusedError: it was changed by hand, or written by another version.
    """
    try:
        document = json.loads(text)
        version, writes = document["version"], list(document["writes"])
        if all(_is_entry(one) for write in writes for one in write["edits"]):
            if version == _VERSION:
                return writes
            raise RefusedError(f"{file} was written by another version of monitor", "undo with that version")
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise RefusedError(f"{file} was changed and cannot be read", "take the changes out of the template yourself")


def _is_entry(one: dict[str, Any]) -> bool:
    numbers = all(isinstance(one[name], int) for name in ("at", "number", "of"))
    return numbers and 0 <= one["number"] < one["of"] and bool(one["old"] + one["new"])


def undone(text: str, record: dict[str, Any]) -> str:
    """The text without the edits of a record: the text before them, to the byte, where nothing else changed.

    Raises:
        RefusedError: an edit is no longer there as it was written.
    """
    entries = record["edits"]
    if digest(text) == record["after"]:
        before = apply(text, [Edit(one["at"], one["new"], one["old"]) for one in entries])
        if digest(before) == record["before"]:
            return before
    return apply(text, [Edit(_find(text, one), one["new"], one["old"]) for one in entries])


def _find(text: str, entry: dict[str, Any]) -> int:
    """Where an edit is now: where as many places have its text as before, or at the only one between the same lines."""
    new = entry["new"]
    places = list(_places(text, new))
    if len(places) == entry["of"]:
        number: int = entry["number"]
        return places[number]
    places = [at for at in places if _around(text, at, len(new)) == entry["around"]]
    if len(places) == 1:
        return places[0]
    shown = " ".join(new.split())[:80]
    what = f"is {len(places)} times in it" if places else "is not in it any more"
    raise RefusedError(f"the template was changed since: {shown!r} {what}", "take the changes out of it yourself")


def _places(text: str, part: str) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


def _around(text: str, start: int, length: int) -> str:
    """A digest of the line before a place and of the one after it, so that no value of theirs is stored."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", start + length)
    last = len(text) if last < 0 else last
    before = text[text.rfind("\n", 0, max(first - 1, 0)) + 1 : start]
    after = text[start + length : last]
    return digest(f"{before}\0{after}")[:16]
