"""Import profiling that was left on, and other settings that slow a start down.

Evidence: a few environment variables and settings. PYTHONPROFILEIMPORTTIME logs a line for each import; its saving is a
time for each imported module. PYTHONDONTWRITEBYTECODE is only reported with EFS: /var/task is read-only, so elsewhere
it has no effect. Limit: the time for a line was measured elsewhere.
"""

from collections.abc import Iterator

from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.facts.common import affected_starts, tree_of, walk
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.diagnose.model_rule import Rule, Trial

# ms a module. Measured: 620 modules of fastapi and boto3 took the same CPU time with and without -X importtime, within
# noise (30 ms of 650 ms). On Lambda each line is a log event too.
_LOW, _LIKELY, _HIGH = 0.0, 0.02, 0.15


def find(evidence: FunctionEvidence) -> Iterator[Finding]:
    """A finding for each such setting."""
    if is_missing(evidence.settings):
        return
    if evidence.settings.profiles_imports:
        yield _profiling(evidence)
    if evidence.settings.dont_write_bytecode and evidence.settings.has_efs:
        yield _bytecode_on_efs(evidence)
    if (evidence.settings.system_log_level or "").upper() == "DEBUG":
        yield _system_log(evidence)


def _profiling(evidence: FunctionEvidence) -> Finding:
    modules = sum(1 for _ in walk(tree_of(evidence)))
    saving = None
    if modules:
        basis = f"{modules} modules at {_LIKELY} ms a line ({_LOW:g}-{_HIGH} ms)"
        saving = Saving(_LOW * modules, _LIKELY * modules, _HIGH * modules, basis)
    return _finding(
        evidence,
        "PYTHONPROFILEIMPORTTIME",
        "Import profiling is on: every start logs a line for each module",
        Evidence("PYTHONPROFILEIMPORTTIME is set", f"monitor function show {evidence.name}"),
        Change(
            ChangeKind.SETTING,
            "Remove it from the function's environment once you have the profile",
            "PYTHONPROFILEIMPORTTIME",
        ),
        saving,
        "Without monitor's entry point, it is the source of the import times: save a profile first (--save).",
    )


def _bytecode_on_efs(evidence: FunctionEvidence) -> Finding:
    return _finding(
        evidence,
        "PYTHONDONTWRITEBYTECODE",
        "Every start compiles the modules on EFS, since Python does not write their bytecode",
        Evidence(
            "PYTHONDONTWRITEBYTECODE is set, and a file system is mounted", f"monitor function show {evidence.name}"
        ),
        Change(ChangeKind.SETTING, "Remove it from the function's environment", "PYTHONDONTWRITEBYTECODE"),
        None,
        "Environments that start together write the same files: compile the modules when you copy them to EFS.",
    )


def _system_log(evidence: FunctionEvidence) -> Finding:
    return _finding(
        evidence,
        "SystemLogLevel",
        "Lambda's system log level is DEBUG",
        Evidence("SystemLogLevel is DEBUG", f"monitor function show {evidence.name}"),
        Change(
            ChangeKind.COMMAND,
            "Set it to INFO, which keeps the reports",
            f"aws lambda update-function-configuration --function-name {evidence.name} "
            "--logging-config LogFormat=JSON,SystemLogLevel=INFO",
        ),
        None,
        "WARN would remove the reports of successful starts.",
    )


def _finding(
    evidence: FunctionEvidence,
    subject: str,
    title: str,
    fact: Evidence,
    change: Change,
    saving: Saving | None,
    risk_text: str,
) -> Finding:
    return Finding(
        rule="profiling-left-on",
        subject=subject,
        title=title,
        evidence=(fact,),
        changes=(change,),
        saving=saving,
        affected=affected_starts(evidence),
        risk=Grade.LOW,
        confidence=Grade.HIGH,
        risk_text=risk_text,
    )


RULE = Rule("profiling-left-on", find, trial=Trial.STOP_PROFILING)
