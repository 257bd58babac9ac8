"""Shared parts of HTML pages: templates, style sheets, scripts, and hashes for the Content-Security-Policy."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from monitor.console.text import clean_lines, format_time


def page_template(
    file: Path, filters: Mapping[str, Callable[..., object]] | None = None, *, longest: int | None = None
) -> Template:
    """The template in `file`. An unknown name is an error.

    Every text that it prints is cleaned line by line and escaped, and cut after `longest` characters.
    """
    environment = Environment(
        finalize=partial(_printed, longest),
        loader=FileSystemLoader(file.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(filters or {})
    return environment.get_template(file.name)


def _printed(longest: int | None, value: object) -> object:
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    lines = clean_lines(value if longest is None else value[: longest + 1])
    text = "\n".join(lines)
    return text if longest is None or len(text) <= longest else text[:longest] + "…"


@cache
def asset(file: Path) -> str:
    """The text of a style sheet or script that a page carries inside."""
    return file.read_text(encoding="utf-8")


@cache
def style_sheet(file: Path) -> str:
    """The colors that all pages share, and a page's own style sheet."""
    return asset(Path(__file__).with_name("palette.css")) + asset(file)


# A page is read elsewhere than it was made: its times are written in UTC, and shown in the zone of the reader.
TIMES_SCRIPT = """
(() => {
  const zoned = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
  for (const one of document.querySelectorAll("time[datetime]:not([data-fixed])")) {
    const at = new Date(one.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    one.title = one.textContent;
    one.textContent = zoned.format(at);
  }
})();
"""


def page_time(time_ms: float | None) -> tuple[str, str]:
    """The `datetime` attribute and the text of a `<time>` element, in UTC; TIMES_SCRIPT shows it in the reader's zone.

    An element with the attribute `data-fixed` stays in UTC.
    """
    text = format_time(time_ms, utc=True)
    return ("", text) if text == "-" else (text.replace(" ", "T"), text)


def source_hash(text: str) -> str:
    """A Content-Security-Policy source that allows exactly this inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
