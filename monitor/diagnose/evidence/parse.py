"""Saved evidence, as `monitor diagnose --save FILE` writes it."""

from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.kernel.saved import SavedFormat

EVIDENCE = SavedFormat(
    format="monitor-evidence",
    version=1,
    key="evidence",
    model=FunctionEvidence,
    noun="saved evidence",
    hint="give a file that `monitor diagnose TARGET --save FILE` wrote",
)


def is_evidence(head: str) -> bool:
    """Whether a file that begins with `head` was saved by `--save`, and is not a log."""
    return head.lstrip().startswith("{") and f'"{EVIDENCE.format}"' in head[:200]
