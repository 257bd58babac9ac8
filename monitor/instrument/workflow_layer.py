"""Build the layer with the runtime, and publish it in each region where its newest version differs."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from monitor import __version__
from monitor.aws.connection import Connection
from monitor.errors import MonitorError, NotFoundError
from monitor.instrument.model_layer import BuiltLayer, LayerOutcome, LayerPlan
from monitor.packages.building.archive import write
from monitor.packages.building.entry import Entry
from monitor.packages.building.installed import runtime_entries
from monitor.packages.building.interpreters import Module, compile_modules, find_python

# Lambda's Python runtimes that the runtime works on.
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
_ROOT = "/opt/python"
_ARCHITECTURES = ["x86_64", "arm64"]


def build_layer(out: Path, pythons: Sequence[str] = PYTHONS) -> BuiltLayer:
    """Write the layer's zip to `out`, with bytecode of each of `pythons` on this machine; same input, same bytes.

    A layer is read-only on Lambda: a Python whose bytecode is missing compiles the runtime at each cold start.
    """
    sources = list(runtime_entries())
    entries = [Entry(f"python/{one.name}", one.path, one.content) for one in sources]
    compiled: list[str] = []
    not_compiled: list[str] = []
    for version in pythons:
        made = list(_bytecode(sources, version))
        (compiled if made else not_compiled).append(version)
        entries += made
    archive = write(entries, out, bytecode=False, root=_ROOT)
    sizes = archive.zipped_bytes, archive.unzipped_bytes
    return BuiltLayer(out, *sizes, archive.code_sha256, tuple(compiled), tuple(not_compiled))


def _bytecode(sources: list[Entry], version: str) -> Iterator[Entry]:
    """The `.pyc` of each module for a version of Python; none where there is no interpreter of it here."""
    python = find_python(version)
    if python is None:
        return
    modules = [Module(one.path, f"{_ROOT}/{one.name}", checked=False) for one in sources]
    made = compile_modules(python, modules)
    for source, code in zip(sources, made.codes, strict=True):
        folder, _, name = source.name.rpartition("/")
        if code is not None:
            yield Entry(f"python/{folder}/__pycache__/{name.removesuffix('.py')}.{made.tag}.pyc", source.path, code)


def plan_layer(connection: Connection, name: str, built: BuiltLayer) -> LayerPlan:
    """Whether the layer's newest version in this region is the one that was built."""
    try:
        versions = connection.call("lambda", "ListLayerVersions", LayerName=name, MaxItems=1).get("LayerVersions", [])
    except NotFoundError:
        versions = []
    if not versions:
        return LayerPlan(name, connection.region, None, is_current=False)
    newest = versions[0]
    answer = connection.call("lambda", "GetLayerVersion", LayerName=name, VersionNumber=newest["Version"])
    is_same = (answer.get("Content") or {}).get("CodeSha256") == built.code_sha256
    return LayerPlan(name, connection.region, newest["LayerVersionArn"], is_current=is_same)


def publish_layer(connection: Connection, plan: LayerPlan, built: BuiltLayer) -> LayerOutcome:
    """Publish a new version of the layer in this region."""
    try:
        answer = connection.call(
            "lambda",
            "PublishLayerVersion",
            LayerName=plan.name,
            Description=f"lambda-monitor {__version__}: monitor.runtime",
            Content={"ZipFile": built.path.read_bytes()},
            CompatibleRuntimes=[f"python{version}" for version in PYTHONS],
            CompatibleArchitectures=_ARCHITECTURES,
            LicenseInfo="Apache-2.0",
        )
    except MonitorError as error:
        return LayerOutcome(plan.region, None, error.message, error.hint, int(error.exit_code))
    return LayerOutcome(plan.region, str(answer["LayerVersionArn"]))
