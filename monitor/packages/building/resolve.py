"""Dependencies for Lambda's Linux, installed into a folder by uv or pip: wheels only, of the target's Python."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from monitor.errors import UsageError
from monitor.packages.inspect.platforms import MACHINES, glibc_of, wheel_platforms

_TIMEOUT_S = 900


def install(
    listed: Path | None, extra: Sequence[str], into: Path, *, python: str, architecture: str, installer: str = "auto"
) -> str:
    """Install what the file `listed` and the requirements `extra` name; answers which tool did.

    `installer` is `uv`, `pip`, or `auto`: uv where there is one.

    Raises:
        UsageError: there is no installer, or it refused; its own last words are the message.
    """
    if listed is None and not extra:
        return "nothing to install"
    uv = shutil.which("uv") if installer in ("auto", "uv") else None
    if installer == "uv" and uv is None:
        raise UsageError("uv is not installed", "install it, or use --installer pip")
    wanted = [*(("-r", str(listed)) if listed else ()), *extra]
    hashes = listed is not None and "--hash=" in listed.read_text(encoding="utf-8", errors="replace")
    if hashes and extra:
        # One list with hashes takes no requirement without; the instruments come in a second step.
        install(listed, (), into, python=python, architecture=architecture, installer=installer)
        wanted = list(extra)
        hashes = False
    command = (_uv(uv, into, python, architecture) if uv else _pip(into, python, architecture)) + (
        ["--require-hashes"] if hashes else []
    )
    _run([*command, *wanted], f"Python {python} on Linux {architecture}")
    return "uv" if uv else "pip"


def _uv(uv: str, into: Path, python: str, architecture: str) -> list[str]:
    # uv knows no glibc between 2.17 and 2.28: the older one is safe on Amazon Linux 2's 2.26.
    libc = "2_34" if glibc_of(python) >= (2, 34) else "2_17"
    platform = f"{MACHINES[architecture]}-manylinux_{libc}"
    return [
        *(uv, "pip", "install", "--quiet", "--no-config", "--python", sys.executable, "--target", str(into)),
        *("--python-version", python, "--python-platform", platform, "--only-binary", ":all:"),
    ]


def _pip(into: Path, python: str, architecture: str) -> list[str]:
    return [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"),
        *("--target", str(into), "--implementation", "cp", "--python-version", python, "--only-binary=:all:"),
        *(f"--platform={platform}" for platform in wheel_platforms(python, architecture)),
    ]


def _run(command: Sequence[str], target: str) -> None:
    environment = {**os.environ, "PIP_NO_INPUT": "1"}
    try:
        done = subprocess.run(command, capture_output=True, env=environment, timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise UsageError(f"installing took more than {_TIMEOUT_S // 60} minutes", "is the index reachable?") from None
    except OSError as error:
        raise UsageError(f"the installer cannot be run: {error.strerror}", "install pip or uv") from error
    if done.returncode:
        lines = [line.strip() for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
        told = [line for line in lines if line.startswith(("ERROR", "error", "×", "╰", "Because"))] or lines
        raise UsageError(
            f"the dependencies cannot be had for {target}: {' '.join(told[-2:])[:400]}",
            "a package without a wheel for that platform has to be built in a container, or pinned to one that has",
        )
