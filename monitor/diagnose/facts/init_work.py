"""The work of an init: as a watched start shows it, or as the application's files and the import times suggest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.diagnose.evidence.model import FunctionEvidence, InitWork, is_missing
from monitor.diagnose.facts.common import module_names, own_tops, tree_of, walk
from monitor.diagnose.facts.starts import init_p50_ms


@dataclass(frozen=True, slots=True)
class FileWork:
    """Work of one kind in one file: from its first line on, `count` times. `watched`: a start was seen to do it."""

    kind: str
    file: str
    line: int
    count: int
    ms: float
    watched: bool
    own: bool
    what: tuple[str, ...] = ()


def work_of(evidence: FunctionEvidence, *kinds: str) -> tuple[FileWork, ...]:
    """The work of these kinds by file, the longest first, in the time of the function's own starts."""
    rows = list(_watched(evidence, kinds)) or list(_suggested(evidence, kinds))
    return tuple(sorted(rows, key=lambda one: -one.ms))


def scale_of(evidence: FunctionEvidence) -> float:
    """How much longer the function's init takes than the watched one, which watching makes longer."""
    if is_missing(evidence.calls) or evidence.calls.init_ms <= 0:
        return 1.0
    reported_ms = init_p50_ms(evidence)
    return reported_ms / evidence.calls.init_ms if reported_ms else 1.0


def is_own_file(evidence: FunctionEvidence, file: str, tops: frozenset[str]) -> bool:
    """Whether a file is the application's."""
    return bool({name.partition(".")[0] for name in module_names(evidence, file)} & tops)


def _watched(evidence: FunctionEvidence, kinds: Sequence[str]) -> Iterator[FileWork]:
    if is_missing(evidence.calls):
        return
    scale, tops = scale_of(evidence), own_tops(evidence)
    grouped: dict[tuple[str, str], list[InitWork]] = {}
    for one in evidence.calls.work:
        if one.kind in kinds and one.file:
            grouped.setdefault((one.kind, one.file), []).append(one)
    for (kind, file), rows in grouped.items():
        yield FileWork(
            kind,
            file,
            min(row.line for row in rows),
            sum(row.count for row in rows),
            scale * sum(row.ms for row in rows),
            watched=True,
            own=is_own_file(evidence, file, tops),
            what=tuple(dict.fromkeys(row.what for row in rows if row.what)),
        )


def _suggested(evidence: FunctionEvidence, kinds: Sequence[str]) -> Iterator[FileWork]:
    """The self time of the application's files that build such things, shared among the kinds by their number."""
    if is_missing(evidence.code):
        return
    self_ms = {node.module: node.self_ms for node, _ in walk(tree_of(evidence))}
    counts: dict[str, int] = {}
    for one in evidence.code.built:
        counts[one.file] = counts.get(one.file, 0) + one.count
    for one in evidence.code.built:
        own_ms = max((self_ms.get(name, 0.0) for name in module_names(evidence, one.file)), default=0.0)
        if one.kind in kinds and own_ms:
            share_ms = own_ms * one.count / counts[one.file]
            yield FileWork(one.kind, one.file, one.line, one.count, share_ms, watched=False, own=True)
