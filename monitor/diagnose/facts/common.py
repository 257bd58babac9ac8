"""What several rules need from the evidence: import trees, distributions, counts of starts, sizes."""

from collections.abc import Iterable, Iterator

from monitor.diagnose.evidence.model import FunctionEvidence, is_missing
from monitor.diagnose.model_finding import Saving
from monitor.kernel.entry_point import ENTRY_POINT_FILE, INSTRUMENTS
from monitor.packages.model import PackageFinding, PackageReport, Part, PartKind, module_of
from monitor.records.imports import ImportNode

MB = 1024 * 1024

# The time to download and unpack a zipped megabyte and a file, before init. AWS publishes no figure, and REPORT does
# not show it. Assumptions: 0 if the code is cached near the worker; 3 ms a megabyte is a transfer at 300 MB/s (S3
# within a region, in parts); at most 10 ms of transfer (100 MB/s) and 10 ms of inflating. Unzipping boto3 and botocore
# (17.9 MB, 2,434 files) into memory took 9 ms of CPU a megabyte and 0.04 ms a file on the development machine.
LOW_MS_PER_MB, LIKELY_MS_PER_MB, HIGH_MS_PER_MB = 0.0, 3.0, 20.0
LIKELY_MS_PER_FILE, HIGH_MS_PER_FILE = 0.01, 0.1

# From this size on a function has a whole vCPU (AWS Lambda developer guide, "Configure Lambda function memory").
WHOLE_VCPU_MB = 1769

# Observability libraries. Their cost is reported by instrumentation-overhead.
INSTRUMENTATION = frozenset(
    (
        *("aws_lambda_powertools", "aws_xray_sdk", "ddtrace", "datadog_lambda", "datadog", "opentelemetry"),
        *("newrelic", "sentry_sdk", "elasticapm", "lumigo_tracer", "epsagon", "thundra", "instana"),
    )
)
# What monitor's entry point needs, with their requirements.
_INSTRUMENTS = ("lambda-monitor", *INSTRUMENTS)
SDK_TOPS = frozenset(("boto3", "botocore", "s3transfer"))


def affected_starts(evidence: FunctionEvidence) -> int:
    """The cold starts in the window; 1 if they are not known, so that findings can still be ranked."""
    return 1 if is_missing(evidence.starts) else evidence.starts.cold_starts


def build_command(evidence: FunctionEvidence, *options: str) -> str:
    """The command that rebuilds the package, with monitor's entry point if the package contains it."""
    names: set[str] = set()
    if not is_missing(evidence.package):
        names = {file.name for container in evidence.package.containers for file in container.files}
    entry = ("--instrument",) if ENTRY_POINT_FILE in names else ()
    return " ".join(("monitor package build . -o built.zip", *options, *entry))


def top_of(module: str) -> str:
    """The top-level package of a module."""
    return module.partition(".")[0]


def tree_of(evidence: FunctionEvidence) -> tuple[ImportNode, ...]:
    """The mean import tree of init; empty if no imports were recorded."""
    return () if is_missing(evidence.imports) else evidence.imports.tree


def walk(nodes: Iterable[ImportNode], above: tuple[str, ...] = ()) -> Iterator[tuple[ImportNode, tuple[str, ...]]]:
    """Every node with the modules that import it, outermost first."""
    waiting = [(node, above) for node in nodes]
    while waiting:
        node, chain = waiting.pop()
        yield node, chain
        inner = (*chain, node.module)
        waiting += [(child, inner) for child in node.children]


def module_names(evidence: FunctionEvidence, file: str) -> frozenset[str]:
    """The module names of an application file: by its path, and from a folder of PYTHONPATH."""
    folders = () if is_missing(evidence.settings) else evidence.settings.pythonpath
    inner = (folder.rstrip("/").removeprefix("/var/task").strip("/") for folder in folders)
    paths = {file, *(file.removeprefix(f"{folder}/") for folder in inner if folder)}
    return frozenset(path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in paths)


def own_handler(evidence: FunctionEvidence) -> str:
    """The application's handler, behind monitor's entry point too; "" if it is not known."""
    own = None if is_missing(evidence.settings) else evidence.settings.handler
    configured = None if is_missing(evidence.function) else evidence.function.handler
    return own or configured or ""


def own_tops(evidence: FunctionEvidence) -> frozenset[str]:
    """The top-level names of the application's own files, and of its handler."""
    uses = () if is_missing(evidence.code) else evidence.code.uses
    tops: set[str] = set()
    if not is_missing(evidence.package):
        own = (part for part in evidence.package.parts if part.kind is PartKind.APPLICATION)
        tops |= {top.removesuffix(".py") for part in own for top in part.tops}
    if handler := own_handler(evidence):
        tops.add(handler.replace("/", ".").partition(".")[0])
    tops |= {top_of(name) for use in uses for name in module_names(evidence, use.file)}
    # The entry point around a handler does not belong to the application.
    return frozenset(tops - {"monitor"})


def seen_tops(evidence: FunctionEvidence) -> frozenset[str] | None:
    """Top-level packages imported at init or by a first invocation; None without records."""
    if is_missing(evidence.imports) or evidence.imports.cold_starts == 0:
        return None
    late = {one.package for one in evidence.late_imports}
    return frozenset(
        {top_of(row.package) for row in evidence.imports.rows} | late | {top_of(n.module) for n, _ in _all(evidence)}
    )


def _all(evidence: FunctionEvidence) -> Iterator[tuple[ImportNode, tuple[str, ...]]]:
    return walk(tree_of(evidence))


def distributions(report: PackageReport) -> dict[str, list[Part]]:
    """The package's distributions by name, each with its parts (one in the package, one in a layer)."""
    found: dict[str, list[Part]] = {}
    for part in report.parts:
        if part.kind is PartKind.DISTRIBUTION:
            found.setdefault(part.name, []).append(part)
    return found


def owners(report: PackageReport) -> dict[str, frozenset[str]]:
    """The distributions of each top-level package: several for a namespace."""
    found: dict[str, set[str]] = {}
    for part in report.parts:
        if part.kind is PartKind.DISTRIBUTION:
            for top in part.tops:
                found.setdefault(top, set()).add(part.name)
    return {top: frozenset(names) for top, names in found.items()}


def closure(names: Iterable[str], parts: dict[str, list[Part]]) -> frozenset[str]:
    """These distributions and all that they require, directly or indirectly."""
    reached: set[str] = set()
    waiting = [name for name in names if name in parts]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        waiting += [wanted for part in parts[name] for wanted in part.requires if wanted in parts]
    return frozenset(reached)


def brought_by_monitor(evidence: FunctionEvidence) -> frozenset[str]:
    """Distributions that are in the package because monitor instruments it: the application imports none of them.

    Empty if the package has no entry point of monitor's, or if the application's imports are not known.
    """
    if is_missing(evidence.package) or is_missing(evidence.code) or evidence.code.unread:
        return frozenset()
    names = {file.name for container in evidence.package.containers for file in container.files}
    if ENTRY_POINT_FILE not in names:
        return frozenset()
    parts, holders = distributions(evidence.package), owners(evidence.package)
    tops = {top_of(use.module) for use in evidence.code.uses}
    used = closure({name for top in tops for name in holders.get(top, ())}, parts)
    return closure(_INSTRUMENTS, parts) - used


def transport_saving(zipped_bytes: int, files: int, before: str = "") -> Saving:
    """The saving of a smaller download before init; `before` begins the basis."""
    size_mb = zipped_bytes / MB
    return Saving(
        LOW_MS_PER_MB * size_mb,
        LIKELY_MS_PER_MB * size_mb + LIKELY_MS_PER_FILE * files,
        HIGH_MS_PER_MB * size_mb + HIGH_MS_PER_FILE * files,
        f"{before}{size_mb:.1f} MB and {files:,} files less to download and unpack, assuming "
        f"{LIKELY_MS_PER_MB:g} ms a MB ({LOW_MS_PER_MB:g}-{HIGH_MS_PER_MB:g}) and {LIKELY_MS_PER_FILE} ms a file "
        f"(0-{HIGH_MS_PER_FILE}); nothing if Lambda has cached the code. The caller waits for it before init, and "
        "REPORT does not show it",
    )


def package_findings(evidence: FunctionEvidence, *kinds: str) -> tuple[PackageFinding, ...]:
    """The findings of `package inspect` of these kinds."""
    if is_missing(evidence.package):
        return ()
    return tuple(found for found in evidence.package.findings if found.kind in kinds)


def module_files(report: PackageReport) -> dict[str, str]:
    """The source file of each module that can be imported from the package or a layer, by the module's full name."""
    found: dict[str, str] = {}
    for container in report.containers:
        for file in container.files:
            if file.name.endswith(".py"):
                found.setdefault(module_of(file.name), file.name)
    return found


def chain_text(chain: Iterable[str]) -> str:
    """A chain of imports, outermost first."""
    return " → ".join(chain)
