"""The files that monitor adds to a package for the code that it rewrote."""

from collections.abc import Iterable
from pathlib import Path

from monitor.packages.lazy.rewrite import COLLECTING, HELPER

_INSIDE = Path(__file__).resolve().parents[2] / "inside"
HELPERS = {HELPER: _INSIDE / "lazy.py", COLLECTING: _INSIDE / "collect.py"}


def helpers(texts: Iterable[str]) -> list[str]:
    """The modules that these rewritten sources need."""
    texts = list(texts)
    return [name for name in HELPERS if any(name in text for text in texts)]
