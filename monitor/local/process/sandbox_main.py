"""The main script of a sandbox (`python -S sandbox_main.py HANDLER`), copied into the runtime folder.

It replaces /var/runtime/bootstrap.py: it sorts sys.path in Lambda's order and then runs `-m awslambdaric`. As on
Lambda, the runtime client is imported before the function's folders are on the path.
"""

import os
import sys

from awslambdaric.__main__ import main


def lambda_path(paths: list[str]) -> list[str]:
    """Task root, layers, PYTHONPATH, the runtime folder, the standard library; without duplicates."""
    runtime = paths[0]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    opt = os.environ["MONITOR_LAYERS_ROOT"]
    layers = [f"{opt}/python/lib/{version}/site-packages", f"{opt}/python"]
    own = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    rest = [entry for entry in paths[1:] if entry not in own]
    ordered = [os.environ["LAMBDA_TASK_ROOT"], *filter(os.path.isdir, layers), *own, runtime, *rest]
    return list(dict.fromkeys(ordered))


if __name__ == "__main__":
    sys.path[:] = lambda_path(sys.path)
    del os.environ["MONITOR_LAYERS_ROOT"]
    # An exec wrapper may have put another handler in its place, as AWS's layer for OpenTelemetry does.
    sys.argv[:] = ["awslambdaric", os.environ.get("_HANDLER") or sys.argv[1]]
    main(sys.argv)
