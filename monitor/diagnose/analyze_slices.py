"""Splits the median cold start into parts, each with the source of its measurement."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.model import Slice
from monitor.packages.model import PartKind
from monitor.records.imports import NOT_ITEMISED, RUNTIME, ImportNode, package_of, tree_of_record
from monitor.records.init_record import InitPhase, InitRecord
from monitor.records.invocation import ColdStart, InitKind, is_timed_out

_PACKAGES = 5
_REPORT, _RECORD, _PROFILE, _REST = "REPORT", "init record", "import profile", "rest"
# Shorter parts are rounding errors of the two clocks.
_LEAST_MS = 0.5
_WITH_INIT = "first invocation, with its init"
_APPLICATION = "application"
_IMPORT, _OTHERS = "import ", "other imports"


def slices(evidence: FunctionEvidence) -> tuple[Slice, ...]:
    """The parts of the median cold start, in order of time. They add up to its first call.

    Empty if no cold start has a known first call. Init is split by the init record, else by an import profile, else it
    is one part.
    """
    start = median_start(evidence)
    if start is None or start.first_total_ms is None:
        return ()
    init_ms = start.init_ms or 0.0
    within = start.kind in (InitKind.SUPPRESSED, InitKind.FAILED)
    handler_ms = start.first_total_ms - (0.0 if within else init_ms)
    parts = list(_init(evidence, start))
    if within:
        # The rest of the start holds the init that was repeated inside the invocation.
        parts, handler_ms = _ended_init(start), start.first_total_ms - (start.failed_init_ms or 0.0)
        return tuple(part for part in (*parts, Slice(_WITH_INIT, handler_ms, _REPORT)) if part.ms >= _LEAST_MS)
    return tuple(part for part in (*parts, *_handler(evidence, handler_ms)) if part.ms >= _LEAST_MS)


def _ended_init(start: ColdStart) -> list[Slice]:
    """The init that failed or took too long before the invocation."""
    if start.failed_init_ms is None:
        return []
    label = "init, ended after 10 s" if is_timed_out(start) else "init that failed"
    return [Slice(label, start.failed_init_ms, "INIT_REPORT")]


def median_start(evidence: FunctionEvidence) -> ColdStart | None:
    """The cold start nearest to the median first call, preferably one with imports."""
    if is_missing(evidence.starts) or evidence.starts.first_total.p50 is None:
        return None
    median_ms = evidence.starts.first_total.p50
    known = [one for one in evidence.cold_starts if one.first_total_ms is not None]
    if not known:
        return None

    def distance(one: ColdStart) -> float:
        away = abs((one.first_total_ms or 0.0) - median_ms) / max(median_ms, 1.0)
        # Imports are worth 25% of distance: without them init is a single bar.
        record = one.init_record
        told = record is not None and record.imports is not None and bool(record.imports.tree)
        return away + (0.0 if told else 0.25 if record is not None else 0.3)

    return min(known, key=distance)


def _init(evidence: FunctionEvidence, start: ColdStart) -> Iterable[Slice]:
    init_ms, record = start.init_ms, start.init_record
    if start.kind in (InitKind.SNAP_START, InitKind.PROVISIONED) or init_ms is None:
        label = "restore" if start.kind is InitKind.SNAP_START else "init"
        return (Slice(label, init_ms, _REPORT),) if init_ms is not None else ()
    if record is None or record.observed_init_ms > init_ms * 1.5:
        return _profiled(evidence, init_ms)
    before_ms = max(0.0, init_ms - record.observed_init_ms)
    scale = min(1.0, init_ms / record.observed_init_ms) if record.observed_init_ms > 0 else 1.0
    names = distributions(evidence)
    return (
        Slice("environment, extensions", before_ms, "REPORT less record"),
        *(Slice(one.label, one.ms * scale, one.measured) for one in _of_record(record, names)),
    )


def _of_record(record: InitRecord, names: Mapping[str, str]) -> Iterable[Slice]:
    whole_ms = sum(phase.duration_ms for phase in record.phases)
    # Phases follow each other. If they overlap in a record, they are scaled so that they add up to init.
    scale = min(1.0, record.observed_init_ms / whole_ms) if whole_ms > 0 else 1.0
    left_ms = record.observed_init_ms - whole_ms * scale
    for phase in record.phases:
        phase_ms = phase.duration_ms * scale
        if phase.name != _APPLICATION:
            label = {"runtime": RUNTIME, "entry": "monitor's entry point"}.get(phase.name)
            yield Slice(label or phase.name, phase_ms, _RECORD)
            continue
        imports = _self_by_package(_within(record, phase), names)
        if imports:
            yield from _of_imports(imports, phase_ms, _RECORD, _left_out_ms(record))
        else:
            yield Slice("loading the application", phase_ms, _RECORD)
    if left_ms > 0:
        yield Slice("rest of the init", left_ms, _REST)


def _within(record: InitRecord, phase: InitPhase) -> tuple[ImportNode, ...]:
    """The imports that began in a phase."""
    if record.imports is None:
        return ()
    end_ms = phase.start_ms + phase.duration_ms
    tree = (module for module in record.imports.tree if phase.start_ms <= module.start_ms < end_ms)
    return tree_of_record(replace(record, imports=replace(record.imports, tree=tuple(tree))))


def _left_out_ms(record: InitRecord) -> float:
    """The time of the imports that the record counts and does not list."""
    if record.imports is None:
        return 0.0
    listed_ms = sum(_self_by_package(tree_of_record(record), {}).values())
    return max(0.0, record.imports.total_ms - listed_ms)


def _of_imports(imports: Mapping[str, float], of_ms: float, measured: str, left_out_ms: float = 0.0) -> Iterable[Slice]:
    """The greatest packages, the others, the imports that are not itemised, and the rest; they add up to `of_ms`."""
    imports_ms = sum(imports.values())
    scale = min(1.0, of_ms / imports_ms) if imports_ms > 0 else 0.0
    ordered = sorted(imports.items(), key=lambda item: (-item[1], item[0]))
    for name, self_ms in ordered[:_PACKAGES]:
        yield Slice(f"{_IMPORT}{name}", self_ms * scale, measured)
    yield Slice(_OTHERS, sum(ms for _, ms in ordered[_PACKAGES:]) * scale, measured)
    rest_ms = of_ms - imports_ms * scale
    hidden_ms = min(rest_ms, left_out_ms)
    yield Slice(f"imports, {NOT_ITEMISED}", hidden_ms, measured)
    yield Slice("loading the application, without imports", rest_ms - hidden_ms, measured)


def _profiled(evidence: FunctionEvidence, init_ms: float) -> Iterable[Slice]:
    profile = evidence.imports
    if is_missing(profile) or not profile.tree:
        return (Slice("init", init_ms, _REPORT),)
    own = tuple(node for node in profile.tree if node.module != RUNTIME)
    imports = _self_by_package(own, distributions(evidence))
    runtime_ms = sum(node.cumulative_ms for node in profile.tree if node.module == RUNTIME)
    scale = min(1.0, init_ms / (runtime_ms + sum(imports.values()) or 1.0))
    parts = [Slice(f"{RUNTIME}, imports", runtime_ms * scale, _PROFILE)]
    parts += _of_imports(imports, sum(imports.values()) * scale, _PROFILE)
    rest_ms = max(0.0, init_ms - sum(part.ms for part in parts))
    return (*parts, Slice("init, without imports", rest_ms, "REPORT less profile"))


def _self_by_package(tree: Iterable[ImportNode], names: Mapping[str, str]) -> dict[str, float]:
    found: dict[str, float] = {}
    left = list(tree)
    while left:
        node = left.pop()
        left += node.children
        top = package_of(node.module)
        name = names.get(top, top)
        found[name] = found.get(name, 0.0) + node.self_ms
    return found


def distributions(evidence: FunctionEvidence) -> dict[str, str]:
    """The distribution of each top-level package. Application packages and namespaces have none."""
    if is_missing(evidence.package):
        return {}
    found: dict[str, str] = {}
    shared: set[str] = set()
    for part in evidence.package.parts:
        if part.kind is not PartKind.DISTRIBUTION:
            continue
        for top in part.tops:
            if found.setdefault(top, part.name) != part.name:
                shared.add(top)
    return {top: name for top, name in found.items() if top not in shared}


def is_import(part: Slice) -> bool:
    """Whether a part consists of imports."""
    return part.label.startswith((_IMPORT, f"imports, {NOT_ITEMISED}")) or part.label == _OTHERS


def _handler(evidence: FunctionEvidence, handler_ms: float) -> Iterable[Slice]:
    late_ms = min(handler_ms, sum(one.self_ms * one.seen / one.of for one in evidence.late_imports))
    if late_ms >= _LEAST_MS:
        yield Slice("imports by the first invocation", late_ms, "late imports, mean")
    yield Slice("first invocation", handler_ms - max(0.0, late_ms), _REPORT)
