"""What a deployment package is better without, by the files' names alone: their contents are never read."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from monitor.packages.model import CONSOLE_LIMIT_BYTES, PackageFile, PackageFinding

_FEW = 10
_RULES: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    (
        "secrets",
        "by their names keys or secrets: take them out, and replace what they open",
        re.compile(
            r"(?:^|/)(?:\.env(?:\.(?!example$|sample$|template$)[^/]*)?|id_(?:rsa|dsa|ecdsa|ed25519)|\.netrc|\.pypirc|\.npmrc"
            r"|\.aws/[^/]+|\.ssh/[^/]+|\.git-credentials|[^/]+\.(?:key|p12|pfx|jks|keystore|ppk)|credentials\.json"
            r"|(?!(?:cacert|cacerts|roots|ca-bundle|ca)\.pem$)[^/]+\.pem)$",
            re.IGNORECASE,
        ),
    ),
    ("git", "of version control", re.compile(r"(?:^|/)\.(?:git|hg|svn)/|(?:^|/)\.gitmodules$")),
    (
        "development",
        "of a development environment",
        re.compile(
            r"(?:^|/)(?:\.vscode|\.idea|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.tox|\.venv|venv|node_modules"
            r"|\.hypothesis|\.github|htmlcov)/|(?:^|/)(?:\.DS_Store|Thumbs\.db|\.coverage)$"
        ),
    ),
    ("tests", "of tests", re.compile(r"(?:^|/)(?:tests?|testing/tests)/|(?:^|/)(?:test_[^/]+|conftest)\.py$")),
    ("stubs", "of type stubs, which nothing reads at run time", re.compile(r"\.pyi$")),
    (
        "sources",
        "of the sources of extensions",
        re.compile(r"\.(?:c|cc|cpp|cxx|h|hpp|hxx|pyx|pxd|pxi|f90|rs|cu|cuh)$"),
    ),
    (
        "docs",
        "of documentation or examples",
        re.compile(
            r"(?:^|/)docs?/|^(?:[^/]+/)?examples?/[^/]|(?:^|/)(?:README|CHANGELOG|CHANGES|HISTORY)(?:\.[^/]*)?$"
        ),
    ),
)
_BYTECODE = re.compile(r"\.(?:cpython-(\d)(\d+)|pypy[^/]*)(?:\.opt-\d)?\.pyc$")
_METADATA = re.compile(r"(?:^|/)[^/]+\.(?:dist|egg)-info/")


def unneeded_kind(name: str) -> str | None:
    """Which rule says that a file does not belong in a package; None for none."""
    if _METADATA.search(name):
        return None
    for kind, _, pattern in _RULES:
        # `botocore/docs` is code that boto3 imports.
        if pattern.search(name) and not (kind == "docs" and name.endswith((".py", ".pyc"))):
            return kind
    return None


def unneeded_files(files: Sequence[PackageFile], python: str | None) -> Iterator[PackageFinding]:
    """What never belongs there, a line a kind; secrets are named, never read or printed."""
    kinds: dict[str, list[PackageFile]] = {}
    for file in files:
        kind = unneeded_kind(file.name)
        if kind:
            kinds.setdefault(kind, []).append(file)
    for kind, text, _ in _RULES:
        if kind in kinds:
            yield finding(kind, text, kinds[kind])
    if python:
        wrong = [file for file in files if (made := bytecode_of(file.name)) and made != python]
        if wrong:
            yield finding("bytecode", f"of bytecode for another Python than {python}, which ignores them", wrong)
    large = [file for file in files if file.unzipped_bytes > CONSOLE_LIMIT_BYTES]
    if large:
        yield finding("console", "over 3 MB, which the Lambda console does not open", large)


def bytecode_of(name: str) -> str | None:
    """The Python that a cached bytecode file is for: `3.11`, or `pypy`; None for what is none."""
    match = _BYTECODE.search(name)
    if match is None:
        return None
    return f"{match[1]}.{match[2]}" if match[1] else "pypy"


def uncompiled(files: Sequence[PackageFile], python: str) -> PackageFinding | None:
    """The modules without bytecode for `python`: /var/task is read-only, and each cold start compiles them."""
    tag = f".cpython-{python.replace('.', '')}.pyc"
    names = {file.name for file in files}
    modules = [file for file in files if file.name.endswith(".py")]
    without = [file for file in modules if _cached(file.name, tag) not in names and f"{file.name}c" not in names]
    if not without:
        return None
    text = f"of {len(modules):,} modules have no bytecode for Python {python}: compiled anew at every cold start"
    return finding("compile", text, without)


def by_file_times(files: Iterable[PackageFile], head: Callable[[str], bytes]) -> PackageFinding | None:
    """Bytecode that is valid only while its source has the file time that it was compiled at (PEP 552)."""
    timed = [
        file
        for file in files
        if file.name.endswith(".pyc") and len(start := head(file.name)) == 16 and start[4:8] == bytes(4)
    ]
    if not timed:
        return None
    text = "of bytecode that goes by file times: ignored wherever the zip did not keep them, to the second and in UTC"
    return finding("stale", text, timed)


def _cached(name: str, tag: str) -> str:
    folder, slash, leaf = name.rpartition("/")
    return f"{folder}{slash}__pycache__/{leaf.removesuffix('.py')}{tag}"


def finding(kind: str, text: str, files: Iterable[PackageFile]) -> PackageFinding:
    """The finding about these files, the largest named first."""
    ordered = sorted(files, key=lambda file: (-file.zipped_bytes, file.name))
    size = sum(file.zipped_bytes for file in ordered)
    noun = "file" if len(ordered) == 1 else "files"
    message = text if kind == "compile" else f"{noun} {text}"
    return PackageFinding(
        kind, f"{len(ordered):,} {message}", len(ordered), size, tuple(file.name for file in ordered[:_FEW])
    )
