"""Garbage collection during init: nearly all objects that imports create stay alive, so collecting finds nothing.

Applies to functions without monitor's entry point, which pauses collection. The saving is a share of the import time.
Limits: collections are not measured, the share is from other code; imports below half a second are not reported.
"""

from collections.abc import Iterator

from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.facts.common import affected_starts
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import Rule, Trial

# Below this, the certain part of the saving is too small to be worth a change.
_LEAST_MS = 500.0
# Measured in CPU time, least of several, without bytecode: squiggle 1%, chameleon 2%, shapely 3%, markdown 4%,
# pandas 8%, requests 11%, sympy 12%, igraph 15%. With bytecode (monitor/runtime/garbage.py), importing fastapi and
# boto3 took 277 ms, and 218 ms without collection: 21%.
_LOW, _LIKELY, _HIGH = 0.01, 0.06, 0.21
_OWN_CARE = ("gc.disable", "gc.freeze", "gc.set_threshold")


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """One finding where imports take long and nothing pauses the collector."""
    if is_missing(evidence.settings) or evidence.settings.instrumented:
        return
    if is_missing(evidence.imports) or evidence.imports.total_ms < _LEAST_MS:
        return
    if not is_missing(evidence.code) and any(call.name in _OWN_CARE for call in evidence.code.calls):
        return
    total_ms = evidence.imports.total_ms
    yield Finding(
        rule="garbage-collection",
        subject="gc",
        title="The garbage collector runs while modules are imported",
        evidence=(
            Evidence(
                f"imports take {format_ms(total_ms)} of init, and nothing pauses the collector",
                f"monitor coldstarts {evidence.name} --imports",
            ),
        ),
        changes=(
            Change(
                ChangeKind.COMMAND,
                "Use monitor's entry point, which pauses it during init",
                f"monitor instrument {evidence.name}",
            ),
            Change(
                ChangeKind.CODE,
                "Or pause it yourself around the imports in the handler's file",
                "import gc\n\ngc.disable()\n\n# … all imports …\n\ngc.freeze()\ngc.enable()",
            ),
        ),
        saving=Saving(
            _LOW * total_ms,
            _LIKELY * total_ms,
            _HIGH * total_ms,
            f"{_LIKELY:.0%} ({_LOW:.0%}-{_HIGH:.0%}) of the import time, measured on eight libraries, from squiggle to "
            "igraph, and on fastapi with boto3",
        ),
        affected=affected_starts(evidence),
        risk=Grade.LOW,
        confidence=Grade.LOW,
        risk_text="An init that creates and drops many objects (parsing a large file) needs more memory at its peak.",
    )


RULE = Rule("garbage-collection", find, trial=Trial.PAUSE_COLLECTION)
