"""Which imports may be to blame when a package no longer starts: by what its error names."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from monitor.optimize.analyze_sources import Sources
from monitor.optimize.model import Outcome

_QUOTED = re.compile(r"'([\w.]+)'")
_FRAME = re.compile(r'File "([^"\n]+)"')


def suspects(
    outcome: Outcome, pairs: Iterable[tuple[str, int]], sources: Sources, root: str
) -> frozenset[tuple[str, int]]:
    """The imports of `pairs` (file, line) to try without first; none if the error names nothing that they concern.

    An error of a circular import names the module that is not complete: its own imports, and those of it, come first.
    Else the innermost file that has such imports.
    """
    pairs = list(pairs)
    for document in _errors(outcome):
        message = str(document.get("errorMessage", ""))
        named = {name for name in _QUOTED.findall(message) if name in sources.modules and name in sources.file_of}
        files = {sources.file_of[name] for name in named}
        found = frozenset(
            (file, line)
            for file, line in pairs
            if file in files or named.intersection(sources.statement(file, line).targets)
        )
        if found:
            return found
        trace = "\n".join(str(line) for line in document.get("stackTrace") or ())
        prefix = root.rstrip("/") + "/"
        for path in reversed(_FRAME.findall(trace)):
            found = frozenset(pair for pair in pairs if pair[0] == path.removeprefix(prefix))
            if found:
                return found
    return frozenset()


def apart(pairs: Collection[tuple[str, int]]) -> list[set[tuple[str, int]]]:
    """The imports (file, line) in smaller groups, the largest first; none for a single import.

    The groups are the folders in which their files differ, or the halves of one file.
    """
    files = {file: file.split("/") for file, _ in pairs}
    if len(files) > 1:
        depth = next(depth for depth, parts in enumerate(zip(*files.values(), strict=False)) if len(set(parts)) > 1)
        groups: dict[str, set[tuple[str, int]]] = {}
        for file, line in pairs:
            groups.setdefault(files[file][depth], set()).add((file, line))
        return sorted(groups.values(), key=lambda group: (-len(group), min(group)))
    ordered = sorted(pairs)
    half = len(ordered) // 2
    return [set(ordered[:half]), set(ordered[half:])] if half else []


def _errors(outcome: Outcome) -> Iterator[dict[str, Any]]:
    if isinstance(outcome.init_error, dict):
        yield outcome.init_error
    for kind, document in outcome.answers:
        if kind == "error" and isinstance(document, dict):
            yield document
