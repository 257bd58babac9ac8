"""Python files read as one program: each file's scopes, and the file of each module."""

import ast
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from monitor.callgraph.parse_scan import FileScan, scan
from monitor.kernel.patch import lines_of

LONGEST_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class SourceFiles:
    """The scopes of each file by its path, the path of each module by its name, and how many files were not read."""

    scans: Mapping[str, FileScan]
    modules: Mapping[str, str]
    unread: int = 0
    roots: tuple[str, ...] = field(default=())

    def module_of(self, name: str) -> tuple[str, str] | None:
        """The file of the module that a dotted name begins with, and the rest of the name."""
        parts = name.split(".")
        for cut in range(len(parts), 0, -1):
            if (path := self.modules.get(".".join(parts[:cut]))) is not None:
                return path, ".".join(parts[cut:])
        return None


def parse_files(files: Mapping[str, bytes], unread: int = 0, roots: Sequence[str] = ()) -> SourceFiles:
    """The `files` by their path from the package's root; `unread` more could not be read.

    `roots` are folders of the package that modules are imported from beside its root: a layer's, and PYTHONPATH's.
    A file that is not Python of this interpreter's version, or that is longer or more deeply nested than any that
    people write, counts as unread.
    """
    scans: dict[str, FileScan] = {}
    for path, content in files.items():
        found = _scanned(path, content, roots)
        if found is None:
            unread += 1
        else:
            scans[path] = found
    # A file below a root of PYTHONPATH has two names, for the package's own root is one too.
    modules = {module_name(path): path for path in scans}
    modules |= {module_name(_below(path, roots)): path for path in scans}
    return SourceFiles(scans, modules, unread, tuple(roots))


def _scanned(path: str, content: bytes, roots: Sequence[str]) -> FileScan | None:
    if len(content) > LONGEST_BYTES:
        return None
    try:
        with warnings.catch_warnings():
            # An invalid escape in somebody's string is nothing to tell here.
            warnings.simplefilter("ignore")
            tree = ast.parse(content)
        found = scan(tree, _package_of(path, roots))
    except (SyntaxError, ValueError, RecursionError, MemoryError, LookupError):
        # Of hostile files too: NUL bytes, unknown encodings, brackets without an end.
        return None
    found.lines = _lines(content)
    return found


def _lines(content: bytes) -> list[str]:
    """The lines as a patch counts them; none where Python counts others, or a report would not keep them."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return []
    return [] if "\r" in text else lines_of(text)


def module_name(path: str) -> str:
    """The module's name that a file has, as seen from a root."""
    name = path.removesuffix(".py").removesuffix("/__init__")
    return name.replace("/", ".")


def _package_of(path: str, roots: Sequence[str]) -> str:
    """The package that relative imports in a file count from."""
    return ".".join(_below(path, roots).split("/")[:-1])


def _below(path: str, roots: Sequence[str]) -> str:
    """The path relative to the deepest root that contains it."""
    inside = [root for root in roots if path.startswith(f"{root.rstrip('/')}/")]
    return path[len(max(inside, key=len).rstrip("/")) + 1 :] if inside else path
