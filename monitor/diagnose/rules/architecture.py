"""Functions on x86_64 that would be cheaper on arm64.

The saving is money only: whether a function starts faster on arm64 depends on its code. Reports zip packages that would
save at least a dollar a month, at list prices, current durations, and the traffic of the window.
"""

from collections.abc import Iterator

from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.facts.common import build_command
from monitor.diagnose.facts.starts import cost_usd_month, function_of, quoted, summary_of
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade
from monitor.diagnose.model_rule import NotTried, Rule
from monitor.kernel import prices
from monitor.packages.analyze_upload import placeholders, upload_commands

_WORTH_USD = 1.0
_MOST_NAMES = 8


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """At most one finding, without a saving in ms."""
    function, now = function_of(evidence), cost_usd_month(evidence)
    if function is None or function.architecture != "x86_64" or function.package_type != "Zip" or now is None:
        return
    saved = now * (1 - prices.ARM_GB_SECOND / prices.X86_GB_SECOND)
    if saved < _WORTH_USD:
        return
    native = _native(evidence)
    summary = summary_of(evidence)
    facts = [Evidence(f"at the current traffic, duration costs about ${now:,.2f} a month, and 20% less on arm64")]
    if native:
        more = f" and {len(native) - _MOST_NAMES} more" if len(native) > _MOST_NAMES else ""
        facts.append(Evidence(f"distributions that need a build for arm64: {', '.join(native[:_MOST_NAMES])}{more}"))
    deploy = _deploy(evidence, function.code_size_bytes)
    told = placeholders(deploy)
    yield Finding(
        rule="architecture",
        subject="x86_64",
        title=f"arm64 would cost about ${saved:,.2f} a month less",
        evidence=tuple(facts),
        changes=(
            Change(ChangeKind.COMMAND, "Build for arm64", _build(evidence, function.runtime or "")),
            Change(
                ChangeKind.COMMAND,
                f"Deploy it, preferably to a copy of the function first, and compare{f' ({told})' if told else ''}",
                "\n".join(deploy),
            ),
        ),
        saving=None,
        affected=summary.cold_starts if summary else 0,
        risk=Grade.LOW if native == [] else Grade.MEDIUM,
        confidence=Grade.MEDIUM,
        saves_usd_month=saved,
        risk_text="Compiled dependencies need a build for arm64. Starts and durations can get longer or shorter.",
    )


def _build(evidence: FunctionEvidence, runtime: str) -> str:
    python = runtime.removeprefix("python")
    return build_command(
        evidence, "--architecture arm64", *([f"--python {quoted(python)}"] if python != runtime else [])
    )


def _deploy(evidence: FunctionEvidence, zipped_bytes: int) -> list[str]:
    """The commands that upload what was built, which is about as large as the package now."""
    update = f"aws lambda update-function-code --function-name {quoted(evidence.name)} --architectures arm64"
    return upload_commands(update, "built.zip", zipped_bytes)


def _native(evidence: FunctionEvidence) -> list[str] | None:
    """The distributions that were built for x86_64; None where the package is not known."""
    if is_missing(evidence.package):
        return None
    return [part.name for part in evidence.package.parts if any(tag.endswith("x86_64") for tag in part.tags)]


RULE = Rule("architecture", find, trial=NotTried("this machine has only one architecture"))
