"""Packages of the libraries that papers on Python cold starts measured: by hand, built, and optimized.

python benchmarks/optimize.py [--turns N] [--work FOLDER] [NAME ...]

Each handler of our own on a pinned library is packaged four ways: by hand (`pip install --target`), by hand
with bytecode, with `monitor package build`, and with `monitor optimize`. All four start in turns under Lambda's runtime
client; the figure is init and first call, as wall time and as CPU time of all threads. The answers must be equal. An
empty handler shows what of it is Python's and the runtime client's own.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from monitor.optimize.model import Step
from monitor.optimize.workflow_optimize import STEPS, Plan, optimize
from monitor.optimize.workflow_package import unpack
from monitor.optimize.workflow_run import Subject, make_runtime, run
from monitor.packages.building.build import build
from monitor.packages.building.interpreters import find_python
from monitor.packages.building.recipe import Recipe

HANDLERS = Path(__file__).with_name("optimize_handlers")


@dataclass(frozen=True)
class Application:
    """A handler (`optimize_handlers/NAME.py`), its requirements, and the published ratio of after to before."""

    name: str
    requirements: tuple[str, ...]
    published: str
    python: str = "3.11"


APPLICATIONS = (
    Application("igraph_bfs", ("igraph==0.11.4",), "0.59"),
    Application("squiggle_dna", ("squiggle==0.3.1", "requests", "setuptools<81"), "0.43"),
    Application("chameleon_render", ("chameleon==4.1.0", "setuptools<81"), "0.86"),
    Application("sympy_expand", ("sympy==1.13.0",), "0.89 (import)"),
    Application("pandas_report", ("numpy==2.1.0", "pandas==2.2.2"), "0.82 (import)"),
    Application("lightgbm_train", ("lightgbm==4.5.0",), "0.46 (import)", "3.12"),
    Application("markdown_page", ("markdown==3.7",), "-"),
    Application("shapely_area", ("shapely==2.0.6",), "-"),
)


def install(application: Application, folder: Path) -> None:
    """By hand: the distributions and the handler in a folder."""
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    installer = [uv, "pip"] if Path(uv).exists() else [sys.executable, "-m", "pip"]
    command = [*installer, "install", "-q", "--python-version", application.python, "--target", str(folder)]
    subprocess.run([*command, "--only-binary", ":all:", *application.requirements], check=True)
    shutil.copyfile(HANDLERS / f"{application.name}.py", folder / "app.py")


def measure(application: Application, work: Path, turns: int) -> str:
    """A row of the table."""
    python = find_python(application.python)
    assert python is not None, f"no Python {application.python} is on this machine"
    subject = Subject("app.handler", python, make_runtime(work, python), (b"{}", b'{"again": true}'))
    hand, project = work / "hand", work / "project"
    install(application, hand)
    project.mkdir()
    shutil.copyfile(hand / "app.py", project / "app.py")
    (project / "requirements.txt").write_text("\n".join(application.requirements), encoding="utf-8")
    build(project, work / "built.zip", Recipe(application.python, handler="app.handler"))
    package = unpack(hand, work / "unpacked", python)
    roots = {
        "by hand": package.variant(work / "1", {}, bytecode=False),
        "by hand, bytecode": package.variant(work / "2", {}, bytecode=True),
        "package build": unpack(work / "built.zip", work / "3", python).root,
    }
    empty = work / "4"
    empty.mkdir()
    (empty / "app.py").write_text("def handler(event, context):\n    return None\n", encoding="utf-8")
    (work / "optimizing").mkdir()
    plan = Plan(hand, application.name, application.python, turns, [step.name for step in STEPS], limit_s=1800.0)
    made = optimize(plan, subject, work / "optimizing", say=lambda text: print(f"  {text}", file=sys.stderr))
    for step in made.optimization.steps:
        print(f"  {_said(step)}", file=sys.stderr)
    roots["optimize"] = work / "5"
    made.package.result(roots["optimize"], made.texts, bytecode=made.bytecode)
    figures: dict[str, list[tuple[float, float]]] = {label: [] for label in roots}
    base: list[tuple[float, float]] = []
    answers = set()
    for turn in range(turns + 1):
        labels = list(roots)
        for label in labels[turn % 4 :] + labels[: turn % 4]:
            outcome = run(roots[label], subject)
            assert not outcome.problem, f"{label}: {outcome.problem}"
            answers.add(json.dumps(outcome.answers))
            if turn:  # the first start of each reads its files
                figures[label].append((outcome.first_ms, outcome.cpu_ms))
        nothing = run(empty, subject)
        base.append((nothing.first_ms, nothing.cpu_ms))
    wall, cpu = ({label: median(one[at] for one in taken) for label, taken in figures.items()} for at in (0, 1))
    cells = [f"{median(one[0] for one in base):,.0f} / {median(one[1] for one in base):,.0f}"]
    cells += [f"{wall[label]:,.0f} / {cpu[label]:,.0f}" for label in roots]
    lazy = sum(len(step.lazy) for step in made.optimization.steps if step.kept)
    ratios = [
        f"{part['optimize'] / part[base]:.2f}" for base in ("by hand", "by hand, bytecode") for part in (wall, cpu)
    ]
    return " | ".join(
        [
            f"| {application.name}",
            *cells,
            " / ".join(ratios[:2]),
            " / ".join(ratios[2:]),
            application.published,
            str(lazy),
            f"{'equal' if len(answers) == 1 else 'DIFFERENT'} |",
        ]
    )


def _said(step: Step) -> str:
    """A step: what became of it, its imports, and what it saves."""
    saved = [
        f"{gain.saved_ms:.0f} ms ({gain.low_ms:.0f} to {gain.high_ms:.0f})" for gain in (step.wall, step.cpu) if gain
    ]
    gained = f", saves {saved[0]} wall, {saved[1]} CPU" if saved else ""
    return f"{step.name}: {'kept' if step.kept else step.reason}, {len(step.lazy)} lazy imports{gained}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--work", type=Path, help="an existing folder for the packages, which stay there")
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    print(
        "| application | empty handler, ms wall / CPU | by hand | by hand, bytecode | package build | optimize "
        "| of by hand | of by hand with bytecode | published | lazy imports | answers |\n"
        f"{'|---' * 11}|",
        flush=True,
    )
    for application in APPLICATIONS:
        if not options.names or application.name in options.names:
            with tempfile.TemporaryDirectory(prefix="monitor-bench-", dir=options.work) as folder:
                print(measure(application, Path(folder), options.turns), flush=True)


if __name__ == "__main__":
    main()
