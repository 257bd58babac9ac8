"""Write the result of an optimization: a zip or a folder, the choice, a diff."""

import difflib
import shutil
from pathlib import Path

from monitor.errors import UsageError
from monitor.optimize.workflow_optimize import Result
from monitor.optimize.workflow_package import HELPER_FILE, source_of
from monitor.packages.building.archive import write
from monitor.packages.building.entry import Entry
from monitor.packages.lazy.choice import Choice, choose


def write_package(result: Result, out: Path) -> None:
    """Write the optimized package to `out`: a zip if its name ends with .zip, else a new folder.

    Raises:
        UsageError: it cannot be written, or the folder exists.
    """
    if out.suffix != ".zip":
        try:
            shutil.copytree(result.folder, out)
        except FileExistsError:
            raise UsageError(f"{out} exists", "give --out a new folder, or a name that ends with .zip") from None
        except OSError as error:
            raise UsageError(f"{out} cannot be written: {error}", "give another --out") from error
        return
    entries = []
    for path in sorted(result.folder.rglob("*")):
        name = path.relative_to(result.folder).as_posix()
        # The bytecode is made again: in a zip of the application's it is compared with the source.
        if path.is_file() and not (result.bytecode and source_of(name)):
            entries.append(Entry(name, path, own=name in result.package.own))
    write(entries, out, bytecode=result.bytecode, python=result.package.python)


def choice_of(result: Result) -> Choice:
    """The choice, for the next build."""
    files = {*result.selection.lines, *result.selection.submodules}
    return choose(
        {name: result.package.text(name) for name in files},
        result.selection.lines,
        result.selection.submodules,
        python=result.optimization.python,
        handler=result.optimization.handler,
        bytecode=result.bytecode,
    )


def diff_of(result: Result) -> str:
    """What was rewritten, as a unified diff."""
    found: list[str] = []
    for name, text in sorted(result.texts.items()):
        before = "" if name == HELPER_FILE else result.package.text(name)
        found += difflib.unified_diff(
            before.splitlines(keepends=True),
            text.splitlines(keepends=True),
            "/dev/null" if name == HELPER_FILE else f"a/{name}",
            f"b/{name}",
            n=1,
        )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in found)
