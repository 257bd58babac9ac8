"""The change that moves an import from the top of a file into the functions that use it, or deletes it."""

from collections.abc import Mapping, Sequence

from monitor.callgraph.model import UnusedImport
from monitor.diagnose.evidence.model import ModuleUse, SourcePatch
from monitor.diagnose.model_finding import Change, ChangeKind


def lazy_change(module: str, uses: Sequence[ModuleUse], patches: Sequence[SourcePatch]) -> Change:
    """The patch for `git apply` if there is one for every file, else the edits in words."""
    files: dict[str, list[ModuleUse]] = {}
    for use in uses:
        files.setdefault(use.file, []).append(use)
    values = ", ".join(dict.fromkeys(made.name for use in uses for made in use.makes))
    title = f"Make {values} on first use" if values else f"Import {module} in the functions that use it"
    known = {(one.file, one.lines): one.text for one in patches if not one.makes_client and not one.removes}
    text = _joined(known, {file: {use.line for use in held} for file, held in files.items()})
    if text:
        return Change(ChangeKind.PATCH, title, text)
    return Change(ChangeKind.CODE, title, "\n".join(_words(use) for held in files.values() for use in held))


def removed_change(module: str, unused: Sequence[UnusedImport], patches: Sequence[SourcePatch]) -> Change:
    """The patch that deletes imports that nothing uses, else the edits in words."""
    files: dict[str, set[int]] = {}
    for one in unused:
        files.setdefault(one.file, set()).add(one.line)
    title = f"Delete the import of {module}"
    text = _joined({(one.file, one.lines): one.text for one in patches if one.removes == module}, files)
    if text:
        return Change(ChangeKind.PATCH, title, text)
    words = "\n".join(f"{one.file}:{one.line}: delete `{one.statement}`" for one in unused)
    return Change(ChangeKind.CODE, title, words)


def _joined(known: Mapping[tuple[str, tuple[int, ...]], str], files: Mapping[str, set[int]]) -> str:
    """The patches of these lines; "" where one file has none."""
    texts = [known.get((file, tuple(sorted(lines))), "") for file, lines in files.items()]
    return "".join(texts) if all(texts) else ""


def _words(use: ModuleUse) -> str:
    if use.makes:
        made = ", ".join(f"{one.file}:{one.line}: `{one.name}`" for one in use.makes)
        return f"{made}: make it in a function with @functools.cache, and `{use.statement}` there"
    functions = ", ".join(use.used_in)
    return f"{use.file}:{use.line}: move `{use.statement}` to the first line of: {functions}"
