"""The change that moves an import from the top of a file into the functions that use it."""

from collections.abc import Iterable

from monitor.diagnose.evidence.model import ModuleUse
from monitor.diagnose.model_finding import Change, ChangeKind


def lazy_change(module: str, uses: Iterable[ModuleUse]) -> Change:
    """A unified diff without context where the lines are known (`git apply --unidiff-zero`), else what to edit."""
    known = list(uses)
    title = f"Import {module} in the functions that use it"
    if all(_fits(use) for use in known):
        return Change(ChangeKind.PATCH, title, "".join(_diff(use) for use in known))
    return Change(ChangeKind.CODE, title, "\n".join(_words(use) for use in known))


def _fits(use: ModuleUse) -> bool:
    """Whether the statement is one line that binds nothing else, and every function's first line is known."""
    whole = "\n" not in use.statement and "," not in use.statement and ";" not in use.statement
    return whole and bool(use.bodies) and len(use.bodies) == len(use.used_in)


def _diff(use: ModuleUse) -> str:
    lines = [f"--- a/{use.file}", f"+++ b/{use.file}", f"@@ -{use.line} +{use.line - 1},0 @@", f"-{use.statement}"]
    # Behind the removal each line has moved up by one, and down by one for each import put in before it.
    for put_in, (line, indent) in enumerate(sorted(use.bodies)):
        lines += [f"@@ -{line - 1},0 +{line - 1 + put_in} @@", f"+{' ' * indent}{use.statement}"]
    return "\n".join(lines) + "\n"


def _words(use: ModuleUse) -> str:
    functions = ", ".join(use.used_in)
    return f"{use.file}:{use.line}: take out `{use.statement}`, and put it on the first line of: {functions}"
