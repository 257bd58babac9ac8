"""What a function's package and layers say about wrapping it; read by ranges, never downloaded."""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from monitor.aws.code_locations import layer_code
from monitor.aws.connection import Connection
from monitor.errors import MonitorError, UsageError
from monitor.kernel.entry_point import ENTRY_POINT_FILE
from monitor.kernel.handler import handler_module
from monitor.packages.zips.listing import Wanted, ZipListing
from monitor.packages.zips.source import RemoteSource

# Where Python looks in a layer, which Lambda unpacks into /opt.
_LAYER_FOLDER = re.compile(r"python/(?:lib/python3\.\d+/site-packages/)?")
_MOST_SOURCE_BYTES = 2 << 20
_POWERTOOLS = re.compile(r"aws_lambda_powertools-([\w.]+)\.dist-info/")


@dataclass(frozen=True, slots=True)
class Contents:
    """What is importable from the package, and from its layers."""

    package: frozenset[str]
    layers: frozenset[str]
    handler_source: str | None
    unread: tuple[str, ...] = ()

    @property
    def has_runtime(self) -> bool:
        """Whether monitor.runtime can be imported; the package wins over layers."""
        return ENTRY_POINT_FILE in self.package or (not self.has_own_monitor and ENTRY_POINT_FILE in self.layers)

    @property
    def has_runtime_in_package(self) -> bool:
        """Whether the package brings the runtime itself."""
        return ENTRY_POINT_FILE in self.package

    @property
    def has_own_monitor(self) -> bool:
        """Whether the package has a top-level `monitor` that is not ours: it would be imported instead."""
        named = any(name == "monitor.py" or name.startswith("monitor/") for name in self.package)
        return named and not self.has_runtime_in_package

    @property
    def powertools(self) -> str | None:
        """The version of Powertools that is imported, as its dist-info says; the package wins over layers."""
        for names in (self.package, self.layers):
            found = sorted(match[1] for match in map(_POWERTOOLS.match, names) if match)
            if found:
                return found[0]
        return None


def read_contents(connection: Connection, function: dict[str, Any], layers: tuple[str, ...]) -> Contents:
    """What GetFunction's answer points at, and `layers`.

    Raises:
        MonitorError: the package cannot be read. A layer that cannot (another account's) is named in `unread`.
    """
    handler = function["Configuration"].get("Handler") or ""
    names, source = _read(function["Code"]["Location"], lambda found: _source_of(found, handler))
    inside: set[str] = set()
    unread = []
    for arn in layers:
        try:
            found, _ = _read(layer_code(connection, arn).url, lambda _listing: None)
        except MonitorError as error:
            connection.warn_denied(error, "the contents of the layer cannot be read")
            unread.append(f"{arn}: {error.message}")
            continue
        inside |= {_LAYER_FOLDER.sub("", name, count=1) for name in found if _LAYER_FOLDER.match(name)}
    return Contents(names, frozenset(inside), source, tuple(unread))


def _read(url: str, use: Callable[[ZipListing], str | None]) -> tuple[frozenset[str], str | None]:
    source = RemoteSource(url)
    try:
        listing = ZipListing(source)
        return frozenset(file.name for file in listing.files), use(listing)
    finally:
        source.close()


def _source_of(listing: ZipListing, handler: str) -> str | None:
    """The text of the handler's module, if the package has it as source."""
    module = handler_module(handler).replace(".", "/")
    sizes = {file.name: file.unzipped_bytes for file in listing.files}
    for name in (f"{module}.py", f"{module}/__init__.py"):
        if sizes.get(name, _MOST_SOURCE_BYTES) < _MOST_SOURCE_BYTES:
            return listing.texts([Wanted(name, 0)]).get(name)
    return None


def is_async(source: str, name: str) -> bool:
    """Whether the module certainly defines its handler `name` by `async def`.

    A decorator may make something else of it, and what is assigned or imported cannot be told from here: then False.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    last: ast.stmt | None = None
    for statement in tree.body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if statement.name == name:
                last = statement
            case ast.Assign() if any(isinstance(one, ast.Name) and one.id == name for one in statement.targets):
                last = statement
            case ast.ImportFrom() | ast.Import() if any((one.asname or one.name) == name for one in statement.names):
                last = statement
    return isinstance(last, ast.AsyncFunctionDef) and not last.decorator_list


def check_layer(connection: Connection, arn: str, runtime: str, architecture: str) -> None:
    """Raise UsageError if the layer is not for this runtime or architecture; a layer that does not say is for all."""
    answer = connection.call("lambda", "GetLayerVersionByArn", Arn=arn)
    for what, wanted, offered in (
        ("runtime", runtime, answer.get("CompatibleRuntimes")),
        ("architecture", architecture, answer.get("CompatibleArchitectures")),
    ):
        if offered and wanted not in offered:
            raise UsageError(
                f"the layer is not for its {what} {wanted}, but for {', '.join(offered)}", "build one for it"
            )
