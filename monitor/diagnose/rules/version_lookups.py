"""Versions and entry points that are looked up at init: importlib.metadata or pkg_resources reads files for each.

Evidence: a start watched on this machine (`--try`), with the file that asks and the time. Of pkg_resources, most of the
time is its own import, which reads the metadata of every distribution: that is library-subtrees' finding.
"""

from collections.abc import Iterator

from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FunctionEvidence
from monitor.diagnose.facts.common import affected_starts
from monitor.diagnose.facts.init_work import work_of
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import NotTried, Rule

_LEAST_MS = 3.0
_LISTED = 6


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """At most one finding."""
    rows = [one for one in work_of(evidence, "version") if one.watched]
    ms = sum(one.ms for one in rows)
    if ms < _LEAST_MS:
        return
    count = sum(one.count for one in rows)
    own = any(one.own for one in rows)
    yield Finding(
        rule="version-lookups",
        subject="installed distributions",
        title=f"{count:,} lookup{'' if count == 1 else 's'} of versions or entry points at init take {format_ms(ms)}",
        evidence=tuple(
            Evidence(f"{one.file}: {one.count:,} in {format_ms(one.ms)}", f"{one.file}:{one.line}")
            for one in rows[:_LISTED]
        ),
        changes=(
            Change(
                ChangeKind.CODE,
                "Write the version into a file at build time, or look it up at first use",
                '# __version__ = importlib.metadata.version("app") reads files at each start\n__version__ = "1.2.3"',
            ),
        ),
        saving=Saving(0.0, ms, ms * 1.3, "the time of the lookups in a watched start"),
        affected=affected_starts(evidence),
        risk=Grade.LOW,
        confidence=Grade.LOW,
        risk_text="" if own else "Libraries look them up: a newer release may not.",
    )


RULE = Rule("version-lookups", find, trial=NotTried("which text replaces the lookup is not known"))
