"""Compares two diagnoses, and tests whether changes are more than noise (see coldstarts/analyze_compare.py)."""

from collections import Counter
from collections.abc import Callable, Iterator

from monitor.coldstarts.analyze_compare import FEWEST, MANN_WHITNEY, mann_whitney, shares_differ
from monitor.coldstarts.model import ColdStartSummary, Difference
from monitor.diagnose.analyze_slices import is_import
from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.model import Diagnosis
from monitor.diagnose.model_change import DiagnosisChange, FindingMark, Moved
from monitor.diagnose.model_finding import Finding
from monitor.records.imports import ImportChange, changes
from monitor.records.invocation import ColdStart

_LEAST_MS = 1.0
_MOST_IMPORTS = 20
_MB = 1_048_576

Figure = Callable[[ColdStart], float | None]


def compare(before: Diagnosis, after: Diagnosis) -> DiagnosisChange:
    """The changes from `before` to `after`."""
    old, new = before.evidence, after.evidence
    olds, news = _marks(before.findings), _marks(after.findings)
    # A finding that is now minor is not gone: there may be too few starts for its saving.
    lesser = {key: mark for key, mark in _marks(after.minor).items() if key in olds and key not in news}
    return DiagnosisChange(
        before_name=old.name,
        after_name=new.name,
        before_ms=old.gathered_at_ms,
        after_ms=new.gathered_at_ms,
        figures=tuple(_figures(old, new)),
        slices=tuple(_slices(before, after)),
        imports=_imports(old, new),
        gone=tuple(mark for key, mark in olds.items() if key not in news and key not in lesser),
        new=tuple(mark for key, mark in news.items() if key not in olds),
        kept=(*(mark for key, mark in news.items() if key in olds), *lesser.values()),
        notes=tuple(_notes(old, new)),
    )


def _marks(findings: tuple[Finding, ...]) -> dict[tuple[str, str], FindingMark]:
    return {
        (one.rule, one.subject): FindingMark(
            one.rule, one.subject, one.title, one.saving.likely_ms if one.saving else None
        )
        for one in findings
    }


def _figures(old: FunctionEvidence, new: FunctionEvidence) -> Iterator[Moved]:
    if not is_missing(old.starts) and not is_missing(new.starts):
        yield from _of_starts(old.starts, new.starts, old, new)
    if not is_missing(old.package) and not is_missing(new.package):
        yield Moved("package, zipped", old.package.zipped_bytes / _MB, new.package.zipped_bytes / _MB, "MB")
        yield Moved("package, unzipped", old.package.unzipped_bytes / _MB, new.package.unzipped_bytes / _MB, "MB")
    if not is_missing(old.function) and not is_missing(new.function):
        yield Moved("memory size", old.function.memory_mb, new.function.memory_mb, "MB")


def _of_starts(
    before: ColdStartSummary, after: ColdStartSummary, old: FunctionEvidence, new: FunctionEvidence
) -> Iterator[Moved]:
    total = _difference(old, new, lambda one: one.first_total_ms, (before.first_total.p50, after.first_total.p50))
    yield Moved("first call, median", before.first_total.p50, after.first_total.p50, "ms", total)
    yield Moved("first call, p95", before.first_total.p95, after.first_total.p95)
    init = _difference(old, new, lambda one: one.init_ms, (before.init.p50, after.init.p50))
    yield Moved("init, median", before.init.p50, after.init.p50, "ms", init)
    handler = _difference(old, new, _handler_ms, None)
    yield Moved("first invocation, median", handler.before, handler.after, "ms", handler)
    yield Moved("share of cold starts", before.share, after.share, "share", shares_differ(before, after))


def _handler_ms(one: ColdStart) -> float | None:
    return one.duration_ms


def _difference(
    old: FunctionEvidence, new: FunctionEvidence, figure: Figure, medians: tuple[float | None, float | None] | None
) -> Difference:
    """The Mann-Whitney U test over the saved cold starts; `medians` are those of all cold starts, if known."""
    before, after = _values(old, figure), _values(new, figure)
    shown = medians or (_median(before), _median(after))
    if min(before.total(), after.total()) < FEWEST:
        return Difference(MANN_WHITNEY, *shown, None, None, f"fewer than {FEWEST} cold starts in one of the two")
    return Difference(MANN_WHITNEY, *shown, *mann_whitney(before, after))


def _values(evidence: FunctionEvidence, figure: Figure) -> Counter[float]:
    return Counter(value for one in evidence.judged_starts if (value := figure(one)) is not None)


def _median(values: Counter[float]) -> float | None:
    ordered = sorted(values.elements())
    middle = len(ordered) // 2
    if not ordered:
        return None
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _slices(before: Diagnosis, after: Diagnosis) -> Iterator[Moved]:
    """The parts of both median starts, in the order of the later one. All imports count as one part."""
    olds, news = _by_label(before), _by_label(after)
    for label in dict.fromkeys((*news, *olds)):
        yield Moved(label, olds.get(label), news.get(label))


def _by_label(diagnosis: Diagnosis) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in diagnosis.slices:
        label = "imports" if is_import(part) else part.label
        found[label] = found.get(label, 0.0) + part.ms
    return found


def _imports(old: FunctionEvidence, new: FunctionEvidence) -> tuple[ImportChange, ...]:
    if is_missing(old.imports) or is_missing(new.imports):
        return ()
    found = [one for one in changes(old.imports, new.imports) if abs(one.change_ms) >= _LEAST_MS]
    return tuple(found[:_MOST_IMPORTS])


def _notes(old: FunctionEvidence, new: FunctionEvidence) -> Iterator[str]:
    if old.name != new.name:
        yield f"this compares two functions: {old.name} and {new.name}"
    begun_ms = max(new.window.start_ms, new.latest.at_ms if new.latest else 0) if new.window else None
    if old.window and begun_ms is not None and begun_ms < old.window.end_ms and old.name == new.name:
        yield "the two windows overlap, and some starts count in both: use a --since after the change"
    if not is_missing(old.imports) and not is_missing(new.imports):
        if old.imports.source != new.imports.source:
            yield f"imports were measured by {old.imports.source} before and by {new.imports.source} now"
    elif is_missing(old.imports) != is_missing(new.imports):
        yield "imports are known for one of the two only"
