"""Diagnoses made by hand: one of a slow function, one with nothing to change, one of which little is known."""

from dataclasses import replace

from monitor.coldstarts.model import ColdStartSummary
from monitor.diagnose.evidence.model import Deployed, FunctionEvidence, SourceState
from monitor.diagnose.model import Diagnosis, Headline, NextStep, Slice, Trial
from monitor.diagnose.model_finding import Change, ChangeKind, Evidence, Finding, Grade, Saving
from monitor.kernel.missing import Missing
from monitor.kernel.statistics import Distribution
from monitor.kernel.window import Window
from monitor.packages.model import Basis, Container, PackageFile, PackageReport, Part, PartKind, Reading
from monitor.records.imports import ImportNode, ImportProfile, ImportRow
from monitor.records.init_record import ImportedModule, InitImports, InitPhase, InitRecord
from monitor.records.invocation import ColdStart, InitKind

NAME = "ai-image-analyzer-fastapi"
NOW_MS = 1_795_392_000_000  # 2026-11-23T00:00:00Z
HOUR_MS = 3_600_000
TYPICAL = 0.865  # the median start, of the one that the trees below are written for
ROOTS = ("/var/task", "/var/lang/lib/python3.12", "/var/runtime")

PATCH = """\
--- a/app/services/report.py
+++ b/app/services/report.py
@@ -1,9 +1,9 @@
-import pandas
 from app.core import settings


 def monthly_report(rows):
+    import pandas
+
     return pandas.DataFrame(rows).to_html()
"""


def imports_tree(scale: float = 1.0) -> tuple[ImportedModule, ...]:
    """What the example imports: app.main, and below it pandas with numpy, fastapi with pydantic, boto3."""

    def module(
        name: str, start: float, own: float, total: float, *children: ImportedModule, root: int = 0
    ) -> ImportedModule:
        return ImportedModule(name, root, start * scale, own * scale, total * scale, children)

    numpy = module("numpy", 96, 41, 112, module("numpy.core", 101, 58, 71, module("numpy.linalg", 120, 13, 13)))
    pandas = module(
        "pandas", 90, 38, 418, numpy, module("pandas.core.frame", 206, 164, 190), module("pandas.io", 398, 78, 78)
    )
    pydantic = module("pydantic", 520, 44, 132, module("pydantic_core", 524, 31, 31), module("typing", 560, 57, 57))
    fastapi = module("fastapi", 512, 36, 188, pydantic, module("starlette.routing", 660, 20, 20))
    boto3 = module("boto3", 704, 12, 96, module("botocore.session", 708, 84, 84, root=2), root=2)
    return (module("app.main", 84, 22, 732, pandas, fastapi, boto3),)


def init_record(scale: float = 1.0) -> InitRecord:
    return InitRecord(
        version=1,
        observed_init_ms=860 * scale,
        started_at_ms=float(NOW_MS),
        phases=(
            InitPhase("runtime", 0, 48 * scale),
            InitPhase("entry", 48 * scale, 30 * scale),
            InitPhase("application", 78 * scale, 744 * scale),
            InitPhase("instruments", 822 * scale, 38 * scale),
        ),
        imports=InitImports(612, 790 * scale, 3.0, 4, imports_tree(scale)),
        roots=ROOTS,
        python="3.12.7",
    )


def node(module: ImportedModule) -> ImportNode:
    return ImportNode(
        module.module, module.self_ms, module.cumulative_ms, ROOTS[module.root], tuple(map(node, module.children))
    )


def profile() -> ImportProfile:
    tree = tuple(map(node, imports_tree(TYPICAL)))
    table = [
        ("pandas", 280, 31), ("numpy", 112, 40), ("botocore", 84, 38), ("typing", 57, 1), ("pydantic", 44, 30),
        ("fastapi", 36, 18), ("pydantic_core", 31, 2), ("app", 22, 11), ("starlette", 20, 16), ("boto3", 12, 8),
    ]  # fmt: skip
    rows = [(name, ms * TYPICAL, modules) for name, ms, modules in table]
    total = sum(ms for _, ms, _ in rows)
    made = tuple(
        ImportRow(name, ms, ms / total, 42, 42, ms * 0.97, ms * 1.4, ms * 1.9, modules) for name, ms, modules in rows
    )
    return ImportProfile(NAME, "init records", 42, total, tree, made, 4)


def package() -> PackageReport:
    sizes = [
        ("pandas", 12_900_000, 44_800_000, ("pandas",), PartKind.DISTRIBUTION),
        ("numpy", 8_100_000, 29_500_000, ("numpy",), PartKind.DISTRIBUTION),
        ("matplotlib", 8_000_000, 22_100_000, ("matplotlib", "mpl_toolkits"), PartKind.DISTRIBUTION),
        ("pydantic-core", 1_900_000, 4_600_000, ("pydantic_core",), PartKind.DISTRIBUTION),
        ("pydantic", 440_000, 1_900_000, ("pydantic",), PartKind.DISTRIBUTION),
        ("fastapi", 96_000, 420_000, ("fastapi",), PartKind.DISTRIBUTION),
        ("starlette", 71_000, 290_000, ("starlette",), PartKind.DISTRIBUTION),
        (NAME, 31_000, 88_000, ("app",), PartKind.APPLICATION),
    ]
    whole = sum(zipped for _, zipped, *_ in sizes)
    parts = tuple(
        Part(
            name, "1.0", kind, Basis.RECORD, "package", 10, zipped, unzipped, zipped / whole, tops,
            pulled_in_by=("pandas",) if name == "numpy" else (), requested=name != "numpy",
        )
        for name, zipped, unzipped, tops, kind in sizes
    )  # fmt: skip
    files = (PackageFile("pandas/_libs/lib.so", 4_000_000, 11_000_000, "pandas"),)
    container = Container("package", "/var/task", whole, sum(size[2] for size in sizes), files, Reading(4, 90_000, 1))
    return PackageReport(NAME, "3.12", "x86_64", (container,), parts, ())


def cold_start(index: int, version: str, at_ms: int, init_ms: float, *, record: bool = True) -> ColdStart:
    return ColdStart(
        request_id=f"5b86c8f2-0000-4000-8000-{index:012d}",
        function=NAME,
        version=version,
        stream=f"2026/11/22/[{version}]{index:032x}",
        group=f"/aws/lambda/{NAME}",
        at_ms=at_ms,
        kind=InitKind.ON_DEMAND,
        init_ms=init_ms,
        duration_ms=init_ms * 0.3,
        first_total_ms=init_ms * 1.3,
        billed_ms=init_ms * 1.3,
        memory_mb=512,
        max_memory_mb=190,
        init_record=init_record(init_ms / 950) if record else None,
    )


def cold_starts() -> tuple[ColdStart, ...]:
    """42 in a day; the deployment of version 8 made them slower."""
    made = []
    for index in range(42):
        at_ms = NOW_MS - 24 * HOUR_MS + index * 34 * 60_000
        version, typical = ("7", 520.0) if index < 16 else ("8", 930.0)
        made.append(cold_start(index, version, at_ms, typical * (1 + (index * 37 % 23 - 11) / 60)))
    return tuple(made)


def evidence() -> FunctionEvidence:
    starts = cold_starts()
    none = Distribution(0)
    summary = ColdStartSummary(
        NAME, Window(NOW_MS - 24 * HOUR_MS, NOW_MS), 1_904, 42, 42 / 1_904, none, none, none, none, slowest=starts[-2:]
    )
    return FunctionEvidence(
        name=NAME,
        region="ap-southeast-1",
        window=Window(NOW_MS - 24 * HOUR_MS, NOW_MS),
        gathered_at_ms=NOW_MS,
        sources=(
            SourceState("configuration", "read", "Python 3.12, x86_64, 512 MB", 182.0),
            SourceState("log", "read", "1,904 invocations, 42 cold starts", 1_240.0),
            SourceState("package", "read", "30.1 MB in 4 requests", 611.0),
            SourceState(
                "traces", "absent", "active tracing is off", 95.0, "calls made during init stay unseen",
                f"aws lambda update-function-configuration --function-name {NAME} --tracing-config Mode=Active",
            ),
            SourceState(
                "metrics", "refused", "not allowed: cloudwatch:GetMetricData", 88.0,
                "throttles and concurrency are unknown", "monitor iam-policy diagnose",
            ),
        ),
        function=Missing("not asked"),
        settings=Missing("not asked"),
        starts=summary,
        cold_starts=starts,
        imports=profile(),
        package=package(),
        deployments=(
            Deployed("7", NOW_MS - 47 * HOUR_MS),
            Deployed("8", NOW_MS - 24 * HOUR_MS + 16 * 34 * 60_000 - 900_000, "monthly report"),
        ),
    )  # fmt: skip


def lazy_pandas() -> Finding:
    return Finding(
        rule="eager-imports",
        subject="pandas",
        title="pandas is imported at init, and only monthly_report uses it",
        evidence=(
            Evidence("pandas takes 361 ms of init with all that it alone imports (mean of 42 starts)",
                     f"monitor coldstarts {NAME} --tree"),
            Evidence("imported at app/services/report.py:1, by app.main through app.services.report",
                     "app/services/report.py:1"),
            Evidence("used in monthly_report alone; no first invocation called it", "app.services.report"),
        ),
        changes=(Change(ChangeKind.PATCH, "Import it where it is used", PATCH),),
        saving=Saving(270, 350, 380, "what its imports took in 42 init records, less what others import too"),
        affected=42,
        risk=Grade.LOW,
        confidence=Grade.HIGH,
        saves_usd_month=0.41,
        risk_text="The first monthly report of each environment takes longer instead.",
    )  # fmt: skip


def no_bytecode() -> Finding:
    return Finding(
        rule="missing-bytecode",
        subject="package",
        title="The package holds no bytecode: every start compiles what it imports",
        evidence=(Evidence("1,204 modules, none with a `__pycache__`", f"monitor package inspect {NAME}"),),
        changes=(
            Change(ChangeKind.COMMAND, "Build with bytecode", "monitor package build . -o package.zip"),
            Change(ChangeKind.SETTING, "Keep it in CI, too", "PYTHONDONTWRITEBYTECODE is not to be set"),
        ),
        saving=Saving(90, 180, 260, "compiling took 36% of import time where both were measured"),
        affected=42,
        risk=Grade.LOW,
        confidence=Grade.MEDIUM,
    )


def more_memory() -> Finding:
    return Finding(
        rule="memory-too-small",
        subject="512 MB",
        title="The first invocation waits for CPU",
        evidence=(Evidence("first invocation 246 ms, warm ones 31 ms at the median"),),
        changes=(
            Change(
                ChangeKind.COMMAND, "Give it 1,024 MB",
                f"aws lambda update-function-configuration --function-name {NAME} --memory-size 1024",
            ),
        ),
        saving=Saving(-20, 90, 140, "the handler's part scales with memory below 1,769 MB; init does not"),
        affected=42,
        risk=Grade.MEDIUM,
        confidence=Grade.LOW,
        saves_usd_month=-3.2,
        risk_text="Costs more per millisecond.",
    )  # fmt: skip


def minor() -> tuple[Finding, ...]:
    plain = replace(lazy_pandas(), evidence=(Evidence("matplotlib: 22.1 MB, imported in no start"),), changes=())
    return (
        replace(
            plain, rule="unused-distributions", subject="matplotlib", title="matplotlib is never imported",
            saving=Saving(0, 12, 60, "download and unpacking by size"),
        ),
        replace(
            plain, rule="architecture", subject="x86_64", title="arm64 is cheaper by the millisecond", saving=None,
            saves_usd_month=1.1,
        ),
    )  # fmt: skip


def slow() -> Diagnosis:
    """A function with three things worth changing, and a trial of one of them."""
    return Diagnosis(
        evidence=evidence(),
        headline=Headline(1_068.0, 1_396.0, 821.5, 42, 1_904, 42 / 1_904),
        slices=(
            Slice("outside the process", 78, "REPORT less init record"),
            Slice("runtime", 42, "init record"),
            Slice("import pandas", 361, "init record"),
            Slice("import fastapi", 163, "init record"),
            Slice("import boto3", 83, "init record"),
            Slice("the rest of init", 95, "init record"),
            Slice("first invocation", 246, "REPORT"),
        ),
        findings=(lazy_pandas(), no_bytecode(), more_memory()),
        minor=minor(),
        next_steps=(NextStep("which calls the first invocation makes", f"monitor instrument {NAME} --apply"),),
        trials=(
            Trial(
                "eager-imports", "pandas", "pandas imported in monthly_report",
                (812.0, 840.0, 798.0, 826.0), (502.0, 511.0, 496.0, 520.0), 312.5, (290.0, 338.0), 452.0,
            ),
            Trial("memory-too-small", "512 MB", "1,024 MB", failed="memory does not change the CPU here"),
        ),
    )  # fmt: skip


def healthy() -> Diagnosis:
    """Nothing is worth changing."""
    return replace(
        slow(),
        headline=Headline(286.0, 330.0, 214.0, 42, 1_904, 42 / 1_904),
        slices=(Slice("init", 214, "REPORT"), Slice("first invocation", 72, "REPORT")),
        findings=(),
        trials=(),
    )


def unknown() -> Diagnosis:
    """Only the configuration could be read."""
    known = evidence()
    bare = FunctionEvidence(
        NAME, "ap-southeast-1", None, NOW_MS, known.sources[-1:], Missing("-"), Missing("-"), Missing("no log")
    )
    return Diagnosis(
        bare, Headline(None, None, None, 0, 0, None, "the log group does not exist yet"), (), (),
        next_steps=(NextStep("a cold start to look at", f"aws lambda invoke --function-name {NAME} out.json"),),
    )  # fmt: skip


def hostile(evil: str) -> Diagnosis:
    """Every text that somebody else chose is `evil`."""

    def named(module: ImportedModule) -> ImportedModule:
        return replace(module, module=evil, children=tuple(map(named, module.children)))

    base = evidence()
    record = replace(
        init_record(), phases=(InitPhase(evil, 0, 860),), roots=(evil,) * 3,
        imports=InitImports(9, 790, 3.0, 0, tuple(map(named, imports_tree()))), libraries={evil: evil},
    )  # fmt: skip
    starts = tuple(
        replace(one, request_id=evil, version=evil, stream=evil, trace_id=evil, error_type=evil, init_record=record)
        for one in base.cold_starts
    )
    tree = tuple(map(node, named(imports_tree()[0]).children))
    imports = replace(profile(), name=evil, tree=tree, rows=tuple(replace(row, package=evil) for row in profile().rows))
    parts = tuple(replace(part, name=evil, tops=(evil,)) for part in package().parts)
    found = Finding(
        evil, evil, evil, (Evidence(evil, evil),), tuple(Change(kind, evil, evil) for kind in ChangeKind),
        Saving(1, 2, 3, evil), 42, Grade.HIGH, Grade.LOW, 1.0, evil,
    )  # fmt: skip
    states = tuple(
        SourceState(evil, state, evil, 1.0, evil, evil) for state in ("read", "absent", "refused", "failed", "skipped")
    )
    return Diagnosis(
        evidence=replace(
            base, name=evil, region=evil, sources=states, cold_starts=starts, imports=imports,
            package=replace(package(), name=evil, parts=parts),
            deployments=(Deployed(evil, base.deployments[1].at_ms, evil),),
        ),
        headline=Headline(1_206.0, 1_468.0, 928.0, 42, 1_904, None, evil),
        slices=(Slice(evil, 600, evil), Slice(evil, 606, evil)),
        findings=(found, replace(found, saving=None)),
        minor=(found,),
        next_steps=(NextStep(evil, evil),),
        trials=(
            Trial(evil, evil, evil, (3.0,), (1.0,), 2.0, (1.0, 3.0), 4.0),
            Trial("other", evil, evil, failed=evil),
        ),
    )  # fmt: skip
