"""boto3 and botocore in the package or a layer, though the managed runtime has them.

Looks at the package's distributions of a zip function on a managed Python runtime. The saving is by size alone, before
the init: with bytecode, an import of the SDK takes the same time from the package as from the runtime (measured here
with benchmarks/package.py: 347 ms of init with it, 348 ms without). Limits: whether the application needs a newer SDK
than the runtime's is not known; AWS recommends shipping it, to pin the version.
"""

from collections.abc import Iterator

from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade
from monitor.diagnose.model_rule import Rule, Trial
from monitor.diagnose.rules.common import MB, affected_starts, build_command, distributions, transport_saving
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
    yield Finding(
        rule="sdk-shipped",
        subject="boto3",
        title=f"The AWS SDK is shipped, {zipped / MB:.0f} MB zipped, though the runtime has it",
        evidence=(
            Evidence(
                f"{versions}: {zipped / MB:.1f} MB zipped with what only they require, {share:.0%} of the package, "
                f"in {', '.join(places)}",
                f"monitor package inspect {evidence.name}",
            ),
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
            "imports take the same time from either place where both have bytecode; ",
        ),
        affected=affected_starts(evidence),
        risk=Grade.MEDIUM,
        confidence=Grade.LOW,
        risk_text="A trade: AWS changes the runtime's SDK version, and recommends shipping it to pin one. Keep it "
        "where you call an API that is newer than the runtime.",
    )


def _runtime_has_it(evidence: FunctionEvidence) -> bool:
    if is_missing(evidence.function):
        return True
    runtime = evidence.function.runtime
    return evidence.function.package_type == "Zip" and (runtime is None or runtime.startswith("python"))


def _only_for_the_sdk(parts: dict[str, list[Part]]) -> set[str]:
    """The SDK, and of what the runtime has all that nothing outside of it requires."""
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
