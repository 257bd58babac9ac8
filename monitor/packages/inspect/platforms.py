"""Whether compiled files and wheels fit Lambda's Linux, its Python and its architecture."""

import re
from collections.abc import Iterable, Iterator, Sequence

from monitor.packages.inspect.file_findings import finding
from monitor.packages.model import PackageFile, PackageFinding, Part

_COMPILED = (".so", ".pyd", ".dylib", ".dll")
_PLATFORM = re.compile(r"(?P<kind>manylinux|musllinux|linux|macosx|win)(?:_(?P<major>\d+)_(?P<minor>\d+)_)?")
_MACHINES = {"x86_64": ("x86_64",), "arm64": ("aarch64",)}
_INTERPRETER = re.compile(r"(?:cp|py)(\d)(\d*)$")


def glibc_of(python: str) -> tuple[int, int]:
    """The glibc of a managed runtime: Amazon Linux 2 up to Python 3.11, Amazon Linux 2023 from 3.12 on."""
    return (2, 34) if _version(python) >= (3, 12) else (2, 26)


def _version(python: str) -> tuple[int, int]:
    major, _, minor = python.partition(".")
    return int(major), int(minor or 0)


def guessed_python(files: Iterable[PackageFile]) -> str | None:
    """The one CPython that the compiled files and the bytecode are for, if they agree."""
    found = set()
    for file in files:
        match = re.search(r"\.cpython-(\d)(\d+)[^/]*\.(?:so|pyc)$", file.name)
        if match:
            found.add(f"{match[1]}.{match[2]}")
    return found.pop() if len(found) == 1 else None


def misfits(
    files: Sequence[PackageFile], parts: Iterable[Part], python: str | None, architecture: str | None
) -> Iterator[PackageFinding]:
    """Compiled files by their names, and wheels by their tags, that the runtime cannot load."""
    wrong = [file for file in files if file.name.endswith(_COMPILED) and _misfit(file.name, python, architecture)]
    if wrong:
        target = " ".join(filter(None, ("Python", python, "on Linux", architecture)))
        yield finding("platform", f"compiled for another platform or Python than {target}", wrong)
    names = [
        f"{part.name} {part.version or ''}: {part.tags[0]}"
        for part in parts
        if part.tags and not any(tag_fits(tag, python, architecture) for tag in part.tags)
    ]
    if names:
        text = f"{len(names)} wheels are for another platform, Python or newer glibc than the runtime's"
        yield PackageFinding(
            "wheels",
            text.replace("1 wheels are", "1 wheel is", 1) if len(names) == 1 else text,
            len(names),
            0,
            tuple(names[:10]),
        )


def _misfit(name: str, python: str | None, architecture: str | None) -> bool:
    if name.endswith((".pyd", ".dylib", ".dll")) or "-darwin" in name or "-musl" in name:
        return True
    leaf = name.rpartition("/")[2]
    made = re.search(r"\.cpython-(\d)(\d+)", leaf)
    if made and python and f"{made[1]}.{made[2]}" != python:
        return True
    machine = re.search(r"-(x86_64|aarch64|i386|arm\w*)-linux", leaf)
    return bool(machine and architecture and machine[1] not in _MACHINES.get(architecture, (machine[1],)))


def tag_fits(tag: str, python: str | None, architecture: str | None) -> bool:
    """Whether a wheel's tag (PEP 425) can run there; what is not known of the target is not asked."""
    interpreters, _, rest = tag.partition("-")
    abis, _, platforms = rest.partition("-")
    return _python_fits(interpreters, abis, python) and any(
        _platform_fits(platform, python, architecture) for platform in platforms.split(".")
    )


def _python_fits(interpreters: str, abis: str, python: str | None) -> bool:
    if python is None:
        return True
    target = _version(python)
    for interpreter in interpreters.split("."):
        match = _INTERPRETER.match(interpreter)
        if match is None:
            continue
        made = (int(match[1]), int(match[2] or 0))
        exact = interpreter.startswith("cp") and not {"abi3", "none"} & set(abis.split("."))
        if made == target or (not exact and made[0] == target[0] and made <= target):
            return True
    return False


def _platform_fits(platform: str, python: str | None, architecture: str | None) -> bool:
    if platform == "any":
        return True
    match = _PLATFORM.match(platform)
    if match is None or match["kind"] not in ("manylinux", "linux"):
        return False
    if architecture and not platform.endswith(_MACHINES.get(architecture, ("",))):
        return False
    if python is None or match["kind"] == "linux" or match["major"] is None:
        return True
    return (int(match["major"]), int(match["minor"])) <= glibc_of(python)
