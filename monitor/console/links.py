"""Links to pages of the AWS console in a terminal (OSC 8), where the terminal has them.

The sequence: https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda. An address of
`monitor.kernel.console_pages` is printable ASCII, and the text between is `clean`, so neither can end the sequence.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from monitor.console.text import Style

if TYPE_CHECKING:
    from rich.text import Text

_PROGRAMS = ("iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby", "rio", "zed")
_TERMS = ("xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm", "contour")
# VTE's first version with links that does not crash on some of them: 0.50.1, written 5001.
_VTE = 5001
_SAFE = re.compile(r"https://[!-~]+", re.ASCII)


def takes_links(environment: Mapping[str, str]) -> bool:
    """Whether the terminal is one that is known to have links. FORCE_HYPERLINK=0 or 1 decides for others."""
    forced = environment.get("FORCE_HYPERLINK")
    if forced:
        return forced != "0"
    # They pass the sequence on, or drop it, by their version and settings, and hide which terminal is behind them.
    if environment.get("TMUX") or environment.get("STY") or environment.get("CI"):
        return False
    term, vte = environment.get("TERM", ""), environment.get("VTE_VERSION", "")
    return (
        environment.get("TERM_PROGRAM") in _PROGRAMS
        or bool(environment.get("WT_SESSION") or environment.get("KONSOLE_VERSION") or environment.get("DOMTERM"))
        or any(term.startswith(one) for one in _TERMS)
        or (vte.isdecimal() and int(vte) >= _VTE)
    )


def link(text: str, address: str, style: Style) -> str:
    """The text, which is `clean` or has colors of monitor, as a link."""
    if not style.links or not _SAFE.fullmatch(address):
        return text
    return f"\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\"


def link_text(text: str, address: str, style: Style, look: str = "") -> "Text":
    """The text as a link in a table."""
    from rich.style import Style as Look
    from rich.text import Text

    found = Text(text, style=look, overflow="fold")
    if style.links and _SAFE.fullmatch(address):
        # Trailing blanks, which align a cell, do not belong to the link.
        found.stylize(Look(link=address), 0, len(text.rstrip(" ")))
    return found
