"""Blocks of a saved log, joined into texts of whole events."""

import re
from collections.abc import Callable

from monitor.records.forms.form import MOST_EVENT_CHARACTERS

# Blocks are joined to this size: what a block costs by itself is then little, and what is found in it stays in the
# processor's cache.
LEAST_BYTES = 1 << 19
_PADDING = re.compile(rb"\0{2,}|\0\Z|\A\0")


class Blocks:
    """Joins blocks, which can end anywhere. Each text begins with a line end.

    Args:
        last_event: finds the line end before the last event of a text, which can have more lines; 0 or less if it has
            none.
        least_bytes: the size from which a text is given.
    """

    def __init__(self, last_event: Callable[[bytes], int], least_bytes: int) -> None:
        self._last_event = last_event
        self._least_bytes = least_bytes
        self._blocks, self._size = [b"\n"], 0

    def add(self, block: bytes) -> tuple[bytes, int] | None:
        """A text, and where its last event begins, which is kept for the next text; None if there is too little."""
        self._blocks.append(_PADDING.sub(b"", block) if b"\0" in block else block)
        self._size += len(block)
        if self._size < self._least_bytes:
            return None
        text = b"".join(self._blocks)
        end = self._last_event(text)
        if end <= 0:
            if len(text) < MOST_EVENT_CHARACTERS:
                self._blocks, self._size = [text], 0
                return None
            end = text.rfind(b"\n", 1)
            end = len(text) if end <= 0 else end
        self._blocks, self._size = [text[end:] or b"\n"], 0
        return text, end

    def end_line(self) -> None:
        """What follows begins a line."""
        self._blocks.append(b"\n")

    def rest(self) -> bytes:
        """What is left."""
        text = b"".join(self._blocks)
        self._blocks, self._size = [b"\n"], 0
        return text
