"""The change that moves an import from the top of a file into the functions that use it."""

from collections.abc import Iterable

from monitor.diagnose.evidence.model import ModuleUse
from monitor.diagnose.model_finding import Change, ChangeKind
from monitor.kernel.patch import can_patch, make_patch

# Larger than any source file that is read.
_MOST_LINES = 100_000


def lazy_change(module: str, uses: Iterable[ModuleUse]) -> Change:
    """A unified diff without context where the lines are known (`git apply --unidiff-zero`), else what to edit."""
    files: dict[str, list[ModuleUse]] = {}
    for use in uses:
        files.setdefault(use.file, []).append(use)
    title = f"Import {module} in the functions that use it"
    if all(_fits(use) for held in files.values() for use in held):
        return Change(ChangeKind.PATCH, title, "".join(_patch(file, held) for file, held in files.items()))
    return Change(ChangeKind.CODE, title, "\n".join(_words(use) for held in files.values() for use in held))


def _fits(use: ModuleUse) -> bool:
    """Whether the line of the statement and the first line of every function that uses it are known."""
    lines = (use.line, *(line for line, _ in use.bodies))
    known = bool(use.bodies) and len(use.bodies) == len(use.used_in)
    return known and can_patch(use.file) and all(0 < line <= _MOST_LINES for line in lines)


def _patch(file: str, uses: list[ModuleUse]) -> str:
    """The diff of one file, of which only these lines are known: any other stands for itself, by its number."""
    moved = {use.line: use.statement for use in uses}
    added: dict[int, str] = {}
    for use in uses:
        for line, indent in use.bodies:
            added[line] = f"{added.get(line, '')}{' ' * indent}{use.statement}\n"
    before = after = ""
    for number in range(1, max(*moved, *added) + 1):
        before += f"{moved.get(number, number)}\n"
        after += added.get(number, "") + ("" if number in moved else f"{number}\n")
    return make_patch(file, before, after, context=0)


def _words(use: ModuleUse) -> str:
    functions = ", ".join(use.used_in)
    return f"{use.file}:{use.line}: move `{use.statement}` to the first line of: {functions}"
