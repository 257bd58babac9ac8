"""Compares handlers bare and wrapped.

    python -m tests.differential run FOLDER MODULE.FUNCTION [EVENT.json …]
    python -m tests.differential generate FIRST COUNT

MONITOR_DIFFERENTIAL_RUNTIME names the `monitor` folder of another checkout, whose runtime is then compared.
"""

import argparse
import collections
import json
import tempfile
from pathlib import Path

from tests.differential.compare import differences
from tests.differential.generate import write_handler
from tests.differential.modes import Case, run_bare, run_stock, run_wrapped

EVENTS = [{"n": 1}, {"n": 2}, {"n": 3}]


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
    many.add_argument("--python")
    many.add_argument("--library", action="append", default=[], type=Path)
    many.set_defaults(run=_generate)
    arguments = parser.parse_args()
    raise SystemExit(arguments.run(arguments))


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
    differing: collections.Counter[str] = collections.Counter()
    failed = 0
    for seed in range(arguments.first, arguments.first + arguments.count):
        pieces, found = compare_generated(seed, arguments.python, arguments.library)
        if found:
            failed += 1
            differing.update(pieces)
            print(f"{seed}: {', '.join(pieces)}")
            for text in found:
                print(f"  {text[:400]}")
    print(f"{arguments.count} handlers, {failed} differ")
    for piece, count in differing.most_common():
        print(f"  {count:5} with {piece}")
    return failed > 0


def compare_generated(
    seed: int, python: str | None = None, libraries: list[Path] | None = None
) -> tuple[list[str], list[str]]:
    """The pieces of the handler of `seed`, and what differs."""
    with tempfile.TemporaryDirectory(prefix="monitor-generated-") as folder:
        pieces = write_handler(seed, Path(folder))
        case = Case(Path(folder), "app.handler", EVENTS, {}, libraries or (), python)
        return pieces, differences(run_bare(case), run_wrapped(case))


if __name__ == "__main__":
    main()
