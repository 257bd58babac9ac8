"""Apply the optimizations that `monitor optimize` found to the files of a package on their way into the zip."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from monitor.packages.building.entry import Entry
from monitor.packages.lazy.choice import Choice, apply
from monitor.packages.lazy.helpers import HELPERS, helpers


def optimized_entries(
    entries: Sequence[Entry], choice: Choice, python: str, folder: Path, where: str
) -> tuple[list[Entry], int]:
    """The entries with rewritten sources, which lie in `folder`, and how many were rewritten.

    Raises:
        UsageError: the files are not those that were optimized.
    """
    known: dict[str, Entry] = {}
    for entry in entries:
        known.setdefault(entry.name, entry)

    def text_of(name: str) -> str | None:
        entry = known.get(name)
        if entry is None or entry.content is not None:
            return None
        try:
            return entry.path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            return None

    texts = apply(choice, python, text_of, where)
    if not texts:
        return list(entries), 0
    changed = {}
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
        changed[name] = path
    result = [replace(entry, path=changed[entry.name]) if entry.name in changed else entry for entry in entries]
    result += [Entry(f"{name}.py", HELPERS[name], own=True) for name in helpers(texts.values())]
    return result, len(texts)
