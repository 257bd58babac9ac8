"""Write the result of an optimization: a zip or a folder, the choice, a diff."""

import difflib
import os
from pathlib import Path

from monitor.console.temporary import temporary_folder
from monitor.errors import UsageError
from monitor.optimize.workflow_optimize import Result
from monitor.packages.building.archive import write
from monitor.packages.building.entry import Entry
from monitor.packages.lazy.choice import Choice, choose
from monitor.packages.lazy.helpers import HELPERS

_ANOTHER = "give --result a new folder, or a new name that ends with .zip"


def check_new(out: Path) -> None:
    """Refuse a place where something is.

    Raises:
        UsageError: there is.
    """
    if os.path.lexists(out):
        raise UsageError(f"{out} exists", _ANOTHER)


def write_package(result: Result, out: Path) -> None:
    """Write the optimized package to `out`: a zip if its name ends with .zip, else a new folder.

    Only files of the package and those that the optimization changed are written, never what a run left behind.

    Raises:
        UsageError: it cannot be written, or something is there.
    """
    check_new(out)
    if out.suffix != ".zip":
        try:
            out.mkdir()
            result.package.result(out, result.texts, bytecode=result.bytecode)
        except OSError as error:
            raise UsageError(f"{out} cannot be written: {error.strerror}", _ANOTHER) from error
        return
    with temporary_folder() as changed:
        result.package.change(changed, result.texts)
        if not result.bytecode:
            result.package.compile(changed, result.texts, bytecode=False)
        # Else the bytecode of a zip is made as it is written: that of the application is compared with the source.
        kept = result.package.unchanged(result.texts, bytecode=result.bytecode)
        files = {name: result.package.root / name for name in kept}
        files |= {path.relative_to(changed).as_posix(): path for path in changed.rglob("*") if path.is_file()}
        entries = [Entry(name, path, own=name in result.package.own) for name, path in files.items()]
        write(entries, out, bytecode=result.bytecode, python=result.package.python)


def choice_of(result: Result) -> Choice:
    """The choice, for the next build."""
    parts = (result.selection.lines, result.selection.submodules, result.selection.uses)
    files = {*(file for part in parts for file in part), *filter(None, [result.collected])}
    return choose(
        {name: result.package.text(name) for name in files},
        result.selection.lines,
        result.selection.submodules,
        result.selection.uses,
        python=result.optimization.python,
        handler=result.optimization.handler,
        bytecode=result.bytecode,
        collected=result.collected,
    )


def diff_of(result: Result) -> str:
    """What was rewritten, as a unified diff."""
    found: list[str] = []
    for name, text in sorted(result.texts.items()):
        added = name.removesuffix(".py") in HELPERS
        before = "" if added else result.package.text(name)
        found += difflib.unified_diff(
            before.splitlines(keepends=True),
            text.splitlines(keepends=True),
            "/dev/null" if added else f"a/{name}",
            f"b/{name}",
            n=1,
        )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in found)
