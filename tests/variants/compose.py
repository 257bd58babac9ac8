"""The example with one planted cause of slow starts: read from a variant's folder, put together, packaged.

A folder holds `variant.json` and, where the defect is in the code, the files that differ. The rest is the example.
"""

import json
import random
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from monitor.packages.building.build import build
from monitor.packages.building.recipe import Recipe, architecture_here
from monitor.run.workflow import example_folder

HERE = Path(__file__).resolve().parent
CLEAN = "clean"


@dataclass(frozen=True)
class Variant:
    """One planted cause. `planted` is the rule that must name it, None for the clean one.

    `folder` has files to lay over those of `name`; `server_delay_ms` is how long the server at `{slow_url}` takes;
    `ballast_mb` how large a distribution that nobody imports is; `drive` how it is invoked: starts, storm (every other
    request is a bad one) or bursts.
    """

    name: str
    planted: str | None
    about: str
    folder: str = ""
    requirements: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    build: dict[str, Any] = field(default_factory=dict)
    memory_mb: int = 512
    timeout_s: int = 15
    server_delay_ms: int = 0
    ballast_mb: int = 0
    drive: str = "starts"
    bad_query: dict[str, str] = field(default_factory=dict)
    bad_image: dict[str, int] = field(default_factory=dict)
    fixed: dict[str, Any] | None = None

    @property
    def label(self) -> str:
        """A name for its files."""
        return (self.folder or self.name).replace("/", "-")

    @property
    def warmed(self) -> bool:
        """Whether its environments wait warm, as provisioned ones do."""
        return bool(self.fixed and self.fixed.get("warmed"))


def names() -> list[str]:
    """The ten planted ones, and the clean one."""
    return sorted(path.parent.name for path in HERE.glob("*/variant.json"))


def read(name: str) -> Variant:
    """The variant of that folder."""
    spec = json.loads((HERE / name / "variant.json").read_text(encoding="utf-8"))
    spec["requirements"] = tuple(spec.get("requirements", ()))
    return Variant(name=name, **spec)


def mended(variant: Variant) -> Variant:
    """The variant without its defect: with other files or settings where those are the defect, else the clean one."""
    if (HERE / variant.name / "mended").is_dir():
        return replace(variant, folder=f"{variant.name}/mended", server_delay_ms=0)
    if variant.fixed is None:
        return read(CLEAN)
    changed = {key: value for key, value in variant.fixed.items() if key != "warmed"}
    if "environment" in changed:
        changed["environment"] = {**variant.environment, **changed["environment"]}
    return replace(variant, **changed)


def compose(variant: Variant, folder: Path) -> Path:
    """The variant's project in `folder`: the example's files, with its own over them."""
    project = folder / variant.label
    shutil.copytree(example_folder(), project, ignore=shutil.ignore_patterns("__pycache__"))
    for own in (HERE / variant.name / "app", HERE / (variant.folder or variant.name) / "app"):
        if own.is_dir():
            shutil.copytree(own, project / "app", dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    if variant.requirements:
        with (project / "requirements.txt").open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in variant.requirements)
    if variant.ballast_mb:
        _ballast(project, variant.ballast_mb)
    return project


def package(variant: Variant, folder: Path) -> Path:
    """The variant's deployment package, instrumented, of what is installed here."""
    recipe = Recipe(
        architecture=architecture_here(), installer="here", instrument=True, **{"without_sdk": True, **variant.build}
    )
    out = folder / f"{variant.label}.zip"
    build(compose(variant, folder), out, recipe)
    return out


def _ballast(project: Path, size_mb: int) -> None:
    """A distribution of incompressible data, as an installer would have put it there."""
    top, info = project / "unused_model", project / "unused_model-1.2.0.dist-info"
    top.mkdir()
    info.mkdir()
    (top / "__init__.py").write_text('"""Weights that nobody loads."""\n', encoding="utf-8")
    (top / "weights.bin").write_bytes(random.Random(20).randbytes(size_mb << 20))
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: unused-model\nVersion: 1.2.0\n", encoding="utf-8")
    (info / "top_level.txt").write_text("unused_model\n", encoding="utf-8")
    files = ("unused_model/__init__.py", "unused_model/weights.bin")
    wanted = (*files, *(f"{info.name}/{leaf}" for leaf in ("METADATA", "top_level.txt", "RECORD")))
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in wanted), encoding="utf-8")
