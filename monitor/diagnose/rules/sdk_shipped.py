"""boto3 and botocore in the package or a layer, although the managed runtime includes them.

Evidence: the distributions of a zip function on a managed Python runtime. The saving depends on size only, before init:
with bytecode, importing the SDK takes the same time from the package as from the runtime (benchmarks/package.py: 347 ms
of init with it, 348 ms without). Limit: whether the application needs a newer SDK than the runtime's is not known. AWS
recommends including it in the package, to pin the version.
"""

from collections.abc import Iterator

from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.facts.common import (
    MB,
    affected_starts,
    brought_by_monitor,
    build_command,
    distributions,
    transport_saving,
)
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade
from monitor.diagnose.model_rule import Rule, Trial
from monitor.packages.model import RUNTIME_HAS, SDK, Part

_LEAST_BYTES = MB


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """One finding for the SDK with what only it requires."""
    if is_missing(evidence.package) or not _runtime_has_it(evidence):
        return
    parts = distributions(evidence.package)
    if not SDK & parts.keys():
        return
    gone = _only_for_the_sdk(parts)
    held = [part for name in sorted(gone) for part in parts[name]]
    zipped = sum(part.zipped_bytes for part in held)
    if zipped < _LEAST_BYTES:
        return
    versions = ", ".join(f"{part.name} {part.version or '(version unknown)'}" for part in held if part.name in SDK)
    places = sorted({part.place for part in held})
    share = zipped / max(1, evidence.package.zipped_bytes)
    by_monitor = (SDK & parts.keys()) <= brought_by_monitor(evidence)
    title = f"The package includes the AWS SDK ({zipped / MB:.0f} MB zipped), which the runtime has too"
    if by_monitor:
        title = f"monitor's instrumentation brought the AWS SDK into the package ({zipped / MB:.0f} MB zipped)"
    yield Finding(
        rule="sdk-shipped",
        subject="boto3",
        title=title,
        evidence=(
            Evidence(
                f"{versions}: {zipped / MB:.1f} MB zipped with their dependencies, {share:.0%} of the package, "
                f"in {', '.join(places)}",
                f"monitor package inspect {evidence.name}",
            ),
            *([Evidence("no file of the application imports it: the X-Ray SDK requires it")] if by_monitor else []),
        ),
        changes=(
            Change(
                ChangeKind.COMMAND,
                "Build without the runtime's SDK",
                build_command(evidence, "--without-runtime-sdk"),
            ),
        ),
        saving=transport_saving(
            zipped,
            sum(part.files for part in held),
            "imports take the same time from the runtime if both have bytecode; ",
        ),
        affected=affected_starts(evidence),
        risk=Grade.MEDIUM,
        confidence=Grade.LOW,
        risk_text="AWS updates the SDK of the runtime, and recommends including it in the package to pin a version. "
        "Keep it if you call an API that is newer than the runtime.",
    )


def _runtime_has_it(evidence: FunctionEvidence) -> bool:
    if is_missing(evidence.function):
        return True
    runtime = evidence.function.runtime
    return evidence.function.package_type == "Zip" and (runtime is None or runtime.startswith("python"))


def _only_for_the_sdk(parts: dict[str, list[Part]]) -> set[str]:
    """The SDK, and those of its dependencies in the runtime that nothing else requires."""
    gone = {name for name in RUNTIME_HAS if name in parts}
    while True:
        wanted = {
            wanted for name, held in parts.items() if name not in gone for part in held for wanted in part.requires
        }
        kept = {
            name
            for name in gone - SDK
            if name in wanted or any(p.requested and not p.pulled_in_by for p in parts[name])
        }
        if not kept:
            return gone
        gone -= kept


RULE = Rule("sdk-shipped", find, trial=Trial.REMOVE_SDK)
