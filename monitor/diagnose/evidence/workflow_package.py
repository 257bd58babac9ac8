"""Reads a function's package and its own Python files by ranged requests."""

from collections.abc import Sequence

from monitor.aws.connection import Connection
from monitor.callgraph.parse_files import LONGEST_BYTES
from monitor.diagnose.evidence.analyze_source import parse_source
from monitor.diagnose.evidence.model import SourceFacts
from monitor.errors import MonitorError
from monitor.kernel.missing import Missing
from monitor.packages.inspect.inspect import Piece
from monitor.packages.model import PackageReport
from monitor.packages.workflow import ReadOptions, read_function

_MOST_FILES = 500
_MOST_BYTES = 2 * 1024 * 1024
_REQUESTS = 12
_APPLICATION = "application"


def look_inside(
    connection: Connection, subject: str, pythonpath: Sequence[str] = (), handler: str = ""
) -> tuple[PackageReport, SourceFacts | Missing]:
    """The package of the function `subject`, and the facts of its application's files or why there are none.

    `pythonpath` are PYTHONPATH's folders: modules are imported from there as well. `handler` is the application's own.

    Raises:
        MonitorError: the package cannot be read.
    """
    code: SourceFacts | Missing = Missing("the package contains no Python file of the application")

    def also(report: PackageReport, pieces: Sequence[Piece]) -> None:
        nonlocal code
        try:
            code = _source_facts(report, pieces, pythonpath, handler) or code
        except MonitorError as error:
            code = Missing(f"the application's files could not be read: {error.message}")

    report = read_function(subject, ReadOptions(connect=lambda: connection, also=also))
    return report, code


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
