"""Whatever `pip install --target` makes work, works built: projects of small wheels, by hypothesis."""

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from monitor.packages.building.build import build
from monitor.packages.building.recipe import HERE, Recipe, architecture_here
from tests.fakes.wheels import source_project, wheel

NAMES = ("alpha", "beta", "gamma", "delta")
FORMS = ("module", "package", "data", "namespace", "tests", "stub")
MARKERS = ("", "python_version >= '3.8'", "python_version < '3.8'", "sys_platform == 'win32'", "extra == 'more'")


@dataclass(frozen=True)
class Made:
    """A distribution of the index, or (`is_source`) a project in the folder."""

    name: str
    form: str
    requires: tuple[tuple[str, str], ...]
    is_source: bool


@st.composite
def worlds(draw: st.DrawFn) -> tuple[tuple[Made, ...], tuple[str, ...]]:
    """Distributions that require later ones, and the lines of a requirements.txt."""
    made = []
    for index, name in enumerate(NAMES):
        later = NAMES[index + 1 :]
        required = st.tuples(st.sampled_from(later or NAMES), st.sampled_from(MARKERS))
        most = min(2, len(later))
        requires = draw(st.lists(required, max_size=most, unique_by=lambda one: one[0]))
        is_source = not requires and draw(st.booleans())
        made.append(Made(name, draw(st.sampled_from(FORMS)), tuple(requires), is_source))
    lines = []
    for one in draw(st.lists(st.sampled_from(made), min_size=1, max_size=3, unique=True)):
        if one.is_source:
            lines.append(draw(st.sampled_from(["./libs/{0}", "-e ./libs/{0}", "-e libs/{0}"])).format(one.name))
        else:
            extra = draw(st.sampled_from(["", "[more]"]))
            lines.append(one.name + extra + draw(st.sampled_from(["", "==1.0", "; python_version > '3'"])))
    return tuple(made), tuple(lines)


def files_of(one: Made) -> dict[str, str]:
    name = one.name
    body = f"def value():\n    return {name!r}\n"
    read = "from pathlib import Path\ndef value():\n    return (Path(__file__).parent / {0!r}).read_text()\n"
    return {
        "module": {f"{name}.py": body},
        "package": {f"{name}/__init__.py": f"from {name}.inner import value\n", f"{name}/inner.py": body},
        "data": {f"{name}/__init__.py": read.format("words.txt"), f"{name}/words.txt": f"words of {name}"},
        "namespace": {f"{name}/spaced/__init__.py": body},
        "tests": {f"{name}/__init__.py": f"from {name}.tests.test_it import value\n", f"{name}/tests/__init__.py": "",
                  f"{name}/tests/test_it.py": body},
        "stub": {f"{name}/__init__.py": read.format("__init__.pyi"), f"{name}/__init__.pyi": f"# stub of {name}\n"},
    }[one.form]  # fmt: skip


HANDLER = """
import importlib, importlib.metadata

def lambda_handler(event, context):
    found = {}
    for name in %r:
        try:
            module = importlib.import_module(name)
            module = module if hasattr(module, "value") else importlib.import_module(name + ".spaced")
            found[name] = module.value(), importlib.metadata.version(name)
        except ImportError:
            found[name] = None
    return found
"""


def answer(*folders: Path) -> str:
    code = "import sys; sys.path[:0] = sys.argv[1:]; import lambda_function as f; print(f.lambda_handler({}, None))"
    command = [sys.executable, "-I", "-S", "-c", code, *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.strip() or done.stderr


def check(folder: Path, world: tuple[tuple[Made, ...], tuple[str, ...]], installer: str, strip: str) -> None:
    made, lines = world
    index, project = folder / "index", folder / "project"
    index.mkdir()
    project.mkdir()
    for one in made:
        if one.is_source:
            source_project(project / "libs" / one.name, one.name, "1.0", files_of(one))
        else:
            requires = [f"{name}; {marker}" if marker else name for name, marker in one.requires]
            wheel(index, one.name, "1.0", files_of(one), requires, extras=["more"])
    # A wheel of each source project, for distributions that require it.
    for one in made:
        if one.is_source:
            wheel(index, one.name, "1.0", files_of(one))
    (project / "requirements.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (project / "lambda_function.py").write_text(HANDLER % (NAMES,), encoding="utf-8")
    (project / ".lambdaignore").write_text("libs/\n", encoding="utf-8")
    plain = folder / "plain.txt"
    plain.write_text("\n".join(line.replace("-e ", "") for line in lines) + "\n", encoding="utf-8")
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index), "PIP_CONFIG_FILE": os.devnull}
    command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(folder / "target"), "-r", str(plain)]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        return
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_CONFIG_FILE"):
            patch.setenv(name, environment[name])
        recipe = Recipe(HERE, architecture_here(), installer, strip=strip, handler="lambda_function.lambda_handler")
        build(project, folder / "out.zip", recipe)
    with zipfile.ZipFile(folder / "out.zip") as archive:
        archive.extractall(folder / "task")
    assert answer(folder / "task") == answer(project, folder / "target")


# Shrinking would take minutes.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(max_examples=2, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=worlds(), installer=st.sampled_from(["auto", "pip"]), strip=st.sampled_from(["none", "safe", "tried"]))
def test_what_pip_makes_work_works_built(
    tmp_path_factory: pytest.TempPathFactory,
    world: tuple[tuple[Made, ...], tuple[str, ...]],
    installer: str,
    strip: str,
) -> None:
    check(tmp_path_factory.mktemp("world"), world, installer, strip)


@pytest.mark.slow
@settings(max_examples=80, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=worlds(), installer=st.sampled_from(["auto", "pip"]), strip=st.sampled_from(["none", "safe", "tried"]))
def test_what_pip_makes_work_works_built_in_many_worlds(
    tmp_path_factory: pytest.TempPathFactory,
    world: tuple[tuple[Made, ...], tuple[str, ...]],
    installer: str,
    strip: str,
) -> None:
    check(tmp_path_factory.mktemp("world"), world, installer, strip)
