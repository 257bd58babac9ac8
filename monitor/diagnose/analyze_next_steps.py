"""What would make a diagnosis more certain, with a command for each step."""

import shlex
from collections.abc import Iterator

from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.model import NextStep

# Setting one variable replaces all of them, so the command reads the current ones and adds to them.
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
    """The steps, the most useful first. The hint for a source that was refused is in its state."""
    return tuple(_steps(evidence, _quoted(evidence)))


def steps_after_trials(evidence: FunctionEvidence) -> tuple[NextStep, ...]:
    """The last step after `--try`, for a deployed function: trials start its package on this machine."""
    if is_missing(evidence.function):
        return ()
    command = evidence.origin.carried(f"monitor measure {_quoted(evidence)}")
    return (NextStep("the trials ran on this machine: measure cold starts of the function itself", command),)


def _quoted(evidence: FunctionEvidence) -> str:
    name = evidence.name if is_missing(evidence.function) else evidence.function.name
    return shlex.quote(name or "NAME")


def _steps(evidence: FunctionEvidence, name: str) -> Iterator[NextStep]:
    starts = evidence.starts
    if is_missing(starts) or starts.cold_starts < _FEW:
        count = "no" if is_missing(starts) or not starts.cold_starts else f"only {starts.cold_starts}"
        noun = "cold start" if count in ("no", "only 1") else "cold starts"
        yield NextStep(f"{count} {noun} in the window: use a longer one", f"monitor diagnose {name} --since 7d")
    if is_missing(evidence.imports):
        if not evidence.instrumented:
            yield from _of_imports(evidence, name)
        else:
            yield NextStep(
                "the function is instrumented, but no cold start in the window logged its imports",
                f"monitor diagnose {name} --since 7d",
            )
    function = evidence.function
    if not evidence.traces and not is_missing(function) and function.tracing != "Active":
        yield NextStep(
            "calls to other services during a start are not recorded: turn on tracing", _TRACE.format(name=name)
        )
    if any(state.state == "skipped" for state in evidence.sources):
        yield NextStep(
            "a file of log lines contains nothing else: diagnose the function itself", f"monitor diagnose {name}"
        )


def _of_imports(evidence: FunctionEvidence, name: str) -> Iterator[NextStep]:
    """How to record imports. An image is instrumented when it is built; other languages are not supported."""
    function = evidence.function
    known = None if is_missing(function) else function
    if known is not None and known.runtime and not known.runtime.startswith(("python", "provided")):
        yield NextStep(f"it is a {known.runtime} function: monitor examines the imports and code of Python only", "")
        return
    unknown = "the imports during init are not known"
    if known is not None and known.package_type == "Image":
        yield NextStep(f"{unknown}: `monitor instrument` prints what to add to the image", f"monitor instrument {name}")
    else:
        yield NextStep(
            f"{unknown}: with monitor's entry point, each cold start logs them", f"monitor instrument {name} --apply"
        )
    yield NextStep(
        "or let Python log them for a while. This slows every start: remove the variable afterwards",
        _PROFILE_IMPORTS.format(name=name),
    )
