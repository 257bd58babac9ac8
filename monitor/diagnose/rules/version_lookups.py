"""Versions and entry points that are looked up at init: importlib.metadata or pkg_resources reads files for each.

Evidence: the import of pkg_resources in the import tree, with what only it brings; it reads the metadata of every
distribution when it is imported. And a start watched on this machine (`--try`), with the file that asks and the time.
"""

from collections.abc import Iterator

from monitor.console.text import format_ms
from monitor.diagnose.evidence.model import FunctionEvidence, LibraryModule
from monitor.diagnose.facts.common import affected_starts
from monitor.diagnose.facts.init_work import work_of
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import NotTried, Rule
from monitor.diagnose.rules.library_subtrees import edge

_LEAST_MS = 3.0
_LISTED = 6
_OLD = "pkg_resources"


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """One finding for pkg_resources, and one for lookups otherwise."""
    imported = next((one for one in evidence.libraries if one.module == _OLD), None)
    if imported is not None and imported.own_ms >= _LEAST_MS:
        yield _old(evidence, imported)
    rows = [one for one in work_of(evidence, "version") if one.watched and imported is None]
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
        risk_text="" if own else "Libraries do these lookups: check whether a newer release still does.",
    )


def _old(evidence: FunctionEvidence, imported: LibraryModule) -> Finding:
    places = [one for one in imported.imports if one.statement]
    return Finding(
        rule="version-lookups",
        subject=_OLD,
        title=f"{edge(imported)} is imported at init, and takes {format_ms(imported.own_ms)}",
        evidence=(
            Evidence(
                f"{imported.modules:,} modules that only it imports; it reads the metadata of all distributions",
                f"monitor coldstarts {evidence.name} --imports",
            ),
            *(
                Evidence(
                    f"`{one.statement}`" + (", in a function that runs at import" if one.needed_at else ""),
                    f"{one.file}:{one.line}",
                )
                for one in places[:_LISTED]
            ),
        ),
        changes=(
            Change(
                ChangeKind.CODE,
                f"Use importlib.metadata and importlib.resources instead of {_OLD}, or a release that does",
                "\n".join(f"{one.file}:{one.line}: `{one.statement}`" for one in places[:_LISTED]),
            ),
        ),
        saving=Saving(
            0.0, imported.own_ms, imported.own_ms * 1.3, "the self time of the modules that nothing else imports"
        ),
        affected=affected_starts(evidence),
        risk=Grade.MEDIUM,
        confidence=Grade.LOW,
        risk_text="The library may have no release without it. Namespace packages that it declares need another way.",
    )


RULE = Rule("version-lookups", find, trial=NotTried("which text replaces the lookup is not known"))
