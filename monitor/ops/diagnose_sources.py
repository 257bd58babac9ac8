"""What a diagnosis loses without each source, and how to get it: in commands to paste."""

from dataclasses import dataclass

CONFIGURATION, LOG, PACKAGE, TRACES, METRICS, CONCURRENCY, DEPLOYMENTS = (
    "configuration", "log", "package", "traces", "metrics", "concurrency", "deployments",
)  # fmt: skip
CODE, IMPORTS = "code", "imports"
READ, ABSENT, REFUSED, FAILED, SKIPPED = "read", "absent", "refused", "failed", "skipped"


@dataclass(frozen=True, slots=True)
class Need:
    """What is not certain without a source, and the command that brings it (`{name}` is the function's)."""

    lost: str
    command: str = ""


NEEDS = {
    CONFIGURATION: Need("memory size, runtime, layers and log level are not known"),
    LOG: Need("how often and how long it starts is not known: nothing is ranked by what it costs"),
    IMPORTS: Need(
        "which module takes how long to import is not known",
        "monitor instrument {name} --apply   # or, for a while, the PYTHONPROFILEIMPORTTIME=1 variable: "
        "monitor diagnose --help",
    ),
    PACKAGE: Need("what is shipped and not needed, and missing bytecode, are not known"),
    CODE: Need("where the application imports and makes clients is not known: no patch can be shown"),
    TRACES: Need(
        "calls to other services while it starts are not seen",
        "aws lambda update-function-configuration --function-name {name} --tracing-config Mode=Active",
    ),
    METRICS: Need("throttles, and invocations that the log lacks, are not known"),
    CONCURRENCY: Need("reserved and provisioned concurrency are not known"),
    DEPLOYMENTS: Need("whether a deployment made it slower is not known"),
}
