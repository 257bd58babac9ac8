"""Looking into packages: a function's, a layer's, a zip's, a folder's."""

import re
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from monitor.aws.code_locations import CodeLocation, deployed_code, layer_code
from monitor.aws.connection import Connection
from monitor.aws.targets import one_function
from monitor.packages.inspect.inspect import OPT, TASK, Piece, Target, inspect
from monitor.packages.model import PackageFinding, PackageReport
from monitor.packages.zips.download import download
from monitor.packages.zips.listing import FolderListing, Listing, ZipListing
from monitor.packages.zips.source import FileSource, NoRangeError, RemoteSource

_LAYER_ARN = re.compile(r"arn:[\w-]+:lambda:[\w-]+:\d+:layer:[\w-]+:\d+")


@dataclass(frozen=True, slots=True)
class Looking:
    """How to look: what the user said of the target, where to keep downloads, whom to tell about them."""

    connect: Callable[[], Connection]
    target: Target = field(default_factory=Target)
    keep: Path | None = None
    say: Callable[[str], None] = lambda _text: None
    advance: Callable[[int, int | None], None] = lambda _bytes, _of: None
    # Told of a function's pieces while they can still be read.
    also: Callable[[PackageReport, Sequence[Piece]], None] = lambda _report, _pieces: None


def look(subject: str, how: Looking) -> PackageReport:
    """What `subject` holds: a folder or zip here, a URL, a layer version's ARN, else a function.

    Raises:
        MonitorError: it is not there, may not be read, or is damaged.
    """
    path = Path(subject)
    with ExitStack() as stack:
        if subject.startswith(("https://", "http://")):
            return _at(CodeLocation("package", subject, 0, ""), "url", how, stack)
        if _LAYER_ARN.fullmatch(subject):
            location = layer_code(how.connect(), subject)
            return _at(location, location.label, how, stack, root=OPT)
        if path.is_dir():
            folder = FolderListing(path)
            return inspect(str(path), [Piece("package", _layer_or_task(folder), folder)], how.target)
        if path.exists() or subject.endswith(".zip"):
            return inspect(str(path), [_file(path, "package", stack)], how.target)
        return _function(subject, how, stack)


def look_at_function(name: str, how: Looking) -> PackageReport:
    """What the function `name` holds, whatever bears that name here.

    Raises:
        MonitorError: there is none, or it may not be read.
    """
    with ExitStack() as stack:
        return _function(name, how, stack)


def _file(path: Path, label: str, stack: ExitStack, root: str | None = None) -> Piece:
    source = FileSource(path)
    stack.callback(source.close)
    listing = ZipListing(source)
    return Piece(label, root or _layer_or_task(listing), listing)


def _layer_or_task(listing: Listing) -> str:
    """A zip whose every file lies in python/, lib/ or bin/ is a layer's."""
    firsts = {file.name.partition("/")[0] for file in listing.files}
    return OPT if "python" in firsts and firsts <= {"python", "lib", "bin"} else TASK


def _function(subject: str, how: Looking, stack: ExitStack) -> PackageReport:
    connection = how.connect()
    hint = "give a function, a layer's ARN, a zip, a folder or a URL"
    found = deployed_code(connection, *one_function(connection, subject, hint))
    target = replace(
        how.target,
        python=how.target.python or found.python,
        architecture=how.target.architecture or found.architecture,
        handler=how.target.handler or found.handler,
        pythonpath=how.target.pythonpath or found.pythonpath,
    )
    pieces = [_piece(found.code, found.name, how, stack, TASK)]
    refused = []
    for layer in found.layers:
        if layer.url:
            pieces.append(_piece(layer, layer.label, how, stack, OPT))
        else:
            text = f"{layer.label} ({layer.size_bytes:,} bytes) cannot be looked into: {layer.refused}"
            refused.append(PackageFinding("unread", text, 1, layer.size_bytes, (layer.label,)))
    report = inspect(found.name, pieces, target)
    how.also(report, pieces)
    return replace(report, findings=(*refused, *report.findings))


def _at(location: CodeLocation, name: str, how: Looking, stack: ExitStack, root: str | None = None) -> PackageReport:
    piece = _piece(location, name, how, stack, root)
    return inspect(name, [piece], how.target)


def _piece(location: CodeLocation, name: str, how: Looking, stack: ExitStack, root: str | None) -> Piece:
    if how.keep is not None:
        path = download(location, how.keep, name, how.advance)
        how.say(f"{name}: {path}" + (", checked against its CodeSha256" if location.code_sha256 else ""))
        return _file(path, location.label, stack, root)
    try:
        source = RemoteSource(location.url)
    except NoRangeError as error:
        size = f"{error.size_bytes / 1048576:.1f} MB" if error.size_bytes else "size unknown"
        how.say(f"{error.message}: all of it is downloaded ({size})")
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="monitor-package-")))
        return _file(download(location, folder, name, how.advance), location.label, stack, root)
    stack.callback(source.close)
    listing = ZipListing(source)
    return Piece(location.label, root or _layer_or_task(listing), listing)
