"""Check compiled files and wheels against Lambda's Linux, Python version and architecture."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from monitor.packages.inspect.file_findings import finding
from monitor.packages.model import PackageFile, PackageFinding, Part

if TYPE_CHECKING:
    from packaging.tags import Tag

_COMPILED = (".so", ".pyd", ".dylib", ".dll")
MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
# Platform tags from before PEP 600, by the minor version of glibc.
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
_PYTHONS = tuple(f"3.{minor}" for minor in range(8, 16))


# A patch release that each managed runtime has at least reached (python.org, October 2025; AWS updates the runtimes).
_PATCHES = {"3.9": 24, "3.10": 19, "3.11": 14, "3.12": 12, "3.13": 9, "3.14": 0}


def full_version(python: str) -> str:
    """The version of a runtime with its patch release, which markers such as python_full_version need."""
    return f"{python}.{_PATCHES.get(python, 0)}"


def glibc_of(python: str) -> tuple[int, int]:
    """glibc version of a managed runtime: Amazon Linux 2 up to Python 3.11, Amazon Linux 2023 from 3.12 on."""
    return (2, 34) if _version(python) >= (3, 12) else (2, 26)


def _version(python: str) -> tuple[int, int]:
    major, _, minor = python.partition(".")
    return int(major), int(minor or 0)


def detected_python(files: Iterable[PackageFile]) -> str | None:
    """The CPython version of the compiled files and the bytecode, if they agree."""
    found = set()
    for file in files:
        match = re.search(r"\.cpython-(\d)(\d+)[^/]*\.(?:so|pyc)$|/lib/python(\d)\.(\d+)/site-packages/", file.name)
        if match:
            found.add(f"{match[1] or match[3]}.{match[2] or match[4]}")
    return found.pop() if len(found) == 1 else None


def incompatible_files(
    files: Sequence[PackageFile], parts: Iterable[Part], python: str | None, architecture: str | None
) -> Iterator[PackageFinding]:
    """Compiled files (by name) and wheels (by tag) that the runtime cannot load."""
    wrong = [
        file for file in files if file.name.endswith(_COMPILED) and _is_incompatible(file.name, python, architecture)
    ]
    if wrong:
        target = " ".join(filter(None, ("Python", python, "on Linux", architecture)))
        yield finding("platform", f"compiled for another platform or Python than {target}", wrong)
    names = [
        f"{part.name} {part.version or ''}: {part.tags[0]}"
        for part in parts
        if part.tags and not any(tag_fits(tag, python, architecture) for tag in part.tags)
    ]
    if names:
        text = f"{len(names)} wheels are for another platform or Python, or need a newer glibc than the runtime has"
        yield PackageFinding(
            "wheels",
            text.replace("1 wheels are", "1 wheel is", 1) if len(names) == 1 else text,
            len(names),
            0,
            tuple(names[:10]),
        )


def _is_incompatible(name: str, python: str | None, architecture: str | None) -> bool:
    if name.endswith((".pyd", ".dylib", ".dll")) or "-darwin" in name or "-musl" in name:
        return True
    leaf = name.rpartition("/")[2]
    made = re.search(r"\.cpython-(\d)(\d+)", leaf)
    if made and python and f"{made[1]}.{made[2]}" != python:
        return True
    machine = re.search(r"-(x86_64|aarch64|i386|arm\w*)-linux", leaf)
    return bool(machine and architecture and machine[1] != MACHINES.get(architecture, machine[1]))


def tag_fits(tag: str, python: str | None, architecture: str | None) -> bool:
    """Whether a runtime can load a wheel with this tag (PEP 425); if the target is unknown, whether any runtime can."""
    from packaging.tags import parse_tag

    try:
        tags = parse_tag(tag)
    except ValueError:
        return False
    pythons = (python,) if python else _PYTHONS
    architectures = [architecture] if architecture and architecture in MACHINES else list(MACHINES)
    return any(tags & _supported(one, machine) for one in pythons for machine in architectures)


@cache
def _supported(python: str, architecture: str) -> "frozenset[Tag]":
    from packaging.tags import compatible_tags, cpython_tags

    version, platforms = _version(python), wheel_platforms(python, architecture)
    interpreter = f"cp{version[0]}{version[1]}"
    # Name the ABI: the default of packaging is the ABI of this interpreter, which may be free-threaded.
    native = cpython_tags(version, [interpreter], platforms)
    return frozenset(native) | frozenset(compatible_tags(version, interpreter, platforms))


def wheel_platforms(python: str, architecture: str) -> list[str]:
    """The platform tags of wheels that a managed runtime can load, newest glibc first (PEP 600)."""
    machine = MACHINES[architecture]
    oldest = 5 if machine == "x86_64" else 17
    found = []
    for minor in range(glibc_of(python)[1], oldest - 1, -1):
        found.append(f"manylinux_2_{minor}_{machine}")
        if minor in _LEGACY:
            found.append(f"{_LEGACY[minor]}_{machine}")
    return [*found, f"linux_{machine}"]
