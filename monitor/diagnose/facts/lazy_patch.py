"""The change that moves an import from the top of a file into the functions that use it."""

from collections.abc import Iterable, Sequence

from monitor.diagnose.evidence.model import ModuleUse, SourcePatch
from monitor.diagnose.model_finding import Change, ChangeKind


def lazy_change(module: str, uses: Iterable[ModuleUse], patches: Sequence[SourcePatch]) -> Change:
    """The patch for `git apply` if there is one for every file, else the edits in words."""
    files: dict[str, list[ModuleUse]] = {}
    for use in uses:
        files.setdefault(use.file, []).append(use)
    title = f"Import {module} in the functions that use it"
    known = {(one.file, one.lines): one.text for one in patches if not one.makes_client}
    texts = [known.get((file, tuple(sorted({use.line for use in held}))), "") for file, held in files.items()]
    if all(texts):
        return Change(ChangeKind.PATCH, title, "".join(texts))
    return Change(ChangeKind.CODE, title, "\n".join(_words(use) for held in files.values() for use in held))


def _words(use: ModuleUse) -> str:
    functions = ", ".join(use.used_in)
    return f"{use.file}:{use.line}: move `{use.statement}` to the first line of: {functions}"
