"""Evidence made by hand for the rules about code and package: a healthy FastAPI function to start from."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from monitor.coldstarts.model import ColdStartSummary
from monitor.diagnose.evidence.model import FunctionEvidence, InitLogging, ModuleUse, Settings, SourceFacts
from monitor.kernel.function import FunctionInfo
from monitor.kernel.statistics import Distribution
from monitor.packages.model import Basis, Container, PackageFile, PackageReport, Part, PartKind, Reading
from monitor.records.imports import ImportNode, ImportProfile, import_table

MB = 1024 * 1024


def node(module: str, self_ms: float, *children: ImportNode) -> ImportNode:
    """A module whose cumulative time is the sum of what is below it."""
    return ImportNode(module, self_ms, self_ms + sum(one.cumulative_ms for one in children), "", children)


def profile(*tree: ImportNode, cold_starts: int = 10) -> ImportProfile:
    """The mean tree of `cold_starts` inits."""
    total_ms = sum(one.cumulative_ms for one in tree)
    return ImportProfile("f", "init records", cold_starts, total_ms, tree, import_table([tree]))


def part(name: str, size_mb: float, *, tops: Sequence[str] = (), requires: Sequence[str] = (), **more: Any) -> Part:
    """A distribution of the package."""
    made = Part(
        name=name,
        version="1.0",
        kind=PartKind.DISTRIBUTION,
        basis=Basis.RECORD,
        place="package",
        files=10,
        zipped_bytes=int(size_mb * MB),
        unzipped_bytes=int(3 * size_mb * MB),
        share=0.1,
        tops=tuple(tops) or (name.replace("-", "_"),),
        requires=tuple(requires),
    )
    return replace(made, **more)


def package(
    *parts: Part, files: Iterable[str] = (), findings: Iterable[Any] = (), python: str | None = "3.11"
) -> PackageReport:
    """A package of these distributions, whose files are those named."""
    listed = tuple(PackageFile(name, 1000, 3000) for name in files)
    zipped, unzipped = sum(one.zipped_bytes for one in parts), sum(one.unzipped_bytes for one in parts)
    container = Container("package", "/var/task", zipped, unzipped, listed, Reading(3, 1000, zipped))
    return PackageReport("f", python, "x86_64", (container,), parts, tuple(findings))


def use(module: str, file: str = "app/main.py", **more: Any) -> ModuleUse:
    """An import statement that its file needs while it is imported, unless said otherwise."""
    made = ModuleUse(module, file, 3, f"import {module}", at_import=True, used_at_import=True)
    return replace(made, **more)


def code(*uses: ModuleUse, **more: Any) -> SourceFacts:
    """What an application of twelve files says."""
    return replace(SourceFacts(12, 0, uses), **more)


def spread(value: float, count: int = 20) -> Distribution:
    """Values that are all alike."""
    return Distribution(count, value, value, value, value, value, value, value)


def summary(cold_starts: int = 20, init_ms: float = 330.0, first_ms: float = 350.0) -> ColdStartSummary:
    """Cold starts of a thousand invocations."""
    return ColdStartSummary(
        function="f",
        window=None,
        invocations=1000,
        cold_starts=cold_starts,
        share=cold_starts / 1000,
        init=spread(init_ms, cold_starts),
        first_total=spread(first_ms, cold_starts),
        observed_init=spread(init_ms - 20, cold_starts),
        warm_duration=spread(4.0, 980),
    )


FUNCTION = FunctionInfo(
    name="f",
    arn="arn:aws:lambda:eu-west-1:123456789012:function:f",
    version="$LATEST",
    region="eu-west-1",
    runtime="python3.11",
    handler="lambda_function.handler",
    package_type="Zip",
    architecture="x86_64",
    memory_mb=1024,
    timeout_s=30,
    ephemeral_mb=512,
    code_size_bytes=4 * MB,
    code_sha256="",
    last_modified="",
    state="Active",
    layers=(),
    tracing="Active",
    log_group="/aws/lambda/f",
    log_format="Text",
    environment_names=(),
    snap_start=None,
    in_vpc=False,
    role="",
    revision_id="",
)

# The framework while the application is imported: needed, every bit of it.
FRAMEWORK = node(
    "fastapi", 40.0, node("pydantic", 60.0, node("pydantic_core", 13.0)), node("starlette", 25.0), node("asyncio", 20.0)
)


def healthy(**parts: Any) -> FunctionEvidence:
    """A FastAPI function with bytecode, without the SDK, importing what it needs; `parts` replace its parts."""
    files = [
        *("lambda_function.py", "app/main.py", "fastapi/__init__.py", "pydantic/__init__.py"),
        *("starlette/__init__.py", "pydantic_core/__init__.py"),
    ]
    compiled = [f"{one.rpartition('/')[0]}/__pycache__/{one.rpartition('/')[2][:-3]}.cpython-311.pyc" for one in files]
    made = FunctionEvidence(
        name="f",
        region="eu-west-1",
        window=None,
        gathered_at_ms=0,
        sources=(),
        function=FUNCTION,
        settings=Settings(log_level="INFO", instrumented=True),
        starts=summary(),
        logging=InitLogging(20, 4.0, 900.0, 0.0),
        imports=profile(node("lambda_function", 1.0, node("app.main", 8.0, FRAMEWORK))),
        package=package(
            part("fastapi", 0.4, requires=("pydantic", "starlette")),
            part("pydantic", 1.3, requires=("pydantic-core",)),
            part("pydantic-core", 2.1),
            part("starlette", 0.3),
            files=[*files, *(one.removeprefix("/") for one in compiled)],
        ),
        code=code(use("fastapi"), use("app.main", "lambda_function.py")),
    )
    return replace(made, **parts)
