"""Distributions from PyPI that nobody here wrote: built they import as before, and they are inspected as they are."""

import os
import subprocess
import sys
import zipfile
from importlib.metadata import Distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from monitor.errors import MonitorError
from monitor.packages.building.dependencies import Dependencies, chosen_dependencies, stage_dependencies
from monitor.packages.building.entry import Entry
from monitor.packages.building.import_probe import ImportProbe
from monitor.packages.building.recipe import HERE, Recipe, architecture_here
from monitor.packages.building.stage import dependency_entries
from monitor.packages.model import PackageReport
from monitor.packages.workflow import ReadOptions, read_package

# A random sample of the 600 most downloaded distributions.
SAMPLE = [
    "absl-py",
    "argon2-cffi-bindings",
    "azure-keyvault-secrets",
    "cffi",
    "cfgv",
    "colorama",
    "gcloud-aio-storage",
    "google-cloud-dlp",
    "google-cloud-pubsub",
    "google-cloud-redis",
    "google-crc32c",
    "grpcio-status",
    "identify",
    "idna",
    "jmespath",
    "jsonschema",
    "jupyter-events",
    "keyring",
    "lazy-object-proxy",
    "pendulum",
    "poetry-plugin-export",
    "ptyprocess",
    "pyarrow",
    "pyee",
    "pylint",
    "typing-extensions",
    "uvloop",
    "wheel",
    "xgboost",
    "ydb",
]


def listed() -> list[str]:
    """The distributions of a list beside the corpus (`name`, or `name:module` to import), and the sample."""
    corpus = os.environ.get("MONITOR_CORPUS")
    path = Path(corpus, "..", "cases", "packages", "strip-rule", "packages.txt") if corpus else None
    lines = path.read_text(encoding="utf-8").split("\n") if path and path.is_file() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")] + SAMPLE


def never() -> None:
    pytest.fail("no AWS is needed here")


def staged(folder: Path, name: str) -> tuple[Dependencies, list[Entry]]:
    project = folder / "project"
    project.mkdir()
    (project / "requirements.txt").write_text(f"{name}\n", encoding="utf-8")
    recipe = Recipe(HERE, architecture_here(), "auto")
    try:
        dependencies = stage_dependencies(project, folder, recipe)
    except MonitorError as error:
        pytest.skip(error.message[:200])
    stripped, _, _ = chosen_dependencies(project, folder, dependencies, recipe)
    return dependencies, dependency_entries(dependencies.staged, stripped)


def linked(folder: Path, entries: list[Entry]) -> Path:
    for entry in entries:
        path = folder / entry.name
        path.parent.mkdir(parents=True, exist_ok=True)
        if entry.content is not None:
            path.write_bytes(entry.content)
        elif not path.exists():
            path.symlink_to(entry.path)
    return folder


def imported(folder: Path, module: str) -> str:
    code = "import sys, importlib; sys.path.insert(0, sys.argv[1]); importlib.import_module(sys.argv[2]); print('yes')"
    command = [sys.executable, "-I", "-S", "-B", "-c", code, str(folder), module]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, cwd="/")
    return done.stdout.strip() or (done.stderr.strip().splitlines() or ["?"])[-1]


def zipped(entries: list[Entry], out: Path) -> Path:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for entry in entries:
            archive.writestr(entry.name, entry.path.read_bytes() if entry.content is None else entry.content)
    return out


@pytest.mark.slow
@pytest.mark.parametrize("spec", listed())
def test_a_stranger_imports_as_before_and_requires_what_it_says(tmp_path: Path, spec: str) -> None:
    name, _, module = spec.partition(":")
    dependencies, entries = staged(tmp_path, name)
    task = linked(tmp_path / "task", entries)
    module = module or name.replace("-", "_")
    assert imported(task, module) == imported(dependencies.folder, module)
    path = zipped(entries, tmp_path / "out.zip")
    report = read_package(str(path), ReadOptions(never))  # type: ignore[arg-type]
    check_report(report, task, path)


def check_report(report: PackageReport, task: Path, path: Path) -> None:
    """The sizes add up to the zip, and the requirements are those of importlib.metadata."""
    assert sum(part.zipped_bytes for part in report.parts) == path.stat().st_size
    with zipfile.ZipFile(path) as archive:
        assert report.unzipped_bytes == sum(info.file_size for info in archive.infolist())
    found = {part.name: set(part.requires) for part in report.parts if part.version}
    infos = {canonicalize_name(info.name.split("-")[0]): info for info in task.glob("*.dist-info")}
    assert found.keys() == infos.keys()
    for name, info in infos.items():
        wanted = map(Requirement, Distribution.at(info).requires or ())
        assert found[name] == {canonicalize_name(one.name) for one in wanted if "extra" not in str(one.marker)}, name


@pytest.mark.slow
@pytest.mark.parametrize("name", ["scikit-image", "tables", "braintree", "jinja2", "lxml", "pandas"])
def test_what_tried_leaves_out_changes_no_import(tmp_path: Path, name: str) -> None:
    dependencies, _ = staged(tmp_path, name)
    work = tmp_path / "tried"
    work.mkdir()
    recipe = Recipe(HERE, architecture_here(), "auto", strip="tried")
    stripped, _, _ = chosen_dependencies(tmp_path / "project", work, dependencies, recipe)
    (tmp_path / "again").mkdir()
    probe = ImportProbe(Path(sys.executable), tmp_path / "again")
    assert probe(stripped.entries, dependencies.staged.entries).whole == {}
