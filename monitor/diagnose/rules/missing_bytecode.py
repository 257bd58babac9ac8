"""Modules without usable bytecode: /var/task is read-only, so every cold start compiles them again.

Evidence: modules of the package without a `.pyc` for the function's Python version, and bytecode that is validated by
file times. The saving is the compile share of the import time of the modules that init imports, as far as their size
explains it, or, without an import tree, a share of Init Duration. Limit: the share was measured on other code.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.facts.bytecode import MOST_US_A_BYTE, US_A_BYTE, most_compiled_ms, without_bytecode
from monitor.diagnose.facts.common import affected_starts, build_command, module_files, package_findings, tree_of, walk
from monitor.diagnose.facts.starts import quoted
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import Rule, Trial
from monitor.packages.model import PackageReport

# Compiling's part of the time of an import without bytecode, by benchmarks/bytecode_share.py, CPU time: chameleon 59%,
# markdown 69%, squiggle, requests and numpy 73%, shapely 74%, igraph and pandas 81%, sympy 85%. In wall time
# FastAPI and boto3 are at 50 to 67% (benchmarks/package.py), since reading files takes its part.
_LOW, _LIKELY, _HIGH = 0.55, 0.7, 0.85
# The same of a whole Init Duration, which holds the interpreter's start and the standard library too (1 - 0.46 … 0.36).
_LOW_OF_INIT, _LIKELY_OF_INIT, _HIGH_OF_INIT = 0.25, 0.5, 0.65


@dataclass(frozen=True, slots=True)
class _Slow:
    """The modules to compile: counts, examples, and their import time (None without a tree).

    `compiled_ms` is the part of the import time that can be due to compilation: a short file that computes for long is
    not compiled for long. `source_bytes` is the size of all modules without bytecode, imported or not.
    """

    count: int
    of: int
    examples: tuple[str, ...]
    import_ms: float | None
    compiled_ms: float
    imported: int
    source_bytes: int


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """One finding for all modules without bytecode, or else one for bytecode that may be stale."""
    if is_missing(evidence.package) or evidence.package.python is None:
        return
    if not is_missing(evidence.function) and evidence.function.package_type != "Zip":
        return
    without = without_bytecode(evidence.package, evidence.package.python)
    stale = package_findings(evidence, "stale")
    if without:
        yield from _finding(evidence, _slow(evidence, evidence.package, without), certain=True)
    elif stale:
        yield from _finding(evidence, _slow(evidence, evidence.package, module_files(evidence.package)), certain=False)


def _slow(evidence: FunctionEvidence, report: PackageReport, modules: dict[str, str]) -> _Slow:
    every = module_files(report)
    nodes = [node for node, _ in walk(tree_of(evidence))]
    hit = sorted((node for node in nodes if node.module in modules), key=lambda node: -node.self_ms)
    examples = tuple(f"{node.module} {format_ms(node.self_ms)}" for node in hit[:4]) or tuple(
        sorted(modules.values())[:4]
    )
    names = set(modules.values())
    sizes = {one.name: one.unzipped_bytes for part in report.containers for one in part.files if one.name in names}
    source_bytes = sum(sizes.values())
    if not nodes:
        return _Slow(len(modules), len(every), examples, None, 0.0, 0, source_bytes)
    listed_ms = sum(node.self_ms for node in nodes)
    hit_ms = sum(node.self_ms for node in hit)
    compiled_ms = sum(min(node.self_ms, most_compiled_ms(sizes[modules[node.module]]) / _HIGH) for node in hit)
    # Imports below the record's threshold are in their parents' cumulative time alone: they count in proportion.
    whole_ms = max(listed_ms, sum(node.cumulative_ms for node in tree_of(evidence)))
    scale = whole_ms / listed_ms if listed_ms else 1.0
    return _Slow(len(modules), len(every), examples, hit_ms * scale, compiled_ms * scale, len(hit), source_bytes)


def _finding(evidence: FunctionEvidence, slow: _Slow, *, certain: bool) -> Iterator[Finding]:
    saving = _saving(evidence, slow, certain=certain)
    if saving is not None and saving.high_ms <= 0:
        return
    python = "" if is_missing(evidence.package) else evidence.package.python
    if certain:
        title = (
            f"{slow.count:,} of {slow.of:,} modules have no bytecode for Python {python}, so each start compiles them"
        )
    else:
        title = "Bytecode is validated by file timestamps, and is ignored if the zip does not keep them"
    facts = [Evidence(f"for example {', '.join(slow.examples)}", f"monitor package inspect {evidence.name}")]
    if slow.import_ms is not None:
        text = (
            f"{slow.imported} of them are imported at init, which takes {format_ms(slow.import_ms)} "
            f"including compilation"
        )
        facts.append(Evidence(text, f"monitor coldstarts {evidence.name} --imports"))
    facts += [Evidence(found.message) for found in package_findings(evidence, "bytecode", "stale")]
    yield Finding(
        rule="missing-bytecode",
        subject="__pycache__",
        title=title,
        evidence=tuple(facts),
        changes=(
            Change(
                ChangeKind.COMMAND,
                "Build with bytecode that does not depend on file timestamps",
                build_command(evidence, f"--python {quoted(python or '')}"),
            ),
        ),
        saving=saving,
        affected=affected_starts(evidence),
        risk=Grade.LOW,
        confidence=(Grade.HIGH if slow.import_ms is not None else Grade.MEDIUM) if certain else Grade.LOW,
        risk_text=(
            "The package gets about 17% larger. Bytecode is for one Python version: rebuild when the runtime changes."
        ),
    )


def _saving(evidence: FunctionEvidence, slow: _Slow, *, certain: bool) -> Saving | None:
    low, likely = (1.0, 1.0) if certain else (0.0, 0.5)
    doubt = "" if certain else "; how much of the bytecode is stale is not known"
    if slow.import_ms is not None:
        return Saving(
            low * _LOW * slow.compiled_ms,
            likely * _LIKELY * slow.compiled_ms,
            _HIGH * slow.compiled_ms,
            f"compilation takes {_LIKELY:.0%} ({_LOW:.0%}-{_HIGH:.0%}) of the time of an import without "
            f"bytecode, measured on nine libraries, from markdown to pandas, and on a FastAPI application, and at most "
            f"{MOST_US_A_BYTE:.0f} ms for 1 kB of source{doubt}",
        )
    if is_missing(evidence.starts) or evidence.starts.init.p50 is None or slow.count < 0.5 * slow.of:
        return None
    init_ms = evidence.starts.init.p50 * slow.count / slow.of
    most_ms, high_ms = (slow.source_bytes / 1000 * us for us in (US_A_BYTE, MOST_US_A_BYTE))
    return Saving(
        low * min(_LOW_OF_INIT * init_ms, most_ms),
        likely * min(_LIKELY_OF_INIT * init_ms, most_ms),
        min(_HIGH_OF_INIT * init_ms, high_ms),
        f"{_LIKELY_OF_INIT:.0%} ({_LOW_OF_INIT:.0%}-{_HIGH_OF_INIT:.0%}) of Init Duration by the share of modules, "
        f"measured on a FastAPI application with benchmarks/package.py, and at most the time to compile "
        f"{slow.source_bytes / 1000:,.0f} kB of source; which modules are imported is not known{doubt}",
    )


RULE = Rule("missing-bytecode", find, trial=Trial.ADD_BYTECODE)
