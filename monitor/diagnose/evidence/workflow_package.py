"""Reads a function's package and its own Python files by ranged requests."""

import contextlib
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path

from monitor.aws.connection import Connection
from monitor.callgraph.parse_files import LONGEST_BYTES, module_name
from monitor.diagnose.evidence.analyze_libraries import LibraryFile, imported_by, library_modules
from monitor.diagnose.evidence.analyze_source import parse_source
from monitor.diagnose.evidence.model import LibraryModule, SourceFacts
from monitor.errors import MonitorError
from monitor.kernel.missing import Missing
from monitor.packages.inspect.inspect import Piece
from monitor.packages.model import PackageReport, PartKind, module_of
from monitor.packages.workflow import ReadOptions, read_function
from monitor.records.imports import ImportProfile, every_node

_MOST_FILES = 500
_MOST_BYTES = 2 * 1024 * 1024
_REQUESTS = 12
_MOST_LIBRARY_BYTES = 12 * 1024 * 1024
_LIBRARY_REQUESTS = 24
_ROUNDS = 3
# A tree that lists so much of the import time leaves no module out.
_WHOLE = 0.99
_APPLICATION = "application"


def look_inside(
    connection: Connection,
    subject: str,
    imports: Callable[[], ImportProfile | None],
    pythonpath: Sequence[str] = (),
    handler: str = "",
) -> tuple[PackageReport, SourceFacts | Missing, tuple[LibraryModule, ...]]:
    """The package of the function `subject`, the facts of its application's files, and the costly library modules.

    `pythonpath` are PYTHONPATH's folders: modules are imported from there as well. `handler` is the application's own.
    `imports` waits for the imports of init, and returns them if they were recorded.

    Raises:
        MonitorError: the package cannot be read.
    """
    code: SourceFacts | Missing = Missing("the package contains no Python file of the application")

    libraries: tuple[LibraryModule, ...] = ()

    def also(report: PackageReport, pieces: Sequence[Piece]) -> None:
        nonlocal code, libraries
        try:
            code = _source_facts(report, pieces, pythonpath, handler) or code
        except MonitorError as error:
            code = Missing(f"the application's files could not be read: {error.message}")
        with contextlib.suppress(MonitorError):
            libraries = _libraries(report, pieces, imports(), code)

    report = read_function(subject, ReadOptions(connect=lambda: connection, also=also))
    return report, code, libraries


def _libraries(
    report: PackageReport, pieces: Sequence[Piece], profile: ImportProfile | None, code: SourceFacts | Missing
) -> tuple[LibraryModule, ...]:
    """The costly modules of libraries.

    An init record leaves out modules that import quickly. They can import costly ones too, so what the files that were
    read import is read as well.
    """
    if profile is None:
        return ()
    own = frozenset(top for part in report.parts if part.kind is PartKind.APPLICATION for top in part.tops)
    wanted = {node.module for node in every_node(profile.tree)}
    files: dict[str, LibraryFile] = {}
    for _ in range(1 if profile.tree_coverage >= _WHOLE else _ROUNDS):
        read = _library_files(report, pieces, wanted - files.keys())
        files |= read
        wanted = {target for name, file in read.items() for target in imported_by(name, file)}
        if not wanted - files.keys():
            break
    uses = () if isinstance(code, Missing) else code.uses
    return library_modules(
        profile.tree,
        files,
        frozenset(top.removesuffix(".py") for top in own),
        standard=_standard_files(profile),
        application=[(module_name(use.file), use.module) for use in uses if use.at_import],
    )


def _standard_files(profile: ImportProfile) -> dict[str, LibraryFile]:
    """The sources of the standard library's modules in the tree, from the Python that runs monitor.

    Another version of Python imports almost the same.
    """
    folder = Path(sysconfig.get_path("stdlib"))
    found: dict[str, LibraryFile] = {}
    for name in sorted({node.module for node in every_node(profile.tree)}):
        if name.partition(".")[0] not in sys.stdlib_module_names or not name.replace(".", "").isidentifier():
            continue
        for path in (f"{name.replace('.', '/')}.py", f"{name.replace('.', '/')}/__init__.py"):
            with contextlib.suppress(OSError, ValueError):
                found[name] = LibraryFile(path, (folder / path).read_bytes())
                break
    return found


def _library_files(report: PackageReport, pieces: Sequence[Piece], imported: set[str]) -> dict[str, LibraryFile]:
    """The sources of these modules of libraries, as many as the bounds allow."""
    found: dict[str, LibraryFile] = {}
    for container, piece in zip(report.containers, pieces, strict=False):
        names: dict[str, str] = {}
        for file in container.files:
            if file.name.endswith(".py") and file.part != _APPLICATION and file.unzipped_bytes <= LONGEST_BYTES:
                module = module_of(file.name)
                if module in imported and module not in found:
                    names.setdefault(file.name, module)
        read = piece.listing.contents(sorted(names), _MOST_LIBRARY_BYTES, _LIBRARY_REQUESTS) if names else {}
        found |= {names[name]: LibraryFile(name, content) for name, content in read.items()}
    return found


def _source_facts(
    report: PackageReport, pieces: Sequence[Piece], pythonpath: Sequence[str], handler: str
) -> SourceFacts | None:
    texts: dict[str, bytes] = {}
    roots = [one.removeprefix(root) for one in pythonpath for root in ("/var/task/", "/opt/") if one.startswith(root)]
    roots += [f"python/lib/python{report.python}/site-packages", "python"]
    unread = 0
    for container, piece in zip(report.containers, pieces, strict=False):
        names = [
            file.name
            for file in container.files
            if file.part == _APPLICATION and file.name.endswith(".py") and file.unzipped_bytes <= LONGEST_BYTES
        ]
        wanted = sorted(names, key=lambda name: (name.count("/"), name))[: max(0, _MOST_FILES - len(texts))]
        read = piece.listing.contents(wanted, _MOST_BYTES, _REQUESTS)
        unread += len(names) - len(read)
        texts |= {name: text for name, text in read.items() if name not in texts}
    return parse_source(texts, unread, roots, handler) if texts or unread else None
