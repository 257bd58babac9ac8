"""Packages: what looking into a remote zip costs, and what a well-built package does for a cold start.

python benchmarks/package.py [--rounds N]

All on loopback, of what is installed here: (1) zips of really installed distributions behind a server with Range: bytes
and requests against the zip's size; (2) the example's cold starts under Lambda's runtime client with read-only code:
the package made by hand (install, delete *.pyc, __pycache__ and dist-info, zip) against what `monitor package build`
makes of the same distributions, taking turns.
"""

import argparse
import contextlib
import random
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable
from importlib.metadata import distributions
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from monitor.aws.connection import Connection
from monitor.local.server.stack import Stack, StackOptions
from monitor.packages.building.build import build
from monitor.packages.building.declared import Choice, declared
from monitor.packages.building.entry import Entry
from monitor.packages.building.installed import distribution_entries, installed_requirements
from monitor.packages.building.project_files import project_entries
from monitor.packages.building.recipe import Recipe, architecture_here
from monitor.packages.model import PartKind
from monitor.packages.workflow import ReadOptions, read_package
from monitor.packages.workflow_measure import measure
from monitor.run.workflow import example_folder
from tests.fakes.range_server import serving

_MANY, _ABOUT = 60, 56 << 20
HANDLER = "lambda_function.lambda_handler"


def zipped(entries: Iterable[Entry], out: Path, *, shuffled: bool = False) -> Path:
    """A zip as `zip -r` makes it: sources as they are; `shuffled`: the folders in no order, as a disk lists them."""
    unique = {entry.name: entry for entry in reversed(list(entries))}
    folders: dict[str, list[str]] = {}
    for name in sorted(unique):
        folders.setdefault(name.partition("/")[0], []).append(name)
    order = list(folders)
    if shuffled:
        random.Random(7).shuffle(order)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for folder in order:
            for name in folders[folder]:
                archive.write(unique[name].path, name)
    return out


def many(folder: Path) -> Path:
    """Sixty distributions of this environment, the largest that come to about 50 MB together."""
    weighed: list[tuple[int, list[Entry]]] = []
    for found in distributions():
        paths = [(str(file), Path(str(found.locate_file(file)))) for file in found.files or ()]
        kept = [Entry(name, path) for name, path in paths if ".." not in name and path.is_file()]
        kept = [entry for entry in kept if "__pycache__" not in entry.name]
        # A wheel of this environment takes about a third of its size when zipped.
        weighed.append((sum(entry.path.stat().st_size for entry in kept) // 3, kept))
    weighed.sort(key=lambda one: one[0], reverse=True)
    start = 0
    while start + _MANY < len(weighed) and sum(size for size, _ in weighed[start : start + _MANY]) > _ABOUT:
        start += 1
    chosen = weighed[start : start + _MANY]
    entries = [entry for _, kept in chosen for entry in kept]
    return zipped(entries, folder / f"{len(chosen)}-distributions.zip", shuffled=True)


def inspected(path: Path) -> None:
    """Look into it by URL, and say what that took."""

    def never() -> Connection:
        raise AssertionError("no AWS is needed")

    whole = path.stat().st_size
    with serving(path) as served:
        began = time.perf_counter()
        report = read_package(served.url, ReadOptions(never))
        took = time.perf_counter() - began
    kinds = [part for part in report.parts if part.kind is PartKind.DISTRIBUTION]
    exact = sum(part.zipped_bytes for part in report.parts) == whole
    print(
        f"  {path.name}: {whole / 1e6:.1f} MB, {len(report.containers[0].files):,} files, {len(kinds)} distributions; "
        f"{served.sent_bytes / whole:.2%} of the bytes in {len(served.ranges)} requests, {took:.2f} s; "
        f"parts add up: {'yes' if exact else 'NO'}"
    )
    assert exact
    assert served.sent_bytes <= 0.03 * whole
    assert len(served.ranges) <= 30


def by_hand(folder: Path) -> Path:
    """The example as its team packages it: all copied, `*.pyc`, `__pycache__` and `dist-info` deleted, zipped."""
    place = folder / "by-hand"
    target = Recipe(architecture=architecture_here()).target
    required = installed_requirements(declared(example_folder(), target, Choice(), None))
    for entry in [*distribution_entries(required), *project_entries(example_folder())]:
        target = place / entry.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(entry.path, target)
    for info in place.glob("*.dist-info"):
        shutil.rmtree(info)
    return Path(shutil.make_archive(str(folder / "by-hand"), "zip", place))


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("zips", nargs="*", type=Path, help="further zips to look into")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="monitor-bench-")))
        hand = by_hand(folder)
        packages = [("by hand", hand)]
        for label, recipe in (
            ("built", Recipe(architecture=architecture_here(), installer="here")),
            ("built, without the SDK", Recipe(architecture=architecture_here(), installer="here", without_sdk=True)),
            ("built, no bytecode", Recipe(architecture=architecture_here(), installer="here", bytecode=False)),
        ):
            out = folder / f"{label.replace(', ', '-').replace(' ', '-')}.zip"
            build(example_folder(), out, recipe)
            packages.append((label, out))
        print("looking into a remote zip (goal: at most 3% of the bytes, 30 requests)")
        for path in (hand, packages[1][1], many(folder), *options.zips):
            inspected(path)
        running = stack.enter_context(Stack(StackOptions(access_key="local")))
        running.start()
        connection = Connection(region="ap-southeast-1", endpoint_url=running.endpoint, local=True)
        event = (example_folder() / "events" / "health.json").read_bytes()
        figures = measure(
            connection, packages, [HANDLER] * len(packages), rounds=options.rounds, payload=event, environment={}
        )
        print(f"cold starts of the example, init duration, median of {options.rounds}, in turn")
        base, size = figures[0].median_ms, hand.stat().st_size
        for one, (_, path) in zip(figures, packages, strict=True):
            print(
                f"  {one.name:<24}{path.stat().st_size / 1e6:6.1f} MB ({path.stat().st_size / size:.2f} x)  "
                f"init {one.median_ms:6.0f} ms  ratio {one.median_ms / base:.2f}"
            )


if __name__ == "__main__":
    main()
