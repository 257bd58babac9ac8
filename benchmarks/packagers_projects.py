"""Six small projects, each as people write them, for `benchmarks/packagers.py`."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

_RETURN = "\n\ndef lambda_handler(event, context):\n    return {0}\n"


@dataclass(frozen=True, slots=True)
class Project:
    """A project: its files, and a link beside them (name, target), which leads to a folder around it."""

    name: str
    files: dict[str, str]
    around: dict[str, str] = field(default_factory=dict)
    link: tuple[str, str] | None = None
    is_locked: bool = False


def _library(name: str, code: str, build: str = "setuptools.build_meta") -> dict[str, str]:
    project = f'[build-system]\nrequires = ["setuptools"]\nbuild-backend = "{build}"\n'
    project += f'[project]\nname = "{name}"\nversion = "1.0"\n[tool.setuptools]\npackages = ["{name}"]\n'
    return {f"{name}/pyproject.toml": project, f"{name}/{name}/__init__.py": code}


PROJECTS = (
    # An HTTP client; a .env of a developer lies beside the code.
    Project(
        "requests",
        {
            "requirements.txt": "requests==2.32.5\n",
            "lambda_function.py": "import requests" + _RETURN.format("requests.__version__"),
            ".env": "API_KEY=not-a-real-key\n",
        },
    ),
    # A web framework: many modules, two extensions.
    Project(
        "fastapi",
        {
            "requirements.txt": "fastapi==0.121.0\nmangum==0.19.0\n",
            "lambda_function.py": "from fastapi import FastAPI\nfrom mangum import Mangum\n\napp = FastAPI()\n"
            "lambda_handler = Mangum(app)\n",
        },
    ),
    # Declared in pyproject.toml and locked by uv, without a requirements.txt.
    Project(
        "uv.lock",
        {
            "pyproject.toml": '[project]\nname = "orders"\nversion = "1.0"\nrequires-python = ">=3.11"\n'
            'dependencies = ["httpx==0.28.1"]\n',
            "lambda_function.py": "import httpx" + _RETURN.format("httpx.__version__"),
        },
        is_locked=True,
    ),
    # A library of the same repository, and a distribution without a wheel.
    Project(
        "local library",
        {
            "requirements.txt": "./common\ndocopt==0.6.2\n",
            "lambda_function.py": "import common, docopt" + _RETURN.format("common.VALUE"),
            **_library("common", "VALUE = 42\n"),
        },
    ),
    # A package with modules that are named as tests are, and a folder that is a link to code beside the function.
    Project(
        "linked folder",
        {
            "requirements.txt": "braintree==4.38.0\n",
            "lambda_function.py": "import braintree, shared" + _RETURN.format("shared.VALUE"),
        },
        around={"shared/__init__.py": "VALUE = 42\n"},
        link=("shared", "../shared"),
    ),
    # Compiled: the newest wheels need a newer glibc than Lambda's Python 3.11 has.
    Project(
        "numpy",
        {
            "requirements.txt": "numpy\n",
            "lambda_function.py": "import numpy" + _RETURN.format("int(numpy.arange(9).sum())"),
        },
    ),
)


def write(project: Project, folder: Path) -> Path:
    """Write the project below `folder`; the answer is its own folder."""
    place = folder / "function"
    for name, text in {**{f"function/{name}": text for name, text in project.files.items()}, **project.around}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    if project.link is not None:
        (place / project.link[0]).symlink_to(project.link[1])
    if project.is_locked:
        from monitor.packages.building.installers import find_uv

        subprocess.run([str(find_uv()), "lock", "-q"], cwd=place, check=True, timeout=300)
    return place
