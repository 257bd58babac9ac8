"""Which files of dependencies a package can do without, by their names.

Safe to leave out: nothing can see at run time that the file is missing. Probably not needed: only importing with and
without them shows it, because some distributions import their tests or read stubs, sources or documentation.
"""

import re
from collections.abc import Collection

_METADATA = re.compile(r"(?:^|/)[^/]+\.(?:dist|egg)-info/")
# Written by installers about the machine that they ran on.
_INSTALLER_FILES = frozenset(("INSTALLER", "REQUESTED", "direct_url.json", "RECORD", "uv_cache.json", "uv_build.json"))
_VERSION_CONTROL = re.compile(r"(?:^|/)\.(?:git|hg|svn)/|(?:^|/)\.git(?:modules|ignore|attributes|keep)$")
_SOURCE = re.compile(r"(?P<stem>.+)\.(?:c|cc|cpp|cxx|pyx)$")
_EXTENSION = re.compile(r"(?P<stem>.+?)\.(?:cpython-[^/]+\.|abi3\.|pypy[^/]*\.)?so$")
_CACHED = re.compile(r"(?P<folder>(?:.*/)?)__pycache__/[^/]+\.py[co]$")
PROBABLY = (
    ("tests", re.compile(r"(?:^|/)(?:tests?|testing/tests)/|(?:^|/)(?:test_[^/]+|[^/]+_test|conftest)\.py$")),
    ("type stubs", re.compile(r"\.pyi$")),
    ("sources of extensions", re.compile(r"\.(?:c|cc|cpp|cxx|h|hpp|hxx|pyx|pxd|pxi|f90|rs|cu|cuh)$")),
    (
        "documentation",
        re.compile(
            r"(?:^|/)docs?/.*(?<!\.py)(?<!\.pyc)$|^(?:[^/]+/)?examples?/[^/]|(?:^|/)(?:README|CHANGELOG|CHANGES|HISTORY)(?:\.[^/]*)?$"
        ),
    ),
)


# An import statement at any depth, or after another one: of modules, or of names that may be modules.
_IMPORT = re.compile(
    r"(?:^|[:;])[ \t]*(?:from[ \t]+(?P<module>[.\w]+)[ \t]+import[ \t]+(?P<names>\([^)]*\)|[^\n#;]+)"
    r"|import[ \t]+(?P<modules>[^\n#;]+))",
    re.MULTILINE,
)
# A string that may be given to importlib, such as `web.tests.tools`, `.tests`, `web.tests:tools`.
_NAMED = re.compile(r"""["'](?P<module>\.{0,3}[A-Za-z_]\w*(?:\.\w+)*)(?::[.\w]+)?["']""")
_ENTRY_POINT = re.compile(r"=[ \t]*([A-Za-z_][.\w]*)")


def imported_modules(text: str, package: str) -> set[str]:
    """The modules that the import statements of a source may load, also those that run later, and those that its
    strings name; `package` is its own."""
    found = {_absolute(match["module"], package) for match in _NAMED.finditer(text)}
    for match in _IMPORT.finditer(text):
        names = re.sub(r"#[^\n]*|[()\\]", "", match["modules"] or match["names"]).split(",")
        plain = {words[0] for name in names if (words := name.split())}
        if match["modules"]:
            found |= plain
            continue
        base = _absolute(match["module"], package)
        found |= {base, *(f"{base}.{name}" for name in plain)}
    return found


def _absolute(module: str, package: str) -> str:
    level = len(module) - len(module.lstrip("."))
    above = package.split(".")[: len(package.split(".")) - level + 1] if level else []
    return ".".join([*above, *([module[level:]] if module[level:] else [])])


def entry_point_modules(text: str) -> set[str]:
    """The modules that an entry_points.txt names."""
    return set(_ENTRY_POINT.findall(text))


def is_metadata(name: str) -> bool:
    """Whether a file belongs to the metadata of a distribution."""
    return _METADATA.search(name) is not None


def extension_stems(names: Collection[str]) -> frozenset[str]:
    """The paths of the built extensions without their suffix."""
    return frozenset(match["stem"] for name in names if (match := _EXTENSION.match(name)))


def safe_kind(name: str, names: Collection[str], extensions: Collection[str]) -> str | None:
    """What a file is that can be left out safely ("": not worth a line in the report); None for all other files.

    A source counts only if the extension that it was built into is in the same folder.
    """
    leaf = name.rpartition("/")[2]
    if is_metadata(name):
        return "" if leaf in _INSTALLER_FILES else None
    if _CACHED.match(name) or (name.endswith((".pyc", ".pyo")) and f"{name[:-1]}" in names):
        return ""
    if _VERSION_CONTROL.search(name):
        return "version control"
    source = _SOURCE.match(name)
    return "sources of built extensions" if source and source["stem"] in extensions else None


def probable_kind(name: str) -> str | None:
    """What a file is that the package can probably do without; None for all other files."""
    if is_metadata(name):
        return None
    return next((kind for kind, pattern in PROBABLY if pattern.search(name)), None)
