"""Start a package with a look at the process after its last event."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from monitor.console.temporary import temporary_folder
from monitor.optimize.model import LoadedModule, Look, Observed, Outcome
from monitor.optimize.workflow_run import Subject, run

WATCH_LIMIT_S = 1800.0
_INSIDE = Path(__file__).resolve().parents[1] / "inside"


def probe(
    root: Path,
    subject: Subject,
    *,
    describe: bool = False,
    deferred: Sequence[str] = (),
    known: Mapping[str, Mapping[str, str]] | None = None,
    varying: Mapping[str, Sequence[str]] | None = None,
    bound: Mapping[str, Mapping[str, str]] | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    entries: Sequence[str] = (),
    force: bool = False,
    observe: Mapping[str, Collection[str]] | None = None,
    limit_s: float = WATCH_LIMIT_S,
) -> tuple[Outcome, Look | None]:
    """The outcome, and what was seen; None if the start does not get to its last event.

    With `describe` the names of all modules of the package are described. `deferred` modules are loaded one by one
    afterwards, and compared with `known`; for `varying`, `groups`, `bound` and `entries` see monitor/inside/watch.py.
    With `force` every name that was to load later loads before the first event. With `observe`, names by module, it
    is recorded which imports are needed; the package is one that `rewrite.watched` made for it. Looking at `deferred`
    modules ends after `limit_s`.
    """
    with temporary_folder() as work:
        out, task = work / "seen", work / "task"
        task.write_text(
            json.dumps(
                {
                    "runtime": str(subject.runtime),
                    "root": str(root),
                    "events": len(subject.events),
                    "out": str(out),
                    "describe": describe,
                    "force": force,
                    "observe": {module: sorted(names) for module, names in (observe or {}).items()},
                    "deferred": list(deferred),
                    "known": {name: dict((known or {}).get(name, {})) for name in deferred},
                    "bound": {name: dict(names) for name, names in (bound or {}).items()},
                    "entries": list(entries),
                    "varying": {name: list(names) for name, names in (varying or {}).items()},
                    "groups": {name: list(names) for name, names in (groups or {}).items()},
                }
            ),
            encoding="utf-8",
        )
        script = _INSIDE / "probe.py"
        patient = replace(subject, timeout_s=limit_s) if deferred else subject
        outcome = run(root, patient, launcher=(str(script), str(task)))
        if not out.exists():
            return outcome, None
        return outcome, _look(json.loads(out.read_text(encoding="utf-8")))


def _observed(found: Any) -> Observed | None:
    if not isinstance(found, dict):
        return None
    return Observed(
        frozenset((who, what) for who, what in found["loads"]),
        frozenset((who, module, name) for who, module, name in found["uses"]),
    )


def _look(seen: dict[str, object]) -> Look:
    modules = {
        name: LoadedModule(name, facts["file"], facts["package"], facts["parent"], facts["attribute"])
        for name, facts in seen["modules"].items()  # type: ignore[attr-defined]
    }
    watched = seen.get("watched") or {}
    effects: dict[str, list[str]] = {}
    bases: dict[str, tuple[str, ...]] = {}
    registered: list[tuple[str, str]] = []
    bound: tuple[tuple[str, str, str], ...] = ()
    if isinstance(watched, dict) and watched:
        for part in ("together", "effects"):
            found = watched[part]
            if isinstance(found, str):
                effects.setdefault("", []).append(found)
                continue
            for name, notes in found.get("noted", {}).items():
                effects.setdefault(name, []).extend(notes)
            for name, error in found.get("errors", {}).items():
                effects.setdefault(name, []).append(f"cannot be loaded later: {error}")
            registered += [(str(one), str(other)) for one, other in found.get("registered", ())]
            bases |= {name: tuple(found) for name, found in found.get("bases", {}).items()}
        if isinstance(watched["bound"], str):
            effects.setdefault("", []).append(watched["bound"])
        else:
            bound = tuple((module, name, problem) for module, name, problem in watched["bound"])
        for name, problem in watched["alone"].items():
            effects.setdefault(name, []).append(problem)
    return Look(
        modules,
        frozenset(seen["init"]),  # type: ignore[call-overload]
        seen.get("names", {}),  # type: ignore[arg-type]
        {name: tuple(notes) for name, notes in effects.items()},
        bases,
        bound,
        tuple(seen["completed"]),  # type: ignore[arg-type]
        tuple(registered),
        seen.get("times", {}),  # type: ignore[arg-type]
        _observed(seen.get("observed")),
    )
