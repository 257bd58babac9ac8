"""Compares one handler bare and wrapped: `python -m tests.differential FOLDER MODULE.FUNCTION [EVENT.json …]`."""

import argparse
import json
from pathlib import Path

from tests.differential.compare import differences
from tests.differential.modes import Case, run_bare, run_stock, run_wrapped


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("handler")
    parser.add_argument("events", nargs="*", type=Path)
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--library", action="append", default=[], type=Path, help="a folder on the path")
    parser.add_argument("--stock", action="store_true", help="compare stock Powertools with bare as well")
    parser.add_argument("--python", help="another interpreter, with awslambdaric in it or in a --library")
    arguments = parser.parse_args()
    events = [json.loads(path.read_text(encoding="utf-8")) for path in arguments.events] or [{}, {}, {}]
    env = dict(pair.split("=", 1) for pair in arguments.env)
    case = Case(arguments.folder, arguments.handler, events, env, arguments.library, arguments.python)
    bare = run_bare(case)
    contestants = {"wrapped": run_wrapped} | ({"stock": run_stock} if arguments.stock else {})
    print(f"bare: {json.dumps(bare.run.results)[:300]} {bare.run.init_error or bare.run.errors or ''}")
    failed = False
    for name, run in contestants.items():
        outcome = run(case)
        found = differences(bare, outcome)
        failed = failed or (name == "wrapped" and bool(found))
        print(f"{name}: {'equal' if not found else ''}")
        for text in found:
            print(f"  {text}")
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
