"""Module-level lines that do work at import: they compute tables, read files, start processes, or create clients.

Evidence: a start watched on this machine (`--try`), with the time of each module-level line of the application's files,
without the imports in it. The time is scaled to the function's init, and a file's lines together take at most the self
time of its recorded import, where that is known. Lines that build classes and patterns, look up versions, create
clients of the AWS SDK or call over the network are other rules' findings. Limit: a line that waits for the network
takes another time here. Without a watched start, the self time of the application's files in the import tree, without
what compilation can explain; which lines take it is then not known.
"""

from collections.abc import Iterable, Iterator

from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FunctionEvidence, InitWork, is_missing
from monitor.diagnose.facts.bytecode import most_compiled_ms, without_bytecode
from monitor.diagnose.facts.common import (
    SDK_TOPS,
    affected_starts,
    module_files,
    module_names,
    own_tops,
    top_of,
    tree_of,
    walk,
)
from monitor.diagnose.facts.init_work import is_own_file, scale_of
from monitor.diagnose.facts.starts import init_p50_ms
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import Rule, Trial
from monitor.diagnose.rules.network_calls_in_init import is_network

_LEAST_MS = 5.0
_MOST = 5
# How much the time of a watched line differs between starts.
_LEAST_SHARE, _SPREAD = 0.5, 1.3
# A file whose lines were not watched is named if it takes this much of init: part of it is what every start needs.
_LEAST_FILE_MS, _LEAST_FILE_SHARE = 50.0, 0.1
_RISK = (
    "The first call that needs the result waits for it. Work that every call needs can be done at build time instead: "
    "ship its result as a file."
)
_DOES = {
    "file": "opens a file",
    "subprocess": "starts a process",
    "socket": "opens a connection",
    "JSON": "parses JSON",
    "pickle": "loads a pickle",
}


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """A finding for each line, the longest first; for each file, if no start was watched."""
    if is_missing(evidence.calls):
        yield from _files(evidence)
        return
    tops = own_tops(evidence)
    line_ms = _line_times(evidence, evidence.calls.work)
    elsewhere = {(one.file, one.line) for one in evidence.calls.work if one.kind not in {"line", *_DOES}}
    if not is_missing(evidence.code):
        elsewhere |= {(one.file, one.line) for one in evidence.code.calls if _is_of_other_rules(one.name)}
    rows = [
        one
        for one in evidence.calls.work
        if one.kind == "line"
        and line_ms[one] >= _LEAST_MS
        and (one.file, one.line) not in elsewhere
        and is_own_file(evidence, one.file, tops)
    ]
    for one in sorted(rows, key=lambda row: -row.ms)[:_MOST]:
        yield _finding(evidence, one, line_ms[one])


def _files(evidence: FunctionEvidence) -> Iterator[Finding]:
    init_ms = init_p50_ms(evidence) or sum(node.cumulative_ms for node in tree_of(evidence))
    least_ms = max(_LEAST_FILE_MS, _LEAST_FILE_SHARE * init_ms)
    rows = [(ms, file) for file, ms in _file_times(evidence, least_ms).items() if ms >= least_ms]
    for ms, file in sorted(rows, reverse=True)[:_MOST]:
        yield _file_finding(evidence, file, ms)


def _file_times(evidence: FunctionEvidence, least_ms: float) -> dict[str, float]:
    """The self time of the application's files that take so long, less compilation, without files of other rules."""
    report, code, tops = evidence.package, evidence.code, own_tops(evidence)
    nodes = [node for node, _ in walk(tree_of(evidence)) if node.self_ms >= least_ms and top_of(node.module) in tops]
    if not nodes or is_missing(report) or is_missing(code):
        return {}
    files = module_files(report)
    sizes = {one.name: one.unzipped_bytes for part in report.containers for one in part.files}
    uncompiled = without_bytecode(report, report.python) if report.python else files
    elsewhere = {one.file for one in code.built} | {one.file for one in code.calls if _is_of_other_rules(one.name)}
    found: dict[str, float] = {}
    for node in nodes:
        file = files.get(node.module, "")
        if file and file not in elsewhere:
            compiled_ms = most_compiled_ms(sizes[file]) if node.module in uncompiled else 0.0
            found[file] = max(found.get(file, 0.0), node.self_ms - compiled_ms)
    return found


def _file_finding(evidence: FunctionEvidence, file: str, ms: float) -> Finding:
    return Finding(
        rule="import-work",
        subject=file,
        title=f"{file} works for {format_ms(ms)} while it is imported",
        evidence=(
            Evidence(f"its own code takes {format_ms(ms)} of init, without its imports and compilation"),
            Evidence("a start that is watched shows which lines take it", f"monitor diagnose {evidence.name} --try"),
        ),
        changes=(
            Change(
                ChangeKind.CODE,
                f"Do the work of {file} at first use",
                "@functools.cache\ndef table():\n    return …  # what a line at the top of the file computes",
            ),
        ),
        saving=Saving(0.0, ms / 2, ms, "half of the file's self time", "the first call needs its results"),
        affected=affected_starts(evidence),
        risk=Grade.LOW,
        confidence=Grade.LOW,
        risk_text=_RISK,
    )


def _line_times(evidence: FunctionEvidence, work: Iterable[InitWork]) -> dict[InitWork, float]:
    """Each line's time in the function's init: together, a file's lines take at most what its recorded import does."""
    scale = scale_of(evidence)
    own_ms: dict[str, float] = {}
    for node, _ in walk(tree_of(evidence)):
        own_ms[node.module] = own_ms.get(node.module, 0.0) + node.self_ms
    lines: dict[str, list[InitWork]] = {}
    for one in work:
        if one.kind == "line":
            lines.setdefault(one.file, []).append(one)
    found: dict[InitWork, float] = {}
    for file, held in lines.items():
        watched_ms = scale * sum(one.ms for one in held)
        most_ms = max((own_ms[name] for name in module_names(evidence, file) if name in own_ms), default=watched_ms)
        fits = min(1.0, most_ms / watched_ms) if watched_ms > 0 else 1.0
        found |= {one: one.ms * scale * fits for one in held}
    return found


def _is_of_other_rules(call: str) -> bool:
    return top_of(call) in SDK_TOPS or is_network(call)


def _finding(evidence: FunctionEvidence, one: InitWork, ms: float) -> Finding:
    assert not is_missing(evidence.calls)
    place = f"{one.file}:{one.line}"
    does = [held for held in evidence.calls.work if (held.file, held.line) == (one.file, one.line)]
    facts = [Evidence(f"a start on this machine was watched: the line takes {format_ms(ms)} of init", place)]
    facts += [
        Evidence(f"it {_DOES[held.kind]}{f' ({held.what})' if held.what else ''}{_times(held.count)}")
        for held in does
        if held.kind in _DOES
    ]
    return Finding(
        rule="import-work",
        subject=place,
        title=f"{place} works for {format_ms(ms)} while the file is imported",
        evidence=tuple(facts),
        changes=(
            Change(
                ChangeKind.CODE,
                f"Do the work of {place} at first use",
                "@functools.cache\ndef table():\n    return …  # what the line computes",
            ),
        ),
        saving=Saving(_LEAST_SHARE * ms, ms, ms * _SPREAD, "the line's self time", "the first call needs its result"),
        affected=affected_starts(evidence),
        risk=Grade.LOW,
        confidence=Grade.LOW,
        risk_text=_RISK,
    )


def _times(count: int) -> str:
    return f", {count:,} times" if count > 1 else ""


RULE = Rule("import-work", find, trial=Trial.DEFER_WORK)
