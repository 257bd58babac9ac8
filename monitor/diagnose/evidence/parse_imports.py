"""The modules that a Python file imports when it is imported itself, by its lines.

Parsing thousands of library files takes seconds; their import statements are found in a fraction of that. A line of a
docstring that looks like an import counts as one: another importer makes a cost smaller, never larger.
"""

import re
from collections.abc import Iterator

_IMPORT = re.compile(r"\s*(?:from\s+(?P<base>\.*[\w.]*)\s+import\s+(?P<names>.*)|import\s+(?P<modules>[\w., \t]+))")
_NAME = re.compile(r"([A-Za-z_]\w*)(?:\s+as\s+\w+)?")
# The blocks that run with the file.
_RUNS = re.compile(r"(?:try|if|elif|else|except|finally|with|for|while)\b")
_FOR_TYPES = re.compile(r"(?:el)?if\b(?!.*\b(?:not|or)\b).*\bTYPE_CHECKING\b")
_LONGEST_LINES = 200


def imports_at_top(content: bytes, package: str, *, in_functions: bool = False) -> Iterator[str]:
    """Full names of what is imported outside of functions and classes; `package` is what relative imports count from.

    With `in_functions`, of what is imported inside of them instead.

    `from a import b` yields `a` and `a.b`, which may be a module or not.
    """
    lines = content.decode("utf-8", errors="replace").splitlines()
    inside = False
    types = False
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        # A line that begins with a bracket or a quote goes on with the statement above: `) -> None:` of a function.
        if line[:1].strip() and line[0] not in "#)]}'\"":
            inside = not (_RUNS.match(line) or _IMPORT.match(line))
            types = _FOR_TYPES.match(line) is not None
        if inside is not in_functions or types or "import" not in line:
            continue
        match = _IMPORT.match(line)
        if match is None:
            continue
        names = (match["names"] or "").partition("#")[0].rstrip()
        while names.endswith("\\") and at < len(lines):
            names = names[:-1] + " " + lines[at].partition("#")[0].rstrip()
            at += 1
        if "(" in names:
            end = at
            while ")" not in names and end < min(len(lines), at + _LONGEST_LINES):
                names += " " + lines[end].partition("#")[0]
                end += 1
        yield from _targets(match["base"], names, match["modules"], package)


def _targets(base: str | None, names: str, modules: str | None, package: str) -> Iterator[str]:
    if modules is not None:
        yield from (part.split()[0] for part in modules.split(",") if part.split())
        return
    assert base is not None
    dots = len(base) - len(base.lstrip("."))
    module = base.lstrip(".")
    if dots:
        parts = package.split(".")
        kept = parts[: len(parts) - dots + 1] if dots <= len(parts) else []
        module = ".".join([*kept, *([module] if module else [])])
    if module:
        yield module
        for name in _NAME.findall(names.partition("#")[0].replace("(", " ").replace(")", " ")):
            yield f"{module}.{name}"
