"""A container image for the same function, on AWS's public base image of its Python."""

import json
from pathlib import Path

from monitor.errors import UsageError
from monitor.packages.building.installed import TOOLS, project_entries
from monitor.packages.model import UNZIPPED_LIMIT_BYTES, ZIPPED_LIMIT_BYTES, PackageReport

_TEMPLATE = """\
# syntax=docker/dockerfile:1
# {name}: made by `monitor package dockerfile`. Build for the function's architecture:
#   docker build --platform linux/{docker_architecture} --provenance=false -t {tag} .

FROM public.ecr.aws/lambda/python:{python} AS build
COPY requirements.txt /tmp/requirements.txt
# Wheels only: the base image has no compiler, and a wheel is the same every time.
RUN pip install --no-cache-dir --no-compile --only-binary=:all: --target /build -r /tmp/requirements.txt \\
 && find /build -type d \\( -name tests -o -name test \\) -prune -exec rm -rf {{}} + \\
 && find /build -type f \\( -name '*.pyi' -o -name '*.pyx' -o -name '*.c' \\) -delete
{copies}
# An image is never edited in place: bytecode that is not compared with its source loads fastest (PEP 552).
RUN python -m compileall -q --invalidation-mode unchecked-hash -s /build -p /var/task /build

FROM public.ecr.aws/lambda/python:{python}
COPY --from=build /build ${{LAMBDA_TASK_ROOT}}
CMD {command}
"""


def dockerfile(folder: Path, *, python: str, architecture: str, handler: str) -> str:
    """The Dockerfile's text; what .lambdaignore names is not copied.

    Raises:
        UsageError: there is no project in `folder`.
    """
    names = sorted({entry.name.partition("/")[0] for entry in project_entries(folder)} if folder.is_dir() else ())
    if not names:
        raise UsageError(f"{folder} holds no project", "give the folder of the function's project")
    if "requirements.txt" not in names:
        raise UsageError(f"{folder} has no requirements.txt", "an empty one will do")
    copies = []
    for name in names:
        if name in ("requirements.txt", "Dockerfile", "Dockerfile.lambda"):
            continue
        target = f"/build/{name}/" if (folder / name).is_dir() else "/build/"
        copies.append("COPY " + json.dumps([f"{name}/" if (folder / name).is_dir() else name, target]))
    return _TEMPLATE.format(
        name=folder.resolve().name,
        tag=folder.resolve().name.lower(),
        python=python,
        docker_architecture="arm64" if architecture == "arm64" else "amd64",
        copies="\n".join(copies),
        command=json.dumps([handler]),
    )


def ignore_file(folder: Path) -> str:
    """A .dockerignore that leaves out what .lambdaignore does."""
    ignore = folder / ".lambdaignore"
    own = ignore.read_text(encoding="utf-8") if ignore.is_file() else ""
    # Docker's patterns start at the root where gitignore's do not: `**/` makes them alike.
    lines = [
        line if not line.strip() or line.startswith(("#", "!", "/")) else f"**/{line}" for line in own.splitlines()
    ]
    tools = [f"**/{name.rstrip('/')}" for name in TOOLS]
    return "\n".join([*tools, *lines, "**/__pycache__", "**/*.pyc", ".git", ".venv", ""])


def advice(report: PackageReport) -> str:
    """Whether an image is the better choice for what the zip holds, with the figures that say so."""
    zipped, unzipped = report.zipped_bytes / 1048576, report.unzipped_bytes / 1048576
    share = report.unzipped_bytes / UNZIPPED_LIMIT_BYTES
    figures = f"{zipped:.1f} MB zipped, {unzipped:.1f} of 250 MB unzipped ({share:.0%})"
    if report.unzipped_bytes > UNZIPPED_LIMIT_BYTES:
        return f"an image is the only way: {figures}; an image may have 10 GB"
    if share > 0.8 or report.zipped_bytes > ZIPPED_LIMIT_BYTES:
        return f"an image is the better choice: {figures}, with little room to grow; an image may have 10 GB"
    return (
        f"a zip is the better choice: {figures}; it needs no registry, AWS patches its Python, and its base image is "
        "no part of what is loaded"
    )
