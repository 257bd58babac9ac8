"""What the quick readers of a saved log share: texts of whole events, and the full pairing for what is rare."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from monitor.records.pairing import Pairing
from monitor.records.quick.blocks import Blocks


class QuickReader(ABC):
    """Reads blocks; `last_event` and `least_bytes` as of Blocks."""

    def __init__(self, last_event: Callable[[bytes], int], least_bytes: int) -> None:
        self._blocks = Blocks(last_event, least_bytes)
        self._pairing = Pairing()

    def take(self, block: bytes) -> int:
        """Read a block, which can end anywhere; returns how much was read that bears on an invocation."""
        found = self._blocks.add(block)
        return 0 if found is None else self._read(*found)

    @abstractmethod
    def _read(self, text: bytes, end: int) -> int:
        """Read a text up to `end`, where its last event begins."""

    @property
    def unsupported(self) -> int:
        """How many events of web functions were read, which are not paired into invocations."""
        return self._pairing.unsupported
