"""The marker: a line in the dashboard that records what the last deploy wrote.

It is visible text in a text widget at the bottom. The console preserves the Markdown of text widgets exactly; whether
it preserves unknown members or comments is not documented. An alarm has the same line at the end of its description.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from monitor.dashboards.body import layout
from monitor.dashboards.body.normal import digest
from monitor.dashboards.model_document import Document

_LINE = re.compile(r"monitor:1 project=(\S*) template=(\S*) name=(\S*) digest=([0-9a-f]{16})")
_HEIGHT = 2
_TEXT = (
    "Deployed by `monitor dashboard deploy` from `{template}`. "
    "If you change this dashboard here, the next deploy does not overwrite it; "
    "`monitor dashboard pull {name}` saves your changes.\n\n"
    "`{line}`"
)


@dataclass(frozen=True, slots=True)
class Marker:
    """The origin of a dashboard or alarm: project, template, name, and the digest of its content."""

    project: str
    template: str
    name: str
    digest: str

    def line(self) -> str:
        """The marker as text; every value is percent-encoded and so contains no spaces."""
        project, template, name = (quote(part, safe="/.-_") for part in (self.project, self.template, self.name))
        return f"monitor:1 project={project} template={template} name={name} digest={self.digest}"


def find(text: str) -> Marker | None:
    """The marker in a text, or None."""
    # The last match: the marker follows text that people write.
    matches = list(_LINE.finditer(text))
    if not matches:
        return None
    project, template, name, digest = matches[-1].groups()
    return Marker(unquote(project), unquote(template), unquote(name), digest)


def without_line(text: str) -> str:
    """A text, such as the description of an alarm, without its marker."""
    return _LINE.sub("", text).rstrip()


def mark(body: Document, *, project: str, template: str, name: str) -> Document:
    """`body` with a marker widget at its bottom, replacing an existing one."""
    bare = unmarked(body)
    line = Marker(project, template, name, digest(bare)).line()
    widgets = bare.get("widgets", [])
    widget = {
        "type": "text",
        "x": 0,
        "y": layout.bottom(widgets),
        "width": layout.COLUMNS,
        "height": _HEIGHT,
        "properties": {
            "markdown": _TEXT.format(template=quote(template, safe="/.-_ "), name=name, line=line),
            "background": "transparent",
        },
    }
    return {**bare, "widgets": [*widgets, widget]}


def marker_of(body: Document) -> Marker | None:
    """The marker of a dashboard, or None."""
    widgets = body.get("widgets")
    found = [find(_markdown(widget)) for widget in widgets] if isinstance(widgets, list) else []
    return next((marker for marker in reversed(found) if marker), None)


def unmarked(body: Document) -> Document:
    """`body` without its marker widget."""
    widgets = body.get("widgets")
    if not isinstance(widgets, list):
        return dict(body)
    return {**body, "widgets": [widget for widget in widgets if not find(_markdown(widget))]}


def _markdown(widget: Any) -> str:
    if not isinstance(widget, dict) or widget.get("type") != "text":
        return ""
    properties = widget.get("properties")
    text = properties.get("markdown") if isinstance(properties, dict) else None
    return text if isinstance(text, str) else ""
