"""An import profile in speedscope's file format, for its flame graph (https://www.speedscope.app).

One evented profile in milliseconds: each import opens at its start and closes at its end. Its children follow each
other from its start. Format: speedscope's file-format-schema.json.
"""

import json

from monitor.coldstarts.render_profile import itemised
from monitor.records.imports import ImportNode, ImportProfile

SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def speedscope(profile: ImportProfile, exporter: str) -> str:
    """The profile as the text of a speedscope file."""
    frames: dict[tuple[str, str], int] = {}
    events: list[dict[str, object]] = []
    at_ms = 0.0
    for node in itemised(profile):
        at_ms = _events(node, at_ms, frames, events)
    document = {
        "$schema": SCHEMA,
        "exporter": exporter,
        "name": f"imports of {profile.name}",
        "activeProfileIndex": 0,
        "shared": {"frames": [{"name": name} | ({"file": root} if root else {}) for name, root in frames]},
        "profiles": [
            {
                "type": "evented",
                "name": f"mean of {profile.cold_starts} cold starts, {profile.source}",
                "unit": "milliseconds",
                "startValue": 0,
                "endValue": at_ms,
                "events": events,
            }
        ],
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False)


def _events(
    node: ImportNode, at_ms: float, frames: dict[tuple[str, str], int], events: list[dict[str, object]]
) -> float:
    """Add a node and everything below it, starting at `at_ms`. Returns its end."""
    frame = frames.setdefault((node.module, node.root), len(frames))
    events.append({"type": "O", "frame": frame, "at": at_ms})
    inner_ms = at_ms
    for child in node.children:
        inner_ms = _events(child, inner_ms, frames, events)
    # Rounding can make the children longer than their parent. Speedscope refuses events that do not nest.
    end_ms = max(at_ms + node.cumulative_ms, inner_ms)
    events.append({"type": "C", "frame": frame, "at": end_ms})
    return end_ms
