"""Find a Python interpreter of a minor version, and compile modules with it (PEP 552)."""

import json
import os
import shutil
import struct
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import MonitorError, UsageError
from monitor.kernel.budgets import ASK_S, COMPILE_S
from monitor.packages.building.process import ProcessError, run_process

_HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
_HINT = "build without bytecode: --no-bytecode"
# Runs in the other interpreter. Dependencies get unchecked bytecode (1), because /var/task never changes. The
# application gets checked bytecode (3), because the console can edit its source.
_COMPILER = """
import importlib.util, json, marshal, struct, sys
out = sys.stdout.buffer
out.write(sys.implementation.cache_tag.encode() + b"\\n")
for path, shown, flags in json.load(sys.stdin):
    with open(path, "rb") as file:
        source = file.read()
    try:
        code = compile(source, shown, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        out.write(struct.pack("<I", 0))
        continue
    made = importlib.util.MAGIC_NUMBER + struct.pack("<I", flags) + importlib.util.source_hash(source)
    made += marshal.dumps(code)
    out.write(struct.pack("<I", len(made)) + made)
"""


@dataclass(frozen=True, slots=True)
class Module:
    """A module to compile; `shown` is its path in tracebacks; `checked` bytecode is compared with its source."""

    path: Path
    shown: str
    checked: bool


@dataclass(frozen=True, slots=True)
class Bytecode:
    """The bytecode of the modules, in order (None if a module does not compile), and the tag of their file names."""

    tag: str
    codes: tuple[bytes | None, ...]


def find_python(version: str) -> Path | None:
    """An interpreter of that minor version: the current one, or one from PATH, pyenv or uv; None if there is none."""
    if version == _HERE:
        return Path(sys.executable)
    for candidate in _candidates(version):
        if candidate.is_file() and _version_of(candidate) == version:
            return candidate
    return None


def _candidates(version: str) -> Iterable[Path]:
    if found := shutil.which(f"python{version}"):
        yield Path(found)
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    yield from (folder / "bin" / "python3" for folder in sorted(versions.glob(f"{version}.*")))
    uv = shutil.which("uv")
    if uv is not None and (found := _answer([uv, "python", "find", "--no-python-downloads", version])):
        yield Path(found)


def _version_of(python: Path) -> str:
    return _answer([python, "-I", "-S", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])


def _answer(command: Sequence[str | Path]) -> str:
    """What a command prints; nothing if it fails."""
    try:
        done = run_process(command, ASK_S)
    except ProcessError:
        return ""
    return "" if done.code else os.fsdecode(done.out).strip()


def compile_modules(python: Path, modules: Sequence[Module]) -> Bytecode:
    """Compile in a separate process, so that state, hash seed and locale do not affect the bytes.

    Raises:
        MonitorError: the interpreter failed.
    """
    task = json.dumps([[str(one.path.absolute()), one.shown, 3 if one.checked else 1] for one in modules])
    try:
        done = run_process(
            [python, "-S", "-s", "-W", "ignore", "-X", "utf8", "-c", _COMPILER],
            COMPILE_S,
            standard_input=task.encode(),
            # Up to Python 3.10 the order of a set of constants depends on the hash seed.
            environment={"PYTHONHASHSEED": "0"},
        )
    except ProcessError as error:
        raise UsageError(f"{python} cannot compile the package: {error}", _HINT) from None
    tag, _, data = done.out.partition(b"\n")
    codes: list[bytes | None] = []
    at = 0
    while at + 4 <= len(data):
        (length,) = struct.unpack_from("<I", data, at)
        codes.append(data[at + 4 : at + 4 + length] or None)
        at += 4 + length
    if done.code or len(codes) != len(modules):
        reason = done.error.decode(errors="replace").strip().splitlines()[-1:] or ["unknown error"]
        raise MonitorError(f"{python} failed to compile the package: {reason[0]}", _HINT)
    return Bytecode(tag.decode(), tuple(codes))
