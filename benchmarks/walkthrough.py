"""The investigation of docs/walkthrough.md, from the first slow request to the smaller number: every command, in order.

python benchmarks/walkthrough.py [--cold N]

On one fresh embedded stack, in a temporary copy of the example. Each command is printed as it would be typed, with its
whole output; the page shows parts of one such run. It needs a package index for pip, and takes some minutes.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "ai-image-analyzer-fastapi"
FOLDER = "service"
EXAMPLE = ROOT / "examples" / NAME

DEPLOY_SH = f"""\
set -eu
build=$(mktemp -d)
monitor=$(python -c 'import monitor; print(monitor.__path__[0])')
cp -r {FOLDER}/* "$build"
mkdir "$build/monitor"
cp -r "$monitor/__init__.py" "$monitor/runtime" "$build/monitor"
python -m pip install --quiet --target "$build" -r {FOLDER}/requirements.txt
find "$build" -name '*.pyc' -delete
find "$build" -name __pycache__ -type d -prune -exec rm -r {{}} +
rm -r "$build"/*.dist-info
rm -f package.zip
python -m zipfile -c package.zip "$build"/*
rm -r "$build"
"""

EVENT = f"--event {FOLDER}/events/analyze.json"
RUN = (
    f"monitor local run {NAME} {EVENT} --handler monitor.runtime.entry.lambda_handler "
    "--env MONITOR_HANDLER=app.main.handler --cold {cold} --warm 20"
)
BEFORE = (
    "monitor local up --detach --port 0",
    "sh deploy.sh",
    f"{RUN} --package package.zip",
    f"monitor tail --local {NAME} --no-follow --utc",
    f"monitor coldstarts --local {NAME} --utc",
    f"monitor traces show slowest-cold --local {NAME} --max-rows 24 --utc",
    f"monitor package inspect --local {NAME} --top 6",
    f"monitor diagnose --local {NAME} --utc --save before.json",
    f"monitor diagnose --local {NAME} --utc {EVENT} --try missing-bytecode",
    f"monitor package build {FOLDER} -o built.zip --without-runtime-sdk --instrument --top 6",
)
AFTER = (
    f"{RUN} --package built.zip",
    f"monitor diagnose --local {NAME} --since {{deployed}} --compare before.json",
    f"monitor diagnose --local {NAME} --since {{deployed}} --utc",
    f"monitor dashboard deploy lambda-cold-starts --local --function {NAME} --yes",
)
DOWN = "monitor local down"


def show(command: str, folder: Path, environment: dict[str, str]) -> int:
    """Run one command, its output straight to stdout; answers its exit code."""
    print(f"\n$ {command}", flush=True)
    done = subprocess.run(command, shell=True, cwd=folder, env=environment, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        print(f"(exit code {done.returncode})", flush=True)
    return done.returncode


def main() -> int:
    """Run them all; 1 where one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cold", type=int, default=10)
    cold = parser.parse_args().cold
    failed = 0
    with tempfile.TemporaryDirectory(prefix="monitor-walkthrough-") as place:
        folder = Path(place)
        shutil.copytree(EXAMPLE, folder / FOLDER, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "deploy.sh").write_text(DEPLOY_SH)
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "MONITOR_STATE_HOME": str(folder / "state"),
            "COLUMNS": "118",
        }
        try:
            for command in BEFORE:
                failed += show(command.format(cold=cold), folder, environment) != 0
            deployed = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
            for command in AFTER:
                failed += show(command.format(cold=cold, deployed=deployed), folder, environment) != 0
        finally:
            failed += show(DOWN, folder, environment) != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
