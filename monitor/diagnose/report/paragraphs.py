"""A page of prose, bars and code for a terminal of any width."""

import re
from collections.abc import Iterable, Iterator

from rich.cells import cell_len, chop_cells

from monitor.console.text import ASCII, Style, clean, clean_lines

_LEAST, _LONGEST = 20, 4_000
# A figure and its unit stay together.
_UNIT = re.compile(r"(?<=\d) (?=(?:(?:ms|s|m|h|d|B|KB|MB|GB)\b|%))")
_LOOKS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Paragraphs:
    """Collects lines. Prose is wrapped at the style's width; code never is.

    All text is cleaned. Only `look` adds escape sequences, and only if the style has color.
    """

    def __init__(self, style: Style) -> None:
        self._style = style
        self._lines: list[str] = []

    def __str__(self) -> str:
        return "\n".join(self._lines).strip("\n")

    def blank(self) -> None:
        """An empty line; several are one."""
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def head(self, text: str) -> None:
        """A section's heading."""
        self.blank()
        self.prose(text, look="bold")

    def prose(self, text: str, indent: int = 0, *, mark: str = "", look: str = "") -> None:
        """`text` in lines below each other, `mark` before the first."""
        mark = self._plain(mark)
        hang = indent + cell_len(mark)
        room = max(_LEAST, self._style.width - hang)
        for at, line in enumerate(wrap(self._plain(text), room)):
            before = " " * indent + mark if at == 0 else " " * hang
            self._lines.append(before + self._painted(line, look))

    def row(self, cells: Iterable[tuple[str, str]]) -> None:
        """One line of (text, look), already laid out."""
        line = "".join(self._painted(self._plain(text), look) for text, look in cells)
        self._lines.append(line.rstrip())

    def code(self, text: str, indent: int, *, most: int | None = None, diff: bool = False, prompt: str = "") -> int:
        """`text` line by line, unbroken and as it is; at most `most` lines. Returns how many were left out."""
        every = clean_lines(text)
        shown = every if most is None or len(every) <= most + 1 else every[:most]
        for line in shown:
            look = ({"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")) if diff else "cyan"
            self._lines.append((" " * indent + prompt + self._painted(line, look)).rstrip())
        return len(every) - len(shown)

    def _plain(self, text: str) -> str:
        text = clean(text[:_LONGEST])
        return text if self._style.unicode else text.translate(ASCII)

    def _painted(self, text: str, look: str) -> str:
        if not look or not self._style.color or not text.strip():
            return text
        return f"\x1b[{_LOOKS[look]}m{text}\x1b[0m"


def wrap(text: str, width: int) -> Iterator[str]:
    """`text` in lines of at most `width` cells; a word that is longer is cut."""
    line, used = "", 0
    for word in _UNIT.sub("\xa0", text).split(" "):
        taken = cell_len(word)
        if line and used + 1 + taken > width:
            yield line.replace("\xa0", " ")
            line, used = "", 0
        if taken > width:
            *full, word = chop_cells(word, width)
            yield from full
            taken = cell_len(word)
        line, used = (f"{line} {word}", used + 1 + taken) if line else (word, taken)
    yield line.replace("\xa0", " ")
