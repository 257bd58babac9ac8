"""Compare what compiled libraries need with what a managed runtime and the package have.

Sources: PEP 600 (the libraries that a wheel may expect); Amazon Linux 2023 user guide, "Comparing packages installed on
Amazon Linux 2023 Container Images" (Python 3.12 and later use the minimal image); GNU, "ABI Policy and Guidelines" (the
versions of libstdc++ in GCC 7.3 of Amazon Linux 2 and GCC 11 of Amazon Linux 2023).
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

from monitor.packages.inspect.platforms import glibc_of
from monitor.packages.model import PackageFinding

_FEW = 10
_MOST_ENTRIES = 2000
_MACHINES = {"EM_X86_64": "x86_64", "EM_AARCH64": "arm64"}
_COMMON = """
    libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 librt.so.1 libutil.so.1 libresolv.so.2 libanl.so.1 libmvec.so.1
    ld-linux-x86-64.so.2 ld-linux-aarch64.so.1 linux-vdso.so.1 libgcc_s.so.1 libstdc++.so.6 libz.so.1 liblzma.so.5
    libbz2.so.1 libsqlite3.so.0 libncursesw.so.6 libtinfo.so.6 libuuid.so.1 libxml2.so.2 libcurl.so.4 libnghttp2.so.14
    libglib-2.0.so.0 libgobject-2.0.so.0 libgthread-2.0.so.0 libgmodule-2.0.so.0 libgio-2.0.so.0
"""
_LIBRARIES = {
    (2, 26): frozenset(
        f"{_COMMON} libnsl.so.1 libcrypt.so.1 libssl.so.10 libcrypto.so.10 libffi.so.6 libreadline.so.6".split()
    ),
    (2, 34): frozenset(f"{_COMMON} libcrypt.so.2 libssl.so.3 libcrypto.so.3 libffi.so.8 libreadline.so.8".split()),
}
_NEWEST = {
    (2, 26): {"GLIBC": (2, 26), "GLIBCXX": (3, 4, 24), "CXXABI": (1, 3, 11)},
    (2, 34): {"GLIBC": (2, 34), "GLIBCXX": (3, 4, 29), "CXXABI": (1, 3, 13)},
}
_VERSION = re.compile(r"(GLIBC|GLIBCXX|CXXABI)_(\d+(?:\.\d+)*)$")
_PROVIDERS = {"GLIBCXX": "libstdc++.so.6", "CXXABI": "libstdc++.so.6"}


@dataclass(frozen=True, slots=True)
class Library:
    """A compiled library: the processor it is for, the libraries that it needs, and the newest versions of symbols."""

    name: str
    machine: str
    needed: tuple[str, ...] = ()
    versions: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def is_library(name: str) -> bool:
    """Whether a file is a shared library or an extension, by its name."""
    return re.search(r"\.so(?:\.\d+)*$", name) is not None


def read_library(name: str, file: BinaryIO) -> Library | None:
    """Read the dynamic section and the required versions; None if the file is not ELF, or damaged."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.dynamic import DynamicSection
    from elftools.elf.elffile import ELFFile
    from elftools.elf.gnuversions import GNUVerNeedSection

    needed: list[str] = []
    versions: dict[str, tuple[int, ...]] = {}
    try:
        elf = ELFFile(file)
        # A damaged file may claim any number of entries.
        for section in islice(elf.iter_sections(), _MOST_ENTRIES):
            if isinstance(section, DynamicSection):
                tags = islice(section.iter_tags("DT_NEEDED"), _MOST_ENTRIES)
                needed += [str(getattr(tag, "needed", "")) for tag in tags]
            elif isinstance(section, GNUVerNeedSection):
                for _, wanted in islice(section.iter_versions(), _MOST_ENTRIES // 10):
                    _newest(versions, (one.name for one in islice(wanted, _MOST_ENTRIES // 10)))
        return Library(name, _MACHINES.get(elf["e_machine"], str(elf["e_machine"])), tuple(needed), versions)
    except (ELFError, ValueError, KeyError, IndexError, AttributeError, OverflowError, OSError, TypeError):
        return None


def _newest(versions: dict[str, tuple[int, ...]], names: Iterable[str]) -> None:
    for name in names:
        if match := _VERSION.match(name):
            number = tuple(int(part) for part in match[2].split("."))
            versions[match[1]] = max(number, versions.get(match[1], ()))


def native_findings(
    libraries: Iterable[Library], names: Collection[str], python: str, architecture: str | None
) -> Iterator[PackageFinding]:
    """The libraries that the runtime cannot load; `names` are all files of the package and its layers."""
    image = glibc_of(python)
    leaves = {name.rpartition("/")[2] for name in names}
    missing: dict[str, list[str]] = {}
    newer: dict[str, list[str]] = {}
    foreign: list[str] = []
    for library in libraries:
        if architecture and library.machine != architecture:
            foreign.append(f"{library.name} ({library.machine})")
            continue
        for name in library.needed:
            if name not in leaves and name not in _LIBRARIES[image] and not name.startswith("libpython3."):
                missing.setdefault(name, []).append(library.name)
        for kind, version in library.versions.items():
            if version > _NEWEST[image][kind] and _PROVIDERS.get(kind) not in leaves:
                newer.setdefault(f"{kind} {'.'.join(map(str, version))}", []).append(library.name)
    if foreign:
        text = f"{len(foreign)} compiled for another processor than {architecture}"
        yield PackageFinding("processor", text, len(foreign), 0, tuple(foreign[:_FEW]))
    for name, users in sorted(missing.items()):
        text = f"{name} is needed, and neither the package nor Lambda's image for Python {python} has it"
        yield PackageFinding("native", text, len(users), 0, tuple(sorted(users)[:_FEW]))
    for version_text, users in sorted(newer.items()):
        kind = version_text.partition(" ")[0]
        has = ".".join(map(str, _NEWEST[image][kind]))
        text = f"{version_text} is needed, and Lambda's image for Python {python} has {has}"
        yield PackageFinding("native", text, len(users), 0, tuple(sorted(users)[:_FEW]))
