"""Files that do not belong in a package, duplicates, and packages close to a limit.

Evidence: what `package inspect` finds: tests, type stubs, sources, documentation, version control, distributions in two
places; and the sizes. The saving depends on size only, before init, and REPORT does not show it. Limit: files are
classified by name.
"""

import shlex
from collections.abc import Iterator, Sequence

from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.facts.common import (
    MB,
    affected_starts,
    build_command,
    own_handler,
    package_findings,
    transport_saving,
)
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade
from monitor.diagnose.model_rule import Rule
from monitor.packages.model import LAYER_LIMIT, UNZIPPED_LIMIT_BYTES, PackageFinding, PackageReport

_NEEDLESS = ("git", "development", "tests", "stubs", "sources", "docs", "bytecode", "duplicated", "shadowed")
# What `package build` only leaves out with --strip tried.
_TRIED = frozenset(("tests", "stubs", "sources", "docs"))
_OWN = frozenset((".git", "docs", "test", "tests"))
_LEAST_BYTES = MB
_NEAR = 0.8


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """One finding for all unneeded files, and one for each limit that is close."""
    if is_missing(evidence.package):
        return
    needless = package_findings(evidence, *_NEEDLESS)
    zipped = sum(found.zipped_bytes for found in needless)
    if zipped >= _LEAST_BYTES:
        yield Finding(
            rule="package-size",
            subject="needless files",
            title=f"{zipped / MB:.1f} MB (zipped) of the package are files that a start does not read",
            evidence=tuple(
                Evidence(
                    f"{found.message} ({found.zipped_bytes / MB:.1f} MB zipped)",
                    f"monitor package inspect {evidence.name}",
                )
                for found in needless
            ),
            changes=(
                Change(ChangeKind.COMMAND, "Build without needless files", _build(evidence, needless)),
                *_ignored(needless),
            ),
            saving=transport_saving(zipped, sum(found.count for found in needless)),
            affected=affected_starts(evidence),
            risk=Grade.LOW,
            confidence=Grade.MEDIUM,
            risk_text="A few libraries read their own documentation or test data at run time.",
        )
    yield from _near_limits(evidence, evidence.package)


def _build(evidence: FunctionEvidence, needless: Sequence[PackageFinding]) -> str:
    """The build that leaves these files out: what a start may read only goes with --strip tried."""
    if not any(found.kind in _TRIED for found in needless):
        return build_command(evidence)
    handler = own_handler(evidence)
    # Without a handler the build cannot start the package, and keeps the files.
    return build_command(evidence, "--strip", "tried", *(("--handler", shlex.quote(handler)) if handler else ()))


def _ignored(needless: Sequence[PackageFinding]) -> Iterator[Change]:
    """What keeps files of the project out; nothing if all of them are files of dependencies."""
    names = (name for found in needless for name in found.names)
    own = sorted({name.partition("/")[0] for name in names if "/" in name} & _OWN)
    if own:
        lines = [".lambdaignore:", *(f"{one}/" for one in own)]
        yield Change(ChangeKind.CODE, "Keep your own files out", "\n".join(lines))


def _near_limits(evidence: FunctionEvidence, report: PackageReport) -> Iterator[Finding]:
    if report.unzipped_bytes >= _NEAR * UNZIPPED_LIMIT_BYTES:
        share = report.unzipped_bytes / UNZIPPED_LIMIT_BYTES
        yield _limit(
            evidence,
            "unzipped size",
            f"The package uses {share:.0%} of the limit of 250 MB unzipped",
            "monitor package dockerfile . > Dockerfile",
            "Make it smaller, or use a container image",
        )
    layers = 0 if is_missing(evidence.function) else len(evidence.function.layers)
    if layers >= LAYER_LIMIT:
        yield _limit(
            evidence,
            "layers",
            f"The function uses all {LAYER_LIMIT} layers: no extension can be added",
            "monitor package layers .",
            "Merge layers",
        )


def _limit(evidence: FunctionEvidence, subject: str, title: str, command: str, change: str) -> Finding:
    return Finding(
        rule="package-size",
        subject=subject,
        title=title,
        evidence=(Evidence(title, f"monitor package inspect {evidence.name}"),),
        changes=(Change(ChangeKind.COMMAND, change, command),),
        saving=None,
        affected=affected_starts(evidence),
        risk=Grade.MEDIUM,
        confidence=Grade.HIGH,
        risk_text="Lambda refuses a deployment above the limit.",
    )


RULE = Rule("package-size", find)
