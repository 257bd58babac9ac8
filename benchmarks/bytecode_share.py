"""Bytecode: how much of the import time of real libraries is compilation.

python benchmarks/bytecode_share.py [--rounds N] [--at FOLDER] [MODULE…]

Each library is copied without its bytecode and imported in a fresh process, once as it is and once with unchecked-hash
bytecode beside it, taking turns. CPU time, the least of N rounds. The share is what compilation takes of the import
without the standard library, which has bytecode in both: (without - with) / (without - standard library).

`monitor diagnose` estimates what missing bytecode costs with the median and the range of this table.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

# What an import takes, and which modules of the standard library it brings.
_IMPORT = """
import sys, time
before = set(sys.modules)
started = time.process_time()
import {module}
took = time.process_time() - started
tops = {{name for name in set(sys.modules) - before if name.partition(".")[0] in sys.stdlib_module_names}}
print(took, *sorted(tops))
"""
_STANDARD = """
import importlib, sys, time
names = sys.argv[1:]
started = time.process_time()
for name in names:
    try:
        importlib.import_module(name)
    except ImportError:
        pass
print(time.process_time() - started)
"""
_HERE = (
    "fastapi",
    "boto3",
    "botocore.session",
    "jinja2",
    "rich.console",
    "click",
    "aws_lambda_powertools",
    "hypothesis",
)


def timed(folder: Path, code: str, *arguments: str) -> list[str]:
    """The output of a fresh process that sees `folder`, and writes no bytecode."""
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}", *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    return done.stdout.split()


def share(plain: Path, compiled: Path, module: str, rounds: int) -> tuple[float, float, float]:
    """CPU seconds of an import without and with bytecode, and of what it imports of the standard library."""
    code = _IMPORT.format(module=module)
    without, with_it, standard = [], [], []
    for _ in range(rounds):
        first, *names = timed(plain, code)
        without.append(float(first))
        with_it.append(float(timed(compiled, code)[0]))
        standard.append(float(timed(plain, _STANDARD, *names)[0]))
    return min(without), min(with_it), min(standard)


def copies(source: Path, place: Path) -> tuple[Path, Path]:
    """The folder without bytecode, and with bytecode that is never compared with its source."""
    plain, compiled = place / "plain", place / "compiled"
    shutil.copytree(source, plain, ignore=shutil.ignore_patterns("__pycache__", "tests", "test"), symlinks=True)
    shutil.copytree(plain, compiled, symlinks=True)
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", "-j", "1", "--invalidation-mode", "unchecked-hash", str(compiled)],
        check=False,
        stdout=subprocess.DEVNULL,
    )
    return plain, compiled


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--at", type=Path, help="a folder with the libraries; default: this environment's")
    parser.add_argument("modules", nargs="*")
    given = parser.parse_args(arguments)
    source = given.at or Path(next(path for path in sys.path if path.endswith("site-packages")))
    shares = []
    print(f"{'module':<24}{'without':>10}{'with':>10}{'standard':>10}{'share':>8}")
    with tempfile.TemporaryDirectory(prefix="monitor-bytecode-") as place:
        plain, compiled = copies(source, Path(place))
        for module in given.modules or _HERE:
            without, with_it, standard = share(plain, compiled, module, given.rounds)
            shares.append((without - with_it) / (without - standard))
            times = "".join(f"{one * 1000:>7.0f} ms" for one in (without, with_it, standard))
            print(f"{module:<24}{times}{shares[-1]:>8.0%}", flush=True)
    print(f"median {statistics.median(shares):.0%}, from {min(shares):.0%} to {max(shares):.0%}")


if __name__ == "__main__":
    main()
