"""Compares handlers bare and wrapped.

    python -m tests.differential run FOLDER MODULE.FUNCTION [EVENT.json …]
    python -m tests.differential generate FIRST COUNT      (ranges of seeds: a long run can be done in parts)
    python -m tests.differential pieces [NAME …]

MONITOR_DIFFERENTIAL_RUNTIME names the `monitor` folder of another checkout, whose runtime is then compared.
"""

import argparse
import collections
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.differential.compare import differences
from tests.differential.generate import PIECES, Generated, available, write_handler, write_piece
from tests.differential.modes import Case, run_bare, run_stock, run_wrapped

EVENTS = [{"n": 1}, {"n": 2}, {"n": 3}]
TRIES = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("run", help="one handler of a folder")
    one.add_argument("folder", type=Path)
    one.add_argument("handler")
    one.add_argument("events", nargs="*", type=Path)
    one.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    one.add_argument("--library", action="append", default=[], type=Path, help="a folder on the path")
    one.add_argument("--stock", action="store_true", help="compare stock Powertools with bare as well")
    one.add_argument("--python", help="another interpreter, with awslambdaric in it or in a --library")
    one.set_defaults(run=_run)
    many = commands.add_parser("generate", help="generated handlers")
    many.add_argument("first", type=int)
    many.add_argument("count", type=int)
    many.set_defaults(run=_generate)
    each = commands.add_parser("pieces", help="each piece of the generator by itself")
    each.add_argument("names", nargs="*")
    each.set_defaults(run=_each_piece)
    for command in (many, each):
        command.add_argument("--python")
        command.add_argument("--library", action="append", default=[], type=Path)
    arguments = parser.parse_args()
    if arguments.run is not _run:
        _compile(arguments.python or sys.executable, arguments.library)
    raise SystemExit(arguments.run(arguments))


def _compile(python: str, libraries: Sequence[Path]) -> None:
    """Make bytecode once for all runs: no handler writes any, and compiling its libraries takes most of a start."""
    where = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    for folder in (Path(where.stdout.strip()), *libraries):
        subprocess.run([python, "-m", "compileall", "-q", folder], capture_output=True, check=False)


def _run(arguments: argparse.Namespace) -> bool:
    events = [json.loads(path.read_text(encoding="utf-8")) for path in arguments.events] or [{}, {}, {}]
    env = dict(pair.split("=", 1) for pair in arguments.env)
    case = Case(arguments.folder, arguments.handler, events, env, arguments.library, arguments.python)
    bare = run_bare(case)
    contestants = {"wrapped": run_wrapped} | ({"stock": run_stock} if arguments.stock else {})
    print(f"bare: {json.dumps(bare.run.results)[:300]} {bare.run.init_error or bare.run.errors or ''}")
    failed = False
    for name, run in contestants.items():
        found = differences(bare, run(case))
        failed = failed or (name == "wrapped" and bool(found))
        print(f"{name}: {'equal' if not found else ''}")
        for text in found:
            print(f"  {text}")
    return failed


def _generate(arguments: argparse.Namespace) -> bool:
    seeds = range(arguments.first, arguments.first + arguments.count)
    return _report((str(seed), *compare_generated(seed, arguments.python, arguments.library)) for seed in seeds)


def _each_piece(arguments: argparse.Namespace) -> bool:
    unknown = set(arguments.names) - {piece.name for piece in PIECES}
    if unknown:
        raise SystemExit(f"no such piece: {', '.join(sorted(unknown))}")
    names = arguments.names or [piece.name for piece in PIECES]
    return _report(("alone", *compare_piece(name, arguments.python, arguments.library)) for name in names)


def _report(compared: Iterable[tuple[str, Generated | None, list[str]]]) -> bool:
    differing: collections.Counter[str] = collections.Counter()
    count = failed = 0
    for title, generated, found in compared:
        if generated is None:
            continue
        count += 1
        if found:
            failed += 1
            differing.update(generated.pieces)
            title = f"{title}: {', '.join(generated.pieces)} {generated.handler}"
            print(f"{title} {generated.env or ''} {generated.trace_header}")
            for text in found:
                print(f"  {text[:400]}")
        if found or count % 50 == 0:
            print(f"{count} handlers, {failed} differ", flush=True)
    print(f"{count} handlers, {failed} differ")
    for piece, times in differing.most_common():
        print(f"  {times:5} with {piece}")
    return failed > 0


def compare_generated(
    seed: int, python: str | None = None, libraries: Sequence[Path] = ()
) -> tuple[Generated, list[str]]:
    """The handler of `seed`, and what differs."""
    with tempfile.TemporaryDirectory(prefix="monitor-generated-") as folder:
        generated = write_handler(seed, Path(folder), available(python, tuple(libraries)))
        return generated, _compare(Path(folder), generated, python, libraries)


def compare_piece(
    name: str, python: str | None = None, libraries: Sequence[Path] = (), env: dict[str, str] | None = None
) -> tuple[Generated | None, list[str]]:
    """A handler of one piece and what differs; None where the piece needs what the interpreter does not have."""
    piece = next(piece for piece in PIECES if piece.name == name)
    if not available(python, tuple(libraries)).issuperset(piece.needs):
        return None, []
    with tempfile.TemporaryDirectory(prefix="monitor-generated-") as folder:
        generated = write_piece(piece, Path(folder), env or {})
        return generated, _compare(Path(folder), generated, python, libraries)


def _compare(folder: Path, generated: Generated, python: str | None, libraries: Sequence[Path]) -> list[str]:
    """What differs each time: threads and clocks make some handlers differ from themselves."""
    case = Case(folder, generated.handler, EVENTS, generated.env, libraries, python, generated.trace_header)
    found: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        for _ in range(TRIES):
            found = differences(*pool.map(lambda run: run(case), (run_bare, run_wrapped)))
            if not found:
                break
    return found


if __name__ == "__main__":
    main()
