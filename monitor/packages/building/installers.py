"""Run uv or pip for Lambda's Linux: wheels of the target's Python, platform and markers.

Neither runs in the folder of the project, imports from it, or gets the secrets of this process's environment.
"""

import importlib.util
import json
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import UsageError
from monitor.kernel.budgets import ASK_S, INSTALL_S
from monitor.packages.building.indexes import pip_indexes
from monitor.packages.building.process import ProcessError, run_process
from monitor.packages.inspect.platforms import MACHINES, full_version, glibc_of, wheel_platforms
from monitor.packages.model_dependencies import BuildTarget
from monitor.packages.parse_installer import hint_for, reason_in, without_credentials
from monitor.packages.parse_requirements import target_environment

BEST_OF_ALL = ("--index-strategy", "unsafe-best-match")
# Runs pip with the markers of the target: pip has no option for them (pypa/pip#11664). `pip install` compares
# Requires-Python with its own Python even if --python-version is given.
_PIP = """
import json, sys
from pip._vendor.packaging import markers
here, target = markers.default_environment, json.loads(sys.argv.pop(1))
markers.default_environment = lambda: {**here(), **target}
# Fails where a later pip works differently, instead of installing for the wrong Python.
if markers.Marker("python_version == '%s'" % target["python_version"]).evaluate() is not True:
    sys.exit("ERROR: this version of pip cannot evaluate markers for another Python")
from pip._internal.cli.main import main
from pip._internal.index import collector
from pip._internal.resolution.resolvelib import factory
# At its usual level pip does not say that an index answered with an error.
collector.logger.debug = collector.logger.warning
requires_python = factory.RequiresPythonCandidate
version = tuple(int(part) for part in target["python_full_version"].split("."))
factory.RequiresPythonCandidate = lambda info: requires_python(info or version)
sys.exit(main(sys.argv[1:]))
"""
_KEPT = re.compile(
    r"PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TZ|XDG_\w+|NETRC|SSL_CERT_FILE|SSL_CERT_DIR|CURL_CA_BUNDLE"
    r"|REQUESTS_CA_BUNDLE|(?i:https?_proxy|all_proxy|no_proxy)|PIP_\w+|UV_\w+"
)
_SECRET = re.compile(r"PASSWORD|USERNAME|TOKEN|SECRET|KEYRING|CREDENTIAL")


class InstallerOutputError(Exception):
    """The whole output of an installer that failed, for --debug."""


@dataclass(frozen=True, slots=True)
class Tool:
    """The installer: uv at a path, or (None) pip as a module of this Python."""

    uv: str | None
    name: str


def find_tool(installer: str = "auto") -> Tool:
    """Find the installer: `uv`, `pip`, or `auto`, which prefers uv.

    Raises:
        UsageError: it is not installed.
    """
    uv = find_uv() if installer in ("auto", "uv") else None
    if uv is not None:
        return Tool(uv, f"uv {_version([uv, '--version'])}".strip())
    if installer == "uv":
        raise UsageError("uv is not installed", "install uv, or use --installer pip")
    if importlib.util.find_spec("pip") is None:
        raise UsageError("neither uv nor pip is installed", "install uv: https://docs.astral.sh/uv/")
    return Tool(None, f"pip {_version([sys.executable, '-I', '-m', 'pip', '--version'])}".strip())


def find_uv() -> str | None:
    """The path of uv, from PATH or from the folder of this Python."""
    beside = Path(sys.executable).parent / "uv"
    return shutil.which("uv") or (str(beside) if beside.is_file() else None)


def _version(command: Sequence[str]) -> str:
    try:
        done = run_process(command, ASK_S)
    except ProcessError:
        return ""
    words = done.out.decode(errors="replace").split()
    return words[1] if len(words) > 1 else ""


def installer_environment(*, building: bool, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of an installer, made of what it needs; `building`: code of others runs in it.

    Then the credentials of indexes are left out, too.
    """
    kept = {name: value for name, value in environment.items() if _KEPT.fullmatch(name)}
    if building:
        kept = {name: without_credentials(value) for name, value in kept.items() if not _SECRET.search(name)}
    return {**kept, "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "GIT_TERMINAL_PROMPT": "0"}


def run_install(
    tool: Tool, arguments: Sequence[str], into: Path, target: BuildTarget, *, from_source: Sequence[str] = ()
) -> None:
    """Install requirements into the folder `into`: wheels only, but for the distributions in `from_source` (uv).

    Raises:
        UsageError: the installer refused; the message is its own reason.
    """
    command = _uv(tool.uv, into, target, from_source) if tool.uv else _pip(into, target)
    run(tool, [*command, *arguments], f"cannot install the dependencies for {target}", building=bool(from_source))


def run(tool: Tool, command: Sequence[str], problem: str, *, building: bool, limit_s: float = INSTALL_S) -> None:
    """Run an installer in a neutral folder.

    Raises:
        UsageError: it failed; the message is its own reason.
    """
    try:
        done = run_process(command, limit_s, environment=installer_environment(building=building), merged=True)
    except ProcessError as error:
        hint = "check that it is installed, and that the index can be reached"
        raise UsageError(f"{problem}: {tool.name} failed: {error}", hint) from None
    if done.code:
        output = without_credentials(done.out.decode(errors="replace"))
        raise UsageError(f"{problem}: {reason_in(output)}", hint_for(output)) from InstallerOutputError(output)


def _uv(uv: str, into: Path, target: BuildTarget, from_source: Sequence[str]) -> list[str]:
    # uv has no platform between glibc 2.17 and 2.28: the older one is safe on Amazon Linux 2, which has 2.26.
    libc = "2_34" if glibc_of(target.python) >= (2, 34) else "2_17"
    return [
        *(uv, "pip", "install", "--quiet", "--python", sys.executable, "--target", str(into), "--only-binary", ":all:"),
        *("--python-version", full_version(target.python)),
        *("--python-platform", f"{MACHINES[target.architecture]}-manylinux_{libc}"),
        *(option for name in from_source for option in ("--no-binary", name)),
        *uv_index_options(),
    ]


def uv_index_options() -> list[str]:
    """The indexes of pip's configuration as options of uv, which keeps its own configuration."""
    found = pip_indexes()
    options: list[str] = []
    if found.default and not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & os.environ.keys():
        options += ["--default-index", found.default]
    if found.extra:
        # An option replaces uv's own variable. pip takes the best version of all indexes.
        own = os.environ.get("UV_INDEX", "").split()
        options += [option for url in (*own, *found.extra) for option in ("--index", url)]
        options += BEST_OF_ALL
    if found.find_links:
        own = [link for link in os.environ.get("UV_FIND_LINKS", "").split(",") if link]
        options += [option for link in (*own, *found.find_links) for option in ("--find-links", link)]
    options += [option for host in found.trusted_hosts for option in ("--allow-insecure-host", host)]
    return [*options, "--no-index"] if found.no_index else options


def _pip(into: Path, target: BuildTarget) -> list[str]:
    return [
        *pip_command(target, "install"),
        *("--no-compile", "--no-warn-conflicts", "--target", str(into), "--only-binary=:all:"),
        *("--implementation", "cp", "--python-version", full_version(target.python)),
        *(f"--platform={platform}" for platform in wheel_platforms(target.python, target.architecture)),
    ]


def pip_command(target: BuildTarget, command: str) -> list[str]:
    """Run a command of pip in isolation, with the markers of the target."""
    markers = json.dumps(dict(target_environment(full_version(target.python), target.architecture)))
    return [sys.executable, "-I", "-c", _PIP, markers, command]
