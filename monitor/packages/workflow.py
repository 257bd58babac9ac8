"""Read the package of a function, a layer, a zip, a URL or a folder."""

import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from monitor.aws.code_locations import CodeLocation, deployed_code, layer_code
from monitor.aws.connection import Connection
from monitor.aws.targets import one_function
from monitor.console.temporary import temporary_folder
from monitor.errors import UsageError
from monitor.packages.inspect.inspect import OPT, TASK, Piece, Target, inspect
from monitor.packages.model import PackageFinding, PackageReport
from monitor.packages.zips.download import download
from monitor.packages.zips.listing import FolderListing, Listing, ZipListing
from monitor.packages.zips.source import FileSource, NoRangeError, RemoteSource

_LAYER_ARN = re.compile(r"arn:[\w-]+:lambda:[\w-]+:\d+:layer:[\w-]+:\d+")


_SUFFIXES = (".zip", ".whl", ".jar", ".json", ".txt", ".toml", ".py")
_SUBJECT_HINT = "give a function, the ARN of a layer version, a zip, a folder or a URL"


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Options for reading a package: the target, a folder for downloads, and callbacks for messages and progress."""

    connect: Callable[[], Connection]
    target: Target = field(default_factory=Target)
    keep: Path | None = None
    say: Callable[[str], None] = lambda _text: None
    advance: Callable[[int, int | None], None] = lambda _bytes, _of: None
    # Called with the open zips of a function before they are closed.
    also: Callable[[PackageReport, Sequence[Piece]], None] = lambda _report, _pieces: None


def read_package(subject: str, options: ReadOptions) -> PackageReport:
    """Read `subject`: a URL, the ARN of a layer version, a folder or zip on this machine, or a function.

    Raises:
        MonitorError: it does not exist, cannot be read, or is damaged.
    """
    path = Path(subject)
    with ExitStack() as stack:
        if subject.startswith(("https://", "http://")):
            return _at(CodeLocation("package", subject, 0, ""), "url", options, stack)
        if _LAYER_ARN.fullmatch(subject):
            location = layer_code(options.connect(), subject)
            return _at(location, location.label, options, stack, root=OPT)
        if path.is_dir():
            folder = FolderListing(path)
            return inspect(str(path), [Piece("package", _layer_or_task(folder), folder)], options.target)
        if path.exists():
            return inspect(str(path), [_file(path, "package", stack)], options.target)
        check_subject(subject)
        return _function(subject, options, stack)


def check_subject(subject: str) -> None:
    """Check that a subject is not the path of a file that does not exist, before AWS is asked for another one.

    Raises:
        UsageError: it is: no function, ARN or URL looks like it.
    """
    if subject.startswith(("https://", "http://", "arn:", "/aws/")) or Path(subject).exists():
        return
    if "/" in subject or Path(subject).suffix in _SUFFIXES:
        raise UsageError(f"no such file or folder: {subject}", _SUBJECT_HINT)


def read_function(name: str, options: ReadOptions) -> PackageReport:
    """Read the package of the function `name`, even if a file or folder has the same name.

    Raises:
        MonitorError: it does not exist or cannot be read.
    """
    with ExitStack() as stack:
        return _function(name, options, stack)


def _file(path: Path, label: str, stack: ExitStack, root: str | None = None) -> Piece:
    source = FileSource(path)
    stack.callback(source.close)
    listing = ZipListing(source)
    return Piece(label, root or _layer_or_task(listing), listing)


def _layer_or_task(listing: Listing) -> str:
    """/opt for a layer, which has only python/, lib/ and bin/; else /var/task."""
    firsts = {file.name.partition("/")[0] for file in listing.files}
    return OPT if "python" in firsts and firsts <= {"python", "lib", "bin"} else TASK


def _function(subject: str, options: ReadOptions, stack: ExitStack) -> PackageReport:
    connection = options.connect()
    found = deployed_code(connection, *one_function(connection, subject, _SUBJECT_HINT))
    target = replace(
        options.target,
        python=options.target.python or found.python,
        architecture=options.target.architecture or found.architecture,
        handler=options.target.handler or found.handler,
        pythonpath=options.target.pythonpath or found.pythonpath,
    )
    pieces = [_piece(found.code, found.name, options, stack, TASK)]
    refused = []
    for layer in found.layers:
        if layer.url:
            pieces.append(_piece(layer, layer.label, options, stack, OPT))
        else:
            text = f"{layer.label} ({layer.size_bytes:,} bytes) cannot be read: {layer.refused}"
            refused.append(PackageFinding("unread", text, 1, layer.size_bytes, (layer.label,)))
    report = inspect(found.name, pieces, target)
    options.also(report, pieces)
    return replace(report, findings=(*refused, *report.findings))


def _at(
    location: CodeLocation, name: str, options: ReadOptions, stack: ExitStack, root: str | None = None
) -> PackageReport:
    piece = _piece(location, name, options, stack, root)
    return inspect(name, [piece], options.target)


def _piece(location: CodeLocation, name: str, options: ReadOptions, stack: ExitStack, root: str | None) -> Piece:
    if options.keep is not None:
        path = download(location, options.keep, name, options.advance)
        options.say(f"{name}: {path}" + (", checked against its CodeSha256" if location.code_sha256 else ""))
        return _file(path, location.label, stack, root)
    try:
        source = RemoteSource(location.url)
    except NoRangeError as error:
        size = f"{error.size_bytes / 1048576:.1f} MB" if error.size_bytes else "size unknown"
        options.say(f"{error.message}; downloading all of it ({size})")
        folder = Path(stack.enter_context(temporary_folder()))
        return _file(download(location, folder, name, options.advance), location.label, stack, root)
    stack.callback(source.close)
    listing = ZipListing(source)
    return Piece(location.label, root or _layer_or_task(listing), listing)
