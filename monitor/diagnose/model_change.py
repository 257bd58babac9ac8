"""The comparison of two diagnoses of a function, before and after a change."""

from dataclasses import dataclass

from monitor.coldstarts.model import Difference
from monitor.records.imports import ImportChange


@dataclass(frozen=True, slots=True)
class Moved:
    """A figure before and after, in `unit`; `difference` has the test result, if it was tested."""

    label: str
    before: float | None
    after: float | None
    unit: str = "ms"
    difference: Difference | None = None


@dataclass(frozen=True, slots=True)
class FindingMark:
    """A finding, identified by its rule and subject, with its title and likely saving."""

    rule: str
    subject: str
    title: str
    likely_ms: float | None


@dataclass(frozen=True, slots=True)
class DiagnosisChange:
    """The changes between two diagnoses: figures, parts of the median start, imports, findings."""

    before_name: str
    after_name: str
    before_ms: int
    after_ms: int
    figures: tuple[Moved, ...]
    slices: tuple[Moved, ...]
    imports: tuple[ImportChange, ...]
    gone: tuple[FindingMark, ...]
    new: tuple[FindingMark, ...]
    kept: tuple[FindingMark, ...]
    notes: tuple[str, ...] = ()
