"""Packages: what other tools ship of the same six projects, whether it starts, and how long its init takes.

python benchmarks/packagers.py [--rounds N] [--peers DIR] [--only PROJECT]

Each tool packages a fresh copy of each project, for the Python that runs this program, on this machine, without Docker
and with the tool's own defaults. Every zip is then started on the embedded stack with the project's own handler: its
init takes the bytecode that the zip brings, because the code is read-only there, as on Lambda. The tools are installed
from PyPI and npm into DIR (default: a temporary folder), and used again if they are there:

- `sam build`, and the function that `sam package` zips with
- Serverless 3 (the last version that needs no account) with serverless-python-requirements, without Docker
- `zappa package`, in an environment that has the project's requirements
- the commands of CDK's PythonFunction (aws-lambda-python-alpha), run here and not in its Docker image: `rsync -rL`, and
  `pip install -r requirements.txt -t`; the zip is made with the dates that CDK writes
- `pip install -t`, and `zip -r` of both folders, as AWS's documentation says
"""

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from packagers_projects import PROJECTS, Project, write

from monitor.aws.connection import Connection
from monitor.errors import MonitorError
from monitor.local.server.stack import Stack, StackOptions
from monitor.packages.building.installers import find_uv
from monitor.packages.inspect.inspect import Target
from monitor.packages.workflow import ReadOptions, read_package
from monitor.packages.workflow_measure import measure
from monitor.packages.workflow_start import try_start

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
HANDLER = "lambda_function.lambda_handler"
REQUIRES = {
    "sam": ("aws-sam-cli",),
    "zappa": ("zappa", "setuptools<81"),
}
NPM = ("serverless@3", "serverless-python-requirements@6")
# Not a warning, and not the table that Serverless calls "Environment".
ERROR = re.compile(r"^(?!.*(?:WARNING|Environment)).*\berror\b", re.IGNORECASE)
# As `sam package` does it.
SAM_ZIP = (
    "import sys; from samcli.lib.package.utils import make_zip_with_lambda_permissions as z; print(z(*sys.argv[1:]))"
)
# CDK's assets are zipped with one date, so that the hash of the same files is the same.
DATED_ZIP = """
import pathlib, sys, zipfile
root = pathlib.Path(sys.argv[2])
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as archive:
    for path in sorted(root.rglob("*")):
        if path.is_file():
            info = zipfile.ZipInfo(str(path.relative_to(root)), (1980, 1, 1, 0, 0, 0))
            info.external_attr = (0o100000 | path.stat().st_mode) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, path.read_bytes())
"""


class ToolError(Exception):
    """The tool failed; the text is the last of its lines that names an error."""


def run(*command: str | Path, folder: Path, **environment: str) -> str:
    """Run a command of a tool; no credentials of this machine are in its environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MONITOR_"))}
    keys = {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    variables = {**kept, **keys, **environment}
    done = subprocess.run(
        [*map(str, command)], cwd=folder, env=variables, capture_output=True, text=True, timeout=900, check=False
    )
    if done.returncode:
        lines = [line.strip() for line in (done.stdout + "\n" + done.stderr).splitlines() if line.strip(" ─✖×")]
        # A tool repeats a tool's output: pip's line below the tool's own says why.
        telling = [line for line in lines if ERROR.search(line)] or lines or ["no reason"]
        raise ToolError(telling[-1][:160])
    return done.stdout


class Peers:
    """The other tools, installed into a folder. Each packages a project into a zip."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        uv = find_uv()
        assert uv, "uv is needed: it is in the dev extra"
        self.uv = uv

    def install(self) -> None:
        """Install what is not there yet."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, required in REQUIRES.items():
            if not (self.folder / name / "bin" / name).exists():
                run(self.uv, "venv", "-q", "--seed", "--python", sys.executable, name, folder=self.folder)
                run(self.uv, "pip", "install", "-q", "--python", name, *required, folder=self.folder)
        if not (self.folder / "serverless" / "node_modules" / ".bin" / "serverless").exists():
            run("npm", "install", "--no-audit", "--no-fund", "--prefix", "serverless", *NPM, folder=self.folder)

    def versions(self) -> list[str]:
        """The versions of the tools."""
        return [
            run(self.folder / "sam/bin/sam", "--version", folder=self.folder).strip(),
            "zappa " + run(self.folder / "zappa/bin/zappa", "--version", folder=self.folder).strip(),
            "serverless " + run(self._serverless(), "--version", folder=self.folder).splitlines()[0],
            run(sys.executable, "-m", "pip", "--version", folder=self.folder).partition(" from")[0],
        ]

    def _serverless(self) -> Path:
        return self.folder / "serverless" / "node_modules" / ".bin" / "serverless"

    def by_pip_and_zip(self, project: Path, work: Path) -> Path:
        """`pip install -t` and `zip -r`, twice."""
        built = work / "built"
        what = ["-r", "requirements.txt"] if (project / "requirements.txt").exists() else ["."]
        run(sys.executable, "-m", "pip", "install", "-q", *what, "-t", built, folder=project)
        # As AWS's documentation says; zip follows links.
        run("zip", "-qr", work / "out.zip", ".", folder=built)
        run("zip", "-qr", work / "out.zip", ".", folder=project)
        return work / "out.zip"

    def by_sam(self, project: Path, work: Path) -> Path:
        """`sam build`, without a container."""
        (work / "template.yaml").write_text(
            "Transform: AWS::Serverless-2016-10-31\nResources:\n  Function:\n    Type: AWS::Serverless::Function\n"
            f"    Properties: {{Runtime: python{PYTHON}, Handler: {HANDLER}, CodeUri: {project}}}\n",
            encoding="utf-8",
        )
        sam = self.folder / "sam" / "bin"
        run(sam / "sam", "build", "-t", work / "template.yaml", folder=work, SAM_CLI_TELEMETRY="0")
        zipped = run(sam / "python", "-c", SAM_ZIP, work / "out", work / ".aws-sam/build/Function", folder=work)
        return Path(zipped.strip().splitlines()[-1])

    def by_serverless(self, project: Path, _work: Path) -> Path:
        """`serverless package`."""
        (project / "serverless.yml").write_text(
            f"service: fn\nframeworkVersion: '3'\nprovider: {{name: aws, runtime: python{PYTHON}}}\n"
            "plugins: [serverless-python-requirements]\npackage: {patterns: ['!node_modules/**', '!package*.json']}\n"
            f"functions: {{main: {{handler: {HANDLER}}}}}\n",
            encoding="utf-8",
        )
        (project / "node_modules").symlink_to(self.folder / "serverless" / "node_modules")
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        run(self._serverless(), "package", folder=project, SLS_TELEMETRY_DISABLED="1", PATH=path)
        return project / ".serverless" / "fn.zip"

    def by_zappa(self, project: Path, work: Path) -> Path:
        """`zappa package`, which ships the environment that it runs in."""
        (project / "zappa_settings.json").write_text(
            f'{{"prod": {{"app_function": "{HANDLER}", "runtime": "python{PYTHON}", "aws_region": "eu-west-1",'
            ' "project_name": "fn", "s3_bucket": "none", "slim_handler": false}}',
            encoding="utf-8",
        )
        # Zappa takes what is in the active environment: it and the project's requirements.
        active = work / "environment"
        run(self.uv, "venv", "-q", "--seed", "--python", sys.executable, active, folder=work)
        what = ["-r", "requirements.txt"] if (project / "requirements.txt").exists() else ["."]
        run(self.uv, "pip", "install", "-q", "--python", active, *REQUIRES["zappa"], *what, folder=project)
        path = f"{active / 'bin'}:{os.environ['PATH']}"
        zappa = active / "bin" / "zappa"
        run(zappa, "package", "prod", "-o", "out.zip", folder=project, VIRTUAL_ENV=str(active), PATH=path)
        return project / "out.zip"

    def by_cdk(self, project: Path, work: Path) -> Path:
        """The commands of CDK's PythonFunction, without its Docker image."""
        built = work / "built"
        # `cp -rL` where CDK says `rsync -rL`: the same files.
        run("cp", "-rL", project, built, folder=work)
        if (built / "uv.lock").exists():
            export = (
                "export",
                "--frozen",
                "--no-emit-workspace",
                "--no-dev",
                "--no-editable",
                "-o",
                "requirements.txt",
            )
            run(self.uv, *export, folder=built)
        if (built / "requirements.txt").exists():
            run(sys.executable, "-m", "pip", "install", "-q", "-r", "requirements.txt", "-t", built, folder=built)
        run(sys.executable, "-c", DATED_ZIP, work / "out.zip", built, folder=work)
        return work / "out.zip"

    def by_build(self, project: Path, work: Path) -> Path:
        """`monitor package build`."""
        command = (sys.executable, "-m", "monitor", "package", "build", project, "-o", work / "out.zip")
        run(*command, folder=Path(__file__).resolve().parent.parent)
        return work / "out.zip"


def never() -> Connection:
    """No AWS is needed."""
    raise AssertionError


def told(path: Path) -> tuple[str, str]:
    """The sizes of a zip, and what `package inspect` says of it that matters on Lambda."""
    report = read_package(str(path), ReadOptions(never, Target(python=PYTHON)))
    kinds = {one.kind for one in report.findings}
    names = {file.name for container in report.containers for file in container.files}
    said = ["secret .env" for name in names if name == ".env"]
    said += ["no bytecode"] if "compile" in kinds else []
    said += ["timestamp bytecode"] if "stale" in kinds else []
    said += ["libraries that Lambda's image does not run"] if kinds & {"platform", "native", "processor"} else []
    return f"{report.zipped_bytes / 1e6:.1f} / {report.unzipped_bytes / 1e6:.1f}", ", ".join(said)


def packaged(peers: Peers, project: Project, folder: Path) -> list[tuple[str, Path | str]]:
    """The zip of each tool, or why there is none."""
    tools: tuple[tuple[str, Callable[[Path, Path], Path]], ...] = (
        ("package build", peers.by_build),
        ("sam build", peers.by_sam),
        ("serverless", peers.by_serverless),
        ("zappa", peers.by_zappa),
        ("CDK's rule", peers.by_cdk),
        ("pip + zip", peers.by_pip_and_zip),
    )
    found: list[tuple[str, Path | str]] = []
    for name, tool in tools:
        work = folder / project.name / name.replace(" ", "-").replace("'", "")
        work.mkdir(parents=True)
        source = write(project, work / "source")
        try:
            found.append((name, tool(source, work)))
        except (ToolError, subprocess.TimeoutExpired) as error:
            found.append((name, f"no package: {error}"))
    return found


def rows(connection: Connection, project: Project, found: list[tuple[str, Path | str]], rounds: int) -> None:
    """Start each zip, and print the rows of the table."""
    starting: list[tuple[str, Path]] = []
    problems: dict[str, str] = {}
    for name, path in found:
        if isinstance(path, str):
            problems[name] = path
            continue
        try:
            trial = try_start(connection, path, HANDLER, {})
        except MonitorError as error:
            problems[name] = f"no: {error.message}"
            continue
        if trial.error:
            problems[name] = f"no: {trial.error[:110]}"
        else:
            starting.append((name, path))
    figures = measure(connection, starting, [HANDLER] * len(starting), rounds=rounds, payload=b"{}", environment={})
    inits = {one.name: f"{one.median_ms:.0f} ms" for one in figures}
    for name, path in found:
        sizes, said = ("–", "") if isinstance(path, str) else told(path)
        starts = problems.get(name, "yes")
        print(f"| {project.name} | {name} | {sizes} | {starts} | {inits.get(name, '–')} | {said} |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", type=Path, help="folder of the installed tools")
    parser.add_argument("--only", choices=[one.name for one in PROJECTS])
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="monitor-packagers-")))
        peers = Peers((options.peers or folder / "peers").resolve())
        peers.install()
        print(f"Python {PYTHON}; {'; '.join(peers.versions())}")
        print("| project | packaged by | MB zipped / unzipped | starts | init | told by `package inspect` |")
        print("|---|---|---|---|---|---|")
        running = stack.enter_context(Stack(StackOptions(access_key="local")))
        running.start()
        connection = Connection(region="eu-west-1", endpoint_url=running.endpoint, local=True)
        for project in PROJECTS:
            if options.only in (None, project.name):
                rows(connection, project, packaged(peers, project, folder), options.rounds)


if __name__ == "__main__":
    main()
