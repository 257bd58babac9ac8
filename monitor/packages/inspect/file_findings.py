"""Files that a deployment package can do without, by their names: their contents are not read."""

import re
from collections.abc import Iterable, Iterator, Sequence

from monitor.packages.analyze_strip import extension_stems, is_metadata, probable_kind, safe_kind
from monitor.packages.inspect.attribute import source_of
from monitor.packages.model import CONSOLE_LIMIT_BYTES, PackageFile, PackageFinding
from monitor.packages.zips.listing import Listing

_FEW = 10
_RULES: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    (
        "secrets",
        "with names of keys or secrets: remove them, and replace those credentials",
        re.compile(
            r"(?:^|/)(?:\.env(?:\.(?!example$|sample$|template$)[^/]*)?|id_(?:rsa|dsa|ecdsa|ed25519)|\.netrc|\.pypirc|\.npmrc"
            r"|\.aws/[^/]+|\.ssh/[^/]+|\.git-credentials|[^/]+\.(?:key|p12|pfx|jks|keystore|ppk)|credentials\.json"
            r"|(?!(?:cacert|cacerts|roots|ca-bundle|ca)\.pem$)[^/]+\.pem)$",
            re.IGNORECASE,
        ),
    ),
    (
        "editable",
        "of editable installs: their code is not in the package, but on the machine that made it",
        re.compile(
            r"(?:^|/)(?:__editable__\.[^/]+\.pth|__editable___[^/]+_finder\.py|[^/]+\.egg-link|easy-install\.pth)$"
        ),
    ),
    ("git", "of version control", re.compile(r"(?:^|/)\.(?:git|hg|svn)/|(?:^|/)\.gitmodules$")),
    (
        "development",
        "of a development environment",
        re.compile(
            r"(?:^|/)(?:\.vscode|\.idea|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.tox|\.venv|venv|node_modules"
            r"|\.hypothesis|\.github|htmlcov|__MACOSX)/|(?:^|/)(?:\.DS_Store|\._[^/]+|Thumbs\.db|\.coverage)$"
        ),
    ),
)
_BYTECODE = re.compile(r"\.(?:cpython-(\d)(\d+)|pypy[^/]*)(?:\.opt-\d)?\.pyc$")
_KINDS = {"tests": "tests", "type stubs": "stubs", "sources of extensions": "sources", "documentation": "docs"}


def unneeded_kind(name: str) -> str | None:
    """The kind of a file that does not belong in a package; None for all other files."""
    if is_metadata(name):
        return None
    return next((kind for kind, _, pattern in _RULES if pattern.search(name)), None)


def unneeded_files(
    files: Sequence[PackageFile], python: str | None, *, tried: bool = False
) -> Iterator[PackageFinding]:
    """The files that do not belong in a package, and those that it can probably do without, by kind.

    `tried`: a build has left out what its dependencies do not need to import. Secrets are named, never read or printed.
    """
    names = {file.name for file in files}
    extensions = extension_stems(names)
    kinds: dict[str, list[PackageFile]] = {}
    probably: dict[tuple[str, bool], list[PackageFile]] = {}
    for file in files:
        kind = unneeded_kind(file.name)
        is_own = file.part in ("", "application")
        if kind == "secrets" and not is_own:
            # The files of a distribution are public: bundles of certificates, keys of tests.
            kind = None
        if kind:
            kinds.setdefault(kind, []).append(file)
        elif (kind := safe_kind(file.name, names, extensions)) and kind != "version control":
            kinds.setdefault("sources", []).append(file)
        elif kind := probable_kind(file.name):
            probably.setdefault((kind, is_own), []).append(file)
    for kind, text, _ in _RULES:
        if kind in kinds:
            yield finding(kind, text, kinds[kind])
    if "sources" in kinds:
        yield finding("sources", "of sources next to the extensions that were built from them", kinds["sources"])
    for (kind, is_own), found in probably.items():
        if is_own:
            text = f"with {kind} of the application: .lambdaignore can leave them out"
        elif tried:
            text = f"with {kind}, which --strip tried kept"
        else:
            text = f"with {kind}, which a start may read: --strip tried checks this"
        yield finding(_KINDS[kind], text, found)
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
    # Python reads `module.pyc` beside no `module.py` only.
    without = [file for file in modules if _cached(file.name, tag) not in names]
    if not without:
        return None
    text = f"of {len(modules):,} modules have no bytecode for Python {python}: recompiled at every cold start"
    return finding("compile", text, without)


def by_file_times(files: Sequence[PackageFile], listing: Listing) -> Iterator[PackageFinding]:
    """Bytecode that is valid only while its source has the file time that it was compiled at (PEP 552)."""
    sizes = {file.name: file.unzipped_bytes for file in files}
    compiled = {file.name: file for file in files if file.name.endswith(".pyc")}
    heads = listing.sample(list(compiled))
    timed, never = [], []
    for name, start in heads.items():
        if len(start) != 16 or start[4:8] != bytes(4):
            continue
        source = source_of(name)
        # Without its source, Python takes a `module.pyc` as it is, and never reads one in `__pycache__`.
        if source not in sizes:
            continue
        times = listing.times(source)
        made_s, size = int.from_bytes(start[8:12], "little"), int.from_bytes(start[12:16], "little")
        if times and (made_s not in times or size != sizes[source] & 0xFFFFFFFF):
            never.append(compiled[name])
        else:
            timed.append(compiled[name])
    checked = f" ({len(heads)} of {len(compiled):,} checked)" if len(heads) < len(compiled) else ""
    if never:
        text = f"of bytecode that is never valid: the zip gives the source another time or size{checked}"
        yield finding("stale", text, never)
    if timed:
        text = (
            f"of bytecode that is valid only if unpacking keeps the file timestamps, to the second and in UTC{checked}"
        )
        yield finding("stale", text, timed)


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
