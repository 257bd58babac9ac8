"""The sources of a diagnosis, their states, and what is not known without each."""

CONFIGURATION, LOG, PACKAGE, TRACES, METRICS, CONCURRENCY, DEPLOYMENTS = (
    "configuration", "log", "package", "traces", "metrics", "concurrency", "deployments",
)  # fmt: skip
CODE, IMPORTS = "code", "imports"
READ, ABSENT, REFUSED, FAILED, SKIPPED = "read", "absent", "refused", "failed", "skipped"


LOST = {
    CONFIGURATION: "memory size, runtime, layers and log level are not known",
    LOG: "how often it starts and how long that takes is not known: findings cannot be ranked",
    IMPORTS: "import times are not known",
    PACKAGE: "unused distributions and missing bytecode are not known",
    CODE: "where the application imports and creates clients is not known: there are no patches",
    TRACES: "calls to other services during a start are not known",
    METRICS: "throttles, and invocations missing from the log, are not known",
    CONCURRENCY: "reserved and provisioned concurrency are not known",
    DEPLOYMENTS: "whether a deployment made starts slower is not known",
}
