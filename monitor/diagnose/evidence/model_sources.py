"""The sources of a diagnosis, how reading one can go, and what is not certain without each."""

CONFIGURATION, LOG, PACKAGE, TRACES, METRICS, CONCURRENCY, DEPLOYMENTS = (
    "configuration", "log", "package", "traces", "metrics", "concurrency", "deployments",
)  # fmt: skip
CODE, IMPORTS = "code", "imports"
READ, ABSENT, REFUSED, FAILED, SKIPPED = "read", "absent", "refused", "failed", "skipped"


LOST = {
    CONFIGURATION: "memory size, runtime, layers and log level are not known",
    LOG: "how often and how long it starts is not known: nothing is ranked by what it costs",
    IMPORTS: "which module takes how long to import is not known",
    PACKAGE: "what is shipped and not needed, and missing bytecode, are not known",
    CODE: "where the application imports and makes clients is not known: no patch can be shown",
    TRACES: "calls to other services while it starts are not seen",
    METRICS: "throttles, and invocations that the log lacks, are not known",
    CONCURRENCY: "reserved and provisioned concurrency are not known",
    DEPLOYMENTS: "whether a deployment made it slower is not known",
}
