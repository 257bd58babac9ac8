"""How to know more than the evidence tells: what is lacking, and a command to paste for it."""

import shlex
from collections.abc import Iterator

from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.model import NextStep

# Setting one variable replaces all of them: what is there is read, and goes straight back in.
_PROFILE_IMPORTS = (
    "aws lambda update-function-configuration --function-name {name} --environment "
    '"$(aws lambda get-function-configuration --function-name {name} --query Environment --output json '
    "| python3 -c 'import json, sys; e = json.load(sys.stdin) or {{}}; "
    'e = {{"Variables": {{**(e.get("Variables") or {{}}), "PYTHONPROFILEIMPORTTIME": "1"}}}}; '
    "print(json.dumps(e))')\""
)
_TRACE = "aws lambda update-function-configuration --function-name {name} --tracing-config Mode=Active"
_FEW = 8


def next_steps(evidence: FunctionEvidence) -> tuple[NextStep, ...]:
    """What would make the diagnosis more certain, the most telling first; nothing for what is there.

    How to get a source that was refused, its own state says.
    """
    return tuple(_steps(evidence, _quoted(evidence)))


def _quoted(evidence: FunctionEvidence) -> str:
    name = evidence.name if is_missing(evidence.function) else evidence.function.name
    return shlex.quote(name or "NAME")


def _steps(evidence: FunctionEvidence, name: str) -> Iterator[NextStep]:
    starts = evidence.starts
    if is_missing(starts) or starts.cold_starts < _FEW:
        count = "no" if is_missing(starts) or not starts.cold_starts else f"only {starts.cold_starts}"
        noun = "cold start" if count in ("no", "only 1") else "cold starts"
        yield NextStep(
            f"{count} {noun} in the window: a longer one is more certain", f"monitor diagnose {name} --since 7d"
        )
    if is_missing(evidence.imports):
        if not evidence.instrumented:
            yield from _of_imports(evidence, name)
        else:
            yield NextStep(
                "it is instrumented, but no cold start of the window logged its imports",
                f"monitor diagnose {name} --since 7d",
            )
    function = evidence.function
    if not evidence.traces and not is_missing(function) and function.tracing != "Active":
        yield NextStep("calls to other services while it starts are not seen", _TRACE.format(name=name))
    if any(state.state == "skipped" for state in evidence.sources):
        yield NextStep("of lines at hand nothing else is known; AWS tells more", f"monitor diagnose {name}")


def _of_imports(evidence: FunctionEvidence, name: str) -> Iterator[NextStep]:
    """How to see imports: an image is instrumented where it is built, and another language imports nothing."""
    function = evidence.function
    known = None if is_missing(function) else function
    if known is not None and known.runtime and not known.runtime.startswith("python"):
        return
    unknown = "the imports of each init are not known"
    if known is not None and known.package_type == "Image":
        yield NextStep(f"{unknown}; `monitor instrument` says what to add to an image", f"monitor instrument {name}")
    else:
        yield NextStep(
            f"{unknown}; with monitor's entry point each cold start logs them", f"monitor instrument {name} --apply"
        )
    yield NextStep(
        "or have Python itself log them, for a while: it slows every start; take it out again afterwards",
        _PROFILE_IMPORTS.format(name=name),
    )
