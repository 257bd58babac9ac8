"""The file that keeps which imports of a package run later, and how the next build applies it."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.errors import UsageError
from monitor.packages.lazy.rewrite import is_attribute, rewrite
from monitor.packages.lazy.statements import read

FORMAT = "monitor optimizations 1"
_WRITTEN = "give the file that `monitor optimize --save FILE` wrote"
_AGAIN = "run `monitor optimize` again, and build with the new file"


@dataclass(frozen=True, slots=True)
class FileChoice:
    """The imports of a file that run later, by their lines, and the modules that load at first use as attributes.

    `uses` are modules that the file uses without importing them, and now loads itself.
    `sha256` is that of the source to which the lines belong. With `collected` fewer garbage collections are made while
    the file is imported.
    """

    file: str
    sha256: str
    lines: tuple[int, ...]
    submodules: tuple[str, ...]
    uses: tuple[str, ...] = ()
    collected: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """What an optimization found. `python` is the function's version, such as 3.13."""

    python: str
    handler: str
    bytecode: bool
    files: tuple[FileChoice, ...]

    def text(self) -> str:
        """The file."""
        document = {
            "format": FORMAT,
            "python": self.python,
            "handler": self.handler,
            "bytecode": self.bytecode,
            "files": [
                {
                    "file": one.file,
                    "sha256": one.sha256,
                    "lines": one.lines,
                    "submodules": one.submodules,
                    "uses": one.uses,
                    "collected": one.collected,
                }
                for one in self.files
            ],
        }
        return json.dumps(document, indent=1) + "\n"


def choose(
    texts: Mapping[str, str],
    lines: Mapping[str, Collection[int]],
    submodules: Mapping[str, Collection[str]],
    uses: Mapping[str, Collection[str]],
    *,
    collected: str = "",
    python: str,
    handler: str,
    bytecode: bool,
) -> Choice:
    """The choice for files whose sources are `texts`; `collected` as in monitor.optimize."""

    def named(part: Mapping[str, Collection[str]], file: str) -> tuple[str, ...]:
        return tuple(sorted(part.get(file, ())))

    files = tuple(
        FileChoice(
            file,
            digest(texts[file]),
            tuple(sorted(lines.get(file, ()))),
            named(submodules, file),
            named(uses, file),
            file == collected,
        )
        for file in sorted({*lines, *submodules, *uses, *filter(None, [collected])})
    )
    return Choice(python, handler, bytecode, files)


def digest(text: str) -> str:
    """The hash that says that a source is still the same."""
    return hashlib.sha256(text.encode()).hexdigest()


def parse_choice(text: str, name: str) -> Choice:
    """Read the file `name`.

    Raises:
        UsageError: it is not such a file.
    """
    try:
        document = json.loads(text)
        files = tuple(_file(one) for one in document["files"])
        choice = Choice(str(document["python"]), str(document["handler"]), document["bytecode"] is True, files)
        found = document["format"]
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise UsageError(f"{name} does not hold optimizations: {_problem(error)}", _WRITTEN) from None
    if found != FORMAT:
        raise UsageError(f"{name} has the format {found!r}, not {FORMAT!r}", _WRITTEN)
    return choice


def _problem(error: Exception) -> str:
    match error:
        case json.JSONDecodeError():
            return f"it is not JSON ({error.msg}, line {error.lineno}, column {error.colno})"
        case KeyError():
            return f"it has no member {error}"
        case RecursionError():
            return "it is nested too deeply"
        case TypeError() | OverflowError():
            return "a member has a value of another kind"
        case _:
            return str(error)


def _file(one: Any) -> FileChoice:
    lines = tuple(one["lines"])
    if not all(type(line) is int for line in lines):
        raise TypeError
    submodules = tuple(str(name) for name in one["submodules"])
    for name in submodules:
        if not is_attribute(name):
            raise ValueError(f"{name!r} cannot be the name of a module")
    # A file of before has no uses, and nothing collected.
    uses = tuple(str(name) for name in one.get("uses", ()))
    if not all(is_attribute(part) for name in uses for part in name.split(".")):
        raise ValueError("a name in uses cannot be the name of a module")
    return FileChoice(str(one["file"]), str(one["sha256"]), lines, submodules, uses, one.get("collected") is True)


def apply(choice: Choice, python: str, text_of: Callable[[str], str | None], where: str) -> dict[str, str]:
    """The rewritten sources; `text_of` gives the source of a file of the package, None if there is no such file.

    Raises:
        UsageError: the package is no longer the one that was optimized.
    """
    if choice.python != python:
        raise UsageError(f"{where} is for Python {choice.python}, and the package for {python}", _AGAIN)
    texts = {one.file: text_of(one.file) for one in choice.files}
    _check(choice.files, texts, where)
    found = {}
    for one in choice.files:
        module = one.file.removesuffix(".py").replace("/", ".")
        is_package = module == "__init__" or module.endswith(".__init__")
        try:
            reading = read(texts[one.file] or "", module.removesuffix(".__init__"), is_package=is_package)
            found[one.file] = rewrite(reading, one.lines, one.submodules, one.uses, collected=one.collected)
        except ValueError as error:
            raise UsageError(f"{where} does not fit {one.file}: {error}", _AGAIN) from None
    return found


def _check(files: Iterable[FileChoice], texts: Mapping[str, str | None], where: str) -> None:
    changed = []
    for one in files:
        text = texts[one.file]
        if text is None or digest(text) != one.sha256:
            changed.append(one.file)
    if changed:
        names = ", ".join(changed[:5]) + (" …" if len(changed) > 5 else "")
        raise UsageError(f"{where} is no longer true: other files than were optimized: {names}", _AGAIN)
