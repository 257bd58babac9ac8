"""Shared parts of renderers: safe text, cell widths, units, and rich output as a string.

A renderer gets a `Style`, never a terminal, and returns a string without a newline at its end.
Text that came from AWS or from a log goes through `clean` (one line) or `clean_lines` (several).
"""

import io
import math
import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from monitor.kernel.values import dataclass

# rich is imported where it draws: the lines of a tail and errors do not need it.
if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.table import Column, Table

# Controls (C0, DEL, C1), the Arabic letter mark, bidi marks, line and paragraph separators, bidi
# embeddings, overrides and isolates, lone surrogates (no stream can encode them), the byte order
# mark, invisible tags. The joiners U+200B-U+200D stay: Thai, Khmer, Persian and emoji need them.
UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\U000e0000-\U000e007f]"
)
# So many characters of a request id are shown where there is little room. `monitor show` takes them.
SHORT_ID = 8
_LINE_END = re.compile("\r\n|\n|\r(?!$)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": " "}
# One cell for one cell, so that a table laid out with them keeps its columns.
ASCII = str.maketrans(
    {
        "…": "~",
        "—": "-",
        "–": "-",
        "·": ".",
        "×": "x",
        "│": "|",
        "─": "-",
        "├": "|",
        "└": "`",
        "▸": ">",
        "●": "*",
    }
    | {
        "▸": ">",
        "●": "*",
        "█": "#",
        "▓": "=",
        "▒": "=",
        "░": ".",
        "▏": "|",
        "▕": "|",
        "→": ">",
        "←": "<",
        "✓": "+",
        "✗": "x",
    }
)


@dataclass(frozen=True, slots=True)
class Style:
    """How to render: `width` in cells, `color` (ANSI escapes), `unicode` (else ASCII decoration), `links` (OSC 8).

    Without `unicode` only the decoration is ASCII; names and messages keep their own script.
    """

    width: int = 100
    color: bool = False
    unicode: bool = True
    links: bool = False

    @property
    def ellipsis(self) -> str:
        """The sign for text left out."""
        return "…" if self.unicode else "~"

    @property
    def dash(self) -> str:
        """The sign for a value that does not exist."""
        return "–" if self.unicode else "-"


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def clean(text: str) -> str:
    """`text` as one line that no terminal can act on.

    Control characters, bidi controls, line separators and lone surrogates are spelt out
    (`\\x1b`, `\\u202e`, `\\n`); a tab is a space. Every script comes through unchanged.
    """
    # All that is printable by Unicode's own classes is safe: most text takes this way, at C speed.
    return text if text.isprintable() else UNSAFE.sub(_escape, text)


def clean_lines(text: str) -> list[str]:
    """`text` as lines, each harmless as by `clean`; a tab is four spaces, no empty lines at the end."""
    text = text.rstrip("\r\n")
    if text.isprintable():
        return [text]
    return [clean(line.replace("\t", "    ")) for line in _LINE_END.split(text)]


def clip(text: str, width: int, ellipsis: str = "…") -> str:
    """`text`, at most `width` terminal cells wide, with `ellipsis` where something was left out."""
    if width <= 0:
        return ""
    if len(text) * 2 <= width:
        return text
    from rich.cells import cell_len

    # A log line can hold a MB: measure only as much as could fit, four combining marks a letter.
    start = text[: width * 5]
    if len(start) == len(text) and cell_len(text) <= width:
        return text
    room = width - cell_len(ellipsis)
    if room < 0:
        return ellipsis[:width]
    end = len(start)
    while end > 0 and (over := cell_len(start[:end]) - room) > 0:
        end -= max(1, over // 2)
    return start[:end] + ellipsis


def clip_start(text: str, width: int, ellipsis: str = "…") -> str:
    """The end of `text`, at most `width` cells, with `ellipsis` before it if its start was left out."""
    return clip(text[::-1], width, ellipsis[::-1])[::-1]


def pad(text: str, width: int, *, right: bool = False, ellipsis: str = "…") -> str:
    """`text` clipped or filled with spaces to exactly `width` cells; `right` aligns it to the right."""
    from rich.cells import cell_len

    clipped = clip(text, width, ellipsis)
    fill = " " * max(0, width - cell_len(clipped))
    return fill + clipped if right else clipped + fill


def format_ms(duration_ms: float | None) -> str:
    """A duration as a person reads it: `2.46 ms`, `412 ms`, `1.24 s`, `2 m 5 s`, `3 h 12 m`; `-` for none."""
    if duration_ms is not None and 0.005 <= duration_ms < 999.5:
        return f"{_three_digits(duration_ms)} ms"
    if duration_ms is None or not math.isfinite(duration_ms):
        return "-"
    if duration_ms < 0:
        return "-" + format_ms(-duration_ms)
    if duration_ms < 0.005:
        return "0 ms"
    if duration_ms < 59_950:
        return f"{_three_digits(duration_ms / 1000)} s"
    seconds = round(duration_ms / 1000)
    if seconds < 3600:
        return f"{seconds // 60} m {seconds % 60} s"
    minutes = round(seconds / 60)
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60} m"
    hours = round(minutes / 60)
    return f"{hours // 24:,} d {hours % 24} h"


def _three_digits(value: float) -> str:
    if value < 9.995:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def format_bytes(size_bytes: float | None) -> str:
    """A size: `812 B`, `19.5 MB`. A MB is 1,048,576 bytes, as in Lambda's limits (250 MB: 262,144,000)."""
    if size_bytes is None or not math.isfinite(size_bytes):
        return "-"
    if size_bytes < 0:
        return "-" + format_bytes(-size_bytes)
    if size_bytes < 1024:
        return f"{size_bytes:.0f} B"
    value = size_bytes
    for unit in ("KB", "MB", "GB", "TB"):
        value /= 1024
        if value < 1023.95 or unit == "TB":
            return f"{value:,.1f} {unit}"
    raise AssertionError("unreachable")


def format_count(count: float | None) -> str:
    """A number with its thousands apart: `12,345`; two decimals only where it has a fraction."""
    if count is None or not math.isfinite(count):
        return "-"
    return f"{count:,.0f}" if float(count).is_integer() else f"{count:,.2f}"


def format_counted(count: int, noun: str) -> str:
    """`1 invocation`, `12,345 invocations`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def format_time(time_ms: float | None, *, utc: bool = False, tz: tzinfo | None = None, date: bool = True) -> str:
    """An epoch time in ms as `2026-11-23 09:48:41.886`, with a `Z` in UTC; `-` for none or out of range.

    `tz` None is the machine's zone; `utc` wins over `tz`; without `date` only the time of day.
    """
    if time_ms is None or not math.isfinite(time_ms):
        return "-"
    try:
        moment = _EPOCH + timedelta(milliseconds=round(time_ms))
        moment = moment if utc else moment.astimezone(tz)
    except (OverflowError, OSError, ValueError):  # year 10,000, or beyond what the zone data reaches
        return "-"
    text = moment.replace(tzinfo=None).isoformat(" ", "milliseconds")
    return f"{text if date else text[11:]}{'Z' if utc else ''}"


def new_table(*columns: "str | Column", title: str | None = None) -> "Table":
    """A table in the house's look: bold headers, no lines. Numbers go in `Column(justify="right")`."""
    from rich.table import Table

    return Table(
        *columns,
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        collapse_padding=True,
        header_style="bold",
        title=title,
        title_justify="left",
        title_style="bold",
    )


def to_text(renderable: "RenderableType", style: Style) -> str:
    """A rich renderable as a string: fixed width, nothing interpreted, no trailing blanks or newline.

    Strings are shown as they are (no markup, emoji codes or highlighting). Whatever control
    character a renderer let through is escaped here; only `style.color` adds escapes.
    """
    from rich.console import Console

    out = io.StringIO()
    console = Console(
        file=out,
        width=max(1, style.width),
        height=1_000_000,
        force_terminal=style.color,
        color_system="standard" if style.color else None,
        no_color=not style.color,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
    console.print(_Inert(renderable, style.unicode), end="")
    return "\n".join(rstrip_line(line) for line in out.getvalue().rstrip("\n").split("\n"))


_RESET = "\x1b[0m"  # what rich ends every styled piece with


def rstrip_line(line: str) -> str:
    """A printed line without blanks at its end, colored or not."""
    if line.endswith(_RESET):
        return line[: -len(_RESET)].rstrip(" ") + _RESET
    return line.rstrip(" ")


class _Inert:
    """Passes a renderable's segments on with their text made harmless, and ASCII where asked."""

    def __init__(self, renderable: "RenderableType", unicode: bool) -> None:
        self._renderable = renderable
        self._unicode = unicode

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        from rich.segment import Segment

        if not self._unicode:
            options = options.copy()
            options.encoding = "ascii"  # what rich asks before it draws boxes and guides
        for segment in console.render(self._renderable, options):
            if segment.control:
                continue
            text = segment.text if segment.text == "\n" else "\n".join(map(clean, segment.text.split("\n")))
            yield Segment(text if self._unicode else text.translate(ASCII), segment.style)
